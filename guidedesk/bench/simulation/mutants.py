"""Planted bugs (SYNC.md 8.2): each a small change of the product while it is simulated, to prove that it is found.

Nothing of them is in the product: they are put over it for one run and taken away again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final
from unittest.mock import patch

from sqlalchemy import Connection

from guidedesk.domain.errors import TransportError
from guidedesk.domain.ids import new_id, to_bytes
from guidedesk.server import push as server_push
from guidedesk.server.batch_run import BatchRun
from guidedesk.server.database import ScopeWrite, ServerDatabase, _advance_head
from guidedesk.server.feed_pointers import Pointer, PointerKey, move_pointers
from guidedesk.server.op_records import OpRecords
from guidedesk.sync import journal as journal_module
from guidedesk.sync import pull as pull_module
from guidedesk.sync.apply_page import EVICT, apply_page, write_cursor
from guidedesk.sync.client import SyncClient
from guidedesk.sync.clock import ServerClock
from guidedesk.sync.erasing import Eraser
from guidedesk.sync.journal import ChainHead
from guidedesk.sync.protocol import GENESIS, ChangesPage
from guidedesk.sync.push import Pusher

_ZONE_MS: Final = 8 * 3_600_000


@dataclass(frozen=True, slots=True)
class Mutant:
    """A bug by name: what is wrong, and how it is put in."""

    name: str
    what: str
    patches: Callable[[], list[Any]]
    needs: tuple[str, ...] = ()  # steps without which it does nothing: schedules that have none are not tried


def _no_dedup() -> list[Any]:
    store, known = OpRecords.store, OpRecords.known

    def store_new(self: OpRecords, decided: Any, unparked: Any, effect_seqs: Any) -> None:
        there = known(self, [op.op_id for op, _ in decided])[0]
        store(self, [one for one in decided if one[0].op_id not in there], unparked, effect_seqs)

    return [
        patch.object(OpRecords, "known", lambda self, op_ids: ({}, {})),
        patch.object(OpRecords, "store", store_new),
    ]


def _acknowledge_before_commit() -> list[Any]:
    """The answer leaves while the batch is still to be written: with the counter's next one."""
    decide = server_push._decide
    open_batches: dict[int, list[tuple[Any, ...]]] = defaultdict(list)

    def write_nothing(self: ServerDatabase, scope_id: str, work: Callable[[ScopeWrite], Any]) -> Any:
        with self._writing() as conn:
            opened = ScopeWrite(conn, scope_id)
            done = work(opened)
            opened.finish()
            conn.rollback()
        return done

    def decide_late(context: Any, *batch: Any) -> Any:
        waiting = open_batches[id(context.database)]
        for earlier in waiting:
            decide(context, *earlier)
        waiting[:] = [batch]
        with patch.object(ServerDatabase, "write", write_nothing):
            return decide(context, *batch)

    return [patch.object(server_push, "_decide", decide_late)]


def _skip_on_error() -> list[Any]:
    """A page that cannot be read is skipped, so that nothing is held up by it."""
    hello, changes = SyncClient.hello, SyncClient.changes
    heads: dict[tuple[int, str], int] = {}

    def remember(self: SyncClient, here: Any) -> Any:
        answer = hello(self, here)
        heads.update({(id(self), scope.scope_id): scope.head for scope in answer.scopes})
        return answer

    def skip(self: SyncClient, scope_id: str, epoch: int, after: int, *rest: Any) -> ChangesPage | None:
        try:
            return changes(self, scope_id, epoch, after, *rest)
        except TransportError as error:
            head = max(after, heads.get((id(self), scope_id), 0))
            if error.code != "bad_answer":
                raise
            return ChangesPage(scope_id=scope_id, epoch=epoch, changes=(), next=head, head=head, more=False)

    return [patch.object(SyncClient, "hello", remember), patch.object(SyncClient, "changes", skip)]


def _cursor_early() -> list[Any]:
    """The cursor is kept in a transaction of its own, before the rows it stands for."""

    def apply_late(conn: Connection, page: ChangesPage, load: Any) -> Any:
        write_cursor(conn, page.scope_id, page.epoch, page.next)
        raw = conn.connection.driver_connection
        if raw is not None:
            raw.commit()
            raw.execute("BEGIN IMMEDIATE")
        return apply_page(conn, page, load)

    return [patch.object(pull_module, "apply_page", apply_late)]


def _sequence_reset() -> list[Any]:
    """Numbers follow from the operations still in the journal, and those are cleared away after 30 days."""
    read_chain = journal_module._read_chain

    def from_rows(conn: Connection) -> ChainHead:
        kept = read_chain(conn)
        held = conn.exec_driver_sql("SELECT count(*) FROM operation WHERE device_epoch = ?", (kept.epoch,)).scalar()
        return kept if held else ChainHead(kept.epoch, 1, GENESIS)

    return [patch.object(journal_module, "_read_chain", from_rows)]


def _wrong_order() -> list[Any]:
    """The newest operation of a batch is decided first."""
    decide = BatchRun.decide

    def backwards(self: BatchRun, ops: Sequence[Any]) -> Any:
        return decide(self, ops[::-1])[::-1]

    return [patch.object(BatchRun, "decide", backwards)]


def _batch_dropped() -> list[Any]:
    """A batch whose answer was lost is taken for sent, and cleared away."""
    push = Pusher._push

    def forget(self: Pusher, batch: Any) -> int:
        try:
            return push(self, batch)
        except TransportError:
            with self._journal.db.write() as conn:
                for entry in batch.entries:
                    conn.exec_driver_sql("DELETE FROM operation WHERE op_id = ?", (to_bytes(entry.op_id),))
            raise

    return [patch.object(Pusher, "_push", forget)]


def _fork_accepted() -> list[Any]:
    """Numbers and links that do not fit are taken as they come."""

    def check(records: OpRecords, batch: Any, last_seq: int, link: bytes) -> tuple[int, bytes]:
        fresh = [op for op in batch.ops if op.seq > last_seq]
        records.store_numbers([(op, op.link() or GENESIS) for op in fresh])
        return (fresh[-1].seq, fresh[-1].link() or GENESIS) if fresh else (last_seq, link)

    return [patch.object(server_push, "_check_numbers", check)]


def _plain_sequence() -> list[Any]:
    """Feed numbers come from a sequence: a transaction that took its own early may be committed after later ones."""
    finish = ScopeWrite.finish
    slow: dict[tuple[int, str], list[tuple[int, Pointer]]] = {}
    turns: dict[int, int] = defaultdict(int)

    def finish_late(self: ScopeWrite) -> None:
        key = (id(self.conn.engine.pool), self.scope_id)
        turns[key[0]] += 1
        if self._pointers and key not in slow and turns[key[0]] % 3 == 0:
            head = _advance_head(self.conn, self.scope_id, len(self._pointers))
            first = head - len(self._pointers) + 1
            slow[key] = [(first + n, pointer) for n, pointer in enumerate(self._pointers.values())]
            numbered: dict[PointerKey, int] = {k: first + n for n, k in enumerate(self._pointers)}
            for step in self._last_steps:
                step(numbered)
            return
        finish(self)
        move_pointers(self.conn, self.scope_id, slow.pop(key, []))

    return [patch.object(ScopeWrite, "finish", finish_late)]


def _retry_with_a_new_id() -> list[Any]:
    """What is sent once more is a new operation."""
    push = Pusher._push

    def rename(self: Pusher, batch: Any) -> int:
        try:
            return push(self, batch)
        except TransportError:
            with self._journal.db.write() as conn:
                for entry in batch.entries:
                    fresh = new_id(max(0, self._clock.now_ms()), self._random.bytes(10))
                    given = (to_bytes(fresh), entry.op_id, fresh, to_bytes(entry.op_id))
                    rename_it = "UPDATE operation SET op_id = ?, body = replace(body, ?, ?) WHERE op_id = ?"
                    conn.exec_driver_sql(rename_it, given)
            raise

    return [patch.object(Pusher, "_push", rename)]


def _eviction_not_applied() -> list[Any]:
    """What must go stays."""

    def keep(conn: Connection, page: ChangesPage, load: Any) -> Any:
        return apply_page(conn, replace(page, changes=tuple(c for c in page.changes if c.op != EVICT)), load)

    return [patch.object(pull_module, "apply_page", keep)]


def _erase_not_applied() -> list[Any]:
    """A counter takes the rows of an erasure as any others, and its own files keep what they have."""
    return [patch.object(Eraser, "apply", lambda self: set())]


def _time_zone_slip() -> list[Any]:
    """The server's time is taken for local time."""
    observe = ServerClock.observe

    def slip(self: ServerClock, sent_ms: int, received_ms: int, server_ms: int) -> None:
        observe(self, sent_ms, received_ms, server_ms + _ZONE_MS)

    return [patch.object(ServerClock, "observe", slip)]


_ALL: Final = (
    Mutant("no_dedup", "the server decides an operation anew each time it comes", _no_dedup),
    Mutant(
        "acknowledge_before_commit", "the server answers before its commit", _acknowledge_before_commit, ("server_cut",)
    ),
    Mutant("skip_on_error", "a counter skips a page it cannot read", _skip_on_error, ("cut_answer",)),
    Mutant("cursor_early", "a counter keeps its cursor before the rows", _cursor_early, ("power_cut",)),
    Mutant(
        "sequence_reset", "a counter's numbers begin anew when its journal was cleared", _sequence_reset, ("wait_days",)
    ),
    Mutant("wrong_order", "the server decides the last operation of a batch first", _wrong_order),
    Mutant("batch_dropped", "a counter takes a batch without an answer for sent", _batch_dropped),
    Mutant("fork_accepted", "the server takes two disks for one counter", _fork_accepted, ("clone",)),
    Mutant("plain_sequence", "feed numbers are taken before the commit", _plain_sequence),
    Mutant("retry_with_a_new_id", "a counter gives what it sends again a new id", _retry_with_a_new_id),
    Mutant(
        "eviction_not_applied", "a counter keeps the rows of somebody it may not see", _eviction_not_applied, ("evict",)
    ),
    Mutant("erase_not_applied", "a counter keeps what it has of somebody erased", _erase_not_applied, ("erase",)),
    Mutant("time_zone_slip", "a counter takes the server's time for local time", _time_zone_slip),
)
MUTANTS: Final[dict[str, Mutant]] = {mutant.name: mutant for mutant in _ALL}


@contextmanager
def planted(name: str | None) -> Iterator[None]:
    """With this bug in the product; none for None."""
    with ExitStack() as stack:
        for each in MUTANTS[name].patches() if name else []:
            stack.enter_context(each)
        yield
