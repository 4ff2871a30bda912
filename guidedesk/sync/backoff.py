"""How long to wait before the next try: full jitter, so that counters do not come back as one (SYNC.md 6)."""

from __future__ import annotations

from typing import Final

from guidedesk.domain.ports import Random

BASE_MS: Final = 1_000
CAP_MS: Final = 300_000
# A connection nobody answered burdens no server, so looking again soon costs nothing and ends an outage early.
UNREACHABLE_CAP_MS: Final = 2_500


class Backoff:
    """Waits grow with each failure and begin anew after a success."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._failures = 0

    def succeeded(self) -> None:
        """Begin anew."""
        self._failures = 0

    def failed_ms(self, *, is_unreachable: bool = False, retry_after_ms: int | None = None) -> int:
        """Milliseconds to wait after one more failure.

        `retry_after_ms` is obeyed in full, with up to an eighth as much again so that not everybody comes at once: the
        server gives each of them another time already, and while they wait longer than it asked it has nothing to do.
        Being told a time is an answer, and makes no later wait longer: in a storm everybody is told one several times,
        and the first connection that broke then kept a counter away for minutes.
        """
        if retry_after_ms is not None:
            return retry_after_ms + self.jitter_ms(max(BASE_MS, retry_after_ms // 8))
        self._failures += 1
        cap = UNREACHABLE_CAP_MS if is_unreachable else CAP_MS
        return self.jitter_ms(min(cap, BASE_MS << min(self._failures - 1, 20)))

    def around_ms(self, usual_ms: int) -> int:
        """About this long, a tenth less or more."""
        return usual_ms - usual_ms // 10 + self.jitter_ms(usual_ms // 5)

    def jitter_ms(self, bound_ms: int) -> int:
        """Evenly between 0 and the bound."""
        return (bound_ms + 1) * int.from_bytes(self._random.bytes(4), "big") >> 32
