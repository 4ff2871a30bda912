"""Server time on a counter whose wall clock nobody guards (SYNC.md 6, SECURITY.md D-5)."""

from __future__ import annotations

import statistics
from dataclasses import asdict
from threading import Lock
from typing import Final

from guidedesk.domain.ports import Clock
from guidedesk.domain.time import TimeAnchor, TrustedTime, trusted_time
from guidedesk.sync.local_store import LocalStore

_META: Final = "clock"
BEST: Final = 8
_KEPT: Final = 32
_SLEPT_MS: Final = 5_000
_SAVE_EVERY_MS: Final = 60_000
_SAVE_CHANGE_MS: Final = 50


class ServerClock:
    """Offset = median over the best 8 round trips of this boot, held against the monotonic clock.

    So changing the wall clock changes nothing; the anchor is kept in the journal for the next start.
    """

    def __init__(self, clock: Clock, local: LocalStore) -> None:
        self._clock = clock
        self._local = local
        self._lock = Lock()
        self._samples: list[tuple[int, int]] = []  # (round trip, server - monotonic midpoint)
        kept = local.get_meta(_META)
        self._anchor = None if kept is None else TimeAnchor(**kept)
        self._saved = self._anchor

    def now(self) -> TrustedTime:
        """Server time now, how far from the wall clock, and how far it may be believed."""
        clock = self._clock
        return trusted_time(self._anchor, clock.wall_ms(), clock.mono_ms(), clock.boot_id())

    def now_ms(self) -> int:
        """Server time now, UTC ms."""
        return self.now().at_ms

    def mono_ms(self) -> int:
        """The monotonic clock, for measuring round trips."""
        return self._clock.mono_ms()

    def wall_ms(self) -> int:
        """The machine's own idea of UTC; a hint only."""
        return self._clock.wall_ms()

    def boot_id(self) -> str:
        """This boot of the machine."""
        return self._clock.boot_id()

    def observe(self, sent_mono_ms: int, received_mono_ms: int, server_ms: int) -> None:
        """Learn from one exchange: the server's time lies at the middle of the round trip."""
        with self._lock:
            trip = max(0, received_mono_ms - sent_mono_ms)
            heard = server_ms - (sent_mono_ms + received_mono_ms) // 2
            if self._samples and abs(heard - self._offset()) > trip + _SLEPT_MS:
                # No line is as slow as that: the monotonic clock stood still (a virtual machine that was paused).
                self._samples.clear()
            self._samples = [*self._samples, (trip, heard)][-_KEPT:]
            offset = self._offset()
            mono = self._clock.mono_ms()
            self._anchor = TimeAnchor(mono + offset, mono, self._clock.wall_ms(), self._clock.boot_id())
            if self._is_worth_saving(self._anchor):
                self._local.set_meta(_META, asdict(self._anchor))
                self._saved = self._anchor

    def _offset(self) -> int:
        best = sorted(self._samples)[:BEST]
        return int(statistics.median_low([sample[1] for sample in best]))

    def _is_worth_saving(self, anchor: TimeAnchor) -> bool:
        old = self._saved
        if old is None or old.boot_id != anchor.boot_id or anchor.mono_ms - old.mono_ms >= _SAVE_EVERY_MS:
            return True
        drift = (anchor.server_ms - anchor.mono_ms) - (old.server_ms - old.mono_ms)
        return abs(drift) >= _SAVE_CHANGE_MS
