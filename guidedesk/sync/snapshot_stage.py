"""The new file of a first sync while its pages arrive, in the two forms they come in; resumed by page (SYNC.md 6)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Protocol

from sqlalchemy import Connection
from sqlalchemy.dialects import sqlite

from guidedesk.domain.errors import StorageError, TransportError
from guidedesk.domain.ports import Random
from guidedesk.models.base import CACHE
from guidedesk.models.cipher_file import PAGE, CipherFile
from guidedesk.models.database import Database
from guidedesk.models.entities import entity_tables, part_table
from guidedesk.sync.cache import index_texts, schema_version, table_texts
from guidedesk.sync.files import CounterFiles
from guidedesk.sync.snapshot_format import Manifest, Part, unpack_page, unpack_portion

# Kept in a file of rows until it is in place: which snapshot this is and how far it came.
_LOADING: Final = "CREATE TABLE IF NOT EXISTS loading (manifest TEXT NOT NULL, next_page INTEGER NOT NULL)"


class Stage(Protocol):
    """A snapshot that is being written; `next_page` is the one it wants."""

    manifest: Manifest
    next_page: int

    def add(self, packed: bytes) -> None:
        """Take the next page; `TransportError("bad_answer")` leaves everything as it was."""
        ...

    def finish(self) -> None:
        """Every page is there: make it a file that can be opened."""
        ...

    def close(self) -> None:
        """Let go of the file; it may be resumed."""
        ...


def resume_stage(files: CounterFiles, path: Path, key: bytes, random: Random, scope_id: str) -> Stage | None:
    """What an earlier call or process began for this scope, or None where there is nothing to go on with."""
    if files.takes_images and _note_of(path).exists():
        return _resume_image(path, key, random, scope_id)
    return _resume_rows(files, path, key, scope_id) if files.exists(path) else None


def begin_stage(files: CounterFiles, path: Path, key: bytes, random: Random, manifest: Manifest) -> Stage:
    """Begin with the first page, whatever was there before."""
    remove_stage(files, path)
    return _begin_image(path, key, random, manifest) if manifest.is_image else _begin_rows(files, path, key, manifest)


def remove_stage(files: CounterFiles, path: Path) -> None:
    """Forget a file that cannot be gone on with."""
    if files.takes_images:
        _note_of(path).unlink(missing_ok=True)
    files.remove(path)


@contextmanager
def open_staged(files: CounterFiles, path: Path, key: bytes) -> Iterator[Database]:
    """The file as a database; an image only once it is whole."""
    database = files.open(path, key, name="cache", synchronous="NORMAL")
    try:
        yield database
    finally:
        database.close()


class ImageStage:
    """Pages of a file, encrypted as they come; how far it is, the file itself says."""

    def __init__(self, path: Path, manifest: Manifest, file: CipherFile) -> None:
        self.manifest = manifest
        self.next_page = file.pages // manifest.portion
        self._path = path
        self._file = file

    def add(self, packed: bytes) -> None:
        """See `Stage`."""
        pages = self.manifest.pages
        plain = unpack_portion(packed, pages[self.next_page])
        is_last = self.next_page == len(pages) - 1
        if not is_last and len(plain) != self.manifest.portion * PAGE:
            raise TransportError("bad_answer")
        self._file.append(plain)
        self.next_page += 1

    def finish(self) -> None:
        """See `Stage`; the copy of what else belongs into it writes it to the disk."""
        self._file.close()
        _note_of(self._path).unlink(missing_ok=True)

    def close(self) -> None:
        """See `Stage`."""
        self._file.close()


class RowsStage:
    """Rows, a transaction a page; the file itself keeps manifest and progress."""

    def __init__(self, database: Database, manifest: Manifest, next_page: int) -> None:
        self.manifest = manifest
        self.next_page = next_page
        self._database = database

    def add(self, packed: bytes) -> None:
        """See `Stage`."""
        parts = unpack_page(packed, self.manifest.pages[self.next_page])
        with self._database.write() as conn:
            for part in parts:
                _insert(conn, part)
            conn.exec_driver_sql("UPDATE loading SET next_page = ?", (self.next_page + 1,))
        self.next_page += 1

    def finish(self) -> None:
        """See `Stage`: indexes last."""
        with self._database.write() as conn:
            for text in index_texts():
                conn.exec_driver_sql(text)
            conn.exec_driver_sql("DROP TABLE loading")
            conn.exec_driver_sql(f"PRAGMA user_version = {schema_version()}")
        self.close()

    def close(self) -> None:
        """See `Stage`."""
        self._database.close()


def _note_of(path: Path) -> Path:
    """Beside a file that is no database yet: its manifest. Hashes and counts, nothing about people."""
    return path.with_suffix(".json")


def _begin_image(path: Path, key: bytes, random: Random, manifest: Manifest) -> Stage:
    try:
        _note_of(path).write_text(json.dumps(manifest.to_wire()), encoding="utf-8")
    except OSError as error:
        raise StorageError("storage_unavailable", file="cache") from error
    return ImageStage(path, manifest, CipherFile(path, key, random))


def _resume_image(path: Path, key: bytes, random: Random, scope_id: str) -> Stage | None:
    with suppress(OSError, ValueError, KeyError, TypeError):  # half written, or of another program
        manifest = Manifest.from_wire(json.loads(_note_of(path).read_text(encoding="utf-8")))
        if manifest.scope_id == scope_id and manifest.layout == schema_version():
            file = CipherFile(path, key, random)
            file.resume(manifest.portion)
            return ImageStage(path, manifest, file)
    return None


def _begin_rows(files: CounterFiles, path: Path, key: bytes, manifest: Manifest) -> Stage:
    database = files.open(path, key, name="cache", synchronous="NORMAL")
    with database.write() as conn:
        for text in table_texts():
            conn.exec_driver_sql(text)
        conn.exec_driver_sql(_LOADING)
        conn.exec_driver_sql("INSERT INTO loading VALUES (?, 0)", (json.dumps(manifest.to_wire()),))
    return RowsStage(database, manifest, 0)


def _resume_rows(files: CounterFiles, path: Path, key: bytes, scope_id: str) -> Stage | None:
    database = files.open(path, key, name="cache", synchronous="NORMAL")
    with database.read() as conn:
        known = conn.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = 'loading'").first()
        row = None if known is None else conn.exec_driver_sql("SELECT manifest, next_page FROM loading").first()
    manifest = None if row is None else Manifest.from_wire(json.loads(row[0]))
    if row is None or manifest is None or manifest.scope_id != scope_id:
        database.close()
        return None
    return RowsStage(database, manifest, int(row[1]))


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


def _synced() -> frozenset[str]:
    names = entity_tables().keys()
    return frozenset(names) | {parts.name for name in names if (parts := part_table(name)) is not None}
