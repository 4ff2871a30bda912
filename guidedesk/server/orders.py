"""The one door through which every sale and return comes (ARCHITECTURE.md 3), one by one or by the thousand.

A sale is known by (source, external id) and the hash of its content: the same again changes nothing, other
content under the same id is reported and the first is kept. The record as it came stays in `order_raw`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Final, TypeVar

from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from guidedesk.domain.errors import Refused
from guidedesk.domain.time import DAY_MS
from guidedesk.models.base import among
from guidedesk.models.sales import purchase
from guidedesk.models.server_tables import order_directory, order_raw
from guidedesk.server import fanout
from guidedesk.server.database import ScopeWrite, ServerDatabase
from guidedesk.server.feed import chunks, scope_state
from guidedesk.server.grants import grant_members
from guidedesk.server.order_rows import OrderRows, Prepared, prepare_order, prepare_return, sale_id, write_orders
from guidedesk.server.order_types import BulkResult, OrderIn, OrderResult, OrderStatus, ReturnIn
from guidedesk.server.settings import history_since_ms, read_settings
from guidedesk.server.sharding import cross_scope
from guidedesk.server.visibility import Grant, granted_members, insert_missing, reach_of, seen_until

BATCH: Final = 500
# So many batches are sorted by scope at once: a chain of hundreds of stores still gives each a worthwhile portion.
_WINDOW: Final = 16
_RACES: Final = 5
_RENEW_MS: Final = 30 * DAY_MS
T = TypeVar("T")


def record_order(database: ServerDatabase, order: OrderIn, *, now_ms: int) -> OrderResult:
    """Take one sale. Raises `validation` for a sale that cannot be true."""
    recorder = _Recorder(database, now_ms)
    results = recorder.record(recorder.scope_of(order), [prepare_order(order)])
    return results[0]


def record_return(database: ServerDatabase, returned: ReturnIn, *, now_ms: int) -> OrderResult:
    """Take one return; it lives where its sale lives. `not_found` when the sale is not known yet."""
    recorder = _Recorder(database, now_ms)
    found = recorder.find_sales([returned]).get((returned.source, returned.order_external_id))
    if found is None:
        raise Refused("not_found", what="order")
    scope_id, member_id = found
    return recorder.record(scope_id, [prepare_return(returned, member_id)])[0]


def record_orders_bulk(
    database: ServerDatabase,
    orders: Iterable[OrderIn],
    returns: Iterable[ReturnIn] = (),
    *,
    now_ms: int,
    batch: int = BATCH,
    progress: Callable[[int], None] | None = None,
) -> BulkResult:
    """Take many, as `record_order` and `record_return` would, about `batch` to a transaction and scope.

    `progress` is told how many were read so far. Returns come after the sales they name.
    """
    recorder = _Recorder(database, now_ms)
    tally = _Tally(progress)
    for some in _batches(orders, batch * _WINDOW):
        grouped: dict[str, list[Prepared]] = defaultdict(list)
        for order in some:
            grouped[recorder.scope_of(order)].append(prepare_order(order))
        tally.add(len(some), recorder.record_groups(grouped, batch))
    for back in _batches(returns, batch * _WINDOW):
        sales = recorder.find_sales(back)
        grouped = defaultdict(list)
        for returned in back:
            found = sales.get((returned.source, returned.order_external_id))
            if found is None:
                tally.unmatched.append(returned.external_id)
            else:
                grouped[found[0]].append(prepare_return(returned, found[1]))
        tally.add(len(back), recorder.record_groups(grouped, batch))
    return tally.result()


class _Tally:
    """Counts of one bulk run."""

    def __init__(self, progress: Callable[[int], None] | None) -> None:
        self._progress = progress
        self._counts: dict[OrderStatus, int] = defaultdict(int)
        self._read = self._lines = 0
        self._conflicts: list[str] = []
        self.unmatched: list[str] = []

    def add(self, read: int, results: Iterable[tuple[OrderResult, int]]) -> None:
        for result, lines in results:
            self._counts[result.status] += 1
            if result.status == "accepted":
                self._lines += lines
            elif result.status == "conflict":
                self._conflicts.append(result.external_id)
        self._read += read
        if self._progress is not None:
            self._progress(self._read)

    def result(self) -> BulkResult:
        return BulkResult(
            read=self._read,
            accepted=self._counts["accepted"],
            unchanged=self._counts["unchanged"],
            lines=self._lines,
            conflicts=tuple(self._conflicts),
            unmatched=tuple(self.unmatched),
        )


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    source = iter(items)
    while some := list(islice(source, size)):
        yield some


class _Recorder:
    """One run's knowledge: the chain scope, how far back counters look, the time of receipt."""

    def __init__(self, database: ServerDatabase, now_ms: int) -> None:
        self._database = database
        self._now_ms = now_ms
        self._chain_id = database.chain_id()
        with database.read() as conn:
            settings = read_settings(conn, self._chain_id)
        self._since_ms = history_since_ms(settings, now_ms)
        self._grant_ms = now_ms - self._since_ms
        self._scopes: set[str] = set()

    def scope_of(self, order: OrderIn) -> str:
        """Where a sale lives for ever: its store, or the chain when it was made online."""
        if order.channel != "store":
            return self._chain_id
        if order.store_id is None:
            raise Refused("validation", field="store_id", why="missing")
        return order.store_id

    def record_groups(self, grouped: dict[str, list[Prepared]], batch: int) -> Iterator[tuple[OrderResult, int]]:
        """Record each scope's share in its own transactions, scopes in sorted order."""
        for scope_id in sorted(grouped):
            for some in _batches(grouped[scope_id], batch):
                for result, prepared in zip(self.record(scope_id, some), some, strict=True):
                    yield result, len(prepared.lines)

    def record(self, scope_id: str, prepared: Sequence[Prepared]) -> list[OrderResult]:
        """Record sales of one scope, then carry them to the other stores that see their members.

        `not_found` when there is no such store.
        """
        self._check_scope(scope_id)
        for _ in range(_RACES):
            try:
                elsewhere = self._claim(scope_id, prepared)
                mine = [p for p in prepared if (p.source, p.key) not in elsewhere]
                self._grant(scope_id, mine)
                written = self._database.write(scope_id, partial(self._write, prepared=mine))
                break
            except IntegrityError:
                # Another writer brought one of them meanwhile; the next look finds it.
                continue
        else:
            raise Refused("validation", field="order", why="cannot_be_stored")
        fanout.run(self._database, scope_id)
        answers = iter(written)
        homes = [elsewhere.get((p.source, p.key)) for p in prepared]
        return [
            next(answers) if home is None else _result(p, home, "") for p, home in zip(prepared, homes, strict=True)
        ]

    def _check_scope(self, scope_id: str) -> None:
        if scope_id not in self._scopes:
            with self._database.read() as conn:
                scope_state(conn, scope_id)
            self._scopes.add(scope_id)

    def _write(self, opened: ScopeWrite, prepared: Sequence[Prepared]) -> list[OrderResult]:
        known = _known(opened.conn, opened.scope_id, prepared)
        results: list[OrderResult] = []
        fresh: list[Prepared] = []
        for one in prepared:
            before = known.get((one.source, one.key))
            if before is None:
                fresh.append(one)
                known[one.source, one.key] = one.content_hash
            results.append(_result(one, opened.scope_id, before))
        rows = OrderRows.of(opened.scope_id, fresh, self._now_ms)
        visible = granted_members(opened.conn, opened.scope_id, {p.member_id for p in fresh if p.member_id})
        write_orders(opened, rows, visible, self._since_ms if opened.scope_id != self._chain_id else None)
        fanout.add_tasks(opened, [(p.table, p.row_id, 1) for p in fresh if p.member_id and p.at_ms >= self._since_ms])
        return results

    def _grant(self, scope_id: str, prepared: Sequence[Prepared]) -> None:
        """Being served in a store lets it see the member (SYNC.md 2)."""
        if scope_id == self._chain_id:
            return
        served: dict[str, int] = {}
        for one in prepared:
            if one.member_id is not None and one.at_ms >= self._since_ms and one.table == "purchase":
                served[one.member_id] = max(one.at_ms, served.get(one.member_id, 0))
        if not served:
            return
        with self._database.read() as conn:
            known = seen_until(conn, scope_id, served)
            missing = {m for m, at_ms in served.items() if _ends_before(known.get(m, 0), at_ms + self._grant_ms)}
            homes = {m: next(iter(s.values())) for m, s in reach_of(conn, missing).items()}
        grants = [Grant(m, home, "served", served[m] + self._grant_ms) for m, home in sorted(homes.items())]
        grant_members(self._database, scope_id, grants, since_ms=self._since_ms)

    def _claim(self, scope_id: str, prepared: Sequence[Prepared]) -> dict[tuple[str, str], str]:
        """(source, key) -> scope of those that live in another scope: their id was used there first."""
        rows = [{"external_id": p.key, "source": p.source, "scope_id": scope_id} for p in prepared]
        self._database.write_directory(lambda conn: insert_missing(conn, order_directory, rows))
        with self._database.read() as conn:
            homes = _homes(conn, [(p.source, p.key) for p in prepared])
        return {key: home for key, home in homes.items() if home != scope_id}

    def find_sales(self, returns: Sequence[ReturnIn]) -> dict[tuple[str, str], tuple[str, str | None]]:
        """(source, order id) -> (scope, member) of the sales that returns name."""
        wanted = {(r.source, r.order_external_id): sale_id(r.source, r.order_external_id) for r in returns}
        found: dict[tuple[str, str], tuple[str, str | None]] = {}
        with self._database.read() as conn:
            homes = _homes(conn, list(wanted))
            for scope_id in sorted(set(homes.values())):
                keys = {wanted[key]: key for key, home in homes.items() if home == scope_id}
                for chunk in chunks(list(keys)):
                    for row in conn.execute(
                        select(purchase.c.id, purchase.c.member_id).where(
                            purchase.c.scope_id == scope_id, among(conn, purchase.c.id, chunk)
                        )
                    ):
                        found[keys[row.id]] = (scope_id, row.member_id)
        return found


def _ends_before(until_ms: int | None, wanted_ms: int) -> bool:
    """Whether a grant should be made to last longer: not for less than a month, so that imports stay quick."""
    return until_ms is not None and until_ms < wanted_ms - _RENEW_MS


@cross_scope
def _homes(conn: Connection, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    by_source: dict[str, list[str]] = defaultdict(list)
    for source, key in keys:
        by_source[source].append(key)
    found: dict[tuple[str, str], str] = {}
    directory = order_directory.c
    for source, names in by_source.items():
        for chunk in chunks(names):
            for row in conn.execute(
                select(directory.external_id, directory.scope_id).where(
                    among(conn, directory.external_id, chunk), directory.source == source
                )
            ):
                found[source, row.external_id] = row.scope_id
    return found


def _known(conn: Connection, scope_id: str, prepared: Sequence[Prepared]) -> dict[tuple[str, str], str]:
    """(source, key) -> content hash of what this scope already has."""
    by_source: dict[str, list[str]] = defaultdict(list)
    for one in prepared:
        by_source[one.source].append(one.key)
    known: dict[tuple[str, str], str] = {}
    for source, keys in by_source.items():
        for chunk in chunks(keys):
            for row in conn.execute(
                select(order_raw.c.external_id, order_raw.c.content_hash).where(
                    order_raw.c.scope_id == scope_id,
                    order_raw.c.source == source,
                    among(conn, order_raw.c.external_id, chunk),
                )
            ):
                known[source, row.external_id] = row.content_hash
    return known


def _result(one: Prepared, scope_id: str, before: str | None) -> OrderResult:
    status: OrderStatus = "accepted"
    if before is not None:
        status = "unchanged" if before == one.content_hash else "conflict"
    return OrderResult(external_id=one.external_id, status=status, row_id=one.row_id, scope_id=scope_id)
