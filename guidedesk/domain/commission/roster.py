"""Who works where and when: activity, stores, roles, own member ids (COMMISSION.md 0, 2, 9 "Binding")."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from guidedesk.domain.commission import reading
from guidedesk.domain.commission.bodies import StaffChange
from guidedesk.domain.commission.calendar import Calendar, days_of
from guidedesk.domain.commission.component_documents import ROLES
from guidedesk.domain.commission.event_documents import associate_id
from guidedesk.domain.commission.reading import Doc, DocumentError
from guidedesk.domain.commission.settings import SettingsHistory
from guidedesk.domain.commission.timeline import Event, Key

_ALWAYS: Final = -(10**15)


@dataclass(frozen=True, slots=True)
class StaffEntry:
    """Staff data known from the start; `since_ms` None means since ever."""

    associate: str
    store: str | None
    role: str
    since_ms: int | None
    member: str | None


@dataclass(frozen=True, slots=True)
class Post:
    """An associate's state from some moment on."""

    active: bool
    store: str | None
    role: str


@dataclass(frozen=True, slots=True)
class Departure:
    """Members owned by an associate fall to `pool` (None: to nobody) at this point."""

    key: Key
    pool: str | None


_UNNAMED: Final = Post(True, None, "associate")
_NOT_YET: Final = Post(False, None, "associate")


def read_staff(documents: Sequence[Doc], calendar: Calendar) -> tuple[StaffEntry, ...]:
    """Checked staff data; `from` is a local date or a time with offset."""
    entries = []
    starts: set[tuple[str, int | None]] = set()
    for position, raw in enumerate(documents):
        where = f"staff[{position}]"
        doc = reading.mapping(raw, "staff", "")
        since = _since(doc, where, calendar)
        associate = associate_id(doc, "associate", where)
        if (associate, since) in starts:
            raise DocumentError("twice", "associate", where, associate)
        starts.add((associate, since))
        role = reading.choice(doc, "role", where, ROLES, "associate")
        store = reading.optional_text(doc, "store", where)
        entries.append(StaffEntry(associate, store, role, since, reading.optional_text(doc, "member", where)))
    return tuple(entries)


def _since(doc: Doc, where: str, calendar: Calendar) -> int | None:
    value = doc.get("from")
    if value is None:
        return None
    if isinstance(value, str) and len(value) == 10:
        return calendar.midnight(reading.day(doc, "from", where).toordinal())
    return reading.moment(doc, "from", where)


class Roster:
    """The staff history within one set of events."""

    def __init__(
        self, entries: Sequence[StaffEntry], changes: Iterable[Event], history: SettingsHistory, calendar: Calendar
    ) -> None:
        self._calendar = calendar
        self.own_members: dict[str, set[str]] = {}
        self.departures: dict[str, list[Departure]] = {}
        self._times: dict[str, list[int]] = {}
        self._posts: dict[str, list[Post]] = {}
        self._days: dict[tuple[int, tuple[str, ...]], dict[str, dict[str, int]]] = {}
        self._month_days: dict[int, dict[str, int]] = {}
        self._changes: list[int] = []
        self._named: list[str] = []
        for key, change, day in _steps(entries, changes):
            self._note_member(change)
            self._apply(key, change, history.on(day).transfer == "pool")
            if key[0] != _ALWAYS:
                self._changes.append(key[0])
        self._named = sorted(self._times)
        self.all_own_members = frozenset(member for members in self.own_members.values() for member in members)

    def post(self, associate: str, at_ms: int) -> Post:
        """The state of an associate at a moment; staff events of that very moment included."""
        times = self._times.get(associate)
        if times is None:
            return _UNNAMED
        return self._posts[associate][bisect_right(times, at_ms) - 1]

    def is_active(self, associate: str, at_ms: int) -> bool:
        """Whether she works for the chain at a moment; somebody named nowhere always does."""
        times = self._times.get(associate)
        return times is None or self._posts[associate][bisect_right(times, at_ms) - 1].active

    @property
    def everybody(self) -> Collection[str]:
        """All whom staff data names, for looking somebody up."""
        return self._times.keys()

    def named(self) -> list[str]:
        """Everybody staff data names, by id."""
        return self._named

    def unchanged_since(self, at_ms: int) -> int:
        """The latest moment up to this one at which anybody's post changed: all posts are alike from there on."""
        place = bisect_right(self._changes, at_ms)
        return self._changes[place - 1] if place else _ALWAYS

    def days(self, associate: str, month: int) -> int:
        """Local noons of a month somebody is on the roster, whatever her store and role."""
        found = self._month_days.get(month)
        if found is None:
            found = self._month_days[month] = {}
            for name in self._named:
                count = sum(days for days, post in self._stretches(name, month) if post.active)
                if count:
                    found[name] = count
        return found.get(associate, 0)

    def days_in(self, store: str, month: int, roles: tuple[str, ...]) -> Mapping[str, int]:
        """Local noons of a month everybody is on a store's roster with one of some roles; who never is, is left out."""
        found = self._days.get((month, roles))
        if found is None:
            found = self._days[month, roles] = {}
            for name in self._named:
                for days, post in self._stretches(name, month):
                    if post.active and post.role in roles and post.store is not None:
                        people = found.setdefault(post.store, {})
                        people[name] = people.get(name, 0) + days
        return found.get(store, {})

    def _stretches(self, associate: str, month: int) -> Iterator[tuple[int, Post]]:
        """The local noons of a month as stretches of one post each."""
        times, posts = self._times[associate], self._posts[associate]
        days = days_of(month)
        noon = self._calendar.noon
        first = bisect_right(times, noon(days[0])) - 1
        if first == bisect_right(times, noon(days[-1])) - 1:
            yield len(days), posts[first]
            return
        for day in days:
            yield 1, posts[bisect_right(times, noon(day)) - 1]

    def _note_member(self, change: StaffChange) -> None:
        if change.member is not None:
            self.own_members.setdefault(change.associate, set()).add(change.member)

    def _apply(self, key: Key, change: StaffChange, movers_leave_members: bool) -> None:
        name = change.associate
        if name not in self._times:
            self._times[name] = [_ALWAYS]
            self._posts[name] = [_NOT_YET if change.kind == "join" else _UNNAMED]
        before = self._posts[name][-1]
        role = change.role or before.role
        if change.kind == "leave":
            after = Post(False, before.store, before.role)
            self.departures.setdefault(name, []).append(Departure(key, before.store))
        elif change.kind == "move":
            after = Post(before.active, change.store, role)
            if movers_leave_members and change.store != before.store:
                self.departures.setdefault(name, []).append(Departure(key, before.store))
        else:
            after = Post(True, change.store, role)
        self._times[name].append(key[0])
        self._posts[name].append(after)


def _steps(entries: Sequence[StaffEntry], changes: Iterable[Event]) -> list[tuple[Key, StaffChange, int]]:
    """Staff data and staff events as one history in canonical order, with the local date each belongs to."""
    steps: list[tuple[Key, StaffChange, int]] = []
    for entry in entries:
        since = _ALWAYS if entry.since_ms is None else entry.since_ms
        change = StaffChange("join", entry.associate, entry.store, entry.role, entry.member)
        steps.append(((since, 0, ""), change, 0))
    steps.extend((event.key, event.body, event.day) for event in changes if isinstance(event.body, StaffChange))
    steps.sort(key=lambda step: step[0])
    return steps
