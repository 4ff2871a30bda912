"""Whether a scan of a code is a new visit, the same card again or a double read (CODES.md Q-16)."""

from __future__ import annotations

from enum import StrEnum

IGNORE_MS = 2_000
REOPEN_MS = 10 * 60_000


class ScanVerdict(StrEnum):
    """What to do with a code that was just read."""

    VISIT = "visit"
    REOPEN = "reopen"
    IGNORE = "ignore"


class ScanGate:
    """Remembers, for ten minutes and in memory only, which codes were read.

    Times are monotonic milliseconds: a corrected wall clock must not make visits. The 2 s count
    from the last read that was acted on, the 10 min from the last visit, so a scanner left lying
    on a code neither blocks it for ever nor puts the next visit off for ever.
    """

    def __init__(self) -> None:
        self._acted_at: dict[str, int] = {}
        self._visited_at: dict[str, int] = {}

    def judge(self, code: str, now_ms: int) -> ScanVerdict:
        """Decide on one read of `code` (its digits) and remember it."""
        self._drop_old(now_ms)
        acted_at = self._acted_at.get(code)
        if acted_at is not None and now_ms - acted_at < IGNORE_MS:
            return ScanVerdict.IGNORE
        self._acted_at[code] = now_ms
        if code in self._visited_at:
            return ScanVerdict.REOPEN
        self._visited_at[code] = now_ms
        return ScanVerdict.VISIT

    def take_back(self, code: str) -> None:
        """The read made no visit after all (nobody here knows the code): its next read may."""
        self._visited_at.pop(code, None)

    def forget(self) -> None:
        """Start afresh, as after a change of associate: her first scan is her visit."""
        self._acted_at.clear()
        self._visited_at.clear()

    def _drop_old(self, now_ms: int) -> None:
        self._visited_at = {code: at for code, at in self._visited_at.items() if now_ms - at < REOPEN_MS}
        self._acted_at = {code: at for code, at in self._acted_at.items() if now_ms - at < IGNORE_MS}
