"""Why an order is not hers: for an associate who served its buyer, with the evidence (DESIGN-UI.md 5.9).

The verdict is read from what the ledger and the events say; nothing is reckoned here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection, select

from guidedesk.domain.access import Actor
from guidedesk.domain.errors import Refused
from guidedesk.domain.time import local_date
from guidedesk.models.base import among
from guidedesk.models.engagement import visit
from guidedesk.models.sales import purchase
from guidedesk.models.server_tables import order_directory
from guidedesk.server.commission_book import refresh
from guidedesk.server.commission_evidence import TOUCHING, TRADE, Papers, is_talk
from guidedesk.server.commission_reads import (
    StoredEvent,
    StoredLine,
    events_of_member,
    events_of_order,
    lines_of,
)
from guidedesk.server.commission_rules import zone_and_currency
from guidedesk.server.database import ServerDatabase
from guidedesk.server.settings import read_settings
from guidedesk.server.sharding import cross_scope
from guidedesk.services.earnings import Evidence, WhyNot, WhyNotAnswer

_SERVED = "served_no_purchase"


@dataclass(frozen=True, slots=True)
class _Case:
    """What is known of one order and of her part in it."""

    papers: Papers
    actor: Actor
    order: StoredEvent
    events: Sequence[StoredEvent]  # of the buyer
    lines: Sequence[StoredLine]  # of the order, everybody's
    window_days: int
    protection_days: int

    @property
    def placed_ms(self) -> int:
        """When it was placed: paid, where nothing else is known."""
        return self.order.at_ms

    def touches_of(self, associate: str) -> list[StoredEvent]:
        """Scans and served visits of hers that nobody voided."""
        return [
            event for event in self.events
            if event.document.get("associate") == associate and self._is_touch(event)
            and self.papers.outcomes.get(event.event_id) != "voided"
        ]  # fmt: skip

    @staticmethod
    def _is_touch(event: StoredEvent) -> bool:
        return event.type in ("scan", "assign") or (event.type == "interaction" and event.document["kind"] == _SERVED)

    def last_day(self, event: StoredEvent, days: int) -> date:
        """The last day of what an event opened."""
        return local_date(event.at_ms, self.papers.zone) + timedelta(days=days)


def read_why_not(database: ServerDatabase, actor: Actor, order_no: str, now_ms: int) -> WhyNotAnswer:
    """The verdict about an order. `not_found` where there is none, or its buyer was never served by her."""
    refresh(database, now_ms)
    chain_id = database.chain_id()
    with database.read_snapshot() as conn:
        zone, currency = zone_and_currency(conn, chain_id)
        papers = Papers(conn, chain_id, zone)
        found = _find_order(conn, order_no)
        if found is None:
            raise Refused("not_found", what="order")
        scope_id, order_id = found
        order_events = events_of_order(conn, order_id)
        order = next((event for event in order_events if event.type == "order"), None)
        if order is None:
            raise Refused("not_found", what="order")
        buyer = str(order.document.get("member") or "")
        events = events_of_member(conn, buyer) if buyer else order_events
        papers.learn(events)
        papers.learn_sales([order_id])
        if not _served(conn, papers, actor, order, events, scope_id):
            raise Refused("not_found", what="order")
        settings = read_settings(conn, chain_id)
        lines = [line for line in lines_of(conn, chain_id, ref=order_id) if line.line is not None]
        case = _Case(
            papers, actor, order, events, lines, int(settings["window_days"]), int(settings["protection_days"])
        )
        verdict, winner, until = _verdict(case)
        chain = story_of(papers, events, order_id, case.window_days, actor.id if verdict == "touch_not_counted" else "")
        named = {winner, actor.id} | {event.associate for event in chain if event.associate}
        return WhyNotAnswer(
            as_of_ms=now_ms,
            order_no=papers.sales[order_id].order_no,
            verdict=verdict,
            sale=papers.sales[order_id],
            people=papers.people_in(named),
            winner=winner,
            until=None if until is None else until.isoformat(),
            chain=chain,
            line_ids=tuple(line.entry_id for line in lines if line.beneficiary == actor.id),
            currency=currency,
        )


def story_of(
    papers: Papers, events: Sequence[StoredEvent], order_id: str, window_days: int, me: str = ""
) -> tuple[Evidence, ...]:
    """Everybody's touches of a buyer, and one order with what became of it, in the order of time.

    Talks that count for nothing are told of `me` only: she may take hers for a touch.
    """
    found: list[Evidence] = []
    for event in events:
        is_order = event.type in TRADE and event.document.get("order") == order_id
        if not is_order and event.type not in TOUCHING and event.type not in ("review", "member.merge"):
            continue
        if is_talk(event) and event.document.get("associate") != me:
            continue  # a call of somebody else neither binds nor touches
        opens = event.type == "scan" or event.document.get("kind") == _SERVED
        until = papers.day_after(event.at_ms, window_days) if opens else None
        evidence = papers.evidence(event, until=until)
        if evidence is not None:
            found.append(evidence)
    return tuple(found)


def _verdict(case: _Case) -> tuple[WhyNot, str, date | None]:
    """The first reason that holds, who earns instead, and the last day of the window or protection behind it."""
    me = case.actor.id
    sums: dict[str, int] = {}
    for line in case.lines:
        sums[line.beneficiary] = sums.get(line.beneficiary, 0) + line.amount
    winner = max((who for who in sums if who != me and sums[who] > 0), key=lambda who: sums[who], default="")
    if sums.get(me, 0) > 0:
        return "earned", winner, None
    if _is_all_back(case):
        return "returned", winner, None
    if str(case.order.document.get("member", "")).startswith("order:"):
        return "no_member", winner, None
    if me in case.papers.staff and not case.papers.staff[me].is_active:
        return "inactive", winner, None
    touches = case.touches_of(me)
    before = [event for event in touches if event.at_ms <= case.placed_ms]
    if not before:
        if touches and case.papers.outcomes.get(touches[0].event_id) in ("bound", "touch"):
            return "bound_later", winner, None
        if touches and winner:
            return "someone_else", winner, None
        was_there = any(event.document.get("associate") == me for event in case.events)
        return ("touch_not_counted" if was_there else "no_touch"), winner, None
    return _with_touch(case, before[-1], winner)


def _with_touch(case: _Case, last: StoredEvent, winner: str) -> tuple[WhyNot, str, date | None]:
    """She was there before the order; then it was over, somebody else's, or pays nothing."""
    placed = local_date(case.placed_ms, case.papers.zone)
    ended = case.last_day(last, case.window_days)
    if placed > ended:
        return "window_over", winner, ended
    if any(
        event.type == "unbind" and last.at_ms < event.at_ms <= case.placed_ms for event in case.events
    ):
        return "unbound", winner, None
    if case.papers.outcomes.get(last.event_id) in ("protected", "earlier_elsewhere"):
        owner = winner or _owner_before(case, last)
        theirs = [event for event in case.touches_of(owner) if event.at_ms <= last.at_ms]
        return "protected", owner, case.last_day(theirs[-1], case.protection_days) if theirs else None
    if winner:
        return "someone_else", winner, None
    return "no_rate" if not case.lines else "waiting", winner, None


def _owner_before(case: _Case, last: StoredEvent) -> str:
    bound = [
        event for event in case.events
        if event.at_ms <= last.at_ms and case.papers.outcomes.get(event.event_id) == "bound"
    ]  # fmt: skip
    return str(bound[-1].document.get("associate") or "") if bound else ""


def _is_all_back(case: _Case) -> bool:
    """Whether nothing of the order is left with the buyer."""
    sold = {str(line["line"]): int(line["qty"]) for line in case.order.document["lines"]}
    for event in case.events:
        if event.document.get("order") != case.order.document["order"]:
            continue
        if event.type == "cancel":
            return True
        if event.type == "return":
            for line in event.document["lines"]:
                name = str(line["line"])
                sold[name] = sold.get(name, 0) - int(line["qty"])
    return all(left <= 0 for left in sold.values())


def _served(
    conn: Connection, papers: Papers, actor: Actor, order: StoredEvent, events: Sequence[StoredEvent], scope_id: str
) -> bool:
    """Whether she ever had to do with the buyer, or sold the order herself: else it is none of hers to ask (A-2)."""
    me = actor.id
    if order.document.get("seller") == me or any(event.document.get("associate") == me for event in events):
        return True
    sale = papers.sales[str(order.document["order"])]
    return bool(sale.member_id) and _visited(conn, me, sale.member_id, papers.staff[me].store_id)


def _visited(conn: Connection, associate: str, member_id: str, store_id: str) -> bool:
    v = visit.c
    query = select(v.id).where(v.scope_id == store_id, v.member_id == member_id, v.associate_id == associate)
    return conn.execute(query.limit(1)).first() is not None


@cross_scope
def _find_order(conn: Connection, order_no: str) -> tuple[str, str] | None:
    """Scope and purchase of an order number; the directory says in which scopes to look."""
    d, p = order_directory.c, purchase.c
    scopes = conn.execute(select(d.scope_id).where(d.external_id == order_no)).scalars().all()
    query = select(p.scope_id, p.id).where(p.order_no == order_no, p.deleted_at_ms.is_(None))
    if scopes:
        query = query.where(among(conn, p.scope_id, sorted(set(scopes))))
    row = conn.execute(query.limit(1)).first()
    return None if row is None else (row.scope_id, row.id)
