"""The books kept in memory, so that an event costs what it touches and not the whole history (COMMISSION.md 6).

One a database and process. It knows the events up to some heads; what came since is taken in one by one. Where an
event changes what everybody stands on (staff, plans, a close, other rules), or somebody else wrote the projections,
everything is reckoned anew. Either way the same rows come out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, delete, insert, select

from guidedesk.domain.commission import reading
from guidedesk.domain.commission.causes import Causes
from guidedesk.domain.commission.component_documents import ADJUSTMENT
from guidedesk.domain.commission.explain import explain
from guidedesk.domain.commission.explain_text import why_text
from guidedesk.domain.commission.families import Ground, Stored, gather, shared_events
from guidedesk.domain.commission.flags import Flag
from guidedesk.domain.commission.incremental import Change, Months, advance
from guidedesk.domain.commission.keys import TargetKey
from guidedesk.domain.commission.ledger import Posting
from guidedesk.domain.commission.ledger_lines import LedgerLine
from guidedesk.domain.commission.memory_shelf import MemoryShelf
from guidedesk.domain.commission.snapshot import Snapshot, pay_month
from guidedesk.domain.commission.timeline import Event, content, read_event
from guidedesk.models.base import among
from guidedesk.models.commission_tables import commission_cover, commission_flag, open_line
from guidedesk.server import commission_reckoning as book
from guidedesk.server.bulk_sql import insert_many
from guidedesk.server.commission_reckoning import (
    OPEN_COLUMNS,
    Doc,
    Heads,
    confirms_at,
    covered,
    event_heads,
    open_values,
    read_closes,
)
from guidedesk.server.commission_rules import config_versions
from guidedesk.server.database import ScopeWrite, ServerDatabase
from guidedesk.server.feed import chunks

# More than so many new events at once are reckoned with everything else: cheaper than one by one.
_MOST_NEW: Final = 1_000
# Events taken in together: their lines, with some kilobytes of explanation each, are in memory until they are written.
_AT_A_TIME: Final = 200
_A_STATEMENT: Final = 1_000
_keepers: WeakKeyDictionary[ServerDatabase, Keeper] = WeakKeyDictionary()
_making: Final = Lock()


def keeper_of(database: ServerDatabase) -> Keeper:
    """The keeper of this database in this process."""
    with _making:
        return _keepers.setdefault(database, Keeper())


class _Wide(Exception):
    """Everything has to be reckoned anew."""


@dataclass(slots=True)
class _Memory:
    """What is known of all events up to `marks`."""

    marks: Heads
    heads: Heads
    currency: str
    ground: Ground
    shelf: MemoryShelf
    months: Months
    shared: list[Event]
    stored_through: int | None


@dataclass(slots=True)
class _Changed:
    """What the new events changed, key by key."""

    lines: dict[tuple[int, TargetKey], int] = field(default_factory=dict)
    flags: dict[Flag, bool] = field(default_factory=dict)
    reviewed: set[str] = field(default_factory=set)
    caused: dict[tuple[int, TargetKey], list[str]] = field(default_factory=lambda: defaultdict(list))
    arrivals: dict[str, int] = field(default_factory=dict)


class Keeper:
    """Brings the projections of open months up to date."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._memory: _Memory | None = None

    def refresh(self, database: ServerDatabase, now_ms: int) -> bool:
        """Up to date with every event; whether there was anything to do."""
        with self._lock:
            return self._refresh(database, now_ms)

    def _refresh(self, database: ServerDatabase, now_ms: int) -> bool:
        with database.read_snapshot() as conn:
            goal = current_marks(conn, database.chain_id())
        is_changed = False
        # What comes meanwhile is for the next time: on a busy server there would be no end.
        while self._step(database, goal if is_changed else None, now_ms):
            is_changed = True
        return is_changed

    def _step(self, database: ServerDatabase, goal: Heads | None, now_ms: int) -> bool:
        """Take in some of what is new; False where nothing is, or nothing up to `goal`."""
        chain_id = database.chain_id()
        with database.read_snapshot() as conn:
            marks = current_marks(conn, chain_id)
            known = covered(conn, chain_id)
            if known == marks or (goal and all(known.get(of, 0) >= seq for of, seq in goal.items())):
                return False
            memory = self._memory
            new: list[tuple[Doc, int]] = []
            if memory is None and known and _is_near(known, marks):
                # Somebody brought everything to this point once; from now on it is kept in memory.
                memory = self._memory = _remember(conn, chain_id, known)
            if memory is not None and memory.marks == known and _is_near(known, marks):
                marks = _next_marks(known, marks)
                new = list(_since(conn, memory.heads, marks))
            else:
                memory = self._memory = None
        if memory is not None:
            try:
                self._take(database, memory, new, marks, now_ms)
            except _Wide:
                self._memory = None
            else:
                return True
        book.refresh_all(database, now_ms)
        return True

    def _take(
        self, database: ServerDatabase, memory: _Memory, new: list[tuple[Doc, int]], marks: Heads, now_ms: int
    ) -> None:
        changed = _Changed()
        before = dict(memory.marks)
        for document, received_at_ms in new:
            changed.arrivals.setdefault(document["id"], received_at_ms)
            _advance(memory, document, changed)
        chain_id = database.chain_id()
        rows = _rows(chain_id, memory, changed)
        gone = [LedgerLine(posting, *key, 0).id for posting, key in changed.lines]
        flags = _flag_rows(chain_id, memory, changed, now_ms)

        def work(opened: ScopeWrite) -> bool:
            if covered(opened.conn, chain_id) != before:
                return False
            _write(opened, rows, gone, flags, changed)
            _cover(opened, marks)
            return True

        if not database.write(chain_id, work):
            raise _Wide
        memory.marks, memory.heads = marks, {of: seq for of, seq in marks.items() if of != book.CONFIG_MARK}


def current_marks(conn: Connection, chain_id: str) -> Heads:
    """Where all scopes stand, and which rules and closes there are."""
    return book.marks_of(event_heads(conn), config_versions(conn, chain_id), len(read_closes(conn, chain_id)))


def _is_near(known: Heads, marks: Heads) -> bool:
    """The same rules and closes, and not too many events since."""
    if known.get(book.CONFIG_MARK) != marks.get(book.CONFIG_MARK):
        return False
    return sum(seq - known.get(of, 0) for of, seq in marks.items()) <= _MOST_NEW


def _next_marks(known: Heads, marks: Heads) -> Heads:
    """Where the projections stand once some more events are taken in; among scopes the order is theirs by id, as when
    everything is reckoned (`read_documents`)."""
    left, found = _AT_A_TIME, dict(known)
    for of in sorted(marks):
        some = marks[of] - known.get(of, 0) if of == book.CONFIG_MARK else min(marks[of] - known.get(of, 0), left)
        if some:
            found[of] = known.get(of, 0) + some
        if of != book.CONFIG_MARK:
            left -= some
    return found


def _since(conn: Connection, heads: Heads, marks: Heads) -> Iterable[tuple[Doc, int]]:
    arrivals: dict[str, book.Arrival] = {}
    through = {of: seq for of, seq in marks.items() if of != book.CONFIG_MARK}
    for document in book.stretch(conn, heads, through, arrivals):
        yield document, arrivals[document["id"]].received_at_ms


def _remember(conn: Connection, chain_id: str, known: Heads) -> _Memory:
    """Everything up to where the projections stand."""
    heads = {of: seq for of, seq in known.items() if of != book.CONFIG_MARK}
    closes = read_closes(conn, chain_id)
    books = book.books_of(conn, chain_id, heads, closes, config_versions(conn, chain_id))
    stream, world = books.prepared.stream, books.prepared.world
    flags = {(flag.partition(":")[0], flag.partition(":")[2]) for flag in books.result.flags}
    # Those of open months, the first of which takes in what came before it; none where all is sealed.
    postings = list(books.result.explanations.postings.values()) or None
    shelf = MemoryShelf.of(world, stream, books.result.lines, flags, postings)
    shared = shared_events(stream.events)
    ground = Ground(world, [Stored(event.document, event.posting) for event in shared], stream.closes)
    through = None if books.closed_through is None else reading.month_index(books.closed_through)
    return _Memory(
        marks=dict(known),
        heads=heads,
        currency=books.currency,
        ground=ground,
        shelf=shelf,
        months=Months(ground, shelf),
        shared=shared,
        stored_through=through,
    )


def _advance(memory: _Memory, document: Doc, changed: _Changed) -> None:
    shelf, ground = memory.shelf, memory.ground
    known = shelf.events.get(document["id"])
    if known is not None:
        if content(known.document) != content(document):
            raise _Wide  # two contents under one id: a flag, and rare
        return
    world = ground.world
    event = read_event(document, "event", world.history, world.calendar, last_closed=ground.last_closed)
    new = Stored(document, event.posting)
    change = advance(ground, shelf, new, memory.months)
    if change is None:
        raise _Wide
    shelf.apply(new, change)
    memory.months.apply(change)
    _note(changed, document, change)


def _note(changed: _Changed, document: Doc, change: Change) -> None:
    changed.lines.update(change.lines)
    changed.flags.update(change.flags)
    if document["type"] == "review":
        changed.reviewed.add(document["target"])
    for touched in change.lines:
        changed.caused[touched].append(document["id"])


# --- Rows with their explanations ---------------------------------------------------------------------------------


def _rows(chain_id: str, memory: _Memory, changed: _Changed) -> list[Doc]:
    lines = [LedgerLine(posting, *key, amount) for (posting, key), amount in changed.lines.items() if amount]
    rows = []
    for line, why, at_ms in _explained(memory, lines, changed):
        values = open_values(chain_id, line, (why["id"], why_text(why)), memory.currency, at_ms)
        rows.append(dict(zip(OPEN_COLUMNS, values, strict=True)))
    return rows


def _explained(
    memory: _Memory, lines: list[LedgerLine], changed: _Changed
) -> Iterable[tuple[LedgerLine, Mapping[str, Any], int | None]]:
    world = memory.ground.world
    of_families: list[LedgerLine] = []
    of_months: list[LedgerLine] = []
    for line in lines:
        is_of_family = line.ref is not None and (line.line is not None or line.component == ADJUSTMENT)
        (of_families if is_of_family else of_months).append(line)
    for family, some in _by_family(memory, of_families):
        yield from _explained_by_family(memory, family, some)
    paid: dict[tuple[int, int], Snapshot] = {}
    for line in of_months:
        month = (line.posting, line.origin)
        if month not in paid:
            paid[month] = _month_paid(memory, *month)
        before = dict(memory.shelf.posted([line.target], line.posting))
        posting = Posting(line.posting, (), paid[month], before, (), ())
        why = explain(world, posting, line, _Told(_causes(memory, line, changed)))
        yield line, why, confirms_at(world, paid[month], line)


def _by_family(memory: _Memory, lines: list[LedgerLine]) -> Iterable[tuple[list[Stored], list[LedgerLine]]]:
    """The lines of each family of events together: who buys often has one of many events, and it is read once."""
    of_ref: dict[str | None, frozenset[str]] = {}
    families: dict[frozenset[str], tuple[list[Stored], list[LedgerLine]]] = {}
    for line in lines:
        if line.ref not in of_ref:
            found = _family(memory, str(line.ref))
            name = of_ref[line.ref] = frozenset(found)
            families.setdefault(name, (list(found.values()), []))
        families[of_ref[line.ref]][1].append(line)
    return families.values()


def _explained_by_family(
    memory: _Memory, family: list[Stored], lines: list[LedgerLine]
) -> Iterable[tuple[LedgerLine, Mapping[str, Any], int | None]]:
    world = memory.ground.world
    events = [memory.ground.read(stored) for stored in family]
    measured: dict[int, tuple[Posting, Causes]] = {}
    for line in lines:
        if line.posting not in measured:
            posting = _posting(memory, events, line.posting)
            measured[line.posting] = (posting, Causes(posting))
        posting, causes = measured[line.posting]
        posting.before.update(memory.shelf.posted([line.target], line.posting))
        yield line, explain(world, posting, line, causes), confirms_at(world, posting.snapshot, line)


class _Told(Causes):
    """Causes that are known already."""

    def __init__(self, ids: list[str]) -> None:
        self._told = ids

    def of(self, line: LedgerLine) -> list[str]:
        return self._told


def _causes(memory: _Memory, line: LedgerLine, changed: _Changed) -> list[str]:
    """Of a month's figure: what changed it just now; of a payment for one event: that event."""
    if line.ref is not None and line.ref in memory.shelf.events:
        return [line.ref]
    return changed.caused[line.posting, line.target]


def _family(memory: _Memory, ref: str) -> dict[str, Stored]:
    shelf = memory.shelf
    return gather(shelf, [*shelf.naming([("order", ref)]), *shelf.with_ids([ref])])


def _posting(memory: _Memory, family: list[Event], period: int) -> Posting:
    events = sorted((event for event in (*family, *memory.shared) if event.posting <= period), key=lambda e: e.key)
    snapshot = memory.ground.measure(family, period)
    earlier = [posting for posting in memory.shelf.postings(-1) if posting < period]
    last = max([memory.stored_through or -1, *earlier])
    new = tuple(event for event in events if event.posting > last)
    return Posting(period, tuple(events), snapshot, {}, new, ())


def _month_paid(memory: _Memory, period: int, month: int) -> Snapshot:
    """The period components of a whole month, worked out as it stands."""
    snapshot = memory.ground.measure([], period)
    frame = memory.ground.frame(period)
    pay_month(frame.plans, memory.months.figures(period, month), snapshot.payments, snapshot.workings)
    return snapshot


# --- Writing ------------------------------------------------------------------------------------------------------


def _write(
    opened: ScopeWrite, rows: list[Doc], gone: list[str], flags: list[Doc], changed: _Changed
) -> None:
    conn, chain_id = opened.conn, opened.scope_id
    o, f = open_line.c, commission_flag.c
    for some in chunks(gone, _A_STATEMENT):
        conn.execute(delete(open_line).where(o.scope_id == chain_id, among(conn, o.entry_id, some)))
    insert_many(conn, insert(open_line), rows)
    subjects = sorted({subject for _, subject in changed.flags} | changed.reviewed)
    seen: dict[tuple[str, str], int] = {}
    for some in chunks(subjects, _A_STATEMENT):
        mine = (f.scope_id == chain_id, among(conn, f.subject, some))
        for row in conn.execute(select(f.code, f.subject, f.first_seen_ms).where(*mine)):
            seen[row.code, row.subject] = row.first_seen_ms
        conn.execute(delete(commission_flag).where(*mine))
    kept = [row | {"first_seen_ms": seen.get((row["code"], row["subject"]), row["first_seen_ms"])} for row in flags]
    insert_many(conn, insert(commission_flag), kept)


def _flag_rows(chain_id: str, memory: _Memory, changed: _Changed, now_ms: int) -> list[Doc]:
    """Every flag of a subject that something changed about."""
    subjects = {subject for _, subject in changed.flags} | changed.reviewed
    rows: list[Doc] = []
    for code, subject in sorted(memory.shelf.flags):
        if subject not in subjects:
            continue
        reviews = sorted(
            (memory.ground.read(stored) for stored in memory.shelf.naming([("review", subject)])),
            key=lambda event: event.key,
        )
        last = reviews[-1] if reviews else None
        rows.append(
            {
                "scope_id": chain_id,
                "code": code,
                "subject": subject,
                "first_seen_ms": changed.arrivals.get(subject, now_ms),
                "verdict": None if last is None else str(last.document["decision"]),
                "review_event": None if last is None else last.id,
            }
        )
    return rows


def _cover(opened: ScopeWrite, marks: Heads) -> None:
    c = commission_cover.c
    opened.conn.execute(delete(commission_cover).where(c.scope_id == opened.scope_id))
    rows = [{"scope_id": opened.scope_id, "of_scope": of, "seq": seq} for of, seq in sorted(marks.items())]
    opened.conn.execute(insert(commission_cover), rows)
