"""The disposable cache: what this store may see, with the effect of pending operations over it."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import cache as memoise
from pathlib import Path
from threading import RLock
from typing import Any, Final

from sqlalchemy import Connection, Table, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import OperationalError
from sqlalchemy.schema import CreateIndex, CreateTable

from guidedesk.domain.errors import StorageError
from guidedesk.models import counter_tables as t
from guidedesk.models.base import CACHE
from guidedesk.models.database import Database
from guidedesk.models.entities import entity_tables, feed_scope, part_table
from guidedesk.sync.files import ON_DISK, CounterFiles
from guidedesk.sync.row_digests import TableDigest

_BROKEN: Final = ("storage_corrupt", "storage_wrong_key")
_DIGEST_ROWS: Final = 5_000
_CURSORS: Final = select(t.cursor)
Buckets = list[str]


class Cache:
    """One counter's `cache.db`. Damage is mended by making it anew: the journal is not involved.

    The journal is opened first and has proved the key, so a file that the key does not open is a damaged one.
    """

    def __init__(self, path: Path, key: bytes, files: CounterFiles = ON_DISK) -> None:
        self.path = path
        self.key = key
        self.files = files
        self.made = 0  # how often another file took this one's place; cursors are new then
        self._lock = RLock()
        self._is_damaged = False
        self.was_rebuilt = False
        self._db = self._connect()
        try:
            version = self._version()
        except StorageError as error:
            if error.code not in _BROKEN:
                raise
            self.rebuild()
        else:
            if version != schema_version():
                self.rebuild()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection whose reads see one moment."""
        with self._noticing(), self._db.read() as conn:
            yield conn

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction; waits while another file takes this one's place."""
        with self._lock, self._noticing(), self._db.write() as conn:
            yield conn

    @property
    def is_damaged(self) -> bool:
        """Whether a read or write found the file damaged, so that the next step should `rebuild`."""
        return self._is_damaged

    def rebuild(self) -> None:
        """Make an empty cache in place of what is there; cursors begin at 0."""
        with self._lock:
            self._is_damaged = True  # until it is made: should the disk be full now, the next step tries again
            self._db.close()
            self.files.remove(self.path)
            self._db = self._connect()
            with self._db.write() as conn:
                for text in (*table_texts(), *index_texts()):
                    conn.exec_driver_sql(text)
                conn.exec_driver_sql(f"PRAGMA user_version = {schema_version()}")
            self.was_rebuilt = True
            self.made += 1
            self._is_damaged = False

    def replace(self, new_path: Path, last_copy: Callable[[], None]) -> None:
        """Put a loaded file in this one's place; `last_copy` runs first, when nobody writes here any more.

        A crash in between leaves no file, and the next start makes an empty one.
        """
        with self._lock:
            last_copy()
            self._db.close()
            self._is_damaged = True  # until the new one is there: there may be none in between
            try:
                self.files.move(new_path, self.path)
                self._is_damaged = False
            finally:
                self._db = self._connect()
            self.made += 1

    def empty_log(self) -> bool:
        """`Database.empty_log` of the file in use."""
        with self._lock, self._noticing():
            return self._db.empty_log()

    def cursors(self) -> dict[str, tuple[int, int]]:
        """Scope id -> (epoch, seq) this cache holds."""
        with self.read() as conn:
            return {row.scope_id: (row.epoch, row.seq) for row in conn.execute(_CURSORS)}

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def _noticing(self) -> Iterator[None]:
        try:
            yield
        except StorageError as error:
            self._is_damaged = self._is_damaged or error.code in _BROKEN
            raise
        except OperationalError as error:
            if not self._is_damaged:
                raise
            # A file that could not be made anew has no tables.
            raise StorageError("storage_corrupt", file="cache") from error

    def _connect(self) -> Database:
        return self.files.open(self.path, self.key, name="cache", synchronous="NORMAL")

    def _version(self) -> int:
        with self._db.read() as conn:
            return int(conn.exec_driver_sql("PRAGMA user_version").scalar_one())


@memoise
def schema_version() -> int:
    """A number that changes whenever any table of the cache does, so that nobody can forget to raise it."""
    dialect = sqlite.dialect()
    parts: list[str] = []
    for table in CACHE.sorted_tables:
        parts.append(str(CreateTable(table).compile(dialect=dialect)))
        parts.extend(sorted(str(CreateIndex(index).compile(dialect=dialect)) for index in table.indexes))
    return zlib.crc32("\n".join(parts).encode()) & 0x7FFF_FFFF or 1


@memoise
def table_texts() -> tuple[str, ...]:
    """The statements that make the cache's tables: put together once, a cache may be made anew often."""
    dialect = sqlite.dialect()
    return tuple(str(CreateTable(table).compile(dialect=dialect)) for table in CACHE.sorted_tables)


@memoise
def index_texts() -> tuple[str, ...]:
    """The statements that make its indexes, where they are not there yet."""
    dialect = sqlite.dialect()
    return tuple(
        str(CreateIndex(index, if_not_exists=True).compile(dialect=dialect))
        for table in CACHE.sorted_tables
        for index in sorted(table.indexes, key=lambda index: str(index.name))
    )


def count_rows(conn: Connection, kind: str) -> dict[str, int]:
    """Rows per table that one subscription (`store` or `chain`) brought, deleted ones not counted."""
    return dict(iter(conn.exec_driver_sql(_counting(kind))))


@memoise
def _counting(kind: str) -> str:
    """One statement for every table."""
    return " UNION ALL ".join(
        f"SELECT '{name}', count(*) FROM \"{name}\" WHERE deleted_at_ms IS NULL"  # noqa: S608
        for name in entity_tables()
        if feed_scope(name) == kind
    )


def digest(conn: Connection, kind: str) -> dict[str, Buckets]:
    """256 buckets a table over the rows one subscription brought (SYNC.md 5); tables without rows are left out."""
    found: dict[str, Buckets] = {}
    for name in entity_tables():
        if feed_scope(name) == kind:
            buckets = _table_digest(conn, name)
            if any(buckets):
                found[name] = buckets
    return found


def _table_digest(conn: Connection, name: str) -> Buckets:
    """One pass in the order of keys, the lines of each portion beside it."""
    table, parts = entity_tables()[name], part_table(name)
    after = (b"", b"")
    digest_of: TableDigest | None = None
    columns = [column.name for column in table.columns]
    key = (columns.index("scope_id"), columns.index("id"))
    with closing(conn.connection.cursor()) as cursor:
        while True:
            cursor.execute(_portion_text(name), after)
            rows = cursor.fetchall()
            if not rows:
                return [] if digest_of is None else digest_of.buckets()
            digest_of = digest_of or TableDigest(name)
            last = (rows[-1][key[0]], rows[-1][key[1]])
            lines: Sequence[tuple[Any, ...]] = ()
            if parts is not None:
                cursor.execute(_lines_text(parts), (*after, *last))
                lines = cursor.fetchall()
            digest_of.add(rows, lines)
            if len(rows) < _DIGEST_ROWS:
                return digest_of.buckets()
            after = last


@memoise
def _portion_text(name: str) -> str:
    return (
        f"SELECT {_listed(entity_tables()[name])} FROM {name} WHERE (scope_id, id) > (?, ?) "  # noqa: S608
        f"AND deleted_at_ms IS NULL ORDER BY scope_id, id LIMIT {_DIGEST_ROWS}"
    )


@memoise
def _lines_text(parts: Table) -> str:
    parent = parts.info["parent_key"]
    return (
        f"SELECT {_listed(parts)} FROM {parts.name} WHERE (scope_id, {parent}) > (?, ?) "  # noqa: S608
        f"AND (scope_id, {parent}) <= (?, ?) ORDER BY scope_id, {parent}, line_no"
    )


def _listed(table: Table) -> str:
    return ", ".join(f'"{column.name}"' for column in table.columns)
