"""Flags for review over all events received; they never move money (COMMISSION.md 8, 9 "Flag subjects")."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from guidedesk.domain.commission.bodies import Order
from guidedesk.domain.commission.reviews import Verdicts
from guidedesk.domain.commission.snapshot import Snapshot, World
from guidedesk.domain.commission.timeline import Event, Stream

Flag = tuple[str, str]


def all_flags(world: World, stream: Stream, snapshot: Snapshot) -> list[str]:
    """`code:subject`, sorted and each once."""
    found = snapshot.bindings.flags | snapshot.book.flags | _arrival_flags(stream)
    found |= _velocity(world, snapshot) | _baskets(snapshot)
    found |= {("unattributed", name) for name in unattributed(snapshot)}
    return sorted(f"{code}:{subject}" for code, subject in found)


def unattributed(snapshot: Snapshot) -> list[str]:
    """Orders and replacements with a line of positive base and no participant."""
    return sorted(snapshot.unattributed)


def _arrival_flags(stream: Stream) -> set[Flag]:
    verdicts = Verdicts(stream.events)
    found: set[Flag] = set()
    known = {event.id for event in stream.events}
    for event in stream.events:
        if not verdicts.is_voided(event):
            found |= _flags_of(event, stream)
    found |= {("id_conflict", name) for name in stream.conflicts - known}
    return found


def _flags_of(event: Event, stream: Stream) -> set[Flag]:
    found: set[Flag] = set()
    if event.is_ahead:
        found.add(("clock_ahead", event.id))
    if event.is_stale:
        found.add(("stale_offline", event.id))
    if event.id in stream.conflicts:
        found.add(("id_conflict", event.id))
    return found


def _velocity(world: World, snapshot: Snapshot) -> set[Flag]:
    times: dict[str, list[int]] = {}
    for bind in sorted(snapshot.bindings.binds, key=lambda found: found.key):
        times.setdefault(bind.associate, []).append(bind.key[0])
    return {
        ("velocity", f"{associate}:{date.fromordinal(day).isoformat()}")
        for associate, moments in times.items()
        for day in _fast_days(world, moments)
    }


def _fast_days(world: World, moments: Sequence[int]) -> set[int]:
    found: set[int] = set()
    for position, at_ms in enumerate(moments):
        day = world.calendar.day(at_ms)
        settings = world.history.on(day)
        count = settings.velocity_count
        if count is None or position + 1 < count:
            continue
        if at_ms - moments[position + 1 - count] <= settings.velocity_ms:
            found.add(day)
    return found


def _baskets(snapshot: Snapshot) -> set[Flag]:
    found: set[Flag] = set()
    for event in snapshot.events:
        body = event.body
        if not isinstance(body, Order) or body.basket_opened_at is None:
            continue
        order = snapshot.book.orders[body.order]
        if order.source != event.id:
            continue
        owner = snapshot.attributor.story(order.sale.member).owner_at(order.sale.placement)
        if owner is None or owner.bind_event is None or owner.since_ms <= body.basket_opened_at:
            continue
        people = {person.beneficiary for line in order.lines.values() for person in line.attribution.participants}
        if owner.associate in people:
            found.add(("bind_after_basket", body.order))
    return found
