"""Every row a subscription should hold, as a counter's file keeps it, in the order of primary keys."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, LargeBinary, Select, Table, bindparam, select, type_coerce

from guidedesk.domain.ids import from_bytes, to_bytes
from guidedesk.models.base import IdType
from guidedesk.models.entities import entity_tables, part_table
from guidedesk.models.server_tables import feed
from guidedesk.server.feed_pointers import UPSERT

Values = Sequence[tuple[Any, ...]]
_BEFORE_ALL: Final = from_bytes(bytes(16))


def snapshot_rows(
    conn: Connection, scope_id: str, portion: int, only: Collection[str] | None = None
) -> Iterator[list[tuple[Table, Values]]]:
    """Portions of at most `portion` rows of one table, each with the parts that travel inside them.

    Values stand in the order of the table's columns, ids as 16 bytes. `only` names the tables that are wanted.
    """
    pointed = _pointed_on_sqlite(conn, scope_id) if conn.dialect.name == "sqlite" else None
    for name, table in entity_tables().items():
        if (only is not None and name not in only) or (pointed is not None and name not in pointed):
            continue
        parts = part_table(name)
        found_in = pointed[name] if pointed is not None else _pointed(conn, scope_id, name)
        for row_scope in sorted(found_in):
            after, is_more = _BEFORE_ALL, True
            while is_more:
                where = {"the_scope": scope_id, "the_tbl": name, "row_scope": row_scope, "after": after}
                rows = _values(conn, table, _entity_query(table, portion, conn.dialect.name), where)
                is_more = len(rows) == portion
                if not rows:
                    break
                last = from_bytes(rows[-1][_place(table)])
                found = [(table, rows)]
                if parts is not None:
                    lines = _values(conn, parts, _part_query(table, parts, conn.dialect.name), where | {"last": last})
                    found.append((parts, lines))
                yield found
                after = last


def _pointed(conn: Connection, scope_id: str, name: str) -> Iterable[str]:
    """Where the rows of a table live that a scope's feed points at; a statement each, for the largest feeds."""
    return conn.execute(_row_scopes(), {"the_scope": scope_id, "the_tbl": name}).scalars()


def _pointed_on_sqlite(conn: Connection, scope_id: str) -> dict[str, list[str]]:
    """The same for every table at once: one shop's feed is looked through quicker than asked about again and again."""
    found: dict[str, list[str]] = {}
    for name, row_scope in conn.execute(_EVERY_ROW_SCOPE, {"the_scope": scope_id}):
        found.setdefault(name, []).append(row_scope)
    return found


_EVERY_ROW_SCOPE: Final = (
    select(feed.c.tbl, feed.c.row_scope_id)
    .where(feed.c.scope_id == bindparam("the_scope"), feed.c.op == UPSERT)
    .distinct()
)


def _place(table: Table) -> int:
    return [column.name for column in table.columns].index("id")


def _values(conn: Connection, table: Table, query: Select[Any], where: dict[str, Any]) -> Values:
    found = conn.execute(query, where)
    if conn.dialect.name == "sqlite":
        return [tuple(row) for row in found]
    ids = [isinstance(column.type, IdType) for column in table.columns]
    return [
        tuple([to_bytes(v) if is_id and v is not None else v for v, is_id in zip(row, ids, strict=True)])
        for row in found
    ]


@cache
def _row_scopes() -> Select[Any]:
    query = select(feed.c.row_scope_id).distinct()
    return query.where(
        feed.c.scope_id == bindparam("the_scope"), feed.c.tbl == bindparam("the_tbl"), feed.c.op == UPSERT
    )


@cache
def _entity_query(table: Table, portion: int, dialect: str) -> Select[Any]:
    return _seen(table, table, dialect).where(table.c.id == feed.c.row_id).order_by(feed.c.row_id).limit(portion)


@cache
def _part_query(table: Table, parts: Table, dialect: str) -> Select[Any]:
    parent = parts.c[parts.info["parent_key"]]
    return (
        _seen(table, parts, dialect)
        .where(parts.c.scope_id == bindparam("row_scope"), parent == feed.c.row_id, table.c.id == feed.c.row_id)
        .where(feed.c.row_id <= bindparam("last"))
        .order_by(feed.c.row_id, parts.c.line_no)
    )


def _seen(table: Table, wanted: Table, dialect: str) -> Select[Any]:
    """Columns of `wanted` for the rows of `table` that the feed of a scope points at in one row scope."""
    columns = [
        type_coerce(column, LargeBinary) if dialect == "sqlite" and isinstance(column.type, IdType) else column
        for column in wanted.columns
    ]
    return select(*columns).where(
        feed.c.scope_id == bindparam("the_scope"),
        feed.c.tbl == bindparam("the_tbl"),
        feed.c.op == UPSERT,
        feed.c.row_scope_id == bindparam("row_scope"),
        feed.c.row_id > bindparam("after"),
        table.c.scope_id == bindparam("row_scope"),
        table.c.deleted_at_ms.is_(None),
    )
