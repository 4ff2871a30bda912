"""Where applying an operation reads and writes rows: at once, or through a memory the server keeps for a batch."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import Connection

from guidedesk.models.entities import Row, entity_tables, load_row, upsert


class RowStore(Protocol):
    """Rows of entities by (table, scope, id)."""

    def load(self, conn: Connection, name: str, scope_id: str, row_id: str) -> Row | None:
        """The row as it is now, or None."""

    def write(self, conn: Connection, name: str, row: Row) -> None:
        """Insert or replace a complete row, parts left out."""


class DirectRows:
    """Each read and write is a statement of its own."""

    def load(self, conn: Connection, name: str, scope_id: str, row_id: str) -> Row | None:
        """The row as the database has it."""
        return load_row(conn, name, scope_id, row_id)

    def write(self, conn: Connection, name: str, row: Row) -> None:
        """Into the database."""
        upsert(conn, entity_tables()[name], [row])


DIRECT = DirectRows()
