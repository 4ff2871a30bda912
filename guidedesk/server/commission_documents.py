"""An associate's month as she is shown it: sums, lines, evidence, windows about to end (services.earnings)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Connection, select

from guidedesk.domain.errors import Refused
from guidedesk.domain.time import local_date, local_midnight_ms
from guidedesk.models.base import among
from guidedesk.models.commission_tables import dispute as dispute_table
from guidedesk.models.people import binding, member
from guidedesk.server.commission_book import refresh
from guidedesk.server.commission_evidence import Papers, events_for, is_talk
from guidedesk.server.commission_reads import (
    LineState,
    StoredEvent,
    StoredLine,
    balance_of,
    lines_of,
    statements_of,
    states_of,
)
from guidedesk.server.commission_rules import (
    closed_through,
    config_versions,
    month_start_ms,
    next_period,
    open_period,
    zone_and_currency,
)
from guidedesk.server.database import ServerDatabase
from guidedesk.server.feed import chunks
from guidedesk.server.settings import read_settings
from guidedesk.server.sharding import cross_scope
from guidedesk.services.earnings import (
    DISPUTE_REASONS,
    Dispute,
    DisputeReason,
    Earnings,
    EarningsLine,
    Evidence,
    Expiring,
    Figure,
    Ruling,
    Statement,
    Totals,
)

EXPIRING_DAYS: Final = 3
EXPIRING_SHOWN: Final = 30
_RULINGS: Final[Mapping[str, Ruling]] = {"keep": "keep", "adjust": "adjust", "void": "void"}


def read_earnings(database: ServerDatabase, associate: str, period: str | None, now_ms: int) -> Earnings:
    """A month of hers by the month of posting; None is the one in progress."""
    refresh(database, now_ms)
    chain_id = database.chain_id()
    with database.read_snapshot() as conn:
        zone, currency = zone_and_currency(conn, chain_id)
        month = period or open_period(conn, chain_id, now_ms)
        papers = Papers(conn, chain_id, zone)
        every = lines_of(conn, chain_id, beneficiary=associate)
        mine = [line for line in every if line.posting_period == month and line.amount]
        lines = tell_lines(papers, mine, now_ms)
        statement = _statement(conn, chain_id, associate, month)
        closed = closed_through(conn, chain_id)
        named = {associate} | {who for line in lines for who in _named(line)}
        settings = read_settings(conn, chain_id)
        window_days = int(settings["window_days"])
        return Earnings(
            as_of_ms=now_ms,
            associate=associate,
            period=month,
            state="closed" if closed is not None and month <= closed else "open",
            currency=currency,
            totals=totals_of(lines),
            periods=tuple(sorted({line.posting_period for line in every} | {month})),
            lines=lines,
            people=papers.people_in(named),
            expiring=_expiring(conn, associate, window_days, zone, now_ms),
            statement=statement,
            carry_in_minor=balance_of(conn, chain_id, associate, month).carry_in,
            next_confirm_on=min(
                (line.confirms_on for line in lines if line.state == "provisional" and line.confirms_on), default=None
            ),
            window_days=window_days,
            protection_days=int(settings["protection_days"]),
            hold_days=int(config_versions(conn, chain_id)[-1]["body"]["hold_days"]),
        )


def totals_of(lines: Sequence[EarningsLine]) -> Totals:
    """The sums of lines by state; what was taken back after it was confirmed stands for itself.

    A line that nets a sale with what came back of it later counts in both: as it was confirmed, and what was taken.
    """
    sums: dict[str, list[int]] = defaultdict(list)
    for line in lines:
        state = "provisional" if line.state == "reversed" else line.state
        taken = 0 if state == "disputed" else line.taken_minor
        if taken:
            sums["clawed_back"].append(taken)
        if line.amount_minor != taken:
            sums["confirmed" if taken and line.state == "reversed" else state].append(line.amount_minor - taken)
    waiting = (line for line in lines if line.state in ("provisional", "reversed") and not line.taken_minor)
    days = [line.confirms_on for line in waiting if line.confirms_on]

    def figure(amounts: Sequence[int], until: str | None = None) -> Figure:
        return Figure(sum(amounts), len(amounts), until)

    return Totals(
        confirmed=figure(sums["confirmed"]),
        provisional=figure(sums["provisional"], max(days, default=None)),
        clawed_back=figure(sums["clawed_back"]),
        disputed=figure(sums["disputed"]),
        expected=figure([line.amount_minor for line in lines]),
    )


def tell_lines(papers: Papers, stored: Sequence[StoredLine], now_ms: int) -> tuple[EarningsLine, ...]:
    """Lines with their state, sale and evidence, the newest first."""
    conn, chain_id = papers.conn, papers.chain_id
    states = states_of(conn, chain_id, stored, now_ms)
    whys = {line.entry_id: line.why for line in stored}
    refs = {line.ref for line in stored if line.ref is not None}
    ids = {event for line in stored for event in _event_ids(line, whys[line.entry_id])}
    events = events_for(conn, ids, refs)
    papers.learn(events)
    papers.learn_sales(refs)
    disputes = _disputes(conn, chain_id, [line.entry_id for line in stored])
    by_id = {event.event_id: event for event in events}
    by_ref: dict[str, list[StoredEvent]] = defaultdict(list)
    for event in events:
        if event.document.get("order"):
            by_ref[str(event.document["order"])].append(event)
    found = [
        _line(papers, line, whys[line.entry_id], states[line.entry_id], by_id, by_ref, disputes) for line in stored
    ]
    return tuple(sorted(found, key=lambda line: (-line.at_ms, line.id)))


def _line(
    papers: Papers,
    line: StoredLine,
    why: dict[str, Any],
    state: LineState,
    by_id: Mapping[str, StoredEvent],
    by_ref: Mapping[str, list[StoredEvent]],
    disputes: Mapping[str, Dispute],
) -> EarningsLine:
    sale = papers.sales.get(line.ref or "")
    order_line = why.get("order_line")
    if sale is not None and isinstance(order_line, dict):
        sale = replace(sale, base_minor=int(order_line["base"]))
    chain = _chain(papers, line, why, by_id, by_ref)
    caused = [by_id[event] for event in why.get("caused_by", ()) if event in by_id]
    moments = [event.at_ms for event in caused]
    at_ms = sale.paid_at_ms if sale is not None and line.amount >= 0 else max(moments, default=0)
    if not at_ms:
        at_ms = chain[-1].at_ms if chain else month_start_ms(next_period(line.posting_period), papers.zone) - 1
    return EarningsLine(
        id=line.entry_id,
        posting_period=line.posting_period,
        origin_period=line.origin_period,
        component=line.component,
        kind=str(why.get("kind", "other")),
        amount_minor=line.amount,
        currency=line.currency,
        state=state.state,  # type: ignore[arg-type]
        at_ms=at_ms,
        clawed_back_minor=state.clawed_back,
        taken_minor=state.taken,
        ref=line.ref,
        line=None if line.line is None else str(line.line),
        confirms_on=None if line.confirms_at_ms is None else papers.day(line.confirms_at_ms - 1),
        rate=str(why["rate_bp"]) if why.get("rate_bp") is not None else "",
        share=_share(why),
        sale=sale,
        why=why,
        chain=chain,
        dispute=disputes.get(line.entry_id),
    )


def _share(why: Mapping[str, Any]) -> tuple[int, ...]:
    people = why.get("participants")
    if not isinstance(people, list) or not people:
        return ()
    mine = sum(int(person["weight"]) for person in people if person["beneficiary"] == why["beneficiary"])
    return mine, sum(int(person["weight"]) for person in people)


def _event_ids(line: StoredLine, why: Mapping[str, Any]) -> list[str]:
    """Her own bind and last touch, what caused the line, and, for a spiff or adjustment, its event."""
    found = [str(event) for event in why.get("caused_by", ())]
    for person in why.get("participants", ()):
        if person["beneficiary"] == line.beneficiary:
            found += [person[name] for name in ("bind_event", "last_touch_event") if person.get(name)]
    if line.ref is not None and line.line is None:
        found.append(line.ref)
    return found


def _chain(
    papers: Papers,
    line: StoredLine,
    why: Mapping[str, Any],
    by_id: Mapping[str, StoredEvent],
    by_ref: Mapping[str, list[StoredEvent]],
) -> tuple[Evidence, ...]:
    events = {
        event: by_id[event]
        for event in _event_ids(line, why)
        if event in by_id and (event == line.ref or not is_talk(by_id[event]))
    }
    events |= {event.event_id: event for event in by_ref.get(line.ref or "", ())}
    ends = {
        person["last_touch_event"]: str(person["window_end"])[:10]
        for person in why.get("participants", ())
        if person["beneficiary"] == line.beneficiary and person.get("last_touch_event") and person.get("window_end")
    }
    ordered = sorted(events.values(), key=lambda event: (event.at_ms, event.event_id))
    told = (papers.evidence(event, until=ends.get(event.event_id)) for event in ordered)
    return tuple(evidence for evidence in told if evidence is not None)


def _named(line: EarningsLine) -> list[str]:
    people = [str(person["beneficiary"]) for person in line.why.get("participants", ())]
    people += [event.associate for event in line.chain if event.associate]
    if line.dispute is not None:
        people += [line.dispute.opened_by, line.dispute.ruled_by]
    return people


def _statement(conn: Connection, chain_id: str, associate: str, period: str) -> Statement | None:
    row = next((row for row in statements_of(conn, chain_id, associate) if row["period"] == period), None)
    if row is None:
        return None
    return Statement(row["carry_in"], row["net"], row["payable"], row["carry_out"], row["closed_at_ms"], row["hash"])


@cross_scope
def _expiring(conn: Connection, associate: str, window_days: int, zone: str, now_ms: int) -> tuple[Expiring, ...]:
    """Members of hers whose window ends today or within days, the soonest first."""
    b, m = binding.c, member.c
    today = local_date(now_ms, zone)
    first = local_midnight_ms(today - timedelta(days=window_days), zone)
    last = local_midnight_ms(today - timedelta(days=window_days - EXPIRING_DAYS - 1), zone)
    rows = conn.execute(
        select(b.id, b.last_touch_ms)
        .where(b.owner_id == associate, b.last_touch_ms >= first, b.last_touch_ms < last, b.deleted_at_ms.is_(None))
        .order_by(b.last_touch_ms)
        .limit(EXPIRING_SHOWN)
    ).all()
    names: dict[str, str] = {}
    for some in chunks(sorted({row.id for row in rows})):
        named = select(m.id, m.name).where(among(conn, m.id, some), m.deleted_at_ms.is_(None))
        names |= {row.id: row.name for row in conn.execute(named)}
    return tuple(
        Expiring(row.id, names[row.id], (local_date(row.last_touch_ms, zone) + timedelta(days=window_days)).isoformat())
        for row in rows
        if row.id in names
    )


def _disputes(conn: Connection, chain_id: str, entry_ids: Sequence[str]) -> dict[str, Dispute]:
    """The newest dispute of each line."""
    d = dispute_table.c
    found: dict[str, Dispute] = {}
    for some in chunks(sorted(set(entry_ids))):
        rows = conn.execute(
            select(dispute_table)
            .where(d.scope_id == chain_id, among(conn, d.entry_id, some))
            .order_by(d.opened_at_ms)
        )
        for row in rows:
            found[row.entry_id] = dispute_of(dict(row._mapping))
    return found


def dispute_of(row: Mapping[str, Any]) -> Dispute:
    """A stored dispute as it is shown, without its line."""
    reason: DisputeReason = row["reason"] if row.get("reason") in DISPUTE_REASONS else "other"
    is_open = row["state"] == "open"
    return Dispute(
        id=row["dispute_id"],
        line_id=row["entry_id"],
        state="open" if is_open else "resolved",
        opened_by=row["opened_by"] or "",
        opened_at_ms=row["opened_at_ms"],
        reason=reason,
        text=row["text"] or "",
        amount_minor=0,
        currency="",
        ruling=None if is_open else _RULINGS.get(row["decision"] or "", "keep"),
        ruling_text=row["answer"] or "",
        ruled_by=row["resolved_by"] or "",
        ruled_at_ms=row["resolved_at_ms"],
    )


def check_own_line(conn: Connection, chain_id: str, associate: str, entry_id: str) -> StoredLine:
    """The line, if it is hers; `not_found` for any other, so that nobody learns what there is (A-2)."""
    found = lines_of(conn, chain_id, entry_id=entry_id, beneficiary=associate)
    if not found:
        raise Refused("not_found", what="line")
    return found[0]
