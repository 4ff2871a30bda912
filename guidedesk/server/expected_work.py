"""What counters said that they have not sent yet. While much of it is to come, it comes before what others fetch."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Final

_HEARD_S: Final = 10.0  # who has not said a word for so long is not waited for
# Operations that one counter is believed to bring, whatever it says: alone enough to come first (server/admission.py).
MOST_BELIEVED: Final = 100
_MOST_COUNTERS: Final = 20_000


@dataclass(slots=True)
class _Promise:
    """A counter's last hello, and what became of it."""

    said: int = 0
    believed: int = MOST_BELIEVED  # at most so many of what it says
    brought: int = 0  # since that hello, decided for the first time
    left: int = 0  # as many may still come
    is_turned_away: bool = False  # it wanted to bring some and was told to come back

    def settle(self) -> None:
        """Believe it for the next hello as far as it kept this one. One that was let in and brought nothing, or little
        of what it said, is believed half as much: else it would hold others up for as long as it goes on saying so."""
        is_doubted = self.brought < self.said and (self.brought > 0 or not self.is_turned_away)
        least = self.believed // 2 if is_doubted else self.believed
        self.believed = min(MOST_BELIEVED, max(least, 2 * self.brought))


class ExpectedWork:
    """How many operations are to come from counters that are at it, as far as their hellos told and they are believed.
    Safe between threads.

    It is only for putting things in order.
    """

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._lock = Lock()
        self._promises: OrderedDict[str, _Promise] = OrderedDict()  # by device, the one heard last at the end
        self._awaited: OrderedDict[str, tuple[int, float]] = OrderedDict()  # device -> operations, when it was heard
        self._total = 0

    def said(self, device_id: str, unsent: int) -> None:
        """A counter's hello: so many wait there."""
        with self._lock:
            promise = self._promises.pop(device_id, None) or _Promise()
            promise.settle()
            promise.said = promise.left = unsent
            promise.brought, promise.is_turned_away = 0, False
            self._promises[device_id] = promise
            if len(self._promises) > _MOST_COUNTERS:
                self._promises.popitem(last=False)
            self._await(device_id, promise)

    def brought(self, device_id: str, decided: int, repeated: int = 0) -> None:
        """So many of them were decided; `repeated` of these had been decided before."""
        with self._lock:
            promise = self._promises.get(device_id)
            if promise is not None:
                promise.brought += decided - repeated
                promise.left -= decided
                self._await(device_id, promise)

    def turned_away(self, device_id: str) -> None:
        """It wanted to bring some, and the server had no room."""
        with self._lock:
            promise = self._promises.get(device_id)
            if promise is not None:
                promise.is_turned_away = True

    def left(self) -> int:
        """Operations still to come."""
        with self._lock:
            oldest = self._now_s() - _HEARD_S
            while self._awaited and next(iter(self._awaited.values()))[1] < oldest:
                self._total -= self._awaited.popitem(last=False)[1][0]
            return self._total

    def _await(self, device_id: str, promise: _Promise) -> None:
        self._total -= self._awaited.pop(device_id, (0, 0.0))[0]
        count = min(promise.left, promise.believed)
        if count > 0:
            self._awaited[device_id] = count, self._now_s()
            self._total += count
