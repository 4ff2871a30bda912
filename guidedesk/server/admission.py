"""How many calls may wait for the server at once, and what those beyond are told (SYNC.md 6, retry; SECURITY.md S-4).

A queue without an end never empties: callers give up, ask again, and the server works for nobody. So each kind of call
has its own workers and a queue that ends. Whoever finds it full is told when to come back: the moment at which the
server, at the pace it is measured to work, will have room for it. Each is given another moment, one behind the other.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Final, Literal, ParamSpec, TypeVar

import anyio
import anyio.to_thread

from guidedesk.domain.errors import Refused
from guidedesk.server.limits import Lane

QueueName = Literal["person", "hello", "sync", "pull", "watch"]
# A person who waits at a counter never waits behind counters that exchange, whoever watches the server behind nobody.
# Hellos come from every counter at once when a server is back: they have workers of their own too. What counters did in
# an outage comes in before they fetch what others did: until then it is nowhere but on their own PCs.
QUEUE_OF: Final[Mapping[Lane, QueueName]] = MappingProxyType(
    {
        "push": "sync",
        "changes": "pull",
        "digest": "pull",
        "snapshot": "sync",  # a new counter has nothing at all before it has this
        "events": "sync",
        "orders": "sync",
        "hello": "hello",
        "health": "watch",
    }
)
MOST_WAITING: Final = 32
_LONGEST_S: Final = 10.0  # of waiting: well within what a counter waits for an answer (S-5)
_MOST_S: Final = 300  # nobody is sent away for longer, as a counter by itself waits no longer (SYNC.md 6)
_LATE_S: Final = 60
_LITTLE_LATE_S: Final = 3.0  # a counter adds up to an eighth to what it was told (sync/backoff.py)
_FIRST_GUESS_S: Final = 0.05
_WEIGHT: Final = 0.1  # of the newest call in what calls take
_MOST_PROMISES: Final = 20_000
# While others come first: one call in the time that so many would take, and when the others ask again.
_HELD_BACK: Final = 4
_HELD_LEAST_S: Final = 2.0
_HELD_MOST_S: Final = 60.0
_MUCH_TO_COME: Final = 50  # operations: of an outage, not of a day on which a record waits for a moment

P = ParamSpec("P")
T = TypeVar("T")


class WorkQueue:
    """Workers and the calls that wait for them. All but the figures is used on the event loop.

    `behind`: while that queue is wanted, calls are let into this one only at times they were told, and few of them;
    `coming`: operations that are about to be brought to this one.
    """

    def __init__(
        self,
        name: QueueName,
        workers: int,
        most_waiting: int,
        now_s: Callable[[], float] = time.monotonic,
        behind: WorkQueue | None = None,
        coming: Callable[[], int] = lambda: 0,
    ) -> None:
        self.name = name
        self._behind = behind
        self._coming = coming
        self.workers = workers
        self.most_waiting = most_waiting
        self.inside = 0  # at work or waiting
        self.turned_away = 0
        self.each_s = _FIRST_GUESS_S  # what a call takes a worker
        self._now_s = now_s
        self._limiter = anyio.CapacityLimiter(workers)
        self._promised: OrderedDict[str, float] = OrderedDict()
        self._last_promise = 0.0
        self._wanted_since: float | None = None
        self._next_beside = 0.0  # when one may be let in although others come first

    @property
    def waiting(self) -> int:
        """Calls that no worker has taken up."""
        return max(0, self.inside - self.workers)

    @property
    def is_crowded(self) -> bool:
        """Whether as many wait as are at work."""
        return self.waiting >= self.workers

    def wanted_s(self) -> float | None:
        """For how long it has been crowded, or has awaited those who were sent away or have said that they have much
        to bring; None if it does neither."""
        now = self._now_s()
        is_awaited = bool(self._promised) and self._last_promise >= now - _LITTLE_LATE_S
        if not (is_awaited or self.is_crowded or self._coming() >= _MUCH_TO_COME):
            self._wanted_since = None
            return None
        if self._wanted_since is None:
            self._wanted_since = now
        return now - self._wanted_since

    @contextmanager
    def enter(self, asker: str) -> Iterator[None]:
        """A place for one call, given back at the end of the block; `server_busy` (`seconds`) where there is none.

        Half of the queue is for those who were sent away and come back at their time: else who was just answered
        would be here again before them, and the last counter would wait for all the others to have finished.
        """
        now = self._now_s()
        self.wanted_s()
        promised = self._promised.pop(asker, None)
        is_expected = promised is not None and now >= promised
        room = self.most_waiting if is_expected or not self._promised else self.most_waiting // 2
        has_to_wait = self.inside >= self.workers
        ahead_s = None if self._behind is None else self._behind.wanted_s()
        is_held_back = ahead_s is not None and not (is_expected and now >= self._next_beside)
        if is_held_back or (
            has_to_wait and (self.waiting >= room or (self.waiting and self._wait_s() > _LONGEST_S))
        ):
            self.turned_away += 1
            if promised is not None and promised > now:
                seconds = self._keep_promise(asker, now, promised)
            elif ahead_s is not None:
                seconds = self._promise_after(asker, now, min(_HELD_MOST_S, max(_HELD_LEAST_S, ahead_s / 2)))
            else:
                seconds = self._promise(asker, now)
            raise Refused("server_busy", seconds=seconds)
        if ahead_s is not None:
            self._next_beside = now + _HELD_BACK * self.each_s / self.workers
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> tuple[T, float]:
        """Have a worker do it; what it gave, and the seconds until a worker was free. What it took teaches how long
        others will wait."""
        came = self._now_s()

        def timed() -> tuple[T, float, float]:
            began = self._now_s()
            result = work(*args, **kwargs)
            return result, began - came, self._now_s() - began

        result, waited, took = await anyio.to_thread.run_sync(timed, limiter=self._limiter)
        self.each_s += _WEIGHT * (took - self.each_s)
        return result, waited

    def _wait_s(self) -> float:
        """How long a call that comes now will wait."""
        return self.inside * self.each_s / self.workers

    def _keep_promise(self, asker: str, now: float, promised: float) -> int:
        """Seconds until the time that was told, for one who could not wait: she loses nothing by asking."""
        self._promised[asker] = promised
        return max(1, math.ceil(promised - now))

    def _forget_late(self, now: float) -> None:
        while self._promised and (
            len(self._promised) >= _MOST_PROMISES or next(iter(self._promised.values())) < now - _LATE_S
        ):
            self._promised.popitem(last=False)  # who comes back so late is as good as new

    def _promise_after(self, asker: str, now: float, seconds: float) -> int:
        """Those who come first need, for all one knows, half as long again as they were at it: then one asks again."""
        self._forget_late(now)
        self._promised[asker] = now + math.ceil(seconds)
        return math.ceil(seconds)

    def _promise(self, asker: str, now: float) -> int:
        """Seconds after which there will be room: from half the queue's end on, one behind the other, each as long
        after the one before as a call takes."""
        self._forget_late(now)
        begins = max(self._last_promise, now + self._wait_s() / 2)
        self._last_promise = min(begins + self.each_s / self.workers, now + _MOST_S)
        seconds = max(1, math.ceil(self._last_promise - now))
        self._promised[asker] = now + seconds
        return seconds


def work_queues(
    *, has_one_writer: bool, most_waiting: int = MOST_WAITING, coming: Callable[[], int] = lambda: 0
) -> dict[QueueName, WorkQueue]:
    """The queues of one server process; `most_waiting` of counters that exchange, `coming`: operations that counters
    said they are about to bring.

    SQLite writes one transaction at a time: more workers would only stand in its way, and in that of people's
    look-ups. Over PostgreSQL two to four pushes are decided beside this process (`deciders`); whoever else exchanges
    shares one interpreter with people's look-ups, and the more of them there are, the longer those take.
    """
    pushes = WorkQueue("sync", 3 if has_one_writer else 5, most_waiting, coming=coming)
    return {
        "person": WorkQueue("person", 8, 128),
        "hello": WorkQueue("hello", 2, 64),
        "sync": pushes,
        "pull": WorkQueue("pull", 2, most_waiting, behind=pushes),
        "watch": WorkQueue("watch", 2, 1_000),
    }
