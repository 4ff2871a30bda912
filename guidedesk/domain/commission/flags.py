"""Flags for review over all events received; they never move money (COMMISSION.md 8, 9 "Flag subjects")."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from guidedesk.domain.commission.bodies import Order
from guidedesk.domain.commission.reviews import Verdicts
from guidedesk.domain.commission.snapshot import Snapshot, World
from guidedesk.domain.commission.timeline import Event, Stream

Flag = tuple[str, str]


def all_flags(world: World, stream: Stream, snapshot: Snapshot) -> list[str]:
    """`code:subject`, sorted and each once."""
    found = flags_of(snapshot, stream.events, stream.conflicts)
    times: dict[str, list[int]] = {}
    for bind in snapshot.bindings.binds:
        times.setdefault(bind.associate, []).append(bind.key[0])
    for associate, moments in times.items():
        found |= velocity(world, associate, moments)
    return texts(found)


def texts(found: Iterable[Flag]) -> list[str]:
    """Flags as they are shown, sorted."""
    return sorted(f"{code}:{subject}" for code, subject in found)


def flags_of(snapshot: Snapshot, received: Sequence[Event], conflicts: frozenset[str] = frozenset()) -> set[Flag]:
    """All flags but `velocity`, which looks across members; `received` are the events counted and not counted."""
    found = snapshot.bindings.flags | snapshot.book.flags | _arrival_flags(received, conflicts) | _baskets(snapshot)
    return found | {("unattributed", name) for name in snapshot.unattributed}


def unattributed(snapshot: Snapshot) -> list[str]:
    """Orders and replacements with a line of positive base and no participant."""
    return sorted(snapshot.unattributed)


def _arrival_flags(received: Sequence[Event], conflicts: frozenset[str]) -> set[Flag]:
    told = [event for event in received if event.is_ahead or event.is_stale]
    if not told and not conflicts:
        return set()
    verdicts = Verdicts(received)
    found: set[Flag] = set()
    for event in told:
        if not verdicts.is_voided(event):
            found |= {("clock_ahead", event.id)} if event.is_ahead else set()
            found |= {("stale_offline", event.id)} if event.is_stale else set()
    voided = {event.id for event in received if verdicts.is_voided(event)} if conflicts else set()
    return found | {("id_conflict", name) for name in conflicts - voided}


def velocity(world: World, associate: str, moments: Iterable[int]) -> set[Flag]:
    """The days on which an associate's binds, at these moments, came too fast."""
    return {
        ("velocity", f"{associate}:{date.fromordinal(day).isoformat()}")
        for day in _fast_days(world, sorted(moments))
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
