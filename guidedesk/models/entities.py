"""Rows of entities as plain dictionaries: read, written and compared alike on the server and a counter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Connection, Select, Table, bindparam, delete, select
from sqlalchemy.dialects import sqlite

from guidedesk.domain.ids import to_bytes
from guidedesk.models import (  # noqa: F401  (declares the entities)
    care,
    coupons,
    engagement,
    gatherings,
    people,
    points,
    sales,
)
from guidedesk.models.base import SERVER, FeedScope, IdType, among_named, named_values

Row = dict[str, Any]
PARTS_KEY: Final = "lines"
_id_bytes = lru_cache(maxsize=8_192)(to_bytes)  # those that come again and again: members, stores, staff
_CHUNK: Final = 400


@cache
def entity_tables() -> dict[str, Table]:
    """Every synced table by name, in an order in which rows may be written."""
    return {t.name: t for t in SERVER.sorted_tables if t.info.get("entity")}


@cache
def part_table(name: str) -> Table | None:
    """The table whose rows travel inside this entity's row, if it has one."""
    parts = [t for t in SERVER.sorted_tables if t.info.get("part_of") == name]
    return parts[0] if parts else None


def feed_scope(name: str) -> FeedScope:
    """Whether the store's or the chain's subscription brings rows of this table."""
    kind: FeedScope = entity_tables()[name].info["feed"]
    return kind


@cache
def _columns(name: str) -> tuple[str, ...]:
    return tuple(c.name for c in entity_tables()[name].columns)


@cache
def blank_row(name: str) -> Row:
    """A row of this table with nothing in it, its columns in order; not to be changed."""
    return dict.fromkeys(_columns(name))


@cache
def _part_columns(name: str) -> tuple[str, ...]:
    table = part_table(name)
    if table is None:
        return ()
    return tuple(c.name for c in table.columns if c.name not in ("scope_id", table.info["parent_key"]))


def load_rows(conn: Connection, name: str, scope_id: str, row_ids: Sequence[str]) -> list[Row]:
    """The rows of one table living in one scope, with their parts, deleted ones included, sorted by id."""
    if not row_ids:
        return []
    if len(row_ids) == 1:
        found = conn.execute(_row_by_id(name), {"the_scope": scope_id, "the_id": row_ids[0]})
    else:
        given = {"the_scope": scope_id, "these": named_values(conn, row_ids)}
        found = conn.execute(_rows_by_id(conn.dialect.name, name), given)
    names = _columns(name)
    rows: list[Row] = [dict(zip(names, values, strict=True)) for values in found]
    parts = part_table(name)
    if parts is not None:
        _attach_parts(conn, name, parts, scope_id, rows)
    return rows


@cache
def _rows_by_id(dialect_name: str, name: str) -> Select[Any]:
    table = entity_tables()[name]
    these = among_named(dialect_name, table.c.id, "these")
    return select(table).where(table.c.scope_id == bindparam("the_scope"), these).order_by(table.c.id)


def _attach_parts(conn: Connection, name: str, parts: Table, scope_id: str, rows: list[Row]) -> None:
    key = parts.info["parent_key"]
    by_id: dict[str, Row] = {}
    for row in rows:
        row[PARTS_KEY] = []
        by_id[row["id"]] = row
    if not by_id:
        return
    given = {"the_scope": scope_id, "these": named_values(conn, by_id)}
    lines = conn.execute(_lines_by_parent(conn.dialect.name, name), given)
    wanted = _part_columns(name)
    for line in lines:
        mapping = line._mapping
        by_id[mapping[key]][PARTS_KEY].append({c: mapping[c] for c in wanted})


@cache
def _lines_by_parent(dialect_name: str, name: str) -> Select[Any]:
    parts = part_table(name)
    if parts is None:
        raise KeyError(name)
    these = among_named(dialect_name, parts.c[parts.info["parent_key"]], "these")
    return select(parts).where(parts.c.scope_id == bindparam("the_scope"), these).order_by(parts.c.line_no)


def load_row(conn: Connection, name: str, scope_id: str, row_id: str) -> Row | None:
    """One row with its parts, or None."""
    found = conn.execute(_row_by_id(name), {"the_scope": scope_id, "the_id": row_id}).first()
    if found is None:
        return None
    row: Row = dict(zip(_columns(name), found, strict=True))
    parts = part_table(name)
    if parts is not None:
        _attach_parts(conn, name, parts, scope_id, [row])
    return row


@cache
def _row_by_id(name: str) -> Select[Any]:
    table = entity_tables()[name]
    return select(table).where(table.c.scope_id == bindparam("the_scope"), table.c.id == bindparam("the_id"))


def _insert(dialect: str, table: Table) -> Any:
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql  # late: a counter never needs it

        return postgresql.insert(table)
    return sqlite.insert(table)


def upsert(
    conn: Connection, table: Table, rows: Sequence[Mapping[str, Any]], *, guarded: bool = False
) -> None:
    """Insert or replace by primary key; `guarded` keeps a stored row with a higher row_ver (SYNC.md 4)."""
    if not rows:
        return
    if conn.dialect.name == "sqlite":
        # The driver is given tuples: the library's work on each value costs more than SQLite's.
        text, names, ids = _upserting_text(table, guarded, tuple(rows[0]))
        values_of = itemgetter(*names)
        prepared = [list(values_of(row)) for row in rows]
        for values in prepared:
            for place in ids:
                if values[place] is not None:
                    values[place] = _id_bytes(values[place])
        conn.exec_driver_sql(text, [tuple(values) for values in prepared])
        return
    conn.execute(_upserting(table, conn.dialect.name, guarded), [dict(r) for r in rows])


@cache
def _upserting_text(table: Table, guarded: bool, columns: tuple[str, ...]) -> tuple[str, tuple[str, ...], list[int]]:
    """The statement for rows with these columns, the order of its values, and which of them are ids."""
    compiled: Any = _upserting(table, "sqlite", guarded).compile(
        dialect=sqlite.dialect(paramstyle="qmark"), column_keys=list(columns)
    )
    names = tuple(compiled.positiontup)
    return str(compiled), names, [n for n, name in enumerate(names) if isinstance(table.c[name].type, IdType)]


@cache
def _upserting(table: Table, dialect: str, guarded: bool) -> Any:
    """Put together once: making the statement takes longer than running it for one row."""
    statement = _insert(dialect, table)
    keys = [c.name for c in table.primary_key.columns]
    changed = {c.name: statement.excluded[c.name] for c in table.columns if c.name not in keys}
    where = statement.excluded.row_ver >= table.c.row_ver if guarded else None
    return statement.on_conflict_do_update(index_elements=keys, set_=changed, where=where)


def store_rows(conn: Connection, name: str, rows: Iterable[Row]) -> None:
    """Write rows of one table as the server rendered them, parts included, unless a newer one is stored."""
    table = entity_tables()[name]
    parts = part_table(name)
    kept = list(rows)
    if parts is not None:
        kept = _not_older(conn, table, kept)
    upsert(conn, table, [{c: row.get(c) for c in _columns(name)} for row in kept], guarded=True)
    if parts is None or not kept:
        return
    key = parts.info["parent_key"]
    for scope_id, row_ids in _by_scope(kept):
        _delete_by(conn, parts, key, scope_id, row_ids)
    lines = [
        {"scope_id": row["scope_id"], key: row["id"], **line} for row in kept for line in row.get(PARTS_KEY, ())
    ]
    upsert(conn, parts, lines)


def _not_older(conn: Connection, table: Table, rows: list[Row]) -> list[Row]:
    """Rows that may replace what is stored: parts have no version of their own to guard them."""
    stored: dict[tuple[str, str], int] = {}
    for scope_id, row_ids in _by_scope(rows):
        given = {"the_scope": scope_id, "these": named_values(conn, row_ids)}
        found = conn.execute(_versions_by_id(conn.dialect.name, table.name), given)
        stored |= {(scope_id, row.id): row.row_ver for row in found}
    return [row for row in rows if row["row_ver"] >= stored.get((row["scope_id"], row["id"]), 0)]


@cache
def _versions_by_id(dialect_name: str, name: str) -> Select[Any]:
    table = entity_tables()[name]
    these = among_named(dialect_name, table.c.id, "these")
    return select(table.c.id, table.c.row_ver).where(table.c.scope_id == bindparam("the_scope"), these)


def _by_scope(rows: Iterable[Row]) -> Iterator[tuple[str, list[str]]]:
    """(scope, ids) of rows, in portions that fit one statement."""
    grouped: dict[str, list[str]] = {}
    for row in rows:
        grouped.setdefault(row["scope_id"], []).append(row["id"])
    for scope_id, row_ids in grouped.items():
        for start in range(0, len(row_ids), _CHUNK):
            yield scope_id, row_ids[start : start + _CHUNK]


def remove_rows(conn: Connection, name: str, scope_id: str, row_ids: Sequence[str]) -> None:
    """Forget rows (an eviction, or a row the server does not know); not a deletion of the person's data."""
    if not row_ids:
        return
    table = entity_tables()[name]
    parts = part_table(name)
    if parts is not None:
        _delete_by(conn, parts, parts.info["parent_key"], scope_id, row_ids)
    _delete_by(conn, table, "id", scope_id, row_ids)


def _delete_by(conn: Connection, table: Table, column: str, scope_id: str, ids: Sequence[str]) -> None:
    conn.execute(_deleting(table, column), {"the_scope": scope_id, "these": list(ids)})


@cache
def _deleting(table: Table, column: str) -> Any:
    these = table.c[column].in_(bindparam("these", expanding=True))
    return delete(table).where(table.c.scope_id == bindparam("the_scope"), these)


@cache
def id_columns(name: str) -> frozenset[str]:
    """Names of the columns that hold ids, for checks of rows from outside."""
    return frozenset(c.name for c in entity_tables()[name].columns if isinstance(c.type, IdType))
