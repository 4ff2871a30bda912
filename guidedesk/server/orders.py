"""The one door through which every sale and return comes (ARCHITECTURE.md 3), one by one or by the thousand.

A sale is known by (source, external id) and the hash of its content: the same again changes nothing, other
content under the same id is reported and the first is kept. The record as it came stays in `order_raw`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Literal

from guidedesk.domain.errors import Refused
from guidedesk.server.bulk_run import ahead, little_garbage
from guidedesk.server.database import ServerDatabase
from guidedesk.server.order_recorder import Arrived, OrderRecorder, Recorded, portions
from guidedesk.server.order_rows import Prepared, prepare_order, prepare_return
from guidedesk.server.order_types import BulkResult, OrderIn, OrderResult, OrderStatus, ReturnIn

BATCH: Final = 1_000
# So many are sorted by scope at once: a chain of hundreds of stores still gives each a worthwhile portion.
_WINDOW: Final = 8_000
# So many are carried to other stores together: a store that sees them gets them in a few transactions.
_CARRY: Final = 200_000

BulkStep = Literal["sales", "carrying"]
# Told how many sales were read, then about how many were carried to the other stores that see their members.
BulkProgress = Callable[[BulkStep, int], None]


def record_order(database: ServerDatabase, order: OrderIn, *, now_ms: int) -> OrderResult:
    """Take one sale. Raises `validation` for a sale that cannot be true."""
    recorder = OrderRecorder(database, now_ms)
    return _record_one(recorder, recorder.scope_of(order), prepare_order(order))


def record_return(database: ServerDatabase, returned: ReturnIn, *, now_ms: int) -> OrderResult:
    """Take one return; it lives where its sale lives. `not_found` when the sale is not known yet."""
    recorder = OrderRecorder(database, now_ms)
    found = recorder.find_sales([returned]).get((returned.source, returned.order_external_id))
    if found is None:
        raise Refused("not_found", what="order")
    scope_id, member_id = found
    return _record_one(recorder, scope_id, prepare_return(returned, member_id))


def _record_one(recorder: OrderRecorder, scope_id: str, prepared: Prepared) -> OrderResult:
    [recorded] = recorder.record([(scope_id, prepared)], 1)
    recorder.carry([scope_id])
    return recorded.result


def record_orders_bulk(
    database: ServerDatabase,
    orders: Iterable[OrderIn],
    returns: Iterable[ReturnIn] = (),
    *,
    now_ms: int,
    batch: int = BATCH,
    progress: BulkProgress | None = None,
) -> BulkResult:
    """Take many, as `record_order` and `record_return` would, about `batch` to a transaction and scope.

    Returns come after the sales they name. Both are read in a thread of their own, ahead of the database. Broken
    off, it can be run again: what was taken is known, and what was not carried to other stores yet is carried then.
    """
    bulk = _Bulk(OrderRecorder(database, now_ms), batch, progress)
    with little_garbage(), ahead(bulk.prepared(orders)) as portions_of_orders:
        for read, arrived in portions_of_orders:
            bulk.take(read, arrived)
        for back in portions(returns, _WINDOW):
            bulk.take_returns(back)
        bulk.carry()
    return bulk.result()


class _Bulk:
    """One bulk run and its counts."""

    def __init__(self, recorder: OrderRecorder, batch: int, progress: BulkProgress | None) -> None:
        self._recorder = recorder
        self._batch = batch
        self._progress = progress
        self._counts: dict[OrderStatus, int] = defaultdict(int)
        self._read = self._lines = self._waiting = 0
        self._touched: set[str] = set()
        self._conflicts: list[str] = []
        self._unmatched: list[str] = []

    def prepared(self, orders: Iterable[OrderIn]) -> Iterator[tuple[int, Arrived]]:
        """Sales checked and hashed, a portion at a time, and how many there are in it."""
        scope_of = self._recorder.scope_of
        for some in portions(orders, _WINDOW):
            yield len(some), [(scope_of(order), prepare_order(order)) for order in some]

    def take_returns(self, returns: list[ReturnIn]) -> None:
        sales = self._recorder.find_sales(returns)
        arrived: Arrived = []
        for returned in returns:
            found = sales.get((returned.source, returned.order_external_id))
            if found is None:
                self._unmatched.append(returned.external_id)
            else:
                arrived.append((found[0], prepare_return(returned, found[1])))
        self.take(len(returns), arrived)

    def take(self, read: int, arrived: Arrived) -> None:
        """Record a portion; carry what has gathered when it is much."""
        before = self._read
        for done, recorded in enumerate(self._recorder.record(arrived, self._batch), start=1):
            self._count(recorded)
            if done % self._batch == 0:
                self._say("sales", before + done)
        self._read = before + read
        self._say("sales", self._read)
        self._touched.update(scope_id for scope_id, _ in arrived)
        self._waiting += read
        if self._waiting >= _CARRY:
            self.carry()

    def _say(self, step: BulkStep, done: int) -> None:
        if self._progress is not None:
            self._progress(step, done)

    def _count(self, recorded: Recorded) -> None:
        status = recorded.result.status
        self._counts[status] += 1
        if status == "accepted":
            self._lines += len(recorded.prepared.lines)
        elif status == "conflict":
            self._conflicts.append(recorded.result.external_id)

    def carry(self) -> None:
        """Bring what was recorded so far to the other stores that see its members."""
        self._recorder.carry(self._touched, lambda done: self._say("carrying", done))
        self._touched.clear()
        self._waiting = 0

    def result(self) -> BulkResult:
        return BulkResult(
            read=self._read,
            accepted=self._counts["accepted"],
            unchanged=self._counts["unchanged"],
            lines=self._lines,
            conflicts=tuple(self._conflicts),
            unmatched=tuple(self._unmatched),
        )
