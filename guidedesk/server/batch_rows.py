"""The rows of one batch, read together before it and written together after it.

A batch of 500 operations would otherwise wait for the database three thousand times.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import CompoundSelect, Connection, Select, Table, bindparam, literal, select, union_all
from sqlalchemy.dialects import postgresql, sqlite

from guidedesk.models.base import among_named, named_values
from guidedesk.models.entities import Row, entity_tables, load_row, load_rows, part_table
from guidedesk.models.people import member
from guidedesk.server.bulk_sql import insert_many, insert_tuples
from guidedesk.server.feed import chunks
from guidedesk.services.apply import RowRef

# Found by ids that counters make anew for each operation.
_MADE_ONCE: Final = frozenset({"visit", "interaction", "follow_up"})
_IDS_A_STATEMENT: Final = 500


class BatchRows:
    """A memory over one open transaction. Whoever reads such tables with a statement of her own calls `flush` first;
    after a rollback `forget` is called."""

    def __init__(self) -> None:
        self._rows: dict[RowRef, Row | None] = {}
        self._changed: set[RowRef] = set()
        self._parts: set[RowRef] = set()
        self._new: set[RowRef] = set()  # of the changed ones, those that were not there
        self._undo: list[tuple[RowRef, Row | None, bool]] = []

    def read_ahead(self, conn: Connection, refs: Iterable[RowRef]) -> None:
        """Read rows that will be asked for; what is not there is remembered as well."""
        wanted: dict[tuple[str, str], set[str]] = defaultdict(set)
        for ref in refs:
            if ref not in self._rows:
                wanted[ref[0], ref[1]].add(ref[2])
        places = {key: sorted(row_ids) for key, row_ids in sorted(wanted.items())}
        for (name, scope_id), row_ids in places.items():
            self._rows |= {(name, scope_id, row_id): None for row_id in row_ids}
        new = {key: row_ids for key, row_ids in places.items() if key[0] in _MADE_ONCE}
        for (name, scope_id), row_ids in (places | _those_there(conn, new)).items():
            for chunk in chunks(row_ids):
                self._rows |= {(name, scope_id, row["id"]): row for row in load_rows(conn, name, scope_id, chunk)}

    def read_people(self, conn: Connection, homes: Mapping[str, str]) -> None:
        """Of these members (member -> home scope) what says whether she is there and who she is: no more of her row."""
        wanted: dict[str, list[str]] = defaultdict(list)
        for member_id in sorted(homes):
            wanted[homes[member_id]].append(member_id)
        for home, member_ids in sorted(wanted.items()):
            for chunk in chunks(member_ids):
                given = {"the_scope": home, "these": named_values(conn, chunk)}
                for member_id, deleted_at_ms, merged_into in conn.execute(_people(conn.dialect.name), given):
                    ref = ("member", home, member_id)
                    self._rows[ref] = {"id": member_id, "deleted_at_ms": deleted_at_ms, "merged_into": merged_into}
                    self._parts.add(ref)

    def load(self, conn: Connection, name: str, scope_id: str, row_id: str) -> Row | None:
        """The row as this batch has left it."""
        row = self.look(conn, (name, scope_id, row_id))
        return None if row is None else dict(row)

    def look(self, conn: Connection, ref: RowRef) -> Row | None:
        """As `load`, for whoever changes nothing in it."""
        if ref not in self._rows:
            self._rows[ref] = load_row(conn, *ref)
        return self._rows[ref]

    def write(self, conn: Connection, name: str, row: Row) -> None:
        """Keep it until `flush`."""
        ref = (name, row["scope_id"], row["id"])
        if ref in self._parts:
            raise AssertionError(f"only a part of {name} was read")
        self._undo.append((ref, self._rows.get(ref), ref in self._changed))
        if ref not in self._changed and ref in self._rows and self._rows[ref] is None:
            self._new.add(ref)
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
                self._new.discard(ref)
        self._undo.clear()

    def flush(self, conn: Connection) -> None:
        """Write what was changed, each table's rows in the order of their keys so that two batches never cross."""
        new: dict[str, list[Row]] = defaultdict(list)
        changed: dict[str, list[Row]] = defaultdict(list)
        for ref in sorted(self._changed):
            row = self._rows[ref]
            if row is not None:
                (new if ref in self._new else changed)[ref[0]].append(row)
        for name, table in entity_tables().items():
            names = [column.name for column in table.columns]
            if name in new:
                # Nobody else makes one meanwhile: who writes holds the scope. Plain rows cost the database half.
                insert_tuples(conn, table, names, map(itemgetter(*names), new[name]))
            if name in changed:
                statement = _upsert(conn.dialect.name, table)
                insert_many(conn, statement, [{n: row[n] for n in names} for row in changed[name]])
        self._changed.clear()
        self._new.clear()
        self._undo.clear()

    def is_new(self, ref: RowRef) -> bool:
        """Whether a changed row was not there before."""
        return ref in self._new

    def remembered(self) -> Iterable[RowRef]:
        """Every row that was asked for, there or not."""
        return self._rows.keys()

    def drop(self, refs: Iterable[RowRef]) -> None:
        """Know nothing of these rows any more, nor of what was to be written to them."""
        for ref in refs:
            self._rows.pop(ref, None)
            self._changed.discard(ref)
            self._new.discard(ref)

    def whole(self, ref: RowRef) -> Row | None:
        """A row as this batch has left it, if that is remembered and all of it (parts are not)."""
        return self._rows.get(ref) if part_table(ref[0]) is None and ref not in self._parts else None

    def forget(self) -> None:
        """Know nothing any more, written or not."""
        self._rows.clear()
        self._parts.clear()
        self._changed.clear()
        self._new.clear()
        self._undo.clear()


def _those_there(conn: Connection, wanted: Mapping[tuple[str, str], list[str]]) -> dict[tuple[str, str], list[str]]:
    """Which of rows that are made once and for all were made before: hardly ever one, so they are asked together."""
    there: dict[tuple[str, str], list[str]] = {key: [] for key in wanted}
    for scope_id in sorted({scope_id for _, scope_id in wanted}):
        ids = {name: row_ids for (name, where), row_ids in wanted.items() if where == scope_id}
        for start in range(0, max(map(len, ids.values())), _IDS_A_STATEMENT):
            some = {name: row_ids[start : start + _IDS_A_STATEMENT] for name, row_ids in ids.items()}
            given = {name: named_values(conn, row_ids) for name, row_ids in some.items()}
            for name, row_id in conn.execute(_made(conn.dialect.name, tuple(some)), given | {"the_scope": scope_id}):
                there[name, scope_id].append(row_id)
    return there


@cache
def _made(dialect_name: str, names: tuple[str, ...]) -> CompoundSelect[Any]:
    tables = entity_tables()
    return union_all(
        *(
            select(literal(name), tables[name].c.id).where(
                tables[name].c.scope_id == bindparam("the_scope"), among_named(dialect_name, tables[name].c.id, name)
            )
            for name in names
        )
    )


@cache
def _people(dialect_name: str) -> Select[Any]:
    these = among_named(dialect_name, member.c.id, "these")
    return select(member.c.id, member.c.deleted_at_ms, member.c.merged_into).where(
        member.c.scope_id == bindparam("the_scope"), these
    )


@cache
def _upsert(dialect_name: str, table: Table) -> Any:
    insert: Any = postgresql.insert if dialect_name == "postgresql" else sqlite.insert
    statement = insert(table)
    keys = [column.name for column in table.primary_key.columns]
    changed = {c.name: statement.excluded[c.name] for c in table.columns if c.name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=changed)
