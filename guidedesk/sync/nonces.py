"""Which signed requests were already taken, so that none counts twice (SECURITY.md D-3)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

# A request dated 300 s ahead stays fresh for 600 s, so its nonce must be known that long.
REMEMBER_MS = 10 * 60 * 1000
MAX_PER_DEVICE = 2_000


class NonceCache:
    """Nonces of the last ten minutes by device, for one server process; safe between threads.

    `mono_ms` is the monotonic clock, so setting the wall clock forgets nothing. A device that fills its
    share (far above its request limits, S-4) has every further request refused: forgetting an old nonce
    to make room would let it be replayed, and one device's flood must not push out another's.
    """

    def __init__(self, mono_ms: Callable[[], int], max_per_device: int = MAX_PER_DEVICE) -> None:
        self._mono_ms = mono_ms
        self._max_per_device = max_per_device
        self._seen: dict[str, OrderedDict[str, int]] = {}
        self._swept_at = mono_ms()
        self._lock = Lock()

    def seen(self, device_id: str, nonce: str) -> bool:
        """True if this nonce was used before (or cannot be remembered); else remembers it."""
        with self._lock:
            now = self._mono_ms()
            self._sweep(now)
            mine = self._seen.setdefault(device_id, OrderedDict())
            _drop_old(mine, now)
            if nonce in mine or len(mine) >= self._max_per_device:
                return True
            mine[nonce] = now
            return False

    def __len__(self) -> int:
        return sum(len(mine) for mine in self._seen.values())

    def _sweep(self, now: int) -> None:
        """Silent devices hold no memory: looked at once a period, not on each request."""
        if now - self._swept_at <= REMEMBER_MS:
            return
        self._swept_at = now
        for device_id, mine in list(self._seen.items()):
            _drop_old(mine, now)
            if not mine:
                del self._seen[device_id]


def _drop_old(mine: OrderedDict[str, int], now: int) -> None:
    while mine:
        nonce, used_at = next(iter(mine.items()))
        if now - used_at <= REMEMBER_MS:
            return
        del mine[nonce]
