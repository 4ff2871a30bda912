"""One arriving event at the cost of what it touches: its family and the associates' months it feeds (COMMISSION.md 6).

The caller keeps events, sum rows, lines and flags and lends them as a `Shelf`; `advance` reads what the event bears on
and answers with what changes. The same events give the same figures as `compute`, in whichever order they came.

Wide events (`subjects.WIDE_TYPES`, a review of one of them, a new configuration version) change what every family
stands on: `advance` answers None and the caller recomputes everything, `rows_of` giving the sums to go on from.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from guidedesk.domain.commission.components.month import MonthFigures, SumKey
from guidedesk.domain.commission.families import Ground, Shelf, Stored, family_of, shared_events
from guidedesk.domain.commission.flags import Flag, flags_of, velocity
from guidedesk.domain.commission.keys import TargetKey
from guidedesk.domain.commission.ledger import first_paid_month, is_frozen
from guidedesk.domain.commission.snapshot import Frame, Snapshot, World, members_of, owners, pay_month
from guidedesk.domain.commission.timeline import Event, Stream

_ALL: Final = 10**6
Rows = dict[SumKey, int]
Targets = dict[TargetKey, int]


@dataclass(slots=True)
class Change:
    """What one event changes.

    `lines` holds every line of every touched key in the open periods from the event's posting period on, 0 where a line
    is to go; `sums` are deltas for the sum rows by posting period; `flags` maps a flag to whether it stands now.
    """

    lines: dict[tuple[int, TargetKey], int] = field(default_factory=dict)
    sums: dict[tuple[int, SumKey], int] = field(default_factory=dict)
    flags: dict[Flag, bool] = field(default_factory=dict)
    owners: dict[str, str | None] = field(default_factory=dict)


@dataclass(slots=True)
class _Step:
    """A family at one posting period, without and with the event."""

    posting: int
    frame: Frame
    before: Snapshot
    after: Snapshot
    rows: Rows


def advance(ground: Ground, shelf: Shelf, new: Stored, months: Months | None = None) -> Change | None:
    """What an event that is not on the shelf yet changes; None when its effect is wide.

    With `months` the sums of a month are read once and not for every event.
    """
    known = family_of(shelf, new)
    if known is None:
        return None
    change = Change()
    event = ground.read(new)
    family = [ground.read(stored) for stored in known.values()]
    postings = sorted({event.posting, *shelf.postings(event.posting)})
    steps = list(_steps(ground, family, event, postings))
    touched = {key for step in steps for key in _different(step.before.targets, step.after.targets)}
    targets = {step.posting: step.after.targets for step in steps}
    _pay_months(ground, shelf, steps, touched, targets, months)
    _post(ground, shelf, touched, targets, change)
    gone: Rows = {}
    for step in steps:
        for sum_key in gone.keys() | step.rows.keys():
            delta = step.rows.get(sum_key, 0) - gone.get(sum_key, 0)
            if delta:
                change.sums[step.posting, sum_key] = delta
        gone = step.rows
    _mark(ground, shelf, family, event, steps[-1], change)
    return change


def rows_of(world: World, stream: Stream) -> Iterator[tuple[int, SumKey, int]]:
    """The sum rows of a whole stream, by posting period: what `advance` goes on from after a wide event."""
    closes = frozenset(stream.closes)
    ground = Ground(world, [Stored(event.document, event.posting) for event in shared_events(stream.events)], closes)
    # Before anything is paid no sum is read; what comes later adds those up.
    paid_from = first_paid_month(world, stream)
    postings = [posting for posting in stream.posting_periods() if posting >= paid_from]
    return rows_in((posting, ground.measure(stream.events, posting)) for posting in postings)


def rows_in(snapshots: Iterable[tuple[int, Snapshot]]) -> Iterator[tuple[int, SumKey, int]]:
    """The same from snapshots at hand, one a posting period, rising; the first one takes in what came before it."""
    before: Rows = {}
    for posting, snapshot in snapshots:
        after = _rows(snapshot)
        for key, delta in (_difference(before, after) if before else after).items():
            yield posting, key, delta
        before = after


def _steps(ground: Ground, family: list[Event], event: Event, postings: list[int]) -> Iterator[_Step]:
    last: _Step | None = None
    for posting in postings:
        frame = ground.frame(posting)
        is_same = last is not None and frame is last.frame
        if last is not None and is_same and not any(last.posting < one.posting <= posting for one in family):
            yield _Step(posting, frame, last.before, last.after, last.rows)
            continue
        before = ground.measure(family, posting)
        after = ground.measure([*family, event], posting)
        last = _Step(posting, frame, before, after, _difference(_rows(before), _rows(after)))
        yield last


def _rows(snapshot: Snapshot) -> Rows:
    return {key: amount for month in snapshot.months.values() for key, amount in month.rows() if amount}


def _difference(before: Mapping[SumKey, int], after: Mapping[SumKey, int]) -> Rows:
    keys = before.keys() | after.keys()
    return {key: after.get(key, 0) - before.get(key, 0) for key in keys if after.get(key, 0) != before.get(key, 0)}


def _different(before: Targets, after: Targets) -> Iterator[TargetKey]:
    return (key for key in before.keys() | after.keys() if before.get(key, 0) != after.get(key, 0))


def _pay_months(
    ground: Ground,
    shelf: Shelf,
    steps: list[_Step],
    touched: set[TargetKey],
    targets: dict[int, Targets],
    months: Months | None,
) -> None:
    """Pay again the associates and months whose sums changed, in every posting period that sees them."""
    changed: defaultdict[int, set[SumKey]] = defaultdict(set)
    for step in steps:
        for key in step.rows:
            changed[key.month].add(key)
    for month, keys in changed.items():
        readers = [_MonthReader(ground, shelf, step, month, months) for step in steps]
        people = {name for reader in readers for name in reader.people(keys)}
        for step, reader in zip(steps, readers, strict=True):
            before, after = reader.pay(people)
            targets[step.posting] = {**targets[step.posting], **after}
            touched.update(_different(before, after))


class Months:
    """Whole open months in memory, so that an event need not read them: for a caller who applies every change itself.

    Throw it away whenever anybody else may have written, and after a wide event.
    """

    def __init__(self, ground: Ground, shelf: Shelf) -> None:
        self._ground = ground
        self._shelf = shelf
        self._figures: dict[tuple[int, int], MonthFigures] = {}

    def figures(self, posting: int, month: int) -> MonthFigures:
        """An origin month as a posting period sees it."""
        found = self._figures.get((posting, month))
        if found is None:
            found = self._figures[posting, month] = self._ground.figures(posting, month)
            for key, amount in self._shelf.sums(posting, month, None, None).items():
                found.add_row(key, amount)
        return found

    def apply(self, change: Change) -> None:
        """Follow a change the caller has put on its shelf."""
        for (posting, month), figures in self._figures.items():
            for (since, key), delta in change.sums.items():
                if since <= posting and key.month == month:
                    figures.add_row(key, delta)


class _MonthReader:
    """One origin month at one posting period: whose pay the changed sums bear on, and what she is paid."""

    def __init__(self, ground: Ground, shelf: Shelf, step: _Step, month: int, months: Months | None) -> None:
        self._shelf = shelf
        self._step = step
        self._month = month
        self._plans = step.frame.plans
        self._roster = step.frame.roster
        self._components = self._plans.period_components(month)
        self._is_whole = months is not None
        self._figures = ground.figures(step.posting, month) if months is None else months.figures(step.posting, month)
        self._read_keys: set[SumKey] = set()
        self._stores: set[str] = set()

    def people(self, changed: Iterable[SumKey]) -> set[str]:
        """Everybody whose period components read one of these sums."""
        keys = list(changed)
        found = {key.associate for key in keys if key.associate}
        pooled = {key.store for key in keys if key.kind == "store"}
        led = {key.store for key in keys if key.kind == "team"}
        measured = {(key.component, key.store) for key in keys if key.kind == "measured"}
        for part in self._components:
            found.update(manager for manager, store in part.managers if store in led)
            for store in pooled.intersection(part.stores):
                found.update(self._roster.days_in(store, self._month, part.roles))
        self._read((), {store for _, store in measured})
        for component, store in measured:
            sellers = self._figures.sellers(component, store)
            found.update(name for name in sellers if self._steps(component, name, store))
        return found

    def _steps(self, component: str, associate: str, store: str) -> bool:
        """Whether a store's changed base can take somebody to another step; true where that cannot be told cheaply."""
        part = next((one for one in self._components if one.id == component), None)
        if not self._is_whole or part is None or part.match.needs_role:
            return True
        stores = [name for name, count in self._figures.sold_in[component].get(associate, {}).items() if count]
        now = self._figures.measure(component, associate, stores)
        delta = self._step.rows.get(SumKey(self._month, "measured", "", store, component, ""), 0)
        return any(min(now, now + delta) < start <= max(now, now + delta) for start, _ in part.steps)

    def pay(self, people: set[str]) -> tuple[Targets, Targets]:
        """Period targets of some people without and with the change."""
        self._read(people, ())
        self._read((), self._needed(people))
        rows = [(key, amount) for key, amount in self._step.rows.items() if key.month == self._month]
        before = self._paid(people)
        for key, amount in rows:
            self._figures.add_row(key, amount)
        after = self._paid(people)
        for key, amount in rows:
            self._figures.add_row(key, -amount)
        return before, after

    def _needed(self, people: set[str]) -> set[str]:
        """The stores whose sums the pay of some people reads."""
        if self._is_whole:
            return set()
        stores = {key.store for key in self._step.rows if key.kind == "sold_in" and key.month == self._month}
        for part in self._components:
            for sold_in in self._figures.sold_in.values():
                stores.update(store for name in people for store in sold_in.get(name, ()))
            stores.update(store for manager, store in part.managers if manager in people)
            stores.update(
                store
                for store in part.stores
                if not people.isdisjoint(self._roster.days_in(store, self._month, part.roles))
            )
        return stores

    def _read(self, people: Iterable[str], stores: Iterable[str]) -> None:
        names, places = set(people), set(stores) - self._stores
        if self._is_whole or not (names or places):
            return
        self._stores |= places
        for key, amount in self._shelf.sums(self._step.posting, self._month, names, places).items():
            if key not in self._read_keys:
                self._read_keys.add(key)
                self._figures.add_row(key, amount)

    def _paid(self, people: set[str]) -> Targets:
        found: Targets = {}
        pay_month(self._plans, self._figures, found, {}, people)
        return {key: amount for key, amount in found.items() if key[0] in people}


def _post(
    ground: Ground, shelf: Shelf, touched: set[TargetKey], targets: Mapping[int, Targets], change: Change
) -> None:
    """All lines of the touched keys from the event's posting period on."""
    if not touched:
        return
    first = min(targets)
    sums = dict(shelf.posted(touched, first))
    for posting in sorted(targets):
        for key in touched:
            amount = targets[posting].get(key, 0) - sums.get(key, 0)
            if is_frozen(ground.world, ground.closed(posting - 1), posting, key):
                amount = 0
            change.lines[posting, key] = amount
            sums[key] = sums.get(key, 0) + amount


def _mark(
    ground: Ground, shelf: Shelf, family: list[Event], event: Event, last: _Step, change: Change
) -> None:
    """Flags and owners, which look at all events received whatever period they are posted in."""
    received = [*family, event]
    before, after = last.before, last.after
    if ground.frame(_ALL) is not last.frame or any(one.posting > last.posting for one in family):
        before, after = ground.measure(family, _ALL), ground.measure(received, _ALL)
    old, new = flags_of(before, family), flags_of(after, received)
    binds = {(bind.associate, bind.key) for bind in before.bindings.binds}
    binds ^= {(bind.associate, bind.key) for bind in after.bindings.binds}
    for associate in sorted({name for name, _ in binds}):
        moments = sorted(key[0] for name, key in binds if name == associate)
        was, now = _velocities(ground, shelf, associate, moments, before, after)
        old, new = old | was, new | now
    change.flags = dict.fromkeys(old - new, False) | dict.fromkeys(new - old, True)
    change.owners = owners(after, members_of(received))


def _velocities(
    ground: Ground, shelf: Shelf, associate: str, moments: list[int], before: Snapshot, after: Snapshot
) -> tuple[set[Flag], set[Flag]]:
    """Fast days of an associate around some binds that came or went, without and with the event."""
    world = ground.world
    reach = world.history.longest_velocity_ms
    low, high = world.calendar.midnight(world.calendar.day(moments[0])) - reach, moments[-1] + reach
    months = range(world.calendar.month(low), world.calendar.month(high) + 1)
    stored: list[int] = []
    for month in months:
        for key, amount in shelf.sums(_ALL, month, {associate}, ()).items():
            if key.kind == "spiff" and key.component == "bind":
                stored += [int(key.detail.partition(" ")[0])] * amount
    others = list(stored)
    for bind in before.bindings.binds:
        if bind.associate == associate and bind.key[0] in others:
            others.remove(bind.key[0])
    mine = [bind.key[0] for bind in after.bindings.binds if bind.associate == associate]
    mine = [at_ms for at_ms in mine if world.calendar.month(at_ms) in months]
    days = {world.calendar.day(at_ms) for at_ms in [*stored, *mine] if moments[0] <= at_ms <= high}
    names = {f"{associate}:{world.calendar.day_text(day)}" for day in days}
    was, now = velocity(world, associate, stored), velocity(world, associate, [*others, *mine])
    return {flag for flag in was if flag[1] in names}, {flag for flag in now if flag[1] in names}
