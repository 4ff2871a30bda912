"""The new events that made a line differ from what was posted before (COMMISSION.md 5 "Why-explanation")."""

from __future__ import annotations

from guidedesk.domain.commission.bodies import (
    Assign,
    Exchange,
    Interaction,
    Merge,
    MoneyBack,
    Order,
    Review,
    Scan,
    StaffChange,
    Unbind,
)
from guidedesk.domain.commission.ledger import LedgerLine, Posting
from guidedesk.domain.commission.snapshot import Snapshot
from guidedesk.domain.commission.timeline import Event


def causes_of(posting: Posting, line: LedgerLine) -> list[str]:
    """Ids of the new events that bear on the line; all new ones when none of them names it."""
    orders, members = _subjects(posting.snapshot, line)
    by_id = {event.id: event for event in posting.events} if _has_review(posting) else {}
    found = [event.id for event in posting.new_events if _bears_on(event, line, orders, members, posting, by_id)]
    return found or [event.id for event in posting.new_events]


def _has_review(posting: Posting) -> bool:
    return any(isinstance(event.body, Review) for event in posting.new_events)


def _subjects(snapshot: Snapshot, line: LedgerLine) -> tuple[set[str], set[str]]:
    """Orders and canonical members a line depends on."""
    book = snapshot.book.orders
    if line.ref is not None:
        orders = {line.ref} & book.keys()
    else:
        orders = {name for name, order in book.items() if order.sale.origin == line.origin}
    for name in sorted(orders):
        replaces = book[name].replaces
        while replaces is not None:
            orders.add(replaces[0])
            replaces = book[replaces[0]].replaces
    members = {book[name].sale.member for name in orders}
    if line.ref is not None:
        orders.add(line.ref)
    return orders, {member for member in members if member is not None}


def _bears_on(
    event: Event, line: LedgerLine, orders: set[str], members: set[str], posting: Posting, by_id: dict[str, Event]
) -> bool:
    body = event.body
    if event.id == line.ref:
        return True
    if isinstance(body, Review):
        target = by_id.get(body.target)
        return target is not None and target is not event and _named(target, line, orders, members, posting)
    return _named(event, line, orders, members, posting)


def _named(event: Event, line: LedgerLine, orders: set[str], members: set[str], posting: Posting) -> bool:
    body = event.body
    canonical = posting.snapshot.identities.canonical
    if event.id == line.ref:
        return True
    if isinstance(body, Order):
        return body.order in orders
    if isinstance(body, Exchange):
        return body.order in orders or body.new_order in orders
    if isinstance(body, MoneyBack):
        return body.order in orders
    if isinstance(body, Scan | Interaction | Assign | Unbind):
        return line.ref is not None and canonical(body.member) in members
    if isinstance(body, Merge):
        return canonical(body.source) in members
    return isinstance(body, StaffChange) and body.associate == line.beneficiary
