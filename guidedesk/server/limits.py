"""How often somebody may ask (SECURITY.md S-4): token buckets by lane and asker, in memory of one process."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from types import MappingProxyType
from typing import Final, Literal

Lane = Literal[
    "hello", "push", "changes", "snapshot", "digest", "events", "look_up", "sign_in", "enrol", "enrol_poll", "health",
    "page", "page_code", "orders",
]  # fmt: skip
PER_MINUTE: Final[Mapping[Lane, int]] = MappingProxyType(
    {
        "hello": 60,
        "push": 60,
        "changes": 600,  # back from an outage a counter takes page after page: 60 would make it wait for most of them
        "snapshot": 1_200,
        "digest": 60,
        "events": 20,
        "look_up": 120,
        "sign_in": 10,
        "enrol": 5,
        "enrol_poll": 60,
        "health": 120,
        "page": 30,
        "page_code": 10,
        "orders": 60,  # calls of other programs, 500 orders each
    }
)
_MINUTE_MS: Final = 60_000
_MOST_ASKERS: Final = 20_000


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Requests a minute by lane; a lane that is not named is not limited (demos, benches)."""

    per_minute: Mapping[Lane, int] = field(default_factory=lambda: PER_MINUTE)


UNLIMITED: Final = RateLimits(MappingProxyType({}))


class RequestLimiter:
    """Buckets that hold a minute's worth; the least recently seen asker is forgotten first."""

    def __init__(self, limits: RateLimits, mono_ms: Callable[[], int]) -> None:
        self._limits = limits
        self._mono_ms = mono_ms
        self._buckets: OrderedDict[tuple[Lane, str], tuple[float, int]] = OrderedDict()
        self._lock = Lock()

    def wait_seconds(self, lane: Lane, asker: str) -> int:
        """0 when the request may go on, else after how many seconds to ask again."""
        allowed = self._limits.per_minute.get(lane)
        if allowed is None:
            return 0
        with self._lock:
            now = self._mono_ms()
            tokens, at = self._buckets.pop((lane, asker), (float(allowed), now))
            tokens = min(allowed, tokens + (now - at) * allowed / _MINUTE_MS)
            granted = tokens >= 1
            self._buckets[lane, asker] = (tokens - 1 if granted else tokens, now)
            while len(self._buckets) > _MOST_ASKERS:
                self._buckets.popitem(last=False)
        return 0 if granted else math.ceil((1 - tokens) * 60 / allowed)
