"""All of commission as of now: events read in their order of arrival, the engine run, open months projected.

Sealed months stand in the ledger and are subtracted as they are (COMMISSION.md 5); what is posted after them is a
projection that may be thrown away at any time. An event that came after `commission_cover` is not in it yet: that is
the queue, and a crash loses nothing of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, NamedTuple, TypeVar

from sqlalchemy import Connection, delete, func, insert, select

from guidedesk.domain.commission import reading
from guidedesk.domain.commission.bodies import Review
from guidedesk.domain.commission.component_documents import ADJUSTMENT
from guidedesk.domain.commission.engine import Prepared, Result, evaluate, prepare
from guidedesk.domain.commission.explain_text import ExplanationTexts
from guidedesk.domain.commission.ledger_lines import LedgerLine
from guidedesk.domain.commission.reading import month_text
from guidedesk.domain.commission.snapshot import Snapshot, World
from guidedesk.domain.commission.timeline import CLOSE
from guidedesk.models.base import among
from guidedesk.models.commission_tables import (
    commission_cover,
    commission_event,
    commission_flag,
    ledger_line,
    open_line,
    period_close,
)
from guidedesk.models.entities import upsert
from guidedesk.models.server_tables import scope
from guidedesk.server.bulk_sql import insert_many
from guidedesk.server.commission_rules import config_versions
from guidedesk.server.database import ScopeWrite, ServerDatabase, take_time
from guidedesk.server.feed import chunks
from guidedesk.server.sharding import cross_scope

Heads = dict[str, int]
T = TypeVar("T")
Doc = dict[str, Any]
# The version of the configuration that the projections know is kept beside the scopes' heads, under no scope's id.
CONFIG_MARK: Final = "00000000-0000-0000-0000-000000000000"
_AT_ONCE: Final = 0
_A_STATEMENT: Final = 1_000
_AT_A_TIME: Final = 200  # lines with their explanations, some kilobytes each
_read_json: Final = json.JSONDecoder().raw_decode  # of text that we wrote: nothing stands before or after it
# The columns of `open_line` in the order of `Projector.values`.
OPEN_COLUMNS: Final = (
    "scope_id", "entry_id", "posting_period", "beneficiary", "origin_period", "component", "ref", "line", "amount",
    "currency", "confirms_at_ms", "why_json",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Close:
    """A sealed month and the events it covers."""

    period: str
    heads: Heads


class Arrival(NamedTuple):
    """When the server got an event, and the hash of its content."""

    received_at_ms: int
    content_hash: bytes


@dataclass(frozen=True, slots=True)
class Books:
    """Everything computed: what was read, and the result. `heads` are the last events it knows."""

    heads: Heads
    config: list[dict[str, Any]]
    prepared: Prepared
    result: Result
    closed_through: str | None
    arrivals: Mapping[str, Arrival]

    @property
    def currency(self) -> str:
        """The ledger's currency."""
        return str(self.config[-1]["body"]["currency"])

    def open_lines(self) -> list[LedgerLine]:
        """Lines of months that are not sealed, in their canonical order."""
        if self.closed_through is None:
            return list(self.result.lines)
        last = reading.month_index(self.closed_through)
        return [line for line in self.result.lines if line.posting > last]


@cross_scope
def event_heads(conn: Connection) -> Heads:
    """Scope -> the number of its last event, for scopes that have any."""
    e = commission_event.c
    found: Heads = {}
    for scope_id in conn.execute(select(scope.c.scope_id).order_by(scope.c.scope_id)).scalars().all():
        last = conn.execute(select(func.max(e.seq)).where(e.scope_id == scope_id)).scalar()
        if last is not None:
            found[scope_id] = int(last)
    return found


def read_closes(conn: Connection, chain_id: str) -> list[Close]:
    """Sealed months in order."""
    p = period_close.c
    query = select(p.period, p.heads).where(p.scope_id == chain_id).order_by(p.period)
    return [Close(row.period, json.loads(row.heads)) for row in conn.execute(query)]


def read_documents(
    conn: Connection, heads: Heads, closes: Sequence[Close], arrivals: dict[str, Arrival] | None = None
) -> Iterator[Doc]:
    """Documents in their order of arrival, up to `heads`: those each close covers, the close, then what came since.

    Among scopes the order is theirs by id: within one stretch arrival plays no part (COMMISSION.md 1.4).
    """
    before: Heads = {}
    for close in closes:
        yield from stretch(conn, before, close.heads, arrivals)
        yield close_document(close.period)
        before = close.heads
    yield from stretch(conn, before, heads, arrivals)


def close_document(period: str) -> Doc:
    """The event of a sealed month."""
    return {"id": f"close:{period}", "type": CLOSE, "period": period}


def stretch(conn: Connection, after: Heads, through: Heads, arrivals: dict[str, Arrival] | None) -> Iterator[Doc]:
    """Documents between two states of the heads, scope by scope."""
    e = commission_event.c
    for scope_id in sorted(through):
        rows = conn.execute(
            select(e.event_id, e.payload, e.received_at_ms, e.content_hash)
            .where(
                e.scope_id == scope_id, e.seq > after.get(scope_id, 0), e.seq <= through[scope_id], e.type != CLOSE
            )
            .order_by(e.seq)
            .execution_options(yield_per=5_000)
        )
        for event_id, payload, received_at_ms, content_hash in rows:
            if arrivals is not None and event_id not in arrivals:
                arrivals[event_id] = Arrival(received_at_ms, content_hash)
            yield _read_json(payload, 0)[0]


def stored_lines(conn: Connection, chain_id: str, *, through: str | None = None) -> list[LedgerLine]:
    """Lines of sealed months."""
    x = ledger_line.c
    query = select(
        x.posting_period, x.beneficiary, x.origin_period, x.component, x.ref, x.line, x.amount
    ).where(x.scope_id == chain_id).execution_options(yield_per=5_000)
    if through is not None:
        query = query.where(x.posting_period <= through)
    return [
        LedgerLine(
            reading.month_index(row.posting_period),
            row.beneficiary,
            reading.month_index(row.origin_period),
            row.component,
            row.ref,
            None if row.line is None else json.loads(row.line),
            row.amount,
        )
        for row in conn.execute(query)
    ]


def compute_books(conn: Connection, chain_id: str, *, closing: str | None = None) -> Books:
    """Run the engine over everything. `closing`: as if this month were sealed now, and no further than it."""
    closes = read_closes(conn, chain_id)
    return books_of(conn, chain_id, event_heads(conn), closes, config_versions(conn, chain_id), closing=closing)


def books_of(
    conn: Connection,
    chain_id: str,
    heads: Heads,
    closes: Sequence[Close],
    config: list[dict[str, Any]],
    *,
    closing: str | None = None,
) -> Books:
    """The books as they stood at these heads, after these closes, under these versions of the configuration."""
    arrivals: dict[str, Arrival] = {}
    documents = list(read_documents(conn, heads, closes, arrivals))
    if closing is not None:
        documents.append(close_document(closing))
    prepared = prepare(documents, config=config, plans=(), staff=())
    closed = closes[-1].period if closes else None
    lines = stored_lines(conn, chain_id, through=closed) if closed else []
    result = evaluate(
        prepared, through=closing, stored_lines=lines, stored_through=closed, with_statements=False
    )
    return Books(heads, config, prepared, result, closed, arrivals)


# --- The projection of open months --------------------------------------------------------------------------------


def is_current(conn: Connection, chain_id: str) -> bool:
    """Whether the projections know every event."""
    marks = marks_of(event_heads(conn), config_versions(conn, chain_id), len(read_closes(conn, chain_id)))
    return covered(conn, chain_id) == marks


def marks_of(heads: Heads, config: Sequence[Mapping[str, Any]], closes: int) -> Heads:
    """Everything that a projection depends on, as one comparable state."""
    return {**heads, CONFIG_MARK: int(config[-1]["version"]) * 10_000 + closes}


def refresh_all(database: ServerDatabase, now_ms: int) -> bool:
    """Bring the projections of open months up to date by reckoning everything anew; False where they are.

    Repeating it is harmless, and so is racing it: whoever comes second reckons once more, on what the first one wrote.
    """
    while (found := _reckoned(database, now_ms)) is not None:

        def work(opened: ScopeWrite, found: _Reckoned = found) -> bool:
            take_time(opened.conn)
            return _project(opened, found)

        if database.write(database.chain_id(), work):
            return True
    return False


@dataclass(frozen=True, slots=True)
class _Reckoned:
    """What has to be written for the projections to be those of `marks`, where they are those of `before`.

    Lines without their explanations, which are some kilobytes each: `row` makes them when they are written.
    """

    before: Heads
    marks: Heads
    gone: list[str]
    fresh: list[LedgerLine]
    changed: list[LedgerLine]
    flags: list[Doc]
    row: Callable[[LedgerLine], Doc]


def _reckoned(database: ServerDatabase, now_ms: int) -> _Reckoned | None:
    """None where the projections know everything."""
    chain_id = database.chain_id()
    with database.read_snapshot() as conn:
        if is_current(conn, chain_id):
            return None
        books = compute_books(conn, chain_id)
        marks = marks_of(books.heads, books.config, len(read_closes(conn, chain_id)))
        before, gone = covered(conn, chain_id), _ids(conn, chain_id)  # those of `gone` that come up again stay
        projector = Projector(chain_id, books)
        fresh: list[LedgerLine] = []
        changed: list[LedgerLine] = []
        for lines in _portions(books.open_lines(), _AT_A_TIME):
            wanted = [projector.row(line) for line in lines]
            there = _stored(conn, chain_id, [row["entry_id"] for row in wanted if row["entry_id"] in gone])
            for line, row in zip(lines, wanted, strict=True):
                gone.discard(row["entry_id"])
                if row["entry_id"] not in there:
                    fresh.append(line)
                elif there[row["entry_id"]] != row:
                    changed.append(line)
    flags = flag_rows(chain_id, books, now_ms)
    return _Reckoned(before, marks, sorted(gone), fresh, changed, flags, projector.row)


def covered(conn: Connection, chain_id: str) -> Heads:
    """What the projections know."""
    c = commission_cover.c
    return {row.of_scope: row.seq for row in conn.execute(select(c.of_scope, c.seq).where(c.scope_id == chain_id))}


def _ids(conn: Connection, chain_id: str) -> set[str]:
    o = open_line.c
    return set(conn.execute(select(o.entry_id).where(o.scope_id == chain_id)).scalars())


def _stored(conn: Connection, chain_id: str, ids: Sequence[str]) -> dict[str, Doc]:
    o = open_line.c
    query = select(open_line).where(o.scope_id == chain_id, among(conn, o.entry_id, ids))
    return {row.entry_id: dict(row._mapping) for row in conn.execute(query)}


def _project(opened: ScopeWrite, found: _Reckoned) -> bool:
    """False where somebody else wrote the projections meanwhile; nothing is written then."""
    conn, chain_id = opened.conn, opened.scope_id
    if covered(conn, chain_id) != found.before:
        return False
    c, o, f = commission_cover.c, open_line.c, commission_flag.c
    for some in chunks(found.gone, _A_STATEMENT):
        conn.execute(delete(open_line).where(o.scope_id == chain_id, among(conn, o.entry_id, some)))
    for lines in _portions(found.fresh, _AT_A_TIME):
        insert_many(conn, insert(open_line), [found.row(line) for line in lines])
    for lines in _portions(found.changed, _AT_A_TIME):
        upsert(conn, open_line, [found.row(line) for line in lines])
    seen = {
        (row.code, row.subject): row.first_seen_ms
        for row in conn.execute(select(f.code, f.subject, f.first_seen_ms).where(f.scope_id == chain_id))
    }
    conn.execute(delete(commission_flag).where(f.scope_id == chain_id))
    kept = [
        row | {"first_seen_ms": seen.get((row["code"], row["subject"]), row["first_seen_ms"])} for row in found.flags
    ]
    insert_many(conn, insert(commission_flag), kept)
    conn.execute(delete(commission_cover).where(c.scope_id == chain_id))
    rows = [{"scope_id": chain_id, "of_scope": of, "seq": seq} for of, seq in sorted(found.marks.items())]
    conn.execute(insert(commission_cover), rows)
    return True


def _portions(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    source = iter(rows)
    while some := list(islice(source, size)):
        yield some


class Projector:
    """Computed lines as rows of `open_line`, in the order of OPEN_COLUMNS; a row of the ledger has the same."""

    def __init__(self, chain_id: str, books: Books) -> None:
        self._chain_id = chain_id
        self._currency = books.currency
        self._world = books.prepared.world
        self._explanations = books.result.explanations
        self._texts: dict[int, ExplanationTexts] = {}
        self._place: tuple[int, str | None] | None = None
        self._confirms_at: int | None = None

    def row(self, line: LedgerLine) -> Doc:
        """One row by column."""
        return dict(zip(OPEN_COLUMNS, self.values(line), strict=True))

    def values(self, line: LedgerLine) -> tuple[Any, ...]:
        """One row; quickest in the canonical order of lines."""
        posting = line.posting
        texts = self._texts.get(posting)
        if texts is None:
            texts = self._texts[posting] = ExplanationTexts(self._explanations, posting)
        place = (posting, line.ref)
        if line.line is None or place != self._place:
            snapshot = self._explanations.postings[posting].snapshot
            self._confirms_at = confirms_at(self._world, snapshot, line)
            self._place = None if line.line is None else place
        return open_values(self._chain_id, line, texts.of(line), self._currency, self._confirms_at)


def open_values(
    chain_id: str, line: LedgerLine, told: tuple[str, str], currency: str, at_ms: int | None
) -> tuple[Any, ...]:
    """A line as a row of `open_line`, however it was reckoned, in the order of OPEN_COLUMNS.

    `told` is its id and its explanation as stored, `at_ms` from when it is confirmed (`confirms_at`).
    """
    posting, beneficiary, origin, component, ref, number, amount = line
    where = str(number) if type(number) is int else None if number is None else json.dumps(number, ensure_ascii=False)
    return (
        chain_id, told[0], month_text(posting), beneficiary, month_text(origin), component, ref, where, amount,
        currency, at_ms, told[1],
    )  # fmt: skip


def confirms_at(world: World, snapshot: Snapshot, line: LedgerLine) -> int | None:
    """From when a line counts as confirmed (COMMISSION.md 5.1); None: with the close of its month."""
    if line.ref is not None and line.line is not None:
        order = snapshot.book.orders.get(line.ref)
        if order is None:
            return _AT_ONCE
        day = order.sale.paid_day
        return world.calendar.midnight(day + world.history.on(day).hold_days + 1)
    return _AT_ONCE if line.ref is not None or line.component == ADJUSTMENT else None


def flag_rows(chain_id: str, books: Books, now_ms: int) -> list[Doc]:
    """Flags with what a manager said of the event they are about."""
    verdicts: dict[str, tuple[str, str]] = {}
    for event in books.prepared.stream.events:
        if isinstance(event.body, Review):
            verdicts[event.body.target] = (event.body.decision, event.id)
    found = []
    for flag in books.result.flags:
        code, _, subject = flag.partition(":")
        decision, review = verdicts.get(subject, (None, None))
        found.append(
            {
                "scope_id": chain_id,
                "code": code,
                "subject": subject,
                "first_seen_ms": arrival.received_at_ms if (arrival := books.arrivals.get(subject)) else now_ms,
                "verdict": decision,
                "review_event": review,
            }
        )
    return found


