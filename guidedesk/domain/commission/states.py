"""States a person sees at a moment: provisional, confirmed, disputed, reversed, and what was clawed back (5.1).

An event counts from the later of its own time and the first instant of its posting period on: then it is posted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from guidedesk.domain.commission import reading
from guidedesk.domain.commission.bodies import Dispute
from guidedesk.domain.commission.calendar import first_day
from guidedesk.domain.commission.component_documents import ADJUSTMENT
from guidedesk.domain.commission.keys import TargetKey
from guidedesk.domain.commission.ledger_lines import sort_key
from guidedesk.domain.commission.reviews import Verdicts
from guidedesk.domain.commission.snapshot import Snapshot, World, calculate
from guidedesk.domain.commission.timeline import Event, Stream


@dataclass(frozen=True, slots=True)
class KeyState:
    """The state of one ledger key, and the sum of what was taken back after it was confirmed (0 or less)."""

    key: TargetKey
    state: str
    clawed_back: int

    def as_list(self) -> list[Any]:
        """As printed by `commission evaluate --as-of`."""
        beneficiary, origin, component, ref, line = self.key
        return [beneficiary, reading.month_text(origin), component, ref, line, self.state, self.clawed_back]


@dataclass(slots=True)
class _Course:
    """How a key went: its value, whether it was ever positive, since when it is confirmed, what was taken since."""

    value: int = 0
    was_positive: bool = False
    clawed_back: int = 0
    confirmed_at: int | None = None


@dataclass(slots=True)
class _Step:
    at_ms: int
    events: list[Event] = field(default_factory=list)
    closed: frozenset[int] = frozenset()
    snapshot: Snapshot | None = None


def states_at(world: World, stream: Stream, as_of_ms: int) -> list[KeyState]:
    """States of all keys that have or had an amount at a moment, sorted."""
    courses: dict[TargetKey, _Course] = {}
    for step in _steps(world, stream, as_of_ms):
        _follow(courses, step, world, stream)
    disputed = _disputed(world, stream, as_of_ms)
    found: list[KeyState] = [
        KeyState(key, _state(key, course, disputed, as_of_ms), course.clawed_back)
        for key, course in courses.items()
        if course.value or course.was_positive
    ]
    return sorted(found, key=lambda state: sort_key(0, state.key))


def _state(key: TargetKey, course: _Course, disputed: set[TargetKey], as_of_ms: int) -> str:
    if key in disputed:
        return "disputed"
    if course.value == 0 and course.was_positive:
        return "reversed"
    return "confirmed" if course.confirmed_at is not None and course.confirmed_at <= as_of_ms else "provisional"


def _steps(world: World, stream: Stream, as_of_ms: int) -> Iterator[_Step]:
    """Every moment at which something was posted or a month closed, with F at that moment."""
    groups: dict[int, list[Event]] = {}
    for event in stream.events:
        groups.setdefault(_posted_at(world, event), []).append(event)
    closes = {_after(world, month): month for month in stream.closes}
    known: list[Event] = []
    closed: frozenset[int] = frozenset()
    for at_ms in sorted(groups.keys() | closes.keys()):
        if at_ms > as_of_ms:
            break
        if at_ms in closes:
            closed |= {closes[at_ms]}
            yield _Step(at_ms, list(known), closed, calculate(world, known, closed))
        if at_ms in groups:
            known = sorted([*known, *groups[at_ms]], key=lambda event: event.key)
            yield _Step(at_ms, known, closed, calculate(world, known, closed))


def _follow(courses: dict[TargetKey, _Course], step: _Step, world: World, stream: Stream) -> None:
    snapshot = step.snapshot
    if snapshot is None:
        return
    targets = snapshot.targets
    for key in targets.keys() | courses.keys():
        value = targets.get(key, 0)
        course = courses.setdefault(key, _Course())
        if course.confirmed_at is None:
            course.confirmed_at = _confirmed_at(key, step, snapshot, world, stream)
        if value < course.value and course.confirmed_at is not None and course.confirmed_at <= step.at_ms:
            course.clawed_back += value - course.value
        course.value = value
        course.was_positive = course.was_positive or value > 0


def _confirmed_at(key: TargetKey, step: _Step, snapshot: Snapshot, world: World, stream: Stream) -> int | None:
    """The moment from which a key is confirmed: hold days for lines, at once for spiffs, the close for periods."""
    _, origin, component, ref, line = key
    if ref is not None and line is not None:
        order = snapshot.book.orders.get(ref)
        if order is None:
            return None
        day = order.sale.paid_day
        return world.calendar.midnight(day + world.history.on(day).hold_days + 1)
    if ref is not None or component == ADJUSTMENT:
        return step.at_ms
    return _after(world, origin) if origin in stream.closes else None


def _disputed(world: World, stream: Stream, as_of_ms: int) -> set[TargetKey]:
    found: set[TargetKey] = set()
    known = [event for event in stream.events if _posted_at(world, event) <= as_of_ms]
    verdicts = Verdicts(known)
    for event in known:
        if isinstance(event.body, Dispute) and event.body.key is not None and verdicts.counts(event):
            if event.body.opens:
                found.add(event.body.key)
            else:
                found.discard(event.body.key)
    return found


def _posted_at(world: World, event: Event) -> int:
    return max(event.at_ms, world.calendar.midnight(first_day(event.posting)))


def _after(world: World, month: int) -> int:
    """The first instant after a month."""
    return world.calendar.midnight(first_day(month + 1))
