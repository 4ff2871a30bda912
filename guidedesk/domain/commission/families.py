"""Reading one family of linked members and orders from an event table, and measuring it alone (COMMISSION.md 6)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from guidedesk.domain.commission.bodies import Review
from guidedesk.domain.commission.components.month import MonthFigures, SumKey
from guidedesk.domain.commission.keys import TargetKey
from guidedesk.domain.commission.reviews import Verdicts
from guidedesk.domain.commission.snapshot import Frame, Snapshot, World, frame_of, measure
from guidedesk.domain.commission.subjects import (
    CODE,
    WIDE_TYPES,
    Doc,
    Subject,
    leads_to,
)
from guidedesk.domain.commission.timeline import Event, read_event


class Stored(NamedTuple):
    """An event of the table with its posting period (months since year 0), settled when it arrived."""

    document: Doc
    posting: int


class Shelf(Protocol):
    """What the caller lends for reading; a database answers each with one query."""

    def naming(self, subjects: Collection[Subject]) -> Iterable[Stored]:
        """Events stored under any of some subjects (`subjects.subjects`)."""

    def with_ids(self, ids: Collection[str]) -> Iterable[Stored]:
        """Events by id; unknown ones are left out."""

    def postings(self, after: int) -> Sequence[int]:
        """Posting periods later than one that hold an event or a close, rising."""

    def sums(
        self, posting: int, month: int, associates: Collection[str] | None, stores: Collection[str] | None
    ) -> Mapping[SumKey, int]:
        """Sums of an origin month over rows posted up to a period, of some associates or of some stores.

        Both None: all sums of the month.
        """

    def posted(self, keys: Collection[TargetKey], before: int) -> Mapping[TargetKey, int]:
        """Sums of the lines of some keys, closed and open, posted before a period."""


class Ground:
    """What every family stands on, posting period by posting period; made once, until a wide event arrives.

    `shared` are the events of WIDE_TYPES but closes, and reviews of them; `closes` the closed periods.
    """

    def __init__(self, world: World, shared: Iterable[Stored] = (), closes: Iterable[int] = ()) -> None:
        self.world = world
        self._closes = frozenset(closes)
        self._shared = sorted((self.read(stored) for stored in shared), key=lambda event: event.key)
        self._frames: dict[frozenset[str], Frame] = {}

    def read(self, stored: Stored) -> Event:
        """The checked event of a stored document."""
        document, world = stored.document, self.world
        return read_event(document, "event", world.history, world.calendar, posting=stored.posting)

    def frame(self, posting: int) -> Frame:
        """Roster and plans as the events up to a posting period leave them."""
        known = [event for event in self._shared if event.posting <= posting]
        names = frozenset(event.id for event in known)
        if names not in self._frames:
            self._frames[names] = frame_of(self.world, Verdicts(known).counted(known))
        return self._frames[names]

    def closed(self, posting: int) -> frozenset[int]:
        """The months closed in a posting period or before."""
        return frozenset(month for month in self._closes if month <= posting)

    def figures(self, posting: int, month: int) -> MonthFigures:
        """An origin month as a posting period sees it, before anything is counted."""
        frame = self.frame(posting)
        return MonthFigures(month, frame.roster, frame.plans.period_components(month), month in self.closed(posting))

    @property
    def last_closed(self) -> int | None:
        """The period closed last."""
        return max(self._closes, default=None)

    def measure(self, family: Sequence[Event], posting: int) -> Snapshot:
        """The lines and sums of a family from its events up to a posting period."""
        known = sorted((event for event in family if event.posting <= posting), key=lambda event: event.key)
        counted = Verdicts(known).counted(known)
        return measure(self.world, self.frame(posting), counted, self.closed(posting))


def gather(shelf: Shelf, start: Iterable[Stored]) -> dict[str, Stored]:
    """Everything that hangs together with some events, by id."""
    found: dict[str, Stored] = {}
    seen: set[Subject] = set()
    fresh = list(start)
    while fresh:
        wanted: set[Subject] = set()
        for stored in fresh:
            if found.setdefault(stored.document["id"], stored) is stored:
                wanted.update(leads_to(stored.document))
        wanted -= seen
        seen |= wanted
        fresh = [stored for stored in shelf.naming(wanted) if stored.document["id"] not in found] if wanted else []
    return found


def family_of(shelf: Shelf, new: Stored) -> dict[str, Stored] | None:
    """The stored events an arriving event bears on, itself left out; None when it bears on everything."""
    reviewed, start = new, [new]
    while reviewed.document["type"] == "review":
        target = next(iter(shelf.with_ids([reviewed.document["target"]])), None)
        if target is None or target.document["id"] in {stored.document["id"] for stored in start}:
            break
        start.append(target)
        reviewed = target
    kind = reviewed.document["type"]
    if kind in WIDE_TYPES:
        return None
    if kind == "code.issue":
        start += shelf.naming([(CODE, reviewed.document["code"])])
    found = gather(shelf, start)
    found.pop(new.document["id"], None)
    return found


def shared_events(events: Sequence[Event]) -> list[Event]:
    """The events of a stream that a Ground is made of: wide ones, and reviews that bear on them."""
    reviews: dict[str, list[Event]] = {}
    for event in events:
        if isinstance(event.body, Review):
            reviews.setdefault(event.body.target, []).append(event)
    found = [event for event in events if event.type in WIDE_TYPES]
    for event in found:
        found += [review for review in reviews.get(event.id, ()) if review not in found]
    return found
