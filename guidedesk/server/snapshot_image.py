"""A counter's file made by the server: the rows of one subscription, indexes included, not yet encrypted.

Inserting and indexing is done once here instead of on every counter; what is left for those is to encrypt pages
(`models.cipher_file`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from sqlalchemy import Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from guidedesk.models.base import CACHE
from guidedesk.models.cipher_file import PAGE, empty_image
from guidedesk.server.snapshot_rows import Values

# The file can be made again and nobody else reads it.
_HASTY: Final = ("journal_mode = OFF", "synchronous = OFF", "locking_mode = EXCLUSIVE", "cache_size = -65536")


def write_image(path: Path, found: Iterable[list[tuple[Table, Values]]], layout: int) -> dict[str, int]:
    """Write the file; rows by table."""
    dialect = sqlite.dialect()
    empty_image(path)
    path.chmod(0o600)
    counts: dict[str, int] = {}
    with closing(sqlite3.connect(path, isolation_level=None)) as image:
        for pragma in _HASTY:
            image.execute(f"PRAGMA {pragma}")
        image.execute("BEGIN")
        for table in CACHE.sorted_tables:
            image.execute(str(CreateTable(table).compile(dialect=dialect)))
        for tables in found:
            for table, rows in tables:
                counts[table.name] = counts.get(table.name, 0) + len(rows)
                image.executemany(_insert(table), rows)
        for table in CACHE.sorted_tables:
            for index in sorted(table.indexes, key=lambda index: str(index.name)):
                image.execute(str(CreateIndex(index).compile(dialect=dialect)))
        image.execute(f"PRAGMA user_version = {layout}")
        image.execute("COMMIT")
    return counts


def portions(path: Path, pages: int) -> Iterator[bytes]:
    """The file in pieces of so many pages; the last may be shorter."""
    with path.open("rb") as image:
        while read := image.read(pages * PAGE):
            yield read


def _insert(table: Table) -> str:
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    return f'INSERT INTO "{table.name}" ({names}) VALUES ({", ".join("?" * len(table.columns))})'  # noqa: S608
