"""Writing checked sales and returns, one or thousands: claim their ids, then each scope in its own transactions.

The same steps for a single sale and for a million, so that both leave the same rows behind. Only how much goes
into one transaction differs, and when the rows are carried to other stores.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Final, NamedTuple, TypeVar

from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from guidedesk.domain.errors import Refused
from guidedesk.domain.time import DAY_MS
from guidedesk.models.base import among
from guidedesk.models.sales import purchase
from guidedesk.models.server_tables import order_directory, order_raw, scope
from guidedesk.server import fanout
from guidedesk.server.commission_events import record_events
from guidedesk.server.database import ScopeWrite, ServerDatabase
from guidedesk.server.fanout_tasks import add_tasks
from guidedesk.server.feed import chunks
from guidedesk.server.order_rows import Prepared, events_of, sale_id, told_tier, whole_row, write_orders
from guidedesk.server.order_types import BackIn, OrderIn, OrderResult, OrderStatus, ReturnIn
from guidedesk.server.points_ledger import count_orders, read_terms
from guidedesk.server.sale_side import match_claims
from guidedesk.server.sale_unmatched import note_marks, note_unmatched
from guidedesk.server.settings import history_since_ms, read_settings
from guidedesk.server.sharding import cross_scope
from guidedesk.server.visibility import (
    Grant,
    announce_grants,
    grant_in,
    granted_members,
    insert_missing,
    reach_of,
    seen_until,
)

_RACES: Final = 5
_KEYS_A_STATEMENT: Final = 2_000
T = TypeVar("T")
Key = tuple[str, str]  # source, name in order_raw
Arrived = list[tuple[str, Prepared]]  # the scope it is to live in, the record


class Recorded(NamedTuple):
    """One record and what became of it."""

    prepared: Prepared
    result: OrderResult


def portions(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of `size`, the last one shorter."""
    source = iter(items)
    while some := list(islice(source, size)):
        yield some


class OrderRecorder:
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

    def record(self, arrived: Arrived, batch: int) -> Iterator[Recorded]:
        """Record (scope, record) in the order they came; about `batch` to a transaction, scope after scope.

        `not_found` when there is no such store. Afterwards `carry` brings the rows to other stores.
        """
        self._check_scopes({scope_id for scope_id, _ in arrived})
        homes = self._claim(arrived)
        note_marks(self._database, arrived, self._now_ms)
        mine: dict[str, list[Prepared]] = defaultdict(list)
        for scope_id, one in arrived:
            home = homes[one.source, one.key]
            if home == scope_id:
                mine[scope_id].append(one)
            else:
                yield Recorded(one, _result(one, home, ""))
        grants = self._served(mine)
        announce_grants(self._database, grants)
        for scope_id in sorted(mine):
            waiting = grants.get(scope_id, [])
            for some in portions(mine[scope_id], batch):
                yield from self._record_some(scope_id, some, waiting)
                waiting = []

    def carry(self, scope_ids: Iterable[str], progress: Callable[[int], None] | None = None) -> None:
        """Carry what was recorded in these scopes to the other stores that see the members."""
        fanout.run_many(self._database, scope_ids, progress=progress)

    def _record_some(self, scope_id: str, prepared: Sequence[Prepared], grants: Sequence[Grant]) -> list[Recorded]:
        for _ in range(_RACES):
            try:
                return self._database.write(scope_id, partial(self._write, prepared=prepared, grants=grants))
            except IntegrityError:
                # Another writer brought one of them meanwhile; the next look finds it.
                continue
        raise Refused("validation", field="order", why="cannot_be_stored")

    def _write(self, opened: ScopeWrite, prepared: Sequence[Prepared], grants: Sequence[Grant]) -> list[Recorded]:
        if grants:
            grant_in(opened, grants, self._chain_id, self._since_ms)
        return write_prepared(opened, prepared, self._chain_id, self._since_ms, self._now_ms)

    def _check_scopes(self, scope_ids: Iterable[str]) -> None:
        wanted = set(scope_ids) - self._scopes
        if wanted:
            with self._database.read() as conn:
                self._scopes |= _existing(conn, wanted)
        if wanted - self._scopes:
            raise Refused("not_found", what="scope")

    def _claim(self, arrived: Arrived) -> dict[Key, str]:
        """Key -> the scope it lives in for ever: the first in which its id was used, in this run or before."""
        rows: dict[Key, dict[str, str]] = {}
        for scope_id, p in arrived:
            row = {"external_id": p.key, "source": p.source, "scope_id": scope_id}
            rows.setdefault((p.source, p.key), row)
        wanted = list(rows.values())
        self._database.write_directory(lambda conn: insert_missing(conn, order_directory, wanted))
        with self._database.read() as conn:
            return _homes(conn, list(rows))

    def _served(self, grouped: Mapping[str, Sequence[Prepared]]) -> dict[str, list[Grant]]:
        """Store -> what being served there lets it see (SYNC.md 2), as far as it does not see it already."""
        until: dict[str, dict[str, int]] = {}
        for scope_id, prepared in grouped.items():
            served: dict[str, int] = {}
            for one in prepared:
                if one.member_id is not None and one.at_ms >= self._since_ms and one.table == "purchase":
                    served[one.member_id] = max(self.served_until(one.at_ms), served.get(one.member_id, 0))
            if served and scope_id != self._chain_id:
                until[scope_id] = served
        return self.grants_of(until)

    def grants_of(self, until: Mapping[str, Mapping[str, int]]) -> dict[str, list[Grant]]:
        """Store -> grants that are missing so that it sees these members until then (UTC ms)."""
        missing: dict[str, set[str]] = {}
        with self._database.read() as conn:
            for scope_id, served in sorted(until.items()):
                known = seen_until(conn, scope_id, served)
                missing[scope_id] = {m for m, end_ms in served.items() if _ends_before(known.get(m, 0), end_ms)}
            homes = {m: next(iter(s.values())) for m, s in reach_of(conn, set().union(*missing.values())).items()}
        return {
            scope_id: [Grant(m, homes[m], "served", until[scope_id][m]) for m in sorted(members) if m in homes]
            for scope_id, members in missing.items()
        }

    def served_until(self, at_ms: int) -> int:
        """Until when a store sees whom it served then."""
        return _end_of_day(at_ms + self._grant_ms)

    @property
    def since_ms(self) -> int:
        """The oldest moment of sales that counters keep."""
        return self._since_ms

    @property
    def chain_id(self) -> str:
        """The chain's own scope."""
        return self._chain_id

    def find_sales(self, returns: Sequence[ReturnIn | BackIn]) -> dict[Key, tuple[str, str | None]]:
        """(source, order id) -> (scope, member) of the sales that returns name."""
        wanted = {(r.source, r.order_external_id): sale_id(r.source, r.order_external_id) for r in returns}
        found: dict[Key, tuple[str, str | None]] = {}
        with self._database.read() as conn:
            homes = _homes(conn, list(wanted))
            for scope_id in sorted(set(homes.values())):
                keys = {wanted[key]: key for key, home in homes.items() if home == scope_id}
                for chunk in chunks(list(keys), _KEYS_A_STATEMENT):
                    for row in conn.execute(
                        select(purchase.c.id, purchase.c.member_id).where(
                            purchase.c.scope_id == scope_id, among(conn, purchase.c.id, chunk)
                        )
                    ):
                        found[keys[row.id]] = (scope_id, row.member_id)
        return found


def write_prepared(
    opened: ScopeWrite, prepared: Sequence[Prepared], chain_id: str, since_ms: int, now_ms: int
) -> list[Recorded]:
    """Write records of one scope within its transaction; their names are in the directory by now."""
    known = _known(opened.conn, opened.scope_id, prepared)
    recorded: list[Recorded] = []
    fresh: list[Prepared] = []
    for one in prepared:
        before = known.get((one.source, one.key))
        if before is None:
            fresh.append(one)
            known[one.source, one.key] = one.content_hash
        recorded.append(Recorded(one, _result(one, opened.scope_id, before)))
    visible = granted_members(opened.conn, opened.scope_id, {p.member_id for p in fresh if p.member_id})
    is_read = opened.scope_id != chain_id
    write_orders(opened, fresh, visible, since_ms=since_ms if is_read else None, received_at_ms=now_ms)
    record_events(opened, [event for one in fresh for event in events_of(one, now_ms)], are_new=True)
    note_unmatched(opened, fresh, now_ms)
    add_tasks(opened, [(p.table, p.row_id, 1) for p in fresh if p.member_id and p.at_ms >= since_ms])
    _count_points(opened, fresh, chain_id, since_ms)
    if is_read:
        sales = {p.external_id: (p.row_id, p.member_id) for p in fresh if p.table == "purchase"}
        match_claims(opened, sales, now_ms, chain_id, since_ms)
    return recorded


def _count_points(opened: ScopeWrite, fresh: Sequence[Prepared], chain_id: str, since_ms: int) -> None:
    """What they earn and take back, where the chain gives points."""
    hers = [one for one in fresh if one.member_id is not None]
    terms = read_terms(opened.conn, chain_id, opened.scope_id, since_ms) if hers else None
    if terms is not None:
        sales = [whole_row(one) for one in hers if one.table == "purchase"]
        returns = [whole_row(one) for one in hers if one.table == "purchase_return"]
        count_orders(opened, terms, sales, returns, {one.row_id: tier for one in hers if (tier := told_tier(one))})


def _end_of_day(at_ms: int) -> int:
    """The end of the day (UTC): a member who comes daily renews her grant once a day, whatever the order of sales."""
    return -(-at_ms // DAY_MS) * DAY_MS


def _ends_before(until_ms: int | None, wanted_ms: int) -> bool:
    return until_ms is not None and until_ms < wanted_ms


@cross_scope
def _existing(conn: Connection, scope_ids: Iterable[str]) -> set[str]:
    return set(conn.execute(select(scope.c.scope_id).where(among(conn, scope.c.scope_id, scope_ids))).scalars())


@cross_scope
def _homes(conn: Connection, keys: Sequence[Key]) -> dict[Key, str]:
    by_source: dict[str, list[str]] = defaultdict(list)
    for source, key in keys:
        by_source[source].append(key)
    found: dict[Key, str] = {}
    directory = order_directory.c
    for source, names in by_source.items():
        for chunk in chunks(names, _KEYS_A_STATEMENT):
            for row in conn.execute(
                select(directory.external_id, directory.scope_id).where(
                    among(conn, directory.external_id, chunk), directory.source == source
                )
            ).all():
                found[source, row.external_id] = row.scope_id
    return found


def _known(conn: Connection, scope_id: str, prepared: Sequence[Prepared]) -> dict[Key, str]:
    """Key -> content hash of what this scope already has."""
    by_source: dict[str, list[str]] = defaultdict(list)
    for one in prepared:
        by_source[one.source].append(one.key)
    known: dict[Key, str] = {}
    for source, keys in by_source.items():
        for chunk in chunks(keys, _KEYS_A_STATEMENT):
            for row in conn.execute(
                select(order_raw.c.external_id, order_raw.c.content_hash).where(
                    order_raw.c.scope_id == scope_id,
                    order_raw.c.source == source,
                    among(conn, order_raw.c.external_id, chunk),
                )
            ).all():
                known[source, row.external_id] = row.content_hash
    return known


def _result(one: Prepared, scope_id: str, before: str | None) -> OrderResult:
    status: OrderStatus = "accepted"
    if before is not None:
        status = "unchanged" if before == one.content_hash else "conflict"
    return OrderResult(external_id=one.external_id, status=status, row_id=one.row_id, scope_id=scope_id)
