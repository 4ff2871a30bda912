"""Reading the change feed: a page of pointers after a cursor, with the rows as they are now (SYNC.md 3, 5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, bindparam, select

from guidedesk.domain.errors import Refused
from guidedesk.models.entities import Row, load_rows
from guidedesk.models.server_tables import feed, scope
from guidedesk.models.wire_schema import as_schema, knows_table
from guidedesk.server.feed_pointers import DELETE, UPSERT, PointerKey
from guidedesk.sync.protocol import SCHEMA, Change, ChangesPage

T = TypeVar("T")


_STATE: Final = select(scope.c.epoch, scope.c.head, scope.c.floor).where(scope.c.scope_id == bindparam("the_scope"))


def scope_state(conn: Connection, scope_id: str) -> tuple[int, int, int]:
    """(epoch, head, floor) of a scope; `not_found` when there is none."""
    row = conn.execute(_STATE, {"the_scope": scope_id}).first()
    if row is None:
        raise Refused("not_found", what="scope")
    return row.epoch, row.head, row.floor


def changes(
    conn: Connection, scope_id: str, epoch: int, after: int, limit: int, schema: int = SCHEMA
) -> ChangesPage | None:
    """The next page after a cursor, or None when there is nothing newer; rows as `schema` knows them.

    Raises `epoch_changed` when the server's history was cut since, `cursor_too_old` when deletions after the
    cursor are no longer known. A cursor of 0 is never too old: an empty cache has nothing to delete.
    """
    # The head is read before the pointers: whatever moves past it meanwhile is found at its new place.
    current_epoch, head, floor = scope_state(conn, scope_id)
    if epoch not in (0, current_epoch):
        raise Refused("epoch_changed", epoch=current_epoch)
    if 0 < after < floor:
        raise Refused("cursor_too_old", floor=floor)
    if after > head:
        raise Refused("epoch_changed", epoch=current_epoch)
    if after == head:
        return None
    pointers = conn.execute(
        select(feed.c.seq, feed.c.tbl, feed.c.row_id, feed.c.row_scope_id, feed.c.op)
        .where(feed.c.scope_id == scope_id, feed.c.seq > after)
        .order_by(feed.c.seq)
        .limit(limit + 1)
    ).all()
    more = len(pointers) > limit
    page = pointers[:limit]
    shown = [p for p in page if knows_table(schema, p.tbl)]
    rows = render(conn, [(p.tbl, p.row_scope_id, p.row_id) for p in shown if p.op != 3], schema)
    last = page[-1].seq if page else after
    return ChangesPage(
        scope_id=scope_id,
        epoch=current_epoch,
        changes=tuple(_change(p, rows) for p in shown),
        next=last if more else max(head, last),
        head=max(head, last),
        more=more,
    )


def _change(pointer: Any, rows: dict[PointerKey, Row]) -> Change:
    row = rows.get((pointer.tbl, pointer.row_scope_id, pointer.row_id))
    op = pointer.op
    if op == UPSERT and (row is None or row["deleted_at_ms"] is not None):
        op = DELETE
    return Change(
        seq=pointer.seq,
        tbl=pointer.tbl,
        op=op,
        row_id=pointer.row_id,
        row_scope_id=pointer.row_scope_id,
        row=row,
    )


def render(conn: Connection, keys: Iterable[PointerKey], schema: int = SCHEMA) -> dict[PointerKey, Row]:
    """The current rows of these keys as `schema` knows them, one query a (table, scope)."""
    grouped: dict[tuple[str, str], list[str]] = defaultdict(list)
    for tbl, row_scope_id, row_id in keys:
        if not knows_table(schema, tbl):
            continue
        grouped[tbl, row_scope_id].append(row_id)
    found: dict[PointerKey, Row] = {}
    for (tbl, row_scope_id), row_ids in sorted(grouped.items()):
        for chunk in chunks(row_ids):
            for row in load_rows(conn, tbl, row_scope_id, chunk):
                found[tbl, row_scope_id, row["id"]] = as_schema(schema, tbl, row)
    return found


def chunks(values: Sequence[T], size: int = 500) -> list[Sequence[T]]:
    """Lists short enough for one statement's parameters."""
    return [values[start : start + size] for start in range(0, len(values), size)]
