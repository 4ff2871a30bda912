"""A month before it is closed, as its manager sees it: gates, sums, people, disputes with all evidence (11b)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, func, select

from guidedesk.domain.access import Actor
from guidedesk.domain.commission import reading
from guidedesk.domain.second_person import why_not_second
from guidedesk.models.commission_tables import close_confirmation, open_line, period_close, statement
from guidedesk.models.server_tables import device
from guidedesk.server.commission_book import refresh
from guidedesk.server.commission_close import ClosePreview, preview
from guidedesk.server.commission_disputes import is_single_shop, list_disputes, list_proposals
from guidedesk.server.commission_documents import dispute_of, tell_lines
from guidedesk.server.commission_evidence import Papers
from guidedesk.server.commission_flags import people_of, read_flags
from guidedesk.server.commission_reads import LineState, StoredLine, events_of_member, lines_of, states_of
from guidedesk.server.commission_rules import closed_through, month_start_ms, next_period, open_period
from guidedesk.server.commission_why_not import story_of
from guidedesk.server.database import ServerDatabase
from guidedesk.server.settings import read_settings
from guidedesk.server.sharding import cross_scope
from guidedesk.services.earnings import (
    Adjustment,
    CloseMonth,
    CloseTotals,
    Dispute,
    EarningsLine,
    Figure,
    Gate,
    PersonMonth,
)

_MONTHS_SHOWN: Final = 6


@dataclass(frozen=True, slots=True)
class _Desk:
    """What one answer is put together from."""

    papers: Papers
    actor: Actor
    period: str
    found: ClosePreview
    lines: list[StoredLine]  # of the month, of people of her stores
    now_ms: int
    states: dict[str, LineState]  # by entry id, of `lines`

    def is_hers(self, associate: str) -> bool:
        """Somebody of her own stores; head office looks at everybody."""
        row = self.papers.staff.get(associate)
        return row is not None and (self.actor.role == "admin" or row.store_id in self.actor.scope_ids)


def read_month(database: ServerDatabase, actor: Actor, period: str | None, now_ms: int) -> CloseMonth:
    """The month asked for, or the one that is closed next."""
    refresh(database, now_ms)
    chain_id = database.chain_id()
    with database.read() as conn:
        month = period or _next_to_close(conn, chain_id, now_ms)
    found = preview(database, month, now_ms)
    with database.read_snapshot() as conn:
        papers = Papers(conn, chain_id, read_settings(conn, chain_id)["zone"])
        desk = _Desk(papers, actor, month, found, [], now_ms, {})
        mine = [line for line in lines_of(conn, chain_id, period=month) if desk.is_hers(line.beneficiary)]
        desk = replace(desk, lines=mine, states=states_of(conn, chain_id, mine, now_ms))
        disputes = _disputes(desk)
        adjustments = _adjustments(desk, disputes)
        flags = read_flags(papers, actor)
        gates = _gates(desk, disputes)
        closed = closed_through(conn, chain_id)
        is_closed = closed is not None and month <= closed
        sealed = _sealed(conn, chain_id, month) if is_closed else None
        named = {dispute.opened_by for dispute in disputes} | {dispute.ruled_by for dispute in disputes}
        named |= {who for each in adjustments for who in (each.associate, each.proposed_by, each.decided_by)}
        named |= people_of(flags) | {gate.by for gate in gates}
        named |= {event.associate for dispute in disputes for event in dispute.story}
        named |= {
            str(person["beneficiary"])
            for dispute in disputes if dispute.line is not None
            for person in dispute.line.why.get("participants", ())
        }  # fmt: skip
        return CloseMonth(
            as_of_ms=now_ms,
            period=month,
            state="closed" if is_closed else "open",
            currency=found.currency,
            totals=_totals(desk, disputes),
            gates=gates,
            can_close=not is_closed and all(gate.is_done for gate in gates[:-1]),
            periods=_months(conn, chain_id, month, now_ms),
            associates=_people(desk),
            disputes=disputes,
            adjustments=adjustments,
            flags=flags,
            people=papers.people_in(named),
            closed_at_ms=None if sealed is None else sealed.closed_at_ms,
            closed_by="" if sealed is None else sealed.closed_by or "",
            forced_reason="" if sealed is None else sealed.forced_reason or "",
        )


@cross_scope
def counters_behind(conn: Connection, scope_ids: Sequence[str] | None, end_ms: int) -> tuple[int, int]:
    """How many counters were not heard of since a moment, and of how many; None is the whole chain."""
    d = device.c
    query = select(d.scope_id, d.last_contact_ms).where(d.state == "active")
    rows = [row for row in conn.execute(query) if scope_ids is None or row.scope_id in scope_ids]
    return sum((row.last_contact_ms or 0) < end_ms for row in rows), len(rows)


def end_of(period: str, zone: str) -> int:
    """The first instant after a month."""
    return month_start_ms(next_period(period), zone)


def _next_to_close(conn: Connection, chain_id: str, now_ms: int) -> str:
    """The month after the last sealed one; before any, the last month with lines that is over, else this one."""
    closed = closed_through(conn, chain_id)
    if closed is not None:
        return next_period(closed)
    current = open_period(conn, chain_id, now_ms)
    o = open_line.c
    query = select(func.max(o.posting_period)).where(o.scope_id == chain_id, o.posting_period < current)
    return conn.execute(query).scalar() or current


def _months(conn: Connection, chain_id: str, month: str, now_ms: int) -> tuple[str, ...]:
    """The latest months, and those beside the one on show however old it is: nobody is led into a dead end."""
    shown = reading.month_index(month)
    last = max(reading.month_index(open_period(conn, chain_id, now_ms)), shown)
    months = {*range(last - _MONTHS_SHOWN + 1, last + 1), shown - 1, shown, min(shown + 1, last)}
    return tuple(reading.month_text(index) for index in sorted(months))


def _people(desk: _Desk) -> tuple[PersonMonth, ...]:
    counts: dict[str, int] = defaultdict(int)
    taken: dict[str, int] = defaultdict(int)
    states = desk.states
    for line in desk.lines:
        counts[line.beneficiary] += 1
        taken[line.beneficiary] += states[line.entry_id].taken
    found = [
        PersonMonth(
            id=associate,
            name=desk.papers.staff[associate].person.name,
            lines=counts[associate],
            clawed_back_minor=taken[associate],
            net_minor=balance.net,
            carry_in_minor=balance.carry_in,
            payable_minor=balance.payable,
            carry_out_minor=balance.carry_out,
            number=desk.papers.staff[associate].person.number,
        )
        for associate, balance in _balances(desk).items()
        if desk.is_hers(associate)
    ]
    return tuple(sorted(found, key=lambda person: (-person.payable_minor, person.id)))


def _balances(desk: _Desk) -> dict[str, Any]:
    """Of a sealed month its statements, else what closing it now would come to."""
    s = statement.c
    query = select(s.associate, s.net, s.carry_in, s.payable, s.carry_out).where(
        s.scope_id == desk.papers.chain_id, s.period == desk.period
    )
    sealed: dict[str, Any] = {row.associate: row for row in desk.papers.conn.execute(query)}
    return sealed or {**desk.found.balances}


def _totals(desk: _Desk, disputes: Sequence[Dispute]) -> CloseTotals:
    people = _people(desk)
    taken = [line for line in desk.lines if desk.states[line.entry_id].taken < 0]
    opened = [dispute for dispute in disputes if dispute.state == "open"]
    previous = _payable_before(desk)
    return CloseTotals(
        payable_minor=sum(person.payable_minor for person in people),
        associates=len(people),
        lines=len(desk.lines),
        clawed_back=Figure(sum(person.clawed_back_minor for person in people), len(taken)),
        disputed=Figure(sum(dispute.amount_minor for dispute in opened), len(opened)),
        previous_payable_minor=previous,
    )


def _payable_before(desk: _Desk) -> int | None:
    s, before = statement.c, reading.month_text(reading.month_index(desk.period) - 1)
    query = select(s.associate, s.payable).where(s.scope_id == desk.papers.chain_id, s.period == before)
    rows = [row for row in desk.papers.conn.execute(query) if desk.is_hers(row.associate)]
    return sum(row.payable for row in rows) if rows else None


def _gates(desk: _Desk, disputes: Sequence[Dispute]) -> tuple[Gate, ...]:
    found, papers = desk.found, desk.papers
    conn, chain_id, zone = papers.conn, papers.chain_id, papers.zone
    end_ms = end_of(desk.period, zone)
    scopes = None if desk.actor.role == "admin" else sorted(desk.actor.scope_ids)
    behind, counters = counters_behind(conn, scopes, end_ms)
    last = papers.day(end_ms)
    confirms = [line.confirms_at_ms for line in desk.lines if line.entry_id in set(found.provisional)]
    until = papers.day(max(at for at in confirms if at is not None)) if any(confirms) else None
    c = close_confirmation.c
    said = conn.execute(
        select(c.store_id, c.confirmed_by, c.confirmed_at_ms).where(c.scope_id == chain_id, c.period == desk.period)
    ).all()
    mine = next((row for row in said if row.store_id in desk.actor.scope_ids), None)
    sealed = _sealed(conn, chain_id, desk.period)
    closed = closed_through(conn, chain_id)
    is_closed = closed is not None and desk.period <= closed
    opened = sum(dispute.state == "open" for dispute in disputes)
    missing = len(found.stores_missing)
    return (
        Gate("data", is_closed or (found.is_over and not behind), behind if found.is_over else counters, counters,
             None if found.is_over else last),
        Gate("returns", is_closed or not found.provisional, len(found.provisional), len(desk.lines), until),
        Gate("disputes", is_closed or not found.disputes, max(opened, len(found.disputes)), len(disputes)),
        Gate("confirm", is_closed or not missing, missing, missing + len(said), None,
             "" if mine is None else mine.confirmed_by or "", None if mine is None else mine.confirmed_at_ms),
        Gate("lock", is_closed, 0 if is_closed else 1, 1, None, "" if sealed is None else sealed.closed_by or "",
             None if sealed is None else sealed.closed_at_ms),
    )  # fmt: skip


def _sealed(conn: Connection, chain_id: str, period: str) -> Any:
    p = period_close.c
    query = select(p.closed_at_ms, p.closed_by, p.forced_reason).where(p.scope_id == chain_id, p.period == period)
    return conn.execute(query).first()


def _disputes(desk: _Desk) -> tuple[Dispute, ...]:
    """Those of people of her stores, the longest waiting first, each with its line and everybody's evidence."""
    papers = desk.papers
    conn, chain_id = papers.conn, papers.chain_id
    scopes = None if desk.actor.role == "admin" else desk.actor.scope_ids
    rows = list_disputes(conn, chain_id, scopes)
    stored = [line for row in rows for line in lines_of(conn, chain_id, entry_id=row["entry_id"])]
    lines = {line.id: line for line in tell_lines(papers, stored, desk.now_ms)}
    window_days = int(read_settings(conn, chain_id)["window_days"])
    found = [_dispute(papers, row, lines.get(row["entry_id"]), window_days) for row in rows]
    return tuple(sorted(found, key=lambda dispute: (dispute.state != "open", dispute.opened_at_ms, dispute.id)))


def _dispute(papers: Papers, row: dict[str, Any], line: EarningsLine | None, window_days: int) -> Dispute:
    dispute = dispute_of(row)
    if line is None:
        return dispute
    sale = line.sale
    story = line.chain
    if sale is not None and sale.member_id:
        events = events_of_member(papers.conn, sale.member_id)
        papers.learn(events)
        story = story_of(papers, events, sale.purchase_id, window_days)
    return replace(
        dispute,
        amount_minor=line.amount_minor,
        currency=line.currency,
        order_no="" if sale is None else sale.order_no,
        member_name="" if sale is None else sale.member_name,
        line=replace(line, dispute=None),
        story=story,
    )


def _adjustments(desk: _Desk, disputes: Sequence[Dispute]) -> tuple[Adjustment, ...]:
    """Adjustments of people of her stores that take two, and whether she may be the second."""
    conn, chain_id, actor = desk.papers.conn, desk.papers.chain_id, desk.actor
    rows = list_proposals(conn, chain_id, None if actor.role == "admin" else actor.scope_ids)
    is_single = is_single_shop(conn, chain_id)
    about = {dispute.id: dispute for dispute in disputes}
    found = []
    for row in rows:
        dispute = about.get(row["dispute_id"])
        why_not = why_not_second(
            actor.id, actor.role, proposed_by=row["proposed_by"], beneficiary=row["associate"], is_single_shop=is_single
        )
        found.append(
            Adjustment(
                id=row["proposal_id"],
                associate=row["associate"],
                amount_minor=row["amount"],
                currency=row["currency"],
                reason=row["reason"],
                proposed_by=row["proposed_by"] or "",
                proposed_at_ms=row["proposed_at_ms"],
                state=row["state"],
                why_not=why_not,
                dispute_id=row["dispute_id"] or "",
                order_no="" if dispute is None else dispute.order_no,
                member_name="" if dispute is None else dispute.member_name,
                decided_by=row["decided_by"] or "",
                decided_at_ms=row["decided_at_ms"],
            )
        )
    return tuple(found)
