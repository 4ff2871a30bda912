"""Sealing a month: its lines go into the ledger, every associate gets a statement, and nobody can change either.

The month is closed once for the whole chain, in the order of months, when nothing of it is provisional or disputed
and every store's manager said that it is right (COMMISSION.md 5.1, DESIGN-UI.md 11b), or for a reason that is kept.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select

from guidedesk.domain.access import Actor, may
from guidedesk.domain.commission import reading
from guidedesk.domain.commission.bodies import Publish
from guidedesk.domain.commission.calendar import Calendar, first_day
from guidedesk.domain.commission.canonical_json import content_hash
from guidedesk.domain.commission.component_documents import is_associate
from guidedesk.domain.commission.ledger_lines import LedgerLine
from guidedesk.domain.commission.statements import ENGINE_VERSION, Balance, Balances
from guidedesk.domain.errors import Refused
from guidedesk.models.commission_tables import (
    close_confirmation,
    dispute,
    ledger_line,
    open_line,
    period_close,
    statement,
)
from guidedesk.models.people import staff, store
from guidedesk.server.audit import record_audit
from guidedesk.server.bulk_run import no_garbage
from guidedesk.server.bulk_sql import insert_many, insert_tuples
from guidedesk.server.commission_events import NewEvent, record_events
from guidedesk.server.commission_reckoning import (
    Books,
    Projector,
    close_document,
    compute_books,
)
from guidedesk.server.commission_rules import (
    check_period,
    closed_through,
    config_versions,
    keep_config,
    next_period,
)
from guidedesk.server.database import ScopeWrite, ServerDatabase, take_time
from guidedesk.server.visibility import insert_missing

GENESIS: Final = bytes(32)
LINE_COLUMNS: Final = (
    "scope_id", "posting_period", "n", "entry_id", "beneficiary", "origin_period", "component", "ref", "line", "amount",
    "currency", "confirms_at_ms", "why_json", "statement_id", "row_hash",
)  # fmt: skip
_SEP: Final = "\x1f"
_NULL: Final = "\x00"


@dataclass(frozen=True, slots=True)
class ClosePreview:
    """What a month would come to if it were sealed now, and what stands in the way. Amounts in minor units."""

    period: str
    currency: str
    line_count: int
    balances: dict[str, Balance]  # associate -> her month
    others: dict[str, int]  # house and pools -> their net
    provisional: tuple[str, ...]  # entry ids of lines that may still come back
    disputes: tuple[str, ...]  # ids of open disputes
    stores_missing: tuple[str, ...]  # stores whose manager has not confirmed
    is_over: bool
    is_next: bool

    @property
    def blocked_by(self) -> str | None:
        """The first gate that is shut, or None."""
        if not self.is_next:
            return "order"
        if not self.is_over:
            return "data"
        if self.provisional:
            return "returns"
        if self.disputes:
            return "disputes"
        return "confirm" if self.stores_missing else None


@dataclass(frozen=True, slots=True)
class ClosedMonth:
    """A sealed month: lines and statements written, and the hash that everything of it hangs on."""

    period: str
    line_count: int
    statement_count: int
    hash: str


def preview(database: ServerDatabase, period: str, now_ms: int) -> ClosePreview:
    """What closing this month would do; nothing is written."""
    check_period(period)
    chain_id = database.chain_id()
    with database.read_snapshot() as conn:
        books = compute_books(conn, chain_id, closing=_computable(conn, chain_id, period))
        return _preview(conn, chain_id, books, period, now_ms)


def _computable(conn: Connection, chain_id: str, period: str) -> str | None:
    """The month itself where it is the next to close; a later one is only looked at, an earlier one is sealed."""
    closed = closed_through(conn, chain_id)
    return period if closed is None or period == next_period(closed) else None


def _preview(conn: Connection, chain_id: str, books: Books, period: str, now_ms: int) -> ClosePreview:
    month = reading.month_index(period)
    lines = [line for line in books.open_lines() if line.posting == month]
    others: dict[str, int] = defaultdict(int)
    for line in lines:
        if not is_associate(line.beneficiary):
            others[line.beneficiary] += line.amount
    closed = books.closed_through
    stores = stores_with_people(conn, chain_id)
    return ClosePreview(
        period=period,
        currency=books.currency,
        line_count=len(lines),
        balances={name: months[month] for name, months in books.result.balances.items() if month in months},
        others=dict(others),
        provisional=tuple(_provisional(books, lines, now_ms)),
        disputes=tuple(_disputes(conn, chain_id)),
        stores_missing=() if len(stores) == 1 else tuple(sorted(stores - _confirmed(conn, chain_id, period))),
        is_over=now_ms >= _end_ms(books, month),
        is_next=closed is None or period == next_period(closed),
    )


def _end_ms(books: Books, month: int) -> int:
    return Calendar(books.prepared.world.history.zone).midnight(first_day(month + 1))


def _provisional(books: Books, lines: Collection[LedgerLine], now_ms: int) -> Iterator[str]:
    """Line components that are not confirmed yet; those of sales that all came back have nothing to wait for."""
    world = books.prepared.world
    postings = {period: posting.snapshot.book.orders for period, posting in books.result.explanations.postings.items()}
    if not lines:
        return
    last = max(line.posting for line in lines)
    if now_ms >= world.calendar.midnight(first_day(last + 1) + world.history.longest_hold):
        return  # whatever was paid up to the end of that month is confirmed
    is_held: dict[int, bool] = {}
    for line in lines:
        posting, _, _, _, ref, number, amount = line
        if ref is None or number is None or amount <= 0:
            continue
        order = postings[posting].get(ref)
        if order is None:
            continue
        day = order.sale.paid_day
        if day not in is_held:
            is_held[day] = now_ms < world.calendar.midnight(day + world.history.on(day).hold_days + 1)
        if is_held[day]:
            yield line.id


def _disputes(conn: Connection, chain_id: str) -> list[str]:
    d = dispute.c
    query = select(d.dispute_id).where(d.scope_id == chain_id, d.state == "open").order_by(d.opened_at_ms)
    return list(conn.execute(query).scalars())


def stores_with_people(conn: Connection, chain_id: str) -> set[str]:
    """Stores somebody works in: each has a manager who confirms."""
    s, t = staff.c, store.c
    with_people = select(s.store_id).where(s.scope_id == chain_id, s.is_active == 1, s.deleted_at_ms.is_(None))
    query = select(t.id).where(t.scope_id == chain_id, t.deleted_at_ms.is_(None), t.kind == "store")
    return set(conn.execute(query).scalars()) & set(conn.execute(with_people).scalars())


def _confirmed(conn: Connection, chain_id: str, period: str) -> set[str]:
    c = close_confirmation.c
    query = select(c.store_id).where(c.scope_id == chain_id, c.period == period)
    return set(conn.execute(query).scalars())


def confirm_store(database: ServerDatabase, period: str, store_id: str, actor: Actor, now_ms: int) -> None:
    """The manager says that her store's month is right. Refused: `forbidden`, `not_open` for a sealed month."""
    check_period(period)
    if not may(actor, "commission.others", store_id) or actor.role == "admin":
        raise Refused("forbidden", permission="commission.others")
    chain_id = database.chain_id()

    def work(opened: ScopeWrite) -> None:
        closed = closed_through(opened.conn, chain_id)
        if closed is not None and period <= closed:
            raise Refused("not_open", period=period)
        row = {"scope_id": chain_id, "period": period, "store_id": store_id}
        told = {"confirmed_by": actor.id, "confirmed_at_ms": now_ms}
        insert_missing(opened.conn, close_confirmation, [row | told])
        detail = {"period": period}
        record_audit(opened, at_ms=now_ms, actor=actor, action="close.confirmed", subject=store_id, detail=detail)

    database.write(chain_id, work)


def close_period(
    database: ServerDatabase, period: str, *, actor: Actor | None, now_ms: int, forced_reason: str | None = None
) -> ClosedMonth:
    """Seal a month. `actor` None is the operator at the command line; a manager may where there is one store only.

    Refused: `close_blocked` (what: order, data, returns, disputes, confirm), which a reason overrides except for the
    order of months and a month that is not over; `forbidden`.
    """
    check_period(period)
    with no_garbage():
        return _close(database, period, actor, now_ms, (forced_reason or "").strip() or None)


def _close(
    database: ServerDatabase, period: str, actor: Actor | None, now_ms: int, reason: str | None
) -> ClosedMonth:
    chain_id = database.chain_id()
    with database.read_snapshot() as conn:
        _check_may_close(conn, chain_id, actor)
        closed = closed_through(conn, chain_id)
        if closed is not None and period != next_period(closed):
            raise Refused("close_blocked", what="order", period=next_period(closed))
        books = compute_books(conn, chain_id, closing=period)
        found = _preview(conn, chain_id, books, period, now_ms)
    what = found.blocked_by
    if what is not None and (reason is None or what in ("order", "data")):
        raise Refused("close_blocked", what=what, period=period)
    sealed = seal(books, chain_id, period)

    def work(opened: ScopeWrite) -> ClosedMonth:
        if closed_through(opened.conn, chain_id) != closed or _config_moved(opened.conn, chain_id, books):
            raise Refused("close_blocked", what="order", period=period)  # somebody closed it meanwhile
        take_time(opened.conn)
        return _write(opened, books, sealed, period, actor, reason, now_ms)

    return database.write(chain_id, work)


def _check_may_close(conn: Connection, chain_id: str, actor: Actor | None) -> None:
    """Head office closes; in a single shop its manager is head office (SECURITY.md 2)."""
    if actor is None or may(actor, "chain.configure", chain_id):
        return
    stores = stores_with_people(conn, chain_id)
    if len(stores) == 1 and may(actor, "commission.others", next(iter(stores))):
        return
    raise Refused("forbidden", permission="chain.configure")


def _config_moved(conn: Connection, chain_id: str, books: Books) -> bool:
    now = config_versions(conn, chain_id)
    return content_hash(now) != content_hash(books.config)


# --- What a sealed month consists of ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sealed:
    """Everything that goes into the record of a month, made before the transaction that writes it."""

    lines: list[LedgerLine]
    books: Books
    chain_id: str
    period: str
    balances: Balances
    events_hash: str
    plans: list[list[Any]]
    config_hash: str

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """The lines as rows in the order of LINE_COLUMNS, without the last; each made when it is asked for."""
        counts: dict[int, int] = defaultdict(int)
        values = Projector(self.chain_id, self.books).values
        for line in self.lines:
            counts[line.posting] += 1
            scope_id, entry_id, posting, beneficiary, *rest = values(line)
            statement_id = f"{beneficiary}:{self.period}" if is_associate(beneficiary) else None
            # in the order of LINE_COLUMNS
            yield scope_id, posting, counts[line.posting], entry_id, beneficiary, *rest, statement_id


def seal(books: Books, chain_id: str, period: str) -> Sealed:
    """Rows and hashes of a month; lines of months before the first close belong to it."""
    month = reading.month_index(period)
    return Sealed(
        lines=books.open_lines(),
        books=books,
        chain_id=chain_id,
        period=period,
        balances=books.result.balances,
        events_hash=_events_hash(books, month),
        plans=_plans(books, month),
        config_hash=content_hash(books.config),
    )


def _events_hash(books: Books, month: int) -> str:
    """Over the ids and contents of the events that are new in this month, sorted."""
    closed = books.closed_through
    covered = -1 if closed is None else reading.month_index(closed)
    digest = hashlib.sha256()
    new = sorted(event.id for event in books.prepared.stream.events if covered < event.posting <= month)
    for event_id in new:
        digest.update(f"{event_id} {books.arrivals[event_id].content_hash.hex()}\n".encode())
    return digest.hexdigest()


def _plans(books: Books, month: int) -> list[list[Any]]:
    events = books.prepared.stream.events
    published = [event.body.plan for event in events if event.posting <= month and isinstance(event.body, Publish)]
    return sorted([plan.plan, plan.version, content_hash(plan.document)] for plan in published)


def row_hash(previous: bytes, values: Sequence[Any]) -> bytes:
    """The link of a row to the one before: over all its values, scope included."""
    said = _SEP.join([_NULL if value is None else value if type(value) is str else str(value) for value in values])
    return hashlib.sha256(previous + said.encode()).digest()


def shared_part(sealed_month: Mapping[str, Any]) -> dict[str, Any]:
    """What every statement of a month rests on (COMMISSION.md 5): events, plans, configuration, engine."""
    return {name: sealed_month[name] for name in ("engine", "period", "events", "plans", "config")}


def statement_hash(
    shared: Mapping[str, Any], associate: str, lines: Sequence[Sequence[Any]], previous: str | None, balance: Balance
) -> str:
    """The link of an associate's chain: her lines, what they rest on, and her statement before."""
    own = {"associate": associate, "lines": [list(line) for line in lines], "previous": previous}
    said = json.dumps(
        {**shared, **own, **balance.as_dict()}, ensure_ascii=False, separators=(",", ":"), sort_keys=True
    )
    return hashlib.sha256(said.encode()).hexdigest()


def _write(
    opened: ScopeWrite,
    books: Books,
    sealed: Sealed,
    period: str,
    actor: Actor | None,
    reason: str | None,
    now_ms: int,
) -> ClosedMonth:
    conn, chain_id = opened.conn, opened.scope_id
    keep_config(opened, now_ms)
    links = [last_row_hash(conn, chain_id)]
    if sealed.lines:
        insert_tuples(conn, ledger_line, LINE_COLUMNS, _linked(sealed, links))
    link, count = links[-1], len(sealed.lines)
    shared = {
        "engine": ENGINE_VERSION,
        "period": period,
        "events": sealed.events_hash,
        "plans": sealed.plans,
        "config": sealed.config_hash,
    }
    mine = _statements(conn, chain_id, sealed, shared, books.currency, now_ms, actor)
    insert_many(conn, insert(statement), mine)
    before = last_close_hash(conn, chain_id)
    version = int(config_versions(conn, chain_id)[-1]["version"])
    row = {
        "scope_id": chain_id,
        "period": period,
        "heads": json.dumps(books.heads, sort_keys=True),
        "config_version": version,
        "config_hash": sealed.config_hash,
        "plans": json.dumps(sealed.plans, ensure_ascii=False, separators=(",", ":")),
        "events_hash": sealed.events_hash,
        "line_count": count,
        "lines_hash": link,
        "engine": ENGINE_VERSION,
        "prev_hash": before,
        "forced_reason": reason,
        "closed_at_ms": now_ms,
        "closed_by": None if actor is None else actor.id,
    }
    row["hash"] = close_hash(row, [one["hash"] for one in mine])
    conn.execute(insert(period_close), [row])
    document = close_document(period)
    record_events(opened, [NewEvent(document, now_ms, now_ms)])
    conn.execute(delete(open_line).where(open_line.c.scope_id == chain_id, open_line.c.posting_period <= period))
    detail = {"lines": count, "statements": len(mine), "hash": row["hash"], "forced": int(reason is not None)}
    record_audit(opened, at_ms=now_ms, actor=actor, action="month.closed", subject=period, detail=detail)
    return ClosedMonth(period, count, len(mine), str(row["hash"]))


def _linked(sealed: Sealed, links: list[bytes]) -> Iterator[tuple[Any, ...]]:
    """Rows with their links; the last link stays in `links`."""
    link = links[0]
    for values in sealed.rows():
        link = row_hash(link, values)
        yield (*values, link)
    links.append(link)


def close_hash(row: Mapping[str, Any], statements: Sequence[str]) -> str:
    """The link of the chain's closes: everything that a close says, and the hashes of its statements in order."""
    names = ("scope_id", "period", "heads", "config_version", "config_hash", "plans", "events_hash", "line_count")
    more = ("engine", "prev_hash", "forced_reason", "closed_at_ms", "closed_by")
    said = [row[name] for name in (*names, *more)] + [bytes(row["lines_hash"]).hex(), sorted(statements)]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def _statements(
    conn: Connection,
    chain_id: str,
    sealed: Sealed,
    shared: Mapping[str, Any],
    currency: str,
    now_ms: int,
    actor: Actor | None,
) -> list[dict[str, Any]]:
    month = reading.month_index(shared["period"])
    by_associate: dict[str, list[LedgerLine]] = defaultdict(list)
    for line in sealed.lines:
        by_associate[line.beneficiary].append(line)
    previous = last_statement_hashes(conn, chain_id)
    rows: list[dict[str, Any]] = []
    for associate, months in sorted(sealed.balances.items()):
        balance = months.get(month)
        if balance is None:
            continue
        lines, before = [line.as_list() for line in by_associate.get(associate, ())], previous.get(associate)
        rows.append(
            {
                "scope_id": chain_id,
                "associate": associate,
                "period": shared["period"],
                **balance.as_dict(),
                "currency": currency,
                "line_count": len(lines),
                "hash": statement_hash(shared, associate, lines, before, balance),
                "prev_hash": before,
                "closed_at_ms": now_ms,
                "closed_by": None if actor is None else actor.id,
            }
        )
    return rows


def last_row_hash(conn: Connection, chain_id: str, *, before: str | None = None) -> bytes:
    """The link of the last ledger row (of months up to but without `before`)."""
    x = ledger_line.c
    query = select(x.row_hash).where(x.scope_id == chain_id)
    if before is not None:
        query = query.where(x.posting_period < before)
    found = conn.execute(query.order_by(x.posting_period.desc(), x.n.desc()).limit(1)).scalar()
    return GENESIS if found is None else bytes(found)


def last_close_hash(conn: Connection, chain_id: str) -> str | None:
    """The hash of the last sealed month."""
    p = period_close.c
    query = select(p.hash).where(p.scope_id == chain_id).order_by(p.period.desc()).limit(1)
    return conn.execute(query).scalar()


def last_statement_hashes(conn: Connection, chain_id: str) -> dict[str, str]:
    """Associate -> the hash of her last statement."""
    s = statement.c
    query = select(s.associate, s.hash).where(s.scope_id == chain_id).order_by(s.period)
    return {row.associate: row.hash for row in conn.execute(query)}
