"""Reading commission: lines sealed and projected, their states, balances, statements, and evidence about a member."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, desc, func, select

from guidedesk.domain.commission.statements import Balance
from guidedesk.domain.commission.taken_back import taken_back
from guidedesk.models.base import among
from guidedesk.models.commission_tables import (
    commission_event,
    commission_flag,
    dispute,
    ledger_line,
    open_line,
    period_close,
)
from guidedesk.models.commission_tables import statement as statement_table
from guidedesk.models.server_tables import scope
from guidedesk.server.commission_rules import closed_through, month_start_ms, next_period, zone_and_currency
from guidedesk.server.feed import chunks
from guidedesk.server.sharding import cross_scope

_COLUMNS: Final = (
    "entry_id", "posting_period", "beneficiary", "origin_period", "component", "ref", "line", "amount", "currency",
    "confirms_at_ms", "why_json",
)  # fmt: skip
# What takes something back of an order it names.
_BACKS: Final = ("cancel", "exchange", "refund", "return")
LineKey = tuple[str, str, str, str | None, int | str | None]


@dataclass(frozen=True, slots=True)
class StoredLine:
    """A line of the ledger (`is_closed`) or of the open months' projection; amounts in minor units.

    `confirms_at_ms`: from when it is confirmed; None: with the close of its month of origin.
    """

    entry_id: str
    posting_period: str
    beneficiary: str
    origin_period: str
    component: str
    ref: str | None
    line: int | str | None
    amount: int
    currency: str
    confirms_at_ms: int | None
    why_json: str
    is_closed: bool

    @property
    def key(self) -> LineKey:
        """What the line is about, without when it was posted."""
        return self.beneficiary, self.origin_period, self.component, self.ref, self.line

    @property
    def why(self) -> dict[str, Any]:
        """The explanation stored with it."""
        found: dict[str, Any] = json.loads(self.why_json)
        return found

    def as_list(self) -> list[Any]:
        """The 7-tuple of COMMISSION.md 0."""
        return [
            self.posting_period, self.beneficiary, self.origin_period, self.component, self.ref, self.line, self.amount
        ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class LineState:
    """disputed, reversed, provisional or confirmed; and what was taken back of its key after it was confirmed (0 or
    less), `taken` by this very line."""

    state: str
    clawed_back: int
    taken: int


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """A fact with its place; `device_id` where a counter told of it."""

    scope_id: str
    seq: int
    event_id: str
    type: str
    at_ms: int
    received_at_ms: int
    device_id: str | None
    document: dict[str, Any]


def lines_of(
    conn: Connection,
    chain_id: str,
    *,
    beneficiary: str | None = None,
    period: str | None = None,
    ref: str | None = None,
    entry_id: str | None = None,
) -> list[StoredLine]:
    """Lines of sealed and open months that match everything given, by posting month."""
    found: list[StoredLine] = []
    for table, is_closed in ((ledger_line, True), (open_line, False)):
        query = select(*(table.c[name] for name in _COLUMNS)).where(table.c.scope_id == chain_id)
        wanted = {"beneficiary": beneficiary, "posting_period": period, "ref": ref, "entry_id": entry_id}
        for name, value in wanted.items():
            if value is not None:
                query = query.where(table.c[name] == value)
        order = (table.c.posting_period, table.c.n) if is_closed else (table.c.posting_period, table.c.entry_id)
        for row in conn.execute(query.order_by(*order)):
            values = dict(row._mapping)
            values["line"] = None if values["line"] is None else json.loads(values["line"])
            found.append(StoredLine(**values, is_closed=is_closed))
    if not any(line.is_closed for line in found):
        return _sorted(found)
    sealed = [line for line in found if line.is_closed]
    known = {line.entry_id for line in sealed}
    # Between a close and the next refresh a line stands in both: the ledger's counts.
    return sealed + _sorted([line for line in found if not line.is_closed and line.entry_id not in known])


def _sorted(lines: Iterable[StoredLine]) -> list[StoredLine]:
    return sorted(
        lines,
        key=lambda x: (x.posting_period, x.beneficiary, x.origin_period, x.component, x.ref or "", str(x.line or "")),
    )


def states_of(
    conn: Connection, chain_id: str, lines: Sequence[StoredLine], now_ms: int
) -> dict[str, LineState]:
    """The state of each of these lines' keys at a moment, by entry id (COMMISSION.md 5.1)."""
    closed = closed_through(conn, chain_id)
    keys = {line.key for line in lines}
    every: dict[LineKey, list[StoredLine]] = defaultdict(list)
    for line in _with_same_keys(conn, chain_id, lines):
        if line.key in keys:
            every[line.key].append(line)
    disputed = open_disputes(conn, chain_id)
    backs = _backs(conn, {line.ref for line in lines if line.ref is not None and line.line is not None})
    covered = _covered(conn, chain_id)
    zone = zone_and_currency(conn, chain_id)[0]
    states: dict[str, LineState] = {}
    for key, same in every.items():
        confirmed_at = _confirmed_at(key, same, closed, zone)
        known = [_known(backs.get(line.ref or "", ()), covered.get(line.posting_period)) for line in same]
        taken = [taken_by(line, confirmed_at, told, zone) for line, told in zip(same, known, strict=True)]
        is_confirmed = confirmed_at is not None and now_ms >= confirmed_at
        state = _state(same, is_disputed=key in disputed, is_confirmed=is_confirmed)
        for line, mine in zip(same, taken, strict=True):
            states[line.entry_id] = LineState(state, sum(taken), mine)
    return {line.entry_id: states[line.entry_id] for line in lines}


def _with_same_keys(conn: Connection, chain_id: str, lines: Sequence[StoredLine]) -> list[StoredLine]:
    found: list[StoredLine] = []
    for beneficiary in sorted({line.beneficiary for line in lines}):
        found += lines_of(conn, chain_id, beneficiary=beneficiary)
    return found


def _confirmed_at(key: LineKey, lines: Sequence[StoredLine], closed: str | None, zone: str) -> int | None:
    """From when a key is confirmed; a month's figure by its close, which counts from the end of that month."""
    found = next((line.confirms_at_ms for line in lines if line.confirms_at_ms is not None), None)
    if found is not None:
        return found
    return month_start_ms(next_period(key[1]), zone) if closed is not None and key[1] <= closed else None


def _state(lines: Sequence[StoredLine], *, is_disputed: bool, is_confirmed: bool) -> str:
    if is_disputed:
        return "disputed"
    if sum(line.amount for line in lines) == 0 and any(line.amount > 0 for line in lines):
        return "reversed"
    return "confirmed" if is_confirmed else "provisional"


def taken_by(line: StoredLine, confirmed_at: int | None, backs: Sequence[tuple[int, str]], zone: str) -> int:
    """What a line takes back of what was confirmed, 0 or less; the line of the month of confirmation is net of it.

    `backs`: what came back of its order as far as its month knew, when and the document, in the order of time.
    """
    if confirmed_at is None:
        return 0
    if confirmed_at <= month_start_ms(line.posting_period, zone):
        return min(0, line.amount)
    if all(at_ms < confirmed_at for at_ms, _ in backs):
        return 0
    return taken_back(line.why, [json.loads(payload) for at_ms, payload in backs if at_ms < confirmed_at])


class _Back(NamedTuple):
    """Something that came back of an order, and its place in the record."""

    at_ms: int
    payload: str
    scope_id: str
    seq: int


def _known(backs: Sequence[_Back], heads: dict[str, int] | None) -> list[tuple[int, str]]:
    """What a month knew: everything while it is open, else what had arrived when it was sealed."""
    return [
        (back.at_ms, back.payload) for back in backs if heads is None or back.seq <= heads.get(back.scope_id, 0)
    ]


def _covered(conn: Connection, chain_id: str) -> dict[str, dict[str, int]]:
    """Sealed month -> the last event of each scope that it covers."""
    p = period_close.c
    rows = conn.execute(select(p.period, p.heads).where(p.scope_id == chain_id))
    return {row.period: json.loads(row.heads) for row in rows}


@cross_scope
def _backs(conn: Connection, orders: set[str]) -> dict[str, list[_Back]]:
    """Order id -> what came back of it, in the order of time."""
    e = commission_event.c
    found: dict[str, list[_Back]] = defaultdict(list)
    for scope_id in _scopes(conn) if orders else ():
        for some in chunks(sorted(orders)):
            query = select(e.ref, e.at_ms, e.payload, e.seq).where(
                e.scope_id == scope_id, among(conn, e.ref, some), e.type.in_(_BACKS)
            )
            for row in conn.execute(query):
                found[row.ref].append(_Back(row.at_ms, row.payload, scope_id, row.seq))
    return {order: sorted(events) for order, events in found.items()}


def _scopes(conn: Connection) -> list[str]:
    """Every scope: each is asked for itself, by its own index."""
    return list(conn.execute(select(scope.c.scope_id).order_by(scope.c.scope_id)).scalars())


def open_disputes(conn: Connection, chain_id: str) -> set[LineKey]:
    """Keys somebody disputes."""
    d = dispute.c
    query = select(d.line_key).where(d.scope_id == chain_id, d.state == "open")
    return {key_of(text) for text in conn.execute(query).scalars()}


def key_of(text: str) -> LineKey:
    """A key as it is stored."""
    beneficiary, origin, component, ref, line = json.loads(text)
    return beneficiary, origin, component, ref, line


# --- Statements and balances --------------------------------------------------------------------------------------


def statements_of(conn: Connection, chain_id: str, associate: str) -> list[dict[str, Any]]:
    """Her sealed months, the oldest first."""
    s = statement_table.c
    query = select(statement_table).where(s.scope_id == chain_id, s.associate == associate).order_by(s.period)
    return [dict(row._mapping) for row in conn.execute(query)]


def balance_of(conn: Connection, chain_id: str, associate: str, period: str) -> Balance:
    """Her month: as sealed, or, while it is open, as it would come out now."""
    s = statement_table.c
    last = conn.execute(
        select(s.period, s.net, s.carry_in, s.payable, s.carry_out)
        .where(s.scope_id == chain_id, s.associate == associate, s.period <= period)
        .order_by(desc(s.period))
        .limit(1)
    ).first()
    if last is not None and last.period == period:
        return Balance(last.net, last.carry_in, last.payable, last.carry_out)
    carry = 0 if last is None else int(last.carry_out)
    o = open_line.c
    totals = conn.execute(
        select(o.posting_period, func.sum(o.amount).label("net"))
        .where(o.scope_id == chain_id, o.beneficiary == associate, o.posting_period <= period)
        .group_by(o.posting_period)
    )
    nets = {row.posting_period: int(row.net) for row in totals}
    for month in sorted(month for month in nets if month < period and (last is None or month > last.period)):
        carry = min(0, carry + nets[month])
    net = nets.get(period, 0)
    return Balance(net, carry, max(0, carry + net), min(0, carry + net))


def flags_of(conn: Connection, chain_id: str) -> list[dict[str, Any]]:
    """What managers should look at, with what was said of it."""
    f = commission_flag.c
    query = select(f.code, f.subject, f.first_seen_ms, f.verdict, f.review_event).where(f.scope_id == chain_id)
    return [dict(row._mapping) for row in conn.execute(query.order_by(f.first_seen_ms, f.code, f.subject))]


def latest_flags(conn: Connection, chain_id: str, most: int) -> list[dict[str, Any]]:
    """So many flags at most: those nobody looked at first, then the newest."""
    f = commission_flag.c
    query = (
        select(f.code, f.subject, f.first_seen_ms, f.verdict)
        .where(f.scope_id == chain_id)
        .order_by(f.verdict.is_not(None), desc(f.first_seen_ms), f.code, f.subject)
        .limit(most)
    )
    return [dict(row._mapping) for row in conn.execute(query)]


# --- Evidence -----------------------------------------------------------------------------------------------------


@cross_scope
def events_of_member(conn: Connection, member_id: str) -> list[StoredEvent]:
    """Everything known of a person in the order of time, under whatever id it was recorded, orders' returns too."""
    e = commission_event.c
    members, seen = {member_id}, set[str]()
    while members - seen:
        some = sorted(members - seen)
        seen |= members
        for scope_id in _scopes(conn):
            merges = select(e.payload).where(e.scope_id == scope_id, e.type == "member.merge")
            for text in conn.execute(merges.where(among(conn, e.member, some))).scalars():
                members.add(json.loads(text)["into"])
            members |= _merged_into(conn, scope_id, some)
    found = _events(conn, e.member, members)
    refs = {event.document["order"] for event in found if event.type == "order"}
    every = {(x.scope_id, x.seq): x for x in (*found, *_events(conn, e.ref, refs))}
    return sorted(every.values(), key=lambda event: (event.at_ms, event.event_id))


def _merged_into(conn: Connection, scope_id: str, members: Sequence[str]) -> set[str]:
    e = commission_event.c
    found: set[str] = set()
    for member in members:
        query = select(e.member).where(
            e.scope_id == scope_id, e.type == "member.merge", e.payload.contains(f'"into":"{member}"')
        )
        found.update(text for text in conn.execute(query).scalars() if text is not None)
    return found


@cross_scope
def events_of_order(conn: Connection, ref: str) -> list[StoredEvent]:
    """A sale and what became of it, in the order of time."""
    return sorted(_events(conn, commission_event.c.ref, [ref]), key=lambda event: (event.at_ms, event.event_id))


@cross_scope
def events_by_id(conn: Connection, event_ids: Iterable[str]) -> list[StoredEvent]:
    """These events, wherever they are."""
    return _events(conn, commission_event.c.event_id, event_ids)


def _events(conn: Connection, column: Any, values: Iterable[str]) -> list[StoredEvent]:
    e = commission_event.c
    columns = (e.scope_id, e.seq, e.event_id, e.type, e.at_ms, e.received_at_ms, e.device_id, e.payload)
    found: list[StoredEvent] = []
    wanted = sorted(values)
    for scope_id in _scopes(conn) if wanted else ():
        for some in chunks(wanted):
            rows = conn.execute(select(*columns).where(e.scope_id == scope_id, among(conn, column, some)))
            found += [StoredEvent(*row[:7], json.loads(row.payload)) for row in rows]
    return found


