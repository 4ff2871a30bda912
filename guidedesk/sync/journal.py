"""The precious journal: operations made on this counter, their chain, and what became of them (SYNC.md 4).

Every method is one transaction with `synchronous=FULL`. Nothing here deletes an operation that the server has
not acknowledged (I12); acknowledged ones stay 30 days so that a restored server can ask for them again.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, delete, func, insert, or_, select, update

from guidedesk.domain.errors import Refused, StorageError
from guidedesk.domain.ids import to_bytes
from guidedesk.domain.outbox import MOST_UNSENT, has_room
from guidedesk.domain.time import DAY_MS
from guidedesk.models import counter_tables as t
from guidedesk.models.database import Database
from guidedesk.sync.journal_entry import SETTLED, Entry, State, read_entries
from guidedesk.sync.local_store import read_meta, write_meta
from guidedesk.sync.outgoing import Outgoing, Travelling, as_they_travel, select_outgoing
from guidedesk.sync.protocol import GENESIS, Envelope, canonical, chain_hash

_MAKES_A_MEMBER: Final = ("register", "meet_card")
KEEP_MS: Final = 30 * DAY_MS
_HISTORY: Final = "history:"
_op = t.operation.c
# The many accepted ones are not looked at, and the index alone answers: after a long outage tens of thousands wait.
_BESIDES: Final = (
    " UNION ALL SELECT 'unread', count(*) FROM operation WHERE state = 'rejected' AND is_seen = 0"
    " UNION ALL SELECT 'last', max(n) FROM operation"
)
_COUNTS: Final = (
    "SELECT state, count(*) FROM operation WHERE state IN ('queued', 'parked', 'quarantined') GROUP BY state"  # noqa: S608
    + _BESIDES
)
# The unary plus keeps SQLite from the index of states, which has all that wait.
_COUNTS_SINCE: Final = (
    "SELECT +state, count(*) FROM operation WHERE n > ? AND +state IN ('queued', 'parked', 'quarantined') "  # noqa: S608
    "GROUP BY +state" + _BESIDES
)
_REGISTERING: Final = select(_op.op_id).where(
    _op.lane == bindparam("whom"), _op.type.in_(_MAKES_A_MEMBER), _op.state.not_in(SETTLED)
)
_LAST_N: Final = select(func.max(_op.n))
# Nowhere but here: waiting, or parked on this PC because it could not be read.
_HERE: Final = or_(_op.state == "queued", (_op.state == "parked") & _op.device_seq.is_(None))
_UNSENT: Final = select(func.count()).where(_HERE)
_SETTLE: Final = (
    "UPDATE operation SET state = ?, result = ?, settled_at_ms = ?, next_try_ms = ?, attempts = attempts + 1 "
    "WHERE op_id = ? AND state NOT IN ('accepted', 'merged', 'rejected')"
)
_FIRST_QUEUED: Final = (
    "SELECT device_seq FROM operation WHERE device_epoch = ? AND device_seq >= ? AND state || '' = 'queued' "
    "ORDER BY device_seq LIMIT 1"
)
_DUE: Final = (
    select(t.operation)
    .where(
        _op.state.in_(("parked", "quarantined")),
        _op.device_epoch == bindparam("the_epoch"),
        _op.device_seq.is_not(None),
        or_(_op.next_try_ms.is_(None), _op.next_try_ms <= bindparam("now")),
    )
    .order_by(_op.device_seq)
    .limit(bindparam("most"))
)
_PENDING: Final = select(t.operation).where(_op.state.not_in(SETTLED)).order_by(_op.n)
_PENDING_IN: Final = _PENDING.where(_op.lane.in_(bindparam("these", expanding=True)))
_PENDING_IDS: Final = select(_op.op_id, _op.lane).where(_op.state.not_in(SETTLED)).order_by(_op.n)
_FOUND: Final = select(t.operation).where(_op.op_id == bindparam("the_op"))


@dataclass(frozen=True, slots=True)
class ChainHead:
    """Where the chain of this device stands: the number and predecessor of the next operation. `rows` is how many
    operations the journal holds; None where only an earlier program wrote it."""

    epoch: int
    next_seq: int
    head: bytes
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of an operation; `answer` is the server's answer without rows."""

    op_id: str
    state: State
    answer: Mapping[str, Any] | str  # or its canonical text
    next_try_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many operations wait, and how many need a person."""

    queued: int
    held: int  # parked or in quarantine
    rejected_unseen: int


class Journal:
    """Operations of one counter."""

    def __init__(self, db: Database) -> None:
        self.db = db
        # How many were recorded through this object, so that a long exchange can make way for them unasked.
        self.appended = 0
        self._queued_from = (0, 0)  # epoch, and a number below which nothing waits in it
        self.rewritten = 0  # how often something was changed through this object that had been recorded before
        self._counted: tuple[int, int, Counts] | None = None  # `rewritten` then, the newest record, what was counted

    def append(
        self,
        envelopes: Sequence[Envelope],
        *,
        blank_digits: Iterable[str] = (),
        used_codes: Iterable[tuple[str, int]] = (),
    ) -> list[Entry]:
        """Commit operations together: from here on they are done. Numbers and predecessors are filled in here.

        `blank_digits` takes those codes out of the pool in the same commit; `used_codes` are dynamic codes (handle,
        serial) taken by the first operation: `code_replayed` where one was taken before (CODES.md Q-6).
        `journal_full` where more would wait than a counter may hold.
        """
        entries: list[Entry] = []
        with self.db.write() as conn:
            chain = _read_chain(conn)
            rows = _count_rows(conn) if chain.rows is None else chain.rows
            self._check_room(conn, chain, len(envelopes))
            for envelope in envelopes:
                chain, entry = _append_one(conn, chain, envelope)
                entries.append(entry)
            _write_chain(conn, replace(chain, rows=rows + len(entries)))
            for digits in blank_digits:
                conn.execute(
                    update(t.blank_code).where(t.blank_code.c.digits == digits).values(op_id=envelopes[0].op_id)
                )
            for handle, serial in used_codes:
                _use_code(conn, handle, serial, envelopes[0])
        self.appended += len(entries)
        return entries

    def _check_room(self, conn: Connection, chain: ChainHead, more: int) -> None:
        epoch, oldest = self._queued_from
        at_most = chain.next_seq - (oldest if epoch == chain.epoch else 0)  # counting is for those who come near
        if not has_room(at_most, more) and not has_room(conn.execute(_UNSENT).scalar_one(), more):
            raise Refused("journal_full", limit=MOST_UNSENT)

    def used_codes(self, since_ms: int) -> frozenset[tuple[bytes, int]]:
        """(handle, serial) of dynamic codes taken here from a moment on."""
        query = select(t.replay.c.handle, t.replay.c.serial).where(t.replay.c.used_at_ms >= since_ms)
        with self.db.read() as conn:
            return frozenset((bytes.fromhex(row.handle), row.serial) for row in conn.execute(query))

    def check_whole(self) -> None:
        """`storage_corrupt` where operations are missing that were committed before others that are there.

        Each page of a file and of its log can be good by itself and of another day than the rest: a backup program put
        one of them back and not the other. SQLite does not notice that. The table itself is counted: an index may be of
        the right day.
        """
        with self.db.read() as conn:
            rows = _read_chain(conn).rows
            found = conn.exec_driver_sql("SELECT count(*) FROM operation NOT INDEXED").scalar_one()
            if rows is not None and found != rows:
                raise StorageError("storage_corrupt", file=self.db.name)

    def chain(self) -> ChainHead:
        """Where the chain stands."""
        with self.db.read() as conn:
            return _read_chain(conn)

    def first_queued_seq(self) -> int | None:
        """The number of the oldest operation that has no answer yet, or None."""
        with self.db.read() as conn:
            chain = _read_chain(conn)
            known, first = self._queued_from
            # By the numbers, not by the state: most that wait are found behind most that are done with.
            since = first if known == chain.epoch else 0
            found = conn.exec_driver_sql(_FIRST_QUEUED, (chain.epoch, since)).scalar()
        self._queued_from = (chain.epoch, chain.next_seq if found is None else found)
        return found

    def outgoing(self, from_seq: int, limit: int) -> list[Outgoing]:
        """Operations of this epoch from a number on, without a gap, acknowledged ones included, as they travel."""
        with self.db.read() as conn:
            found = select_outgoing(conn, _read_chain(conn).epoch, from_seq, limit)
        return as_they_travel(found)

    def due_again(self, now_ms: int, limit: int) -> list[Entry]:
        """Operations the server holds (parked, in quarantine) that it is time to ask about again."""
        with self.db.read() as conn:
            epoch = _read_chain(conn).epoch
            return read_entries(conn, _DUE, {"the_epoch": epoch, "now": now_ms, "most": limit})

    def pending(self, lanes: Iterable[str] | None = None) -> list[Entry]:
        """Unsettled operations in order of recording, of all lanes or of some."""
        with self.db.read() as conn:
            if lanes is None:
                return read_entries(conn, _PENDING)
            return read_entries(conn, _PENDING_IN, {"these": sorted(lanes)})

    def pending_ids(self) -> dict[str, str]:
        """Op id -> lane of every unsettled operation."""
        with self.db.read() as conn:
            return dict(iter(conn.execute(_PENDING_IDS)))

    def find(self, op_id: str) -> Entry | None:
        """One operation, or None."""
        with self.db.read() as conn:
            found = read_entries(conn, _FOUND, {"the_op": op_id})
        return found[0] if found else None

    def find_registration(self, member_id: str) -> str | None:
        """The unsettled operation that registers this member: what her other operations depend on."""
        with self.db.read() as conn:
            return conn.execute(_REGISTERING, {"whom": member_id}).scalar()

    def latest(self, limit: int) -> list[Entry]:
        """The newest operations first, for the sync centre."""
        with self.db.read() as conn:
            return read_entries(conn, select(t.operation).order_by(_op.n.desc()).limit(limit))

    def records(self, limit: int) -> list[Entry]:
        """For the sync centre, newest first: what waits (the oldest first to be kept), what needs a person, and the
        newest of what was settled, up to `limit` of each."""
        waits = select(t.operation).where(_op.state.not_in(SETTLED)).order_by(_op.n).limit(limit)
        needs = select(t.operation).where(_op.state == "rejected", _op.is_seen == 0).order_by(_op.n.desc()).limit(limit)
        done = select(t.operation).where(_op.state.in_(SETTLED)).order_by(_op.n.desc()).limit(limit)
        with self.db.read() as conn:
            found = {entry.n: entry for query in (waits, needs, done) for entry in read_entries(conn, query)}
        return [found[n] for n in sorted(found, reverse=True)]

    def counts(self) -> Counts:
        """What the sync chip counts, everything looked at."""
        rewritten = self.rewritten
        with self.db.read() as conn:
            found: dict[str, int] = dict(iter(conn.exec_driver_sql(_COUNTS)))
        unread, last_n = found["unread"], found["last"] or 0
        counted = _counts(found, unread)
        self._counted = (rewritten, last_n, counted)
        return counted

    def counts_by_now(self) -> Counts:
        """`counts` and what was recorded since: asked after each record, while tens of thousands may wait.

        What another process settles is seen with the next `counts`, which each step of the exchange asks for.
        """
        known = self._counted
        if known is None or known[0] != self.rewritten:
            return self.counts()
        rewritten, last_n, before = known
        with self.db.read() as conn:
            found: dict[str, int] = dict(iter(conn.exec_driver_sql(_COUNTS_SINCE, (last_n,))))
        unread, last_n = found["unread"], found["last"] or 0
        since = _counts(found, unread)
        counted = Counts(before.queued + since.queued, before.held + since.held, unread)
        self._counted = (rewritten, last_n, counted)
        return counted

    def has_unsent(self) -> bool:
        """Whether something is nowhere but here: waiting, or parked on this PC because it could not be read."""
        with self.db.read() as conn:
            return conn.execute(select(_op.n).where(_HERE).limit(1)).first() is not None

    def count_unsent(self, after_n: int = 0) -> int:
        """How many operations are nowhere but here; `after_n`: of those recorded after that one."""
        with self.db.read() as conn:
            return conn.execute(_UNSENT.where(_op.n > after_n) if after_n else _UNSENT).scalar_one()

    def travelling(self) -> Travelling:
        """Everything of this epoch as it travels, of one moment: to be carried to head office in a file."""
        with self.db.read() as conn:
            epoch = _read_chain(conn).epoch
            found = select_outgoing(conn, epoch, 1)
            last_n = conn.execute(_LAST_N).scalar() or 0
        operations = as_they_travel(found)
        return Travelling(epoch, last_n, operations, sum(one.state == "queued" for one in operations))

    def kinds(self) -> dict[tuple[str, str, str], int]:
        """How many operations there are by type, state and the word that said why."""
        why = func.json_extract(_op.result, "$.reason")
        columns = (_op.type, _op.state, why.label("why"), func.count().label("n"))
        query = select(*columns).group_by(_op.type, _op.state, why)
        with self.db.read() as conn:
            return {(row.type, row.state, row.why or ""): row.n for row in conn.execute(query)}

    def settle(self, settlements: Sequence[Settlement], now_ms: int) -> None:
        """Keep answers; a final one is never changed again (I8)."""
        if not settlements:
            return
        values = [
            (
                item.state,
                item.answer if isinstance(item.answer, str) else canonical(dict(item.answer)),
                now_ms if item.state in SETTLED else None,
                item.next_try_ms,
                to_bytes(item.op_id),
            )
            for item in settlements
        ]
        with self.db.write() as conn:
            # The driver is given tuples: the library's work on each value costs more than the statement.
            conn.exec_driver_sql(_SETTLE, values)
        self.rewritten += 1

    def mark_seen(self, op_ids: Iterable[str]) -> None:
        """A person has read why these were refused."""
        with self.db.write() as conn:
            conn.execute(update(t.operation).where(_op.op_id.in_(list(op_ids))).values(is_seen=1))
        self.rewritten += 1

    def forget_people(self, member_ids: Collection[str]) -> None:
        """Let go of personal fields and drafts about people who were erased (SECURITY.md P-2).

        The operations stay, sent or not: the chain covers the fields by their digest only.
        """
        d = t.draft.c
        mine = select(_op.op_id).where(_op.lane.in_(sorted(member_ids)))
        with self.db.write() as conn:
            conn.execute(delete(t.op_personal).where(t.op_personal.c.op_id.in_(mine)))
            for member_id in sorted(member_ids):
                conn.execute(delete(t.draft).where(or_(d.subject == member_id, d.json.contains(member_id))))
        self.rewritten += 1

    def renumber(self, epoch: int, *, with_settled: bool = False) -> int:
        """Begin a new epoch: everything unsettled is numbered from 1, ids kept (SYNC.md 6, forks). Returns how many.

        `with_settled`: and what was settled, for a server that may have lost it; it stays settled (I8).
        """
        which = _op.device_seq.is_not(None)
        with self.db.write() as conn:
            query = select(t.operation).where(which if with_settled else which & _op.state.not_in(SETTLED))
            entries = read_entries(conn, query.order_by(_op.n))
            _relink(conn, entries, ChainHead(epoch, 1, GENESIS), state="queued")
        self.rewritten += 1
        return len(entries)

    def holds(self, seq: int) -> bool:
        """Whether the operation of this number of the present epoch is still here."""
        return any(entry.device_seq == seq for entry in self.outgoing(seq, 1))

    def history(self, scope_id: str) -> int | None:
        """The epoch of a store's scope under which head office has all that was settled here; None before."""
        with self.db.read() as conn:
            found: int | None = read_meta(conn, _HISTORY + scope_id)
            return found

    def note_history(self, scope_id: str, epoch: int) -> None:
        """Head office has all that was settled here, under this epoch (`history`)."""
        with self.db.write() as conn:
            write_meta(conn, _HISTORY + scope_id, epoch)

    def park_here(self, op_id: str, reason: str) -> None:
        """Take an operation the server cannot read out of the chain, with what follows it in its lane.

        The server has recorded none of them (it takes numbers without gaps), so the rest closes ranks.
        """
        with self.db.write() as conn:
            found = read_entries(conn, select(t.operation).where(_op.op_id == op_id))
            if not found or found[0].device_seq is None or found[0].state != "queued":
                return
            bad = found[0]
            later = select(t.operation).where(_op.device_epoch == bad.device_epoch, _op.device_seq >= bad.device_seq)
            entries = read_entries(conn, later.order_by(_op.device_seq))
            parked = [e.n for e in entries if e.envelope.lane == bad.envelope.lane]
            note = canonical({"status": "parked", "reason": reason, "op_id": op_id})
            conn.execute(
                update(t.operation)
                .where(_op.n.in_(parked))
                .values(device_seq=None, prev_hash=GENESIS, state="parked", result=note, attempts=_op.attempts + 1)
            )
            start = ChainHead(bad.device_epoch, bad.envelope.device_seq, bad.envelope.prev_hash)
            _relink(conn, [e for e in entries if e.n not in parked], start)
        self.rewritten += 1

    def requeue_parked_here(self) -> int:
        """Put operations parked on this PC at the end of the chain, in order, to be tried again. Returns how many."""
        with self.db.write() as conn:
            query = select(t.operation).where(_op.state == "parked", _op.device_seq.is_(None)).order_by(_op.n)
            entries = read_entries(conn, query)
            if entries:
                _relink(conn, entries, _read_chain(conn), state="queued")
        self.rewritten += 1
        return len(entries)

    def prune(self, now_ms: int) -> int:
        """Forget operations settled 30 days ago, except refusals nobody has read. Returns how many."""
        old = and_(
            _op.state.in_(SETTLED),
            _op.settled_at_ms < now_ms - KEEP_MS,
            or_(_op.state != "rejected", _op.is_seen == 1),
        )
        with self.db.write() as conn:
            gone = list(conn.execute(select(_op.op_id).where(old)).scalars())
            conn.execute(delete(t.op_personal).where(t.op_personal.c.op_id.in_(select(_op.op_id).where(old))))
            conn.execute(delete(t.operation).where(old))
            chain = _read_chain(conn)
            if chain.rows is not None and gone:
                _write_chain(conn, replace(chain, rows=chain.rows - len(gone)))
        return len(gone)


def _counts(by_state: Mapping[str, int], unread: int) -> Counts:
    held = by_state.get("parked", 0) + by_state.get("quarantined", 0)
    return Counts(queued=by_state.get("queued", 0), held=held, rejected_unseen=unread)


def _use_code(conn: Connection, handle: str, serial: int, envelope: Envelope) -> None:
    r = t.replay.c
    conn.execute(delete(t.replay).where(r.used_at_ms < envelope.occurred_at_ms - KEEP_MS))
    if conn.execute(select(r.op_id).where(r.handle == handle, r.serial == serial)).first() is not None:
        raise Refused("code_replayed")
    row = {"handle": handle, "serial": serial, "op_id": envelope.op_id, "used_at_ms": envelope.occurred_at_ms}
    conn.execute(insert(t.replay), [row])


# Put together once: what is recorded is recorded while somebody waits.
_PARKED_IN: Final = (
    select(_op.n).where(_op.lane == bindparam("the_lane"), _op.state == "parked", _op.device_seq.is_(None)).limit(1)
)
_INSERT: Final = insert(t.operation)
_INSERT_PERSONAL: Final = insert(t.op_personal)


def _append_one(conn: Connection, chain: ChainHead, envelope: Envelope) -> tuple[ChainHead, Entry]:
    state: State = "queued"
    if conn.execute(_PARKED_IN, {"the_lane": envelope.lane}).first() is None:
        numbered = replace(envelope, device_seq=chain.next_seq, prev_hash=chain.head)
        after = ChainHead(chain.epoch, chain.next_seq + 1, numbered.chain_hash())
    else:
        # A lane keeps its order: what follows a parked operation waits with it.
        numbered, after, state = replace(envelope, device_seq=0, prev_hash=GENESIS), chain, "parked"
    n = _insert(conn, numbered, chain.epoch, state)
    seq = numbered.device_seq or None
    return after, Entry(n=n, device_epoch=chain.epoch, device_seq=seq, envelope=numbered, state=state)


def _read_chain(conn: Connection) -> ChainHead:
    kept = read_meta(conn, "chain")
    if kept is None:
        return ChainHead(1, 1, GENESIS)
    return ChainHead(kept["epoch"], kept["next_seq"], bytes.fromhex(kept["head"]), kept.get("rows"))


def _write_chain(conn: Connection, chain: ChainHead) -> None:
    kept: dict[str, Any] = {"epoch": chain.epoch, "next_seq": chain.next_seq, "head": chain.head.hex()}
    write_meta(conn, "chain", kept | ({} if chain.rows is None else {"rows": chain.rows}))


def _count_rows(conn: Connection) -> int:
    return int(conn.execute(select(func.count()).select_from(t.operation)).scalar_one())


def _insert(conn: Connection, envelope: Envelope, epoch: int, state: State) -> int:
    values: dict[str, Any] = {
        name: getattr(envelope, name)
        for name in (
            "op_id", "prev_hash", "type", "v", "lane", "assurance",
            "wall_ms", "offset_ms", "boot_id", "mono_ms", "occurred_at_ms",
        )
    }  # fmt: skip
    values |= {
        "device_epoch": epoch,
        "device_seq": envelope.device_seq or None,
        "body_hash": envelope.body_hash(),
        "deps": json.dumps(list(envelope.deps)),
        "body": canonical(envelope.chained()),
        "actor_id": envelope.actor,
        "state": state,
    }
    n = conn.execute(_INSERT, values).inserted_primary_key[0]  # type: ignore[index]
    if envelope.personal_salt is not None:
        personal = {"op_id": envelope.op_id, "salt": envelope.personal_salt, "json": canonical(dict(envelope.personal))}
        conn.execute(_INSERT_PERSONAL, personal)
    return int(n)


def _relink(conn: Connection, entries: Sequence[Entry], start: ChainHead, state: State | None = None) -> None:
    chain = start
    for entry in entries:
        values: dict[str, Any] = {
            "device_epoch": chain.epoch, "device_seq": chain.next_seq, "prev_hash": chain.head, "next_try_ms": None,
        }  # fmt: skip
        if state is not None and not entry.is_settled:
            values["state"] = state
        conn.execute(update(t.operation).where(_op.n == entry.n).values(values))
        link = chain_hash(chain.head, chain.next_seq, entry.envelope.body_hash())
        chain = ChainHead(chain.epoch, chain.next_seq + 1, link)
    _write_chain(conn, replace(chain, rows=_read_chain(conn).rows))
