"""The new events that made a line differ from what was posted before (COMMISSION.md 5 "Why-explanation")."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Final

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
from guidedesk.domain.commission.ledger import Posting
from guidedesk.domain.commission.ledger_lines import LedgerLine
from guidedesk.domain.commission.sales import SoldOrder
from guidedesk.domain.commission.timeline import Event

# What bears on a line, in the canonical order; a month's figure of a whole store rests on more than a person reads.
MOST_CAUSES: Final = 200


class Causes:
    """The new events of one posting by what they are about, read once for all its lines."""

    def __init__(self, posting: Posting) -> None:
        self._posting = posting
        self._canonical = posting.snapshot.identities.canonical
        self._place: dict[str, int] = {event.id: place for place, event in enumerate(posting.new_events)}
        self._by_order: defaultdict[str, list[str]] = defaultdict(list)
        self._by_member: defaultdict[str, list[str]] = defaultdict(list)
        self._merges: defaultdict[str, list[str]] = defaultdict(list)
        self._by_staff: defaultdict[str, list[str]] = defaultdict(list)
        self._reviews: defaultdict[str, list[str]] = defaultdict(list)
        reviews = [event for event in posting.new_events if isinstance(event.body, Review)]
        for event in posting.new_events:
            self._note(event, event.id)
        if reviews:
            by_id = {event.id: event for event in posting.events}
            for review in reviews:
                target = by_id.get(review.body.target) if isinstance(review.body, Review) else None
                if target is not None and target is not review:
                    self._reviews[target.id].append(review.id)
                    self._note(target, review.id)
        self._orders_of: dict[tuple[str, int], set[str]] | None = None
        self._everybody: dict[int, list[str]] = {}
        self._known: dict[tuple[str, int], list[str]] = {}
        self._last: tuple[tuple[str, str], list[str]] | None = None

    def of(self, line: LedgerLine) -> list[str]:
        """Ids of the new events that bear on the line; all new ones when none of them names it."""
        # Lines of one sale, which come in turn, and a month's figures of one person rest on the same events.
        if line.ref is not None:
            if self._last is None or self._last[0] != (line.beneficiary, line.ref):
                order = self._posting.snapshot.book.orders.get(line.ref)
                is_plain = order is not None and order.replaces is None
                found = self._of_order(order, line.beneficiary) if order and is_plain else self._find(line)
                self._last = (line.beneficiary, line.ref), found
            return self._last[1]
        known = self._known.get((line.beneficiary, line.origin))
        if known is None:
            known = self._known[line.beneficiary, line.origin] = self._find(line)
        return known

    def _of_order(self, order: SoldOrder, beneficiary: str) -> list[str]:
        """What bears on the lines of an order that replaces none: nearly every line of a month is one of these."""
        name, member = order.order, order.sale.member
        found = [*self._by_order.get(name, ()), *self._reviews.get(name, ()), *self._by_staff.get(beneficiary, ())]
        if name in self._place:
            found.append(name)
        if member is not None:
            found += self._by_member.get(member, ())
            found += self._merges.get(member, ())
        if not found:
            return self._all_new()
        return found if len(found) == 1 else self._first(set(found))

    def _all_new(self) -> list[str]:
        return [event.id for event in self._posting.new_events[:MOST_CAUSES]]

    def _find(self, line: LedgerLine) -> list[str]:
        if line.ref is None and (line.beneficiary, line.origin) not in self._sold_by():
            found = set(self._of_everybody(line.origin))
        else:
            orders, members = self._subjects(line)
            found = self._about(orders, members)
            if line.ref is not None:
                found.update(self._reviews.get(line.ref, ()))
                if line.ref in self._place:
                    found.add(line.ref)
                for member in members:
                    found.update(self._by_member.get(member, ()))
        found.update(self._by_staff.get(line.beneficiary, ()))
        return self._first(found) if found else self._all_new()

    def _about(self, orders: Iterable[str], members: Iterable[str]) -> set[str]:
        found: set[str] = set()
        for order in orders:
            found.update(self._by_order.get(order, ()))
        for member in members:
            found.update(self._merges.get(member, ()))
        return found

    def _first(self, found: Iterable[str]) -> list[str]:
        return sorted(found, key=self._place.__getitem__)[:MOST_CAUSES]

    def _of_everybody(self, origin: int) -> list[str]:
        """What bears on the month of somebody who takes part in no order: every order of it, looked through once."""
        known = self._everybody.get(origin)
        if known is None:
            book = self._posting.snapshot.book.orders
            orders, members = self._with_originals({name for name, sold in book.items() if sold.sale.origin == origin})
            known = self._everybody[origin] = self._first(self._about(orders, members))
        return known

    def _note(self, event: Event, event_id: str) -> None:
        body = event.body
        if isinstance(body, Order):
            self._by_order[body.order].append(event_id)
        elif isinstance(body, Exchange):
            self._by_order[body.order].append(event_id)
            self._by_order[body.new_order].append(event_id)
        elif isinstance(body, MoneyBack):
            self._by_order[body.order].append(event_id)
        elif isinstance(body, Scan | Interaction | Assign | Unbind):
            self._by_member[self._canonical(body.member)].append(event_id)
        elif isinstance(body, Merge):
            self._merges[self._canonical(body.source)].append(event_id)
        elif isinstance(body, StaffChange):
            self._by_staff[body.associate].append(event_id)

    def _subjects(self, line: LedgerLine) -> tuple[set[str], set[str]]:
        """Orders and canonical members a line depends on."""
        if line.ref is None:
            return self._with_originals(self._sold_by()[line.beneficiary, line.origin])
        orders, members = self._with_originals({line.ref} & self._posting.snapshot.book.orders.keys())
        return orders | {line.ref}, members

    def _with_originals(self, names: Collection[str]) -> tuple[set[str], set[str]]:
        """Some orders and those they replace, and their members."""
        book, orders = self._posting.snapshot.book.orders, set(names)
        for name in names:
            replaces = book[name].replaces
            while replaces is not None:
                orders.add(replaces[0])
                replaces = book[replaces[0]].replaces
        members = {book[name].sale.member for name in orders}
        return orders, {member for member in members if member is not None}

    def _sold_by(self) -> dict[tuple[str, int], set[str]]:
        """The orders of each month that somebody takes part in."""
        if self._orders_of is None:
            self._orders_of = {}
            for name, order in self._posting.snapshot.book.orders.items():
                if order.sale.is_excluded:
                    continue
                for attribution in order.attributions:
                    for person in attribution.participants:
                        self._orders_of.setdefault((person.beneficiary, order.sale.origin), set()).add(name)
        return self._orders_of
