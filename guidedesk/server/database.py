"""The central database: cheap reads, and writes of one scope group each (SYNC.md 3, SCALE.md 3).

A write keeps the scope's head row locked from the head's update to the commit, so that no feed number at or
below a visible head can appear later.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final, NamedTuple, TypeVar

from sqlalchemy import Connection, Engine, bindparam, create_engine, event, select, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError, OperationalError, ProgrammingError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from guidedesk.domain.errors import Refused, StorageError
from guidedesk.models import server_tables as tables
from guidedesk.server.feed_pointers import DELETE, EVICT, UPSERT, Pointer, PointerKey, move_pointers
from guidedesk.server.outages import is_full, is_outage, is_transient
from guidedesk.server.sharding import cross_scope

BUSY_TIMEOUT_MS: Final = 5_000  # S-5: a statement gets five seconds
LOCK_TIMEOUT_MS: Final = 2_000
WRITE_ATTEMPTS: Final = 6
_TURN_S: Final = 10.0
_RESTED_S: Final = 30.0
_RESTED_AT: Final = "guidedesk_rested_at"
_WRITE_OPTION: Final = "guidedesk_write"
_POOL: Final[dict[str, int]] = {"pool_size": 8, "max_overflow": 24, "pool_timeout": 10}
# A server that is frozen or cut off with a transaction open holds its store up for so long and no longer.
IDLE_TIMEOUT_MS: Final = 60_000
_PATIENCE_S: Final = 12.0  # of a write that is tried again: a counter waits thirty seconds for its answer
# A machine that vanishes says nothing. Unless told, TCP asks after it two hours later: this side would wait so long for
# an answer, and the database keep room for a server that is gone.
_PATIENT: Final = {
    "connect_timeout": 5, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}  # fmt: skip
_ALIVE_THERE: Final = "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
_NO_IDLE_TIMEOUT: Final = "SET LOCAL idle_in_transaction_session_timeout = 0"

T = TypeVar("T")


class Taken(NamedTuple):
    """Where a scope stands: while nobody else writes it, or (a draft) when it was looked at."""

    epoch: int
    head: int


@dataclass(slots=True)
class ScopeWrite:
    """One open transaction on one scope. What it touches gets its feed numbers at the very end."""

    conn: Connection
    scope_id: str
    head: int | None = None
    taken: Taken | None = None
    _pointers: dict[PointerKey, Pointer] = field(default_factory=dict)
    _last_steps: list[Callable[[dict[PointerKey, int]], None]] = field(default_factory=list)

    def touch(
        self, tbl: str, row_scope_id: str, row_id: str, row_ver: int, *, op: int = UPSERT, is_new: bool = False
    ) -> None:
        """Say that subscribers of this scope must see this row again (`op` 1), or see it go (2, 3).

        `is_new`: nobody had this row before, so its pointer is not looked for; an `IntegrityError` at the end where
        there is one all the same.
        """
        key = (tbl, row_scope_id, row_id)
        self._pointers.pop(key, None)
        self._pointers[key] = Pointer(tbl, row_scope_id, row_id, op, row_ver, is_new)

    def touch_row(self, tbl: str, row: dict[str, Any], *, is_new: bool = False) -> None:
        """`touch` of a rendered row; a tombstone becomes a deletion."""
        op = UPSERT if row["deleted_at_ms"] is None else DELETE
        self.touch(tbl, row["scope_id"], row["id"], row["row_ver"], op=op, is_new=is_new)

    def after_feed(self, step: Callable[[dict[PointerKey, int]], None]) -> None:
        """A statement that needs the feed numbers given to the touched rows (`op_log.effect_seq`)."""
        self._last_steps.append(step)

    def likely_numbers(self) -> dict[PointerKey, int]:
        """The feed numbers that the rows touched so far will get, unless another process writes this scope meanwhile.

        What is stored with them before the head is locked need not be stored again after; `after_feed` tells
        whether they held.
        """
        first = self.state().head + 1
        return dict(zip(self._pointers, range(first, first + len(self._pointers)), strict=True))

    def state(self) -> Taken:
        """Epoch and head of the scope before this transaction moves it; `not_found` when there is no such scope."""
        if self.taken is None:
            self.taken = _take(self.conn, self.scope_id)
        if self.taken is None:
            raise Refused("not_found", what="scope")
        return self.taken

    def has_evictions(self) -> bool:
        """Whether something touched is to go from its subscribers without being deleted."""
        return any(pointer.op == EVICT for pointer in self._pointers.values())

    def mark(self) -> dict[PointerKey, Pointer]:
        """What was touched so far, for `rewind` when a savepoint is rolled back."""
        return dict(self._pointers)

    def untouch(self, keys: Iterable[PointerKey]) -> None:
        """Forget that these were touched."""
        for key in keys:
            self._pointers.pop(key, None)

    def rewind(self, mark: dict[PointerKey, Pointer]) -> None:
        """Forget what was touched since `mark`."""
        self._pointers = mark

    def finish(self) -> None:
        """The last statements of the transaction: head, feed, and what needs their numbers."""
        if self._pointers:
            self.head = _advance_head(self.conn, self.scope_id, len(self._pointers))
        first = (self.head or 0) - len(self._pointers) + 1
        numbered = dict(zip(self._pointers, range(first, first + len(self._pointers)), strict=True))
        move_pointers(self.conn, self.scope_id, [(numbered[k], p) for k, p in self._pointers.items()])
        for step in self._last_steps:
            step(numbered)


_THE_SCOPE = tables.scope.c.scope_id == bindparam("scope")
_TAKE_SCOPE = select(tables.scope.c.epoch, tables.scope.c.head).where(_THE_SCOPE).with_for_update()
_ADVANCE = (
    update(tables.scope)
    .where(_THE_SCOPE)
    .values(head=tables.scope.c.head + bindparam("n"))
    .returning(tables.scope.c.head)
)


def _take(conn: Connection, scope_id: str) -> Taken | None:
    found = conn.execute(_TAKE_SCOPE, {"scope": scope_id}).first()
    return None if found is None else Taken(*found)


def _advance_head(conn: Connection, scope_id: str, count: int) -> int:
    head = conn.execute(_ADVANCE, {"scope": scope_id, "n": count}).scalar()
    if head is None:
        raise Refused("not_found", what="scope")
    return int(head)


class ServerDatabase:
    """The engine and its rules. Safe between threads."""

    def __init__(self, engine: Engine, sleep: Callable[[float], None] = time.sleep) -> None:
        self.engine = engine
        # On SQLite nothing is begun but by a write, so reads stand alone there as they are.
        self._reads = engine if self.is_sqlite else engine.execution_options(isolation_level="AUTOCOMMIT")
        self._sleep = sleep
        self._chain_id: str | None = None
        self._turns: dict[str, Lock] = {}

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the single-shop database."""
        return self.engine.dialect.name == "sqlite"

    def read(self) -> Connection:
        """A connection for reads, each statement on its own: no BEGIN and ROLLBACK around it (FACTS.md)."""
        return self._reads.connect()

    @contextmanager
    def read_snapshot(self) -> Iterator[Connection]:
        """A connection whose reads all see one moment."""
        if self.is_sqlite:
            with self.read() as conn:
                conn.exec_driver_sql("BEGIN")
                try:
                    yield conn
                finally:
                    conn.exec_driver_sql("ROLLBACK")
            return
        with self.engine.connect().execution_options(isolation_level="REPEATABLE READ") as conn:
            conn.exec_driver_sql(_NO_IDLE_TIMEOUT)  # it holds nobody up, and months are reckoned between its statements
            yield conn

    @contextmanager
    def write_scope(self, scope_id: str) -> Iterator[ScopeWrite]:
        """One transaction that writes one scope group; its last statements move head and feed, then commit.

        Nobody else writes the scope from its first statement on, in this process or another: rows are read, decided
        upon and written back, and what another wrote in between would be lost. One attempt: callers that can run
        again use `write`.
        """
        with self._writing() as conn:
            opened = ScopeWrite(conn, scope_id)
            if not self.is_sqlite:  # there the transaction holds the whole file
                opened.taken = _take(conn, scope_id)
            yield opened
            opened.finish()

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self.engine.connect() as conn:
            if self.is_sqlite:
                conn.connection.info[_WRITE_OPTION] = True
            with conn.begin():
                yield conn

    @contextmanager
    def write_all(self) -> Iterator[Connection]:
        """One transaction past every head and feed: only for a database that nobody works with yet."""
        with self._writing() as conn:
            yield conn

    def write(self, scope_id: str, work: Callable[[ScopeWrite], T]) -> T:
        """Run `work` in `write_scope`, the whole again when another writer was in the way (SCALE.md 3.9).

        `work` must be repeatable: the outcome of a commit whose connection broke is unknown. Raises
        `StorageError` when the disk is full or the database stayed busy.
        """

        def attempt() -> T:
            with self.write_scope(scope_id) as opened:
                return work(opened)

        with self._in_turn(scope_id):
            return self._retried(attempt)

    def write_directory(self, work: Callable[[Connection], T]) -> T:
        """A small idempotent transaction on tables outside the scope group (directories), before a write."""

        def attempt() -> T:
            with self._writing() as conn:
                return work(conn)

        with self._in_turn("") if self.is_sqlite else nullcontext():
            return self._retried(attempt)

    @contextmanager
    def _in_turn(self, scope_id: str) -> Iterator[None]:
        """Writers of one scope would meet at its head anyway: those of one process take turns instead of waiting
        inside the database until a lock times out. Other processes are met there, and retried.

        SQLite has one writer whatever the scope: those that wait inside it look again and again, and who looks at the
        right moment goes first.
        """
        turn = self._turns.setdefault("" if self.is_sqlite else scope_id, Lock())
        if not turn.acquire(timeout=_TURN_S):
            raise StorageError("server_busy")
        try:
            yield
        finally:
            turn.release()

    def _retried(self, attempt: Callable[[], T]) -> T:
        given_up_at = time.monotonic() + _PATIENCE_S
        for number in range(1, WRITE_ATTEMPTS + 1):
            try:
                return attempt()
            except DBAPIError as error:
                if is_full(error):
                    raise StorageError("server_disk_full") from error
                if not is_transient(error):
                    raise
                if number == WRITE_ATTEMPTS or time.monotonic() > given_up_at:
                    raise StorageError("server_busy") from error
            self._sleep(0.005 * number)
        raise AssertionError("the last attempt returns or raises")

    @cross_scope
    def chain_id(self) -> str:
        """The one chain scope of this database; `not_initialised` before `admin init`."""
        if self._chain_id is None:
            try:
                with self.read() as conn:
                    found = conn.execute(select(tables.scope.c.scope_id).where(tables.scope.c.kind == "chain")).scalar()
            except (OperationalError, ProgrammingError) as error:
                if is_outage(error):
                    raise
                found = None  # the table itself is not there
            if found is None:
                raise Refused("not_initialised")
            self._chain_id = found
        return self._chain_id

    def close(self) -> None:
        """Close every connection of the pool."""
        self.engine.dispose()


def open_server(url: str) -> ServerDatabase:
    """The database at a URL: `sqlite:///FILE` or `postgresql://...`. `bad_database_url` for anything else."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise Refused("bad_database_url", why="unknown_kind") from error
    if parsed.drivername in ("sqlite", "sqlite+pysqlite"):
        if not parsed.database or parsed.database == ":memory:":
            raise Refused("bad_database_url", why="needs_a_file")
        _own_file(parsed.database)
        engine = create_engine(parsed, **_POOL, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})
        event.listen(engine, "connect", _sqlite_pragmas)
        begin_immediate(engine)
        _greet(engine)
    elif parsed.get_backend_name() == "postgresql":
        # Citus must not carry SET LOCAL to its workers (SCALE.md 3.10); plain PostgreSQL takes it as well.
        # Timeouts come with the connection, as they do with the role: a statement less in each transaction.
        timeouts = (
            f"-c statement_timeout={BUSY_TIMEOUT_MS} -c lock_timeout={LOCK_TIMEOUT_MS} "
            f"-c idle_in_transaction_session_timeout={IDLE_TIMEOUT_MS} {_ALIVE_THERE}"
        )
        options = f"-c citus.propagate_set_commands=local {timeouts}"
        # What the address itself says of them counts.
        given = {key: value for key, value in _PATIENT.items() if key not in parsed.query}
        parsed = parsed.set(drivername="postgresql+psycopg")
        engine = create_engine(parsed, **_POOL, connect_args={"options": options, **given})
        event.listen(engine, "connect", _ids_as_text)
        _ask_the_rested(engine)
        _greet(engine)
    else:
        raise Refused("bad_database_url", why="unknown_kind")
    return ServerDatabase(engine)


def take_time(conn: Connection) -> None:
    """Let this transaction, on PostgreSQL, take as long as it takes: it is one of head office, and a large one."""
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql("SET LOCAL statement_timeout = 0")
        conn.exec_driver_sql(_NO_IDLE_TIMEOUT)


def begin_immediate(engine: Engine) -> None:
    """Let each write of an SQLite engine hold the file from its start; its connections begin nothing themselves."""

    def begin(connection: PoolProxiedConnection) -> None:
        if connection.info.pop(_WRITE_OPTION, False):
            driver: Any = connection.driver_connection
            driver.execute("BEGIN IMMEDIATE")

    # Not by an event of the engine: where one is listened to, the library looks for listeners at each statement.
    engine.dialect.do_begin = begin  # type: ignore[method-assign,assignment]


def _ask_the_rested(engine: Engine) -> None:
    """A connection that rested a while is asked whether it is still there; one just used need not be."""

    def note(_connection: Any, entry: ConnectionPoolEntry) -> None:
        entry.info[_RESTED_AT] = time.monotonic()

    def wake(connection: Any, entry: ConnectionPoolEntry, _proxy: Any) -> None:
        if time.monotonic() - entry.info.get(_RESTED_AT, time.monotonic()) < _RESTED_S:
            return
        try:
            connection.execute("SELECT 1")
            connection.rollback()
        except engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error

    event.listen(engine, "checkin", note)
    event.listen(engine, "checkout", wake)


def _greet(engine: Engine) -> None:
    """One connection now, so that a wrong address is a sentence at the start and not a failure later."""
    try:
        engine.connect().close()
    except DBAPIError as error:
        engine.dispose()
        raise StorageError("database_unreachable", why=str(error.orig).strip().splitlines()[-1][:200]) from None


def _own_file(name: str) -> None:
    """A new database file is its owner's only: it holds people's data in the clear."""
    try:
        os.close(os.open(name, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StorageError("storage_unavailable", file="server", why=error.strerror or "") from None


def _ids_as_text(connection: Any, _entry: ConnectionPoolEntry) -> None:
    """Ids are texts on both sides; the driver would make an object of each, only to be asked for its text."""
    from psycopg.types.string import TextLoader

    connection.adapters.register_loader("uuid", TextLoader)


def _sqlite_pragmas(connection: Any, _entry: ConnectionPoolEntry) -> None:
    # Transactions are begun by us (BEGIN IMMEDIATE), never by the driver.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",  # D-6: an answer leaves only after its commit is on disk
        "foreign_keys=ON",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "cache_size=-16384",  # of each connection: whoever reads all fills it, and there may be thirty of them
        "secure_delete=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")
