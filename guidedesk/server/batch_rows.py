"""The rows of one batch, read together before it and written together after it.

A batch of 500 operations would otherwise wait for the database three thousand times.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from guidedesk.models.entities import Row, entity_tables, load_row, load_rows, part_table
from guidedesk.server.bulk_sql import insert_many
from guidedesk.server.feed import chunks
from guidedesk.services.apply import RowRef


class BatchRows:
    """A memory over one open transaction. Whoever reads such tables with a statement of her own calls `flush` first;
    after a rollback `forget` is called."""

    def __init__(self) -> None:
        self._rows: dict[RowRef, Row | None] = {}
        self._changed: set[RowRef] = set()
        self._undo: list[tuple[RowRef, Row | None, bool]] = []

    def read_ahead(self, conn: Connection, refs: Iterable[RowRef]) -> None:
        """Read rows that will be asked for; what is not there is remembered as well."""
        wanted: dict[tuple[str, str], set[str]] = defaultdict(set)
        for ref in refs:
            if ref not in self._rows:
                wanted[ref[0], ref[1]].add(ref[2])
        for (name, scope_id), row_ids in sorted(wanted.items()):
            for chunk in chunks(sorted(row_ids)):
                self._rows |= {(name, scope_id, row_id): None for row_id in chunk}
                self._rows |= {(name, scope_id, row["id"]): row for row in load_rows(conn, name, scope_id, chunk)}

    def load(self, conn: Connection, name: str, scope_id: str, row_id: str) -> Row | None:
        """The row as this batch has left it."""
        ref = (name, scope_id, row_id)
        if ref not in self._rows:
            self._rows[ref] = load_row(conn, name, scope_id, row_id)
        row = self._rows[ref]
        return None if row is None else dict(row)

    def write(self, conn: Connection, name: str, row: Row) -> None:
        """Keep it until `flush`."""
        ref = (name, row["scope_id"], row["id"])
        self._undo.append((ref, self._rows.get(ref), ref in self._changed))
        self._rows[ref] = dict(row)
        self._changed.add(ref)

    def mark(self) -> None:
        """What is written from here on can be taken back by `rewind`, until the next `mark` or `flush`."""
        self._undo.clear()

    def rewind(self) -> None:
        """Take back what was written since `mark`. What was read is as good as before."""
        for ref, row, was_changed in reversed(self._undo):
            self._rows[ref] = row
            if not was_changed:
                self._changed.discard(ref)
        self._undo.clear()

    def flush(self, conn: Connection) -> None:
        """Write what was changed, each table's rows in the order of their keys so that two batches never cross."""
        changed: dict[str, list[Row]] = defaultdict(list)
        for ref in sorted(self._changed):
            row = self._rows[ref]
            if row is not None:
                changed[ref[0]].append(row)
        for name, table in entity_tables().items():
            if name in changed:
                names = [column.name for column in table.columns]
                statement = _upsert(conn.dialect.name, table)
                insert_many(conn, statement, [{n: row[n] for n in names} for row in changed[name]])
        self._changed.clear()
        self._undo.clear()

    def whole(self, ref: RowRef) -> Row | None:
        """A row as this batch has left it, if that is remembered and all of it (parts are not)."""
        return self._rows.get(ref) if part_table(ref[0]) is None else None

    def forget(self) -> None:
        """Know nothing any more, written or not."""
        self._rows.clear()
        self._changed.clear()
        self._undo.clear()


@cache
def _upsert(dialect_name: str, table: Table) -> Any:
    insert: Any = postgresql.insert if dialect_name == "postgresql" else sqlite.insert
    statement = insert(table)
    keys = [column.name for column in table.primary_key.columns]
    changed = {c.name: statement.excluded[c.name] for c in table.columns if c.name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=changed)
