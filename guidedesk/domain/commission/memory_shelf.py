"""A shelf in memory: what tests, benches and small chains keep instead of tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from guidedesk.domain.commission.components.month import SumKey
from guidedesk.domain.commission.families import Stored
from guidedesk.domain.commission.flags import Flag
from guidedesk.domain.commission.incremental import Change, rows_in, rows_of
from guidedesk.domain.commission.keys import TargetKey
from guidedesk.domain.commission.ledger import Posting
from guidedesk.domain.commission.ledger_lines import LedgerLine
from guidedesk.domain.commission.snapshot import World
from guidedesk.domain.commission.subjects import Doc, Subject, subjects
from guidedesk.domain.commission.timeline import Stream


class MemoryShelf:
    """Events, sum rows and lines, indexed as the tables are."""

    def __init__(self) -> None:
        self.events: dict[str, Stored] = {}
        self.closes: set[int] = set()
        self.flags: set[Flag] = set()
        self._named: defaultdict[Subject, list[Stored]] = defaultdict(list)
        self._postings: set[int] = set()
        self._sums: defaultdict[SumKey, dict[int, int]] = defaultdict(dict)
        self._of_associate: defaultdict[tuple[int, str], set[SumKey]] = defaultdict(set)
        self._of_store: defaultdict[tuple[int, str], set[SumKey]] = defaultdict(set)
        self._lines: defaultdict[TargetKey, dict[int, int]] = defaultdict(dict)

    @classmethod
    def of(
        cls,
        world: World,
        stream: Stream,
        lines: Iterable[LedgerLine],
        flags: Iterable[Flag],
        postings: Iterable[Posting] | None = None,
    ) -> MemoryShelf:
        """A shelf filled from a full computation; `postings` are those of that computation, if they are at hand."""
        shelf = cls()
        for event in stream.events:
            shelf.put(Stored(event.document, event.posting))
        shelf.closes = set(stream.closes)
        for line in lines:
            shelf._lines[line.target][line.posting] = line.amount
        at_hand = None if postings is None else [(posting.period, posting.snapshot) for posting in postings]
        for period, key, delta in rows_of(world, stream) if at_hand is None else rows_in(at_hand):
            shelf._add(period, key, delta)
        shelf.flags = set(flags)
        return shelf

    def put(self, stored: Stored) -> None:
        """Keep an event under what it is to be found by."""
        self.events[stored.document["id"]] = stored
        self._postings.add(stored.posting)
        for subject in subjects(stored.document):
            self._named[subject].append(stored)

    def apply(self, new: Stored, change: Change) -> None:
        """Keep an event with all it changes."""
        self.put(new)
        for (posting, key), delta in change.sums.items():
            self._add(posting, key, delta)
        for (posting, target), amount in change.lines.items():
            self._lines[target].pop(posting, None)
            if amount:
                self._lines[target][posting] = amount
        for flag, stands in change.flags.items():
            (self.flags.add if stands else self.flags.discard)(flag)

    def lines(self) -> list[LedgerLine]:
        """All lines in their canonical order."""
        found = [LedgerLine(posting, *key, amount) for key, by in self._lines.items() for posting, amount in by.items()]
        return sorted(found, key=lambda line: line.sort_key)

    def rows(self) -> dict[tuple[int, SumKey], int]:
        """All sum rows."""
        return {(posting, key): delta for key, by in self._sums.items() for posting, delta in by.items() if delta}

    def naming(self, subjects: Collection[Subject]) -> Iterable[Stored]:
        """Events stored under any of some subjects."""
        found = [stored for subject in subjects for stored in self._named.get(subject, ())]
        return {stored.document["id"]: stored for stored in found}.values()

    def with_ids(self, ids: Collection[str]) -> Iterable[Stored]:
        """Events by id."""
        return [self.events[name] for name in ids if name in self.events]

    def postings(self, after: int) -> Sequence[int]:
        """Later posting periods that hold an event or a close."""
        return sorted(posting for posting in self._postings | self.closes if posting > after)

    def sums(
        self, posting: int, month: int, associates: Collection[str] | None, stores: Collection[str] | None
    ) -> Mapping[SumKey, int]:
        """Sums over rows posted up to a period."""
        return dict(self._read(posting, month, associates, stores))

    def posted(self, keys: Collection[TargetKey], before: int) -> Mapping[TargetKey, int]:
        """Sums of lines posted before a period."""
        return {
            key: sum(amount for posting, amount in self._lines[key].items() if posting < before)
            for key in keys
            if key in self._lines
        }

    def _read(
        self, posting: int, month: int, associates: Collection[str] | None, stores: Collection[str] | None
    ) -> Iterator[tuple[SumKey, int]]:
        keys: set[SumKey] = set()
        if associates is None and stores is None:
            keys.update(key for key in self._sums if key.month == month)
        for name in associates or ():
            keys |= self._of_associate.get((month, name), set())
        for store in stores or ():
            keys |= self._of_store.get((month, store), set())
        for key in keys:
            yield key, sum(delta for at, delta in self._sums[key].items() if at <= posting)

    def _add(self, posting: int, key: SumKey, delta: int) -> None:
        by = self._sums[key]
        by[posting] = by.get(posting, 0) + delta
        if key.associate:
            self._of_associate[key.month, key.associate].add(key)
        if key.store:
            self._of_store[key.month, key.store].add(key)


def shared_of(shelf: MemoryShelf, wide: Collection[str]) -> list[Stored]:
    """The events a Ground is made of: those of some types, and reviews that bear on them."""
    found = [stored for stored in shelf.events.values() if stored.document["type"] in wide]
    fresh: list[Doc] = [stored.document for stored in found]
    while fresh:
        reviews = shelf.naming([("review", document["id"]) for document in fresh])
        new = [stored for stored in reviews if stored not in found]
        found += new
        fresh = [stored.document for stored in new]
    return found
