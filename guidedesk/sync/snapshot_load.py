"""A first sync from a snapshot: pages into a new cache file, resumed by page, checked, then swapped in (SYNC.md 6).

The journal is not involved: what waits there is laid over the new file as soon as it is in place.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Final

from sqlalchemy import Connection, func, select

from guidedesk.domain.errors import StorageError
from guidedesk.domain.ports import Random
from guidedesk.models import counter_tables as t
from guidedesk.models.base import CACHE
from guidedesk.models.entities import entity_tables, feed_scope, part_table
from guidedesk.sync.apply_page import write_cursor
from guidedesk.sync.cache import Cache, schema_version
from guidedesk.sync.client import SyncClient, SyncRefused
from guidedesk.sync.snapshot_format import Manifest
from guidedesk.sync.snapshot_stage import Stage, begin_stage, open_staged, remove_stage, resume_stage

_OVERLAYS: Final = (t.applied_op, t.op_touch, t.overlay)
_NOBODYS: Final = (t.own_figure,)  # neither subscription brings these
_BROKEN: Final = ("storage_corrupt", "storage_wrong_key")
_SCHEMA: Final = "SELECT type, name, tbl_name, sql FROM sqlite_master"
_NOT_FOUND: Final = 404


class SnapshotLoader:
    """Loads one scope at a time into a file beside the cache. `progress` is (pages done, of) while it does."""

    def __init__(self, cache: Cache, client: SyncClient, random: Random, catch_up: Callable[[], None]) -> None:
        self._cache = cache
        self._client = client
        self._random = random
        self._catch_up = catch_up
        self._path = cache.path.with_name(cache.path.stem + ".next" + cache.path.suffix)
        self._files = cache.files
        # Until an image turns out to be none that this PC can use.
        self._layout = schema_version() if self._files.takes_images else 0
        self.progress: tuple[int, int] | None = None
        self.loaded = 0  # how many scopes were loaded, each checked by its digest

    def load(self, scope_id: str, kind: str, go_on: Callable[[], bool]) -> bool:
        """Fetch what is missing and put it in place; False when asked to stop before the end.

        Raises `TransportError` or `SyncRefused` where waiting helps: the next call goes on at the same page.
        """
        try:
            manifest = self._fetch(scope_id, go_on)
            if manifest is not None:
                self._check(manifest, kind)
        except StorageError as error:
            if error.code in _BROKEN:
                remove_stage(self._files, self._path)
            raise
        if manifest is None:
            return False
        self.progress = None  # interrupted, it stays: the next call goes on from there
        self._cache.replace(self._path, lambda: self._copy_others(kind))
        self._catch_up()
        self.loaded += 1
        return True

    def _fetch(self, scope_id: str, go_on: Callable[[], bool]) -> Manifest | None:
        """Write every page that is missing; None when asked to stop before the end."""
        stage = resume_stage(self._files, self._path, self._cache.key, self._random, scope_id) or self._begin(scope_id)
        try:
            while (number := stage.next_page) < (total := len(stage.manifest.pages)):
                self.progress = (number, total)
                if not go_on():
                    return None
                try:
                    packed = self._client.snapshot_page(stage.manifest.snap_id, number, has_next=number + 1 < total)
                except SyncRefused as refused:
                    if refused.status != _NOT_FOUND:
                        raise
                    # The server has built newer ones since: begin with the newest.
                    stage.close()
                    stage = self._begin(scope_id)
                    continue
                stage.add(packed)
            stage.finish()
        finally:
            stage.close()
        return stage.manifest

    def _begin(self, scope_id: str) -> Stage:
        manifest = self._client.snapshot(scope_id, self._layout)
        return begin_stage(self._files, self._path, self._cache.key, self._random, manifest)

    def _check(self, manifest: Manifest, kind: str) -> None:
        """Exactly our tables, and as many rows in each as the manifest says; then the cursor.

        That the rows are the server's, the hash of each page has shown.
        """
        with open_staged(self._files, self._path, self._cache.key) as staged, staged.write() as conn:
            if _shape(conn) != self._own_shape():
                self._layout = 0
                raise StorageError("storage_corrupt", file="cache")
            for name in _tables_of(kind):
                found = conn.execute(select(func.count()).select_from(CACHE.tables[name])).scalar_one()
                if found != manifest.rows.get(name, 0):
                    self._layout = 0
                    raise StorageError("storage_corrupt", file="cache")
            write_cursor(conn, manifest.scope_id, manifest.epoch, manifest.seq)

    def _own_shape(self) -> set[tuple[object, ...]]:
        with self._cache.read() as conn:
            return _shape(conn)

    def _copy_others(self, kind: str) -> None:
        """What the other subscription brought comes along from the file in use, with its cursor."""
        other = "chain" if kind == "store" else "store"
        names = [*_tables_of(other), *([] if other == "chain" else [table.name for table in _OVERLAYS])]
        names += [table.name for table in _NOBODYS]
        staging = open_staged(self._files, self._path, self._cache.key)
        with staging as staged, staged.guard(), closing(staged.engine.raw_connection()) as raw:
            cursor = raw.cursor()
            self._files.attach(cursor, self._cache.path, self._cache.key, "used")
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
            cursor.execute("COMMIT")
            cursor.execute("DETACH DATABASE used")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _shape(conn: Connection) -> set[tuple[object, ...]]:
    """Every table and index with the words that made it."""
    version = conn.exec_driver_sql("PRAGMA user_version").scalar_one()
    return {("version", version)} | {tuple(row) for row in conn.exec_driver_sql(_SCHEMA)}


def _tables_of(kind: str) -> list[str]:
    """Tables that one subscription fills, parents before their parts."""
    found: list[str] = []
    for name in entity_tables():
        if feed_scope(name) == kind:
            parts = part_table(name)
            found += [name] if parts is None else [name, parts.name]
    return found
