"""What counters said that they have not sent yet. While much of it is to come, it comes before what others fetch."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Final

_HEARD_S: Final = 10.0  # who has not said a word for so long is not waited for


class ExpectedWork:
    """How many operations are to come from counters that are at it, as far as their hellos told. Safe between threads.

    It is only for putting things in order: a counter that says nothing true is believed for ten seconds.
    """

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._lock = Lock()
        self._left: OrderedDict[str, tuple[int, float]] = OrderedDict()  # device -> operations, when it was heard last
        self._total = 0

    def said(self, device_id: str, unsent: int) -> None:
        """A counter's hello: so many wait there."""
        with self._lock:
            self._keep(device_id, unsent)

    def brought(self, device_id: str, count: int) -> None:
        """So many of them were decided."""
        with self._lock:
            known = self._left.get(device_id)
            if known is not None:
                self._keep(device_id, known[0] - count)

    def left(self) -> int:
        """Operations still to come."""
        with self._lock:
            oldest = self._now_s() - _HEARD_S
            while self._left and next(iter(self._left.values()))[1] < oldest:
                self._total -= self._left.popitem(last=False)[1][0]
            return self._total

    def _keep(self, device_id: str, count: int) -> None:
        self._total -= self._left.pop(device_id, (0, 0.0))[0]
        if count > 0:
            self._left[device_id] = count, self._now_s()
            self._total += count
