"""F(S): the stateless calculation of sections 1-4, an amount per ledger key for one set of events (COMMISSION.md 5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from guidedesk.domain.commission.attribution import Attributor
from guidedesk.domain.commission.binding import BindingFold, Bindings, contacts_by_member
from guidedesk.domain.commission.bodies import Adjustment, Interaction, LineId, Publish
from guidedesk.domain.commission.calendar import Calendar
from guidedesk.domain.commission.component_documents import ADJUSTMENT
from guidedesk.domain.commission.components import PERIOD_COMPONENTS
from guidedesk.domain.commission.components.figures import (
    LineFigures,
    MonthFigures,
    SpiffEvent,
    Working,
    line_figures,
)
from guidedesk.domain.commission.components.line_rate import pot_amount, rule_for
from guidedesk.domain.commission.members import Identities
from guidedesk.domain.commission.orders import OrderBook
from guidedesk.domain.commission.plans import PlanBook, PlanVersion
from guidedesk.domain.commission.reviews import Verdicts
from guidedesk.domain.commission.roster import Roster, StaffEntry
from guidedesk.domain.commission.rounding import largest_remainder
from guidedesk.domain.commission.settings import SettingsHistory
from guidedesk.domain.commission.timeline import Event

TargetKey = tuple[str, int, str, str | None, LineId | None]


@dataclass(frozen=True, slots=True)
class World:
    """What is known from the start: configuration, plans, staff, calendar."""

    history: SettingsHistory
    calendar: Calendar
    plans: tuple[PlanVersion, ...]
    staff: tuple[StaffEntry, ...]


@dataclass(slots=True)
class Snapshot:
    """The outcome of F: `targets` holds every amount, zeros included; the rest is what it came from."""

    events: tuple[Event, ...]
    identities: Identities
    roster: Roster
    bindings: Bindings
    attributor: Attributor
    book: OrderBook
    plans: PlanBook
    targets: dict[TargetKey, int] = field(default_factory=dict)
    workings: dict[TargetKey, tuple[str, int, str, Working]] = field(default_factory=dict)
    lines: dict[tuple[str, LineId], LineFigures] = field(default_factory=dict)


def calculate(world: World, events: Sequence[Event], closed: frozenset[int]) -> Snapshot:
    """F over events in canonical order; `closed` are the months that earn a minimum."""
    verdicts = Verdicts(events)
    counted = tuple(event for event in events if verdicts.counts(event))
    identities = Identities(counted)
    roster = Roster(world.staff, counted, world.history, world.calendar)
    own = {
        associate: {identities.canonical(member) for member in members}
        for associate, members in roster.own_members.items()
    }
    fold = BindingFold(world.history, world.calendar, roster, own)
    bindings = fold.run(contacts_by_member(counted, identities, world.calendar, fold.result.flags))
    attributor = Attributor(world.history, world.calendar, roster, bindings.members)
    everybody = frozenset(member for members in own.values() for member in members)
    book = OrderBook(world.history, identities, roster, attributor, everybody)
    book.fold(counted)
    published = [event.body.plan for event in counted if isinstance(event.body, Publish)]
    plans = PlanBook([*world.plans, *published])
    snapshot = Snapshot(counted, identities, roster, bindings, attributor, book, plans)
    _pay(snapshot, world, closed)
    return snapshot


def _pay(snapshot: Snapshot, world: World, closed: frozenset[int]) -> None:
    months: dict[int, MonthFigures] = {}

    def month_of(month: int) -> MonthFigures:
        if month not in months:
            months[month] = MonthFigures(month, snapshot.roster, month in closed)
        return months[month]

    for name, order in snapshot.book.orders.items():
        if order.sale.is_excluded:
            continue
        figures = month_of(order.sale.origin)
        for sold in order.lines.values():
            line = line_figures(name, sold, order.sale)
            snapshot.lines[name, sold.line] = line
            figures.add_line(line)
            if line.participants:
                _pay_line(snapshot, line, figures)
    for event in _spiff_events(snapshot.bindings):
        month_of(world.calendar.month(event.at_ms)).spiffs.append(event)
    for month in closed:
        month_of(month)
    for month in sorted(months):
        _pay_month(snapshot, months[month])
    for found in snapshot.events:
        if isinstance(found.body, Adjustment):
            key = (found.body.associate, found.month, ADJUSTMENT, found.id, None)
            snapshot.targets[key] = found.body.amount


def _pay_line(snapshot: Snapshot, line: LineFigures, month: MonthFigures) -> None:
    people, targets, origin = line.participants, snapshot.targets, month.month
    for component in snapshot.plans.line_components(line.sale.paid_day):
        found = rule_for(component, line, snapshot.roster)
        if found is None:
            continue
        shares = largest_remainder(pot_amount(found[1], line), [person.weight for person in people])
        for person, share in zip(people, shares, strict=True):
            name = person.beneficiary
            targets[name, origin, component.id, line.order, line.sold.line] = share
            month.paid[name][component.id] += share


def _pay_month(snapshot: Snapshot, month: MonthFigures) -> None:
    for component in snapshot.plans.period_components(month.month):
        for payment in PERIOD_COMPONENTS[component.kind](component, month):
            month.paid[payment.associate][component.id] += payment.amount
            key = (payment.associate, month.month, component.id, payment.ref, None)
            snapshot.targets[key] = payment.amount
            snapshot.workings[key] = (component.plan, component.version, component.kind, payment.working)


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


def owners(snapshot: Snapshot, members: Mapping[str, None]) -> dict[str, str | None]:
    """Who owns each of these members at the end; a merged id answers with its canonical owner."""
    answer: dict[str, str | None] = {}
    for member in members:
        story = snapshot.attributor.story(snapshot.identities.canonical(member))
        answer[member] = story.spans[-1].name if story.spans else None
    return answer
