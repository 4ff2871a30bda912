"""Moving the feed's pointers: the statements every write ends with (SYNC.md 3)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final, NamedTuple

from sqlalchemy import Connection, Insert
from sqlalchemy.dialects import postgresql, sqlite

from guidedesk.models.server_tables import feed
from guidedesk.server.bulk_sql import insert_many, insert_tuples

UPSERT: Final = 1
DELETE: Final = 2
EVICT: Final = 3
_COLUMNS: Final = ("scope_id", "seq", "tbl", "row_id", "row_scope_id", "op", "row_ver")
PointerKey = tuple[str, str, str]  # table, row_scope_id, row_id


class Pointer(NamedTuple):
    """One row that subscribers of a scope must look at again."""

    tbl: str
    row_scope_id: str
    row_id: str
    op: int
    row_ver: int
    is_new: bool = False  # the row was never in this feed


def move_pointers(conn: Connection, scope_id: str, numbered: Sequence[tuple[int, Pointer]]) -> None:
    """Give each pointer its new number. A pointer to a newer version of its row stays where it is."""
    fresh = [(seq, p) for seq, p in numbered if p.is_new]
    if fresh:
        rows = ((scope_id, seq, p.tbl, p.row_id, p.row_scope_id, p.op, p.row_ver) for seq, p in fresh)
        insert_tuples(conn, feed, _COLUMNS, rows)
    insert_many(
        conn,
        _upsert(conn.dialect.name),
        [
            dict(zip(_COLUMNS, (scope_id, seq, p.tbl, p.row_id, p.row_scope_id, p.op, p.row_ver), strict=True))
            for seq, p in numbered
            if not p.is_new
        ],
    )


@cache
def _upsert(dialect_name: str) -> Insert:
    insert = postgresql.insert if dialect_name == "postgresql" else sqlite.insert
    statement = insert(feed)
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=["scope_id", "tbl", "row_id", "row_scope_id"],
        set_={"seq": new.seq, "op": new.op, "row_ver": new.row_ver},
        where=new.row_ver >= feed.c.row_ver,
    )
