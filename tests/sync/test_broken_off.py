"""A statement that SQLite breaks off takes its whole transaction along: the step ends there, and nothing is lost.

Whatever breaks it off: no memory, a disk that goes away, somebody who interrupts it. A page that went on in what was
left of the transaction would end in a fault of ours, or in operations that show nothing though nothing is wrong with
them.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import event, select

from guidedesk.domain.errors import StorageError
from guidedesk.models import counter_tables as t
from tests.helpers.counter_parts import log, register
from tests.helpers.fixtures import sqlite_only  # noqa: F401
from tests.helpers.world import Till, settle

_STRIDE = 4  # instructions of SQLite's machine between two looks
_EVERY = 5  # looks between the places where it is broken off


class Breaker:
    """Breaks off what the cache does at one look."""

    def __init__(self, till: Till) -> None:
        self.is_broken = True
        self._looks, self._at = 0, -1
        self._engine = till.counter.cache._db.engine
        event.listen(self._engine, "checkout", self._watch)

    def _watch(self, connection: Any, _entry: Any, _proxy: Any) -> None:
        connection.set_progress_handler(self._look, _STRIDE)

    def _look(self) -> bool:
        self._looks += 1
        self.is_broken = self.is_broken or self._looks == self._at
        return self._looks == self._at

    def arm(self, at: int) -> None:
        """Break off at this look from now on; -1 for never."""
        if at > 0:
            self.is_broken = False
        self._looks, self._at = 0, at

    def end(self) -> None:
        event.remove(self._engine, "checkout", self._watch)
        self._engine.dispose()


def test_wherever_it_is_broken_off_the_step_ends_and_nothing_is_lost(till: Till) -> None:
    other = till.world.till()
    members = [register(till.counter, actor=till.actor("a1"), name=f"王{n}") for n in range(3)]
    settle(till)
    settle(other)
    for member in members:
        log(till.counter, member, "等着", actor=till.actor("a1"))
    for member in members:
        log(other.counter, member, "别处", actor=other.actor("a2"))
    settle(other)
    # What waits is laid again over each row that comes: it is not sent meanwhile.
    till.counter.engine._pusher.push_pending = lambda: 0  # type: ignore[method-assign]
    breaker = Breaker(till)
    places = 0
    try:
        while breaker.is_broken:  # until a step ended before its place came
            places += _EVERY
            breaker.arm(places)
            outcome = till.counter.engine.step()
            breaker.arm(-1)
            if breaker.is_broken:
                assert isinstance(outcome.error, StorageError)
                assert outcome.error.code == "storage_unavailable"
            with till.counter.cache.read() as conn:
                assert list(conn.execute(select(t.applied_op.c.op_id).where(t.applied_op.c.is_refused == 1))) == []
    finally:
        breaker.end()
    assert places > 15 * _EVERY
    del till.counter.engine._pusher.push_pending
    settle(till)
    settle(other)
    assert till.counter.status().waiting == 0
    assert all(check.is_equal for check in till.counter.engine.check())
