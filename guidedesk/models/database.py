"""The one place that opens the encrypted files of a counter."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Literal

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import PoolProxiedConnection
from sqlcipher3 import dbapi2 as sqlcipher

from guidedesk.domain.errors import StorageError

Synchronous = Literal["FULL", "NORMAL"]
_AS: Final = "guidedesk_begin"
BUSY_TIMEOUT_MS: Final = 5_000
_SQLITE_BUSY, _SQLITE_LOCKED, _SQLITE_INTERRUPT, _SQLITE_IOERR, _SQLITE_CORRUPT = 5, 6, 9, 10, 11
_SQLITE_FULL, _SQLITE_CANTOPEN, _SQLITE_READONLY, _SQLITE_NOTADB = 13, 14, 8, 26
_CODES: Final = {
    _SQLITE_BUSY: "storage_locked",
    _SQLITE_LOCKED: "storage_locked",
    _SQLITE_INTERRUPT: "storage_unavailable",
    _SQLITE_IOERR: "storage_unavailable",
    _SQLITE_CANTOPEN: "storage_unavailable",
    _SQLITE_READONLY: "storage_unavailable",
    _SQLITE_CORRUPT: "storage_corrupt",
    _SQLITE_FULL: "storage_full",
    # The file's first page cannot be decrypted: which of two reasons, `sync.profile` tells by its key check.
    _SQLITE_NOTADB: "storage_wrong_key",
}


class Database:
    """One file: reads see one moment, a write is one transaction; failures are `StorageError`.

    Codes: `storage_wrong_key`, `storage_corrupt`, `storage_full`, `storage_locked`, `storage_unavailable`,
    each with `file` (journal | cache) in its params.
    """

    def __init__(self, engine: Engine, name: str) -> None:
        self.engine = engine
        self.name = name
        self._writer = engine.execution_options(**{_AS: "IMMEDIATE"})

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection whose reads all see the same moment."""
        with self.guard(), self.engine.connect() as conn, conn.begin():
            yield conn

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that holds the write lock from its start; committed when the block ends well."""
        with self.guard(), begin_immediate(self._writer) as conn:
            yield conn

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Turn what the database says into `StorageError`."""
        try:
            yield
        except (DBAPIError, sqlcipher.Error, MemoryError) as error:
            known = storage_error(error, self.name)
            if known is None:
                raise
            raise known from error

    def empty_log(self) -> bool:
        """Write the write-ahead log into the file and leave nothing in it; False while somebody still reads from it."""
        with self.guard(), closing(self.engine.raw_connection()) as raw:
            found = raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return found is None or found[0] == 0

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def storage_error(error: BaseException, name: str) -> StorageError | None:
    """What a database's own error means for a person, or None when it is a mistake of this program."""
    if isinstance(error, MemoryError):  # so the driver says it
        return StorageError("storage_unavailable", file=name)
    cause = error.orig if isinstance(error, DBAPIError) else error
    number = getattr(cause, "sqlite_errorcode", None)
    code = _CODES.get(number & 0xFF) if isinstance(number, int) else None
    return StorageError(code, file=name) if code else None


@contextmanager
def savepoint(conn: Connection, name: str, *, keep: bool = True) -> Iterator[None]:
    """A part of a transaction that is taken back when it fails, or in any case when `keep` is False.

    Raises `StorageError` (file `name`) where the whole transaction is gone: who goes on in it writes nothing.
    """
    # Said as text: the library puts its own statement together anew each time. One inside another may have its name.
    conn.exec_driver_sql("SAVEPOINT guidedesk_part")
    try:
        yield
    except BaseException as error:
        try:
            _take_back(conn)
        except DBAPIError:
            # Full or broken disk, no memory, interrupted: SQLite takes everything back by itself, savepoints too.
            if not isinstance(error, Exception):
                raise error from None
            raise storage_error(error, name) or StorageError("storage_unavailable", file=name) from error
        raise
    if keep:
        conn.exec_driver_sql("RELEASE guidedesk_part")
    else:
        _take_back(conn)


def _take_back(conn: Connection) -> None:
    conn.exec_driver_sql("ROLLBACK TO guidedesk_part")
    conn.exec_driver_sql("RELEASE guidedesk_part")


def open_encrypted(path: Path, key: bytes, *, name: str, synchronous: Synchronous, readonly: bool = False) -> Database:
    """One SQLCipher file with a raw 32-byte key, made if it is not there and `readonly` is not asked.

    Measured settings: FACTS.md. The file is opened on first use.
    """
    if len(key) != 32:
        raise ValueError("a database key has 32 bytes")
    if not readonly:
        _create_private(path, name)
    elif not path.exists():
        raise StorageError("storage_unavailable", file=name)
    # Without hide_parameters an error's text would carry names and notes into logs (SECURITY.md S-12).
    engine = create_engine(f"sqlite+pysqlite:///{path}", module=sqlcipher, hide_parameters=True)
    pragmas = [
        "PRAGMA cipher_log_level = NONE",
        f"PRAGMA key = \"x'{key.hex()}'\"",
        f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",
        "PRAGMA journal_mode = WAL",
        f"PRAGMA synchronous = {synchronous}",
        "PRAGMA foreign_keys = ON",
        "PRAGMA secure_delete = ON",
        "PRAGMA temp_store = MEMORY",
        f"PRAGMA cache_size = {-2_000 if name == 'journal' else -16_000}",
    ]
    if readonly:
        pragmas.append("PRAGMA query_only = ON")
    _run_when_connected(engine, pragmas)
    begin_as_asked(engine)
    return Database(engine, name)


def is_empty(database: Database) -> bool:
    """Whether a file holds no table at all."""
    with database.read() as conn:
        return conn.exec_driver_sql("SELECT 1 FROM sqlite_master LIMIT 1").first() is None


def _run_when_connected(engine: Engine, pragmas: list[str]) -> None:
    def connected(dbapi: Any, _record: object) -> None:
        # Python's driver would begin transactions late and by itself; here the engine begins each one.
        dbapi.isolation_level = None
        cursor = dbapi.cursor()
        try:
            for pragma in pragmas:
                cursor.execute(pragma)
        except BaseException:
            dbapi.close()
            raise
        cursor.close()

    event.listen(engine, "connect", connected)


def begin_as_asked(engine: Engine) -> None:
    """Let each transaction of an engine begin as `Database` means it: a write holds the lock from its start."""

    def begin(connection: PoolProxiedConnection) -> None:
        driver: Any = connection.driver_connection
        driver.execute(f"BEGIN {connection.info.pop(_AS, 'DEFERRED')}")

    # Not by an event of the engine: where one is listened to, the library looks for listeners at each statement.
    engine.dialect.do_begin = begin  # type: ignore[method-assign,assignment]


@contextmanager
def begin_immediate(engine: Engine) -> Iterator[Connection]:
    """A transaction that holds the write lock from its start, of an engine that begins as asked."""
    with engine.connect() as conn:
        conn.connection.info[_AS] = "IMMEDIATE"
        with conn.begin():
            yield conn


def _create_private(path: Path, name: str) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except OSError as error:
        raise StorageError("storage_unavailable", file=name) from error


def remove_files(path: Path) -> None:
    """Delete a database file with its write-ahead log and shared memory; only ever called for a cache."""
    for part in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
        part.unlink(missing_ok=True)
