"""A first sync from a snapshot: pages into a new cache file, resumed by page, checked, then swapped in (SYNC.md 6).

The journal is not involved: what waits there is laid over the new file as soon as it is in place.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Final

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from guidedesk.domain.errors import StorageError, TransportError
from guidedesk.models import counter_tables as t
from guidedesk.models.base import CACHE
from guidedesk.models.database import Database, open_encrypted, remove_files
from guidedesk.models.entities import entity_tables, feed_scope, part_table
from guidedesk.sync.apply_page import write_cursor
from guidedesk.sync.cache import Cache, schema_version
from guidedesk.sync.client import SyncClient, SyncRefused
from guidedesk.sync.snapshot_format import Manifest, Part, unpack_page

# Kept in the new file until it is in place: which snapshot this is and how far it came.
_LOADING: Final = "CREATE TABLE IF NOT EXISTS loading (manifest TEXT NOT NULL, next_page INTEGER NOT NULL)"
_OVERLAYS: Final = (t.applied_op, t.op_touch, t.overlay)
_NOT_FOUND: Final = 404


class SnapshotLoader:
    """Loads one scope at a time into a file beside the cache. `progress` is (pages done, of) while it does."""

    def __init__(self, cache: Cache, client: SyncClient, catch_up: Callable[[], None]) -> None:
        self._cache = cache
        self._client = client
        self._catch_up = catch_up
        self._path = cache.path.with_name(cache.path.stem + ".next" + cache.path.suffix)
        self.progress: tuple[int, int] | None = None

    def load(self, scope_id: str, kind: str, go_on: Callable[[], bool]) -> bool:
        """Fetch what is missing and put it in place; False when asked to stop before the end.

        Raises `TransportError` or `SyncRefused` where waiting helps: the next call goes on at the same page.
        """
        try:
            with self._staged() as staged:
                is_whole = self._fetch(staged, scope_id, go_on)
                if is_whole:
                    self._finish(staged, scope_id, kind)
        except StorageError as error:
            if error.code in ("storage_corrupt", "storage_wrong_key"):
                remove_files(self._path)
            raise
        if is_whole:
            self.progress = None  # interrupted, it stays: the next call goes on from there
            self._cache.replace(self._path, lambda: self._copy_others(kind))
            self._catch_up()
        return is_whole

    @contextmanager
    def _staged(self) -> Iterator[Database]:
        database = open_encrypted(self._path, self._cache.key, name="cache", synchronous="NORMAL")
        try:
            yield database
        finally:
            database.close()

    def _fetch(self, staged: Database, scope_id: str, go_on: Callable[[], bool]) -> bool:
        kept = _read_state(staged)
        if kept is None or kept[0].scope_id != scope_id:
            kept = self._begin(staged, scope_id)
        manifest, number = kept
        while number < len(manifest.pages):
            self.progress = (number, len(manifest.pages))
            if not go_on():
                return False
            try:
                packed = self._client.snapshot_page(manifest.snap_id, number)
            except SyncRefused as refused:
                if refused.status != _NOT_FOUND:
                    raise
                # The server has built newer ones since: begin with the newest.
                manifest, number = self._begin(staged, scope_id)
                continue
            parts = unpack_page(packed, manifest.pages[number])
            with staged.write() as conn:
                for part in parts:
                    _insert(conn, part)
                number += 1
                conn.exec_driver_sql("UPDATE loading SET next_page = ?", (number,))
        return True

    def _begin(self, staged: Database, scope_id: str) -> tuple[Manifest, int]:
        manifest = self._client.snapshot(scope_id)
        with staged.write() as conn:
            for name in conn.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars().all():
                conn.exec_driver_sql(f'DROP TABLE IF EXISTS "{name}"')
            for table in CACHE.sorted_tables:
                conn.execute(CreateTable(table))
            conn.exec_driver_sql(_LOADING)
            conn.exec_driver_sql("INSERT INTO loading VALUES (?, 0)", (json.dumps(manifest.to_wire()),))
        return manifest, 0

    def _finish(self, staged: Database, scope_id: str, kind: str) -> None:
        """Indexes last, then the count of every table against the manifest, then the cursor."""
        state = _read_state(staged)
        if state is None:
            raise TransportError("bad_answer")
        manifest = state[0]
        with staged.write() as conn:
            for table in CACHE.sorted_tables:
                for index in sorted(table.indexes, key=lambda index: str(index.name)):
                    conn.execute(CreateIndex(index, if_not_exists=True))
            for name in _tables_of(kind):
                found = conn.execute(select(func.count()).select_from(CACHE.tables[name])).scalar_one()
                if found != manifest.rows.get(name, 0):
                    raise StorageError("storage_corrupt", file="cache")
            write_cursor(conn, scope_id, manifest.epoch, manifest.seq)
            conn.exec_driver_sql(f"PRAGMA user_version = {schema_version()}")

    def _copy_others(self, kind: str) -> None:
        """What the other subscription brought comes along from the file in use, with its cursor."""
        other = "chain" if kind == "store" else "store"
        names = [*_tables_of(other), *([] if other == "chain" else [table.name for table in _OVERLAYS])]
        with self._staged() as staged, staged.guard(), closing(staged.engine.raw_connection()) as raw:
            cursor = raw.cursor()
            key = self._cache.key.hex()
            cursor.execute(f"ATTACH DATABASE ? AS used KEY \"x'{key}'\"", (str(self._cache.path),))
            cursor.execute("BEGIN IMMEDIATE")
            for name in reversed(names):
                cursor.execute(f"DELETE FROM main.{name}")  # noqa: S608 (names of our own tables)
            for name in names:
                columns = ", ".join(f'"{column.name}"' for column in CACHE.tables[name].columns)
                copy = f"INSERT INTO main.{name} ({columns}) SELECT {columns} FROM used.{name}"  # noqa: S608
                cursor.execute(copy)
            cursor.execute(
                "INSERT INTO main.cursor SELECT * FROM used.cursor WHERE scope_id NOT IN (SELECT scope_id FROM cursor)"
            )
            cursor.execute("DROP TABLE IF EXISTS main.loading")
            cursor.execute("COMMIT")
            cursor.execute("DETACH DATABASE used")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _read_state(staged: Database) -> tuple[Manifest, int] | None:
    with staged.read() as conn:
        known = conn.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = 'loading'").first()
        row = None if known is None else conn.exec_driver_sql("SELECT manifest, next_page FROM loading").first()
    return None if row is None else (Manifest.from_wire(json.loads(row[0])), int(row[1]))


def _insert(conn: Connection, part: Part) -> None:
    name, columns, rows = part
    table = CACHE.tables.get(name)
    if table is None or name not in _synced() or set(columns) != {column.name for column in table.columns}:
        raise TransportError("bad_answer")
    if rows:
        quote = sqlite.dialect().identifier_preparer.quote
        places = ", ".join("?" * len(columns))
        into = f"INSERT INTO {quote(name)} ({', '.join(quote(c) for c in columns)}) VALUES ({places})"  # noqa: S608
        conn.exec_driver_sql(into, [tuple(row) for row in rows])


def _tables_of(kind: str) -> list[str]:
    """Tables that one subscription fills, parents before their parts."""
    found: list[str] = []
    for name in entity_tables():
        if feed_scope(name) == kind:
            parts = part_table(name)
            found += [name] if parts is None else [name, parts.name]
    return found


def _synced() -> frozenset[str]:
    return frozenset(_tables_of("store") + _tables_of("chain"))
