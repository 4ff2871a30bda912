"""RAW of SYNC.md 9: the same rows into a plain, unencrypted SQLite file, as quickly as SQLite takes them.

WAL, `synchronous=NORMAL`, one transaction, `executemany` sorted by primary key, the counter's own secondary indexes
already there. Its page cache holds the whole file: with SQLite's default of 2 MB the floor takes several times as
long, and a floor that is slow for want of a setting proves nothing.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Table, create_engine
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from guidedesk.models.base import CACHE
from guidedesk.models.entities import entity_tables, part_table

CACHE_KIB: Final = 1 << 20
Rows = Mapping[str, Sequence[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class Raw:
    """What the floor took, and the file it made."""

    path: Path
    seconds: float
    rows: dict[str, int]
    file_bytes: int
    indexes: tuple[str, ...]

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """The file as the product's own queries read it."""
        engine = create_engine(f"sqlite+pysqlite:///{self.path}")
        with engine.connect() as conn:
            yield conn
        engine.dispose()


def synced_tables() -> list[Table]:
    """Tables that a counter's subscriptions fill, parents before their parts."""
    found: list[Table] = []
    for name in entity_tables():
        parts = part_table(name)
        found += [CACHE.tables[name]] if parts is None else [CACHE.tables[name], CACHE.tables[parts.name]]
    return found


def read_rows(connection: Any) -> Rows:
    """Every synced row of a counter's cache as the database holds it, sorted by primary key."""
    found: dict[str, Sequence[tuple[Any, ...]]] = {}
    for table in synced_tables():
        names = ", ".join(f'"{column.name}"' for column in table.columns)
        keys = ", ".join(column.name for column in table.primary_key.columns)
        with closing(connection.cursor()) as cursor:
            found[table.name] = cursor.execute(f"SELECT {names} FROM {table.name} ORDER BY {keys}").fetchall()  # noqa: S608
    return {name: rows for name, rows in found.items() if rows}


def insert_raw(path: Path, rows: Rows) -> Raw:
    """Insert the rows into a new file, timed from BEGIN to the end of COMMIT."""
    tables = synced_tables()
    indexes = {str(index.name): index for table in tables for index in table.indexes}
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", f"cache_size = {-CACHE_KIB}"):
            conn.execute(f"PRAGMA {pragma}")
        for table in tables:
            conn.execute(str(CreateTable(table).compile(dialect=sqlite.dialect())))
        for index in indexes.values():
            conn.execute(str(CreateIndex(index).compile(dialect=sqlite.dialect())))
        started = time.perf_counter()
        conn.execute("BEGIN")
        for name, found in rows.items():
            places = ", ".join("?" * len(found[0]))
            conn.executemany(f"INSERT INTO {name} VALUES ({places})", found)  # noqa: S608 (our own tables)
        conn.execute("COMMIT")
        seconds = time.perf_counter() - started
    counts = {name: len(found) for name, found in rows.items()}
    filled = [str(index.name) for table in tables if table.name in counts for index in table.indexes]
    return Raw(path, seconds, counts, path.stat().st_size, tuple(sorted(filled)))
