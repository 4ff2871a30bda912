"""F(S): the stateless calculation of sections 1-4, an amount per ledger key for one set of events (COMMISSION.md 5)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final

from guidedesk.domain.commission.attribution import Attributor
from guidedesk.domain.commission.binding import BindingFold, Bindings, contacts_by_member
from guidedesk.domain.commission.bodies import (
    Adjustment,
    Assign,
    Interaction,
    LineId,
    Merge,
    Order,
    Publish,
    Scan,
    Unbind,
)
from guidedesk.domain.commission.calendar import Calendar
from guidedesk.domain.commission.component_documents import ADJUSTMENT
from guidedesk.domain.commission.components import PERIOD_COMPONENTS
from guidedesk.domain.commission.components.figures import LineFigures, SpiffEvent, Working
from guidedesk.domain.commission.components.line_rate import LinePayer
from guidedesk.domain.commission.components.month import MonthFigures
from guidedesk.domain.commission.keys import TargetKey
from guidedesk.domain.commission.ledger_lines import LedgerLine
from guidedesk.domain.commission.members import Identities
from guidedesk.domain.commission.orders import OrderBook
from guidedesk.domain.commission.plans import PlanBook, PlanVersion
from guidedesk.domain.commission.reviews import Verdicts
from guidedesk.domain.commission.roster import Roster, StaffEntry
from guidedesk.domain.commission.settings import SettingsHistory
from guidedesk.domain.commission.timeline import Event


@dataclass(frozen=True, slots=True)
class World:
    """What is known from the start: configuration, plans, staff, calendar."""

    history: SettingsHistory
    calendar: Calendar
    plans: tuple[PlanVersion, ...]
    staff: tuple[StaffEntry, ...]


@dataclass(slots=True)
class Frame:
    """What all of a set of events stands on: who works where, and which plans are in force."""

    roster: Roster
    plans: PlanBook


@dataclass(slots=True)
class Snapshot:
    """The outcome of F: every amount, zeros included, and what it came from.

    `paid` is what line components pay, by beneficiary, as lines of a posting period before which nothing was posted;
    `payments` are period components and adjustments.
    """

    events: tuple[Event, ...]
    identities: Identities
    roster: Roster
    bindings: Bindings
    attributor: Attributor
    book: OrderBook
    plans: PlanBook
    paid: dict[str, list[LedgerLine]] = field(default_factory=dict)
    payments: dict[TargetKey, int] = field(default_factory=dict)
    workings: dict[TargetKey, tuple[str, int, str, Working]] = field(default_factory=dict)
    months: dict[int, MonthFigures] = field(default_factory=dict)
    unattributed: set[str] = field(default_factory=set)

    @property
    def targets(self) -> dict[TargetKey, int]:
        """Every amount by its key, put together anew each time."""
        return {line.target: line.amount for paid in self.paid.values() for line in paid} | self.payments

    def line(self, order: str, line: LineId) -> LineFigures | None:
        """A line with its figures; None where nothing is known or reckoned."""
        sold = self.book.orders.get(order)
        if sold is None or sold.sale.is_excluded or line not in sold.lines:
            return None
        return LineFigures(order, sold.lines[line], sold.sale)

    @property
    def lines(self) -> dict[tuple[str, LineId], LineFigures]:
        """All lines with their figures, put together anew each time."""
        orders = ((name, order) for name, order in self.book.orders.items() if not order.sale.is_excluded)
        return {
            (name, line): LineFigures(name, sold, order.sale)
            for name, order in orders
            for line, sold in order.lines.items()
        }


def calculate(world: World, events: Sequence[Event], closed: frozenset[int], posting: int = 0) -> Snapshot:
    """F over events in canonical order; `closed` are the months that earn a minimum, `posting` is where lines go."""
    verdicts = Verdicts(events)
    counted = verdicts.counted(events)
    snapshot = measure(world, frame_of(world, counted), counted, closed, posting)
    for month in closed:
        _month(snapshot, month, closed)
    for month in sorted(snapshot.months):
        pay_month(snapshot.plans, snapshot.months[month], snapshot.payments, snapshot.workings)
    return snapshot


def frame_of(world: World, counted: Iterable[Event]) -> Frame:
    """Roster and plans as some events that count leave them."""
    changes = [event for event in counted if event.rank == 0]
    published = [event.body.plan for event in changes if isinstance(event.body, Publish)]
    return Frame(Roster(world.staff, changes, world.history, world.calendar), PlanBook([*world.plans, *published]))


def measure(
    world: World, frame: Frame, counted: tuple[Event, ...], closed: frozenset[int], posting: int = 0
) -> Snapshot:
    """Everything of F but period components: lines with their amounts, and the sums of every month.

    `counted` are events in canonical order. Members and orders not named by them play no part, so a family of linked
    members and orders can be measured alone.
    """
    roster = frame.roster
    identities = Identities(counted)
    own, all_own = roster.own_members, roster.all_own_members

    def is_own(associate: str, member: str) -> bool:
        return associate in own and any(same in own[associate] for same in identities.same(member))

    def is_anyones(member: str) -> bool:
        return bool(all_own) and not all_own.isdisjoint(identities.same(member))

    fold = BindingFold(world.history, world.calendar, roster, is_own)
    bindings = fold.run(contacts_by_member(counted, identities, world.calendar, fold.result.flags))
    attributor = Attributor(world.history, world.calendar, roster, bindings.members)
    book = OrderBook(world.history, identities, roster, attributor, is_anyones)
    book.fold(counted)
    snapshot = Snapshot(counted, identities, roster, bindings, attributor, book, frame.plans)
    _pay_lines(snapshot, closed, posting)
    for event in _spiff_events(bindings):
        _month(snapshot, world.calendar.month(event.at_ms), closed).add_spiff(event)
    for found in counted:
        if isinstance(found.body, Adjustment):
            snapshot.payments[found.body.associate, found.month, ADJUSTMENT, found.id, None] = found.body.amount
    return snapshot


def _month(snapshot: Snapshot, month: int, closed: frozenset[int]) -> MonthFigures:
    figures = snapshot.months.get(month)
    if figures is None:
        components = snapshot.plans.period_components(month)
        figures = snapshot.months[month] = MonthFigures(month, snapshot.roster, components, month in closed)
    return figures


def _pay_lines(snapshot: Snapshot, closed: frozenset[int], posting: int) -> None:
    payer = LinePayer(snapshot.roster, posting)
    snapshot.paid = payer.paid
    for name, order in snapshot.book.orders.items():
        sale = order.sale
        if sale.is_excluded:
            continue
        month = _month(snapshot, sale.origin, closed)
        components = snapshot.plans.line_components(sale.paid_day)
        of_all, lines = order.attribution, order.lines.values()
        if of_all is not None:
            base = payer.pay(components, name, sale, of_all, lines, month)
            if base > 0 and not of_all.participants:
                snapshot.unattributed.add(name)
            continue
        for line in lines:
            base = payer.pay(components, name, sale, line.attribution, (line,), month)
            if base > 0 and not line.attribution.participants:
                snapshot.unattributed.add(name)
    payer.finish()


def pay_month(
    plans: PlanBook,
    month: MonthFigures,
    targets: dict[TargetKey, int],
    workings: dict[TargetKey, tuple[str, int, str, Working]],
    people: AbstractSet[str] | None = None,
) -> None:
    """What the period components of a month pay on its sums, in order of evaluation; to some people or everybody.

    Where only some are paid, amounts of others may come out as well and mean nothing.
    """
    month.begin(people)
    for component in plans.period_components(month.month):
        for payment in PERIOD_COMPONENTS[component.kind](component, month):
            month.add_earned(payment.associate, component.id, payment.amount)
            key = (payment.associate, month.month, component.id, payment.ref, None)
            targets[key] = payment.amount
            workings[key] = (component.plan, component.version, component.kind, payment.working)


def _spiff_events(bindings: Bindings) -> list[SpiffEvent]:
    found = []
    for bind in bindings.binds:
        names = ("bind", "new_member_bind") if bind.is_new else ("bind",)
        found.append(SpiffEvent(bind.key[0], bind.key[2], bind.associate, names))
    for contact in bindings.interactions:
        body = contact.event.body
        if isinstance(body, Interaction) and body.kind not in ("bind", "new_member_bind"):
            found.append(SpiffEvent(contact.key[0], contact.event.id, contact.associate, (body.kind,)))
    return found


def members_of(events: Iterable[Event]) -> list[str]:
    """Every member id some events name, sorted."""
    found: set[str | None] = set()
    for event in events:
        body = event.body
        if isinstance(body, _WITH_MEMBER):
            found.add(body.member)
        elif isinstance(body, Merge):
            found |= {body.source, body.into}
    return sorted(member for member in found if member is not None)


_WITH_MEMBER: Final = (Order, Scan, Interaction, Assign, Unbind)


def owners(snapshot: Snapshot, members: Iterable[str]) -> dict[str, str | None]:
    """Who owns each of these members at the end; a merged id answers with its canonical owner."""
    answer: dict[str, str | None] = {}
    for member in members:
        story = snapshot.attributor.story(snapshot.identities.canonical(member))
        answer[member] = story.spans[-1].name if story.spans else None
    return answer
