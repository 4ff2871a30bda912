"""The server's rows into the cache: pages with their cursor, and answers to operations (SYNC.md 4)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, delete

from guidedesk.domain import ids
from guidedesk.domain.errors import StorageError
from guidedesk.models import counter_tables as t
from guidedesk.models.database import savepoint, storage_error
from guidedesk.models.entities import Row, entity_tables, feed_scope, remove_rows, store_rows, upsert
from guidedesk.services.apply import RowRef
from guidedesk.sync.overlay import LoadLanes, Truth, forget_all, rebase
from guidedesk.sync.protocol import SCHEMA, TERMINAL, ChangesPage, OpResult, canonical
from guidedesk.sync.settled_alone import settle_alone

EVICT = 3


def apply_page(conn: Connection, page: ChangesPage, load: LoadLanes) -> set[RowRef]:
    """Rows, the pending operations over them, and the cursor, in the caller's one transaction.

    A cursor only grows within an epoch (I4); a page from before it changes nothing. A row that cannot be applied
    goes to `inbox_bad` and the cursor advances: the digest shows the hole until it is mended.
    """
    here = read_cursor(conn, page.scope_id)
    if here is not None and here[0] == page.epoch and page.next < here[1]:
        return set()
    truths: list[Truth] = []
    for change in page.changes:
        row = None if change.op == EVICT else change.row
        if _is_good(change.tbl, change.row_scope_id, change.row_id, row):
            truths.append(Truth(change.tbl, change.row_scope_id, change.row_id, row))
        else:
            _to_inbox(conn, change.tbl, change.row_id, row, "unreadable")
    changed = rebase(conn, truths, (), load, write_truths)
    write_cursor(conn, page.scope_id, page.epoch, page.next)
    return changed


def apply_results(conn: Connection, results: Iterable[OpResult], load: LoadLanes) -> set[RowRef]:
    """The rows that terminal answers carry, at once: a refused operation leaves nothing, an accepted one no flicker."""
    settled: list[str] = []
    truths: dict[RowRef, Truth] = {}
    for result in results:
        if result.status not in TERMINAL:
            continue
        settled.append(result.op_id)
        for tbl, row in result.rows:
            scope_id, row_id = row.get("scope_id"), row.get("id")
            if isinstance(scope_id, str) and isinstance(row_id, str) and _is_good(tbl, scope_id, row_id, row):
                truths[(tbl, scope_id, row_id)] = Truth(tbl, scope_id, row_id, row)
        for tbl, scope_id, row_id in result.absent:
            if _is_good(tbl, scope_id, row_id, None):
                truths[(tbl, scope_id, row_id)] = Truth(tbl, scope_id, row_id, None)
    done, refs = settle_alone(conn, truths, settled, write_truths)
    rest = [truth for ref, truth in truths.items() if ref not in refs]
    if not rest and done.issuperset(settled):
        return refs
    # All of them are named: the journal still tells those that are done with as waiting.
    return refs | rebase(conn, rest, settled, load, write_truths)


def write_truths(conn: Connection, truths: Sequence[Truth]) -> None:
    """Store or remove rows, newest version kept, all at once; by table, then one by one, only where that fails."""
    _clear_inbox(conn, truths)
    stored: dict[str, list[Row]] = defaultdict(list)
    removed: dict[tuple[str, str], list[str]] = defaultdict(list)
    for truth in truths:
        if truth.row is None:
            removed[truth.tbl, truth.row_scope_id].append(truth.row_id)
        else:
            stored[truth.tbl].append(truth.row)
    for (tbl, scope_id), row_ids in removed.items():
        for start in range(0, len(row_ids), 500):
            remove_rows(conn, tbl, scope_id, row_ids[start : start + 500])
    tables = [(name, stored[name]) for name in entity_tables() if name in stored]
    if tables and _try_store(conn, tables) is not None:
        for name, rows in tables:
            _store_table(conn, name, rows)


def read_cursor(conn: Connection, scope_id: str) -> tuple[int, int] | None:
    """(epoch, seq) up to which this cache holds a scope, or None."""
    row = conn.exec_driver_sql("SELECT epoch, seq FROM cursor WHERE scope_id = ?", (ids.to_bytes(scope_id),)).first()
    return None if row is None else (row[0], row[1])


def write_cursor(conn: Connection, scope_id: str, epoch: int, seq: int) -> None:
    """Keep a cursor; only ever together with the rows it stands for."""
    upsert(conn, t.cursor, [{"scope_id": scope_id, "epoch": epoch, "seq": seq, "schema_ver": SCHEMA}])


def restart_scope(conn: Connection, scope_id: str, kind: str, epoch: int) -> None:
    """Forget what a subscription brought and begin at 0: its history was cut or its cursor is too old (410)."""
    forget_all(conn, [name for name in entity_tables() if feed_scope(name) == kind])
    write_cursor(conn, scope_id, epoch, 0)


def forget_scope(conn: Connection, scope_id: str) -> None:
    """Take away a store's subscription that this counter no longer has; the store's rows come anew from its own."""
    forget_all(conn, [name for name in entity_tables() if feed_scope(name) == "store"])
    conn.execute(delete(t.cursor).where(t.cursor.c.scope_id == scope_id))


def _store_table(conn: Connection, name: str, rows: list[Row]) -> None:
    if _try_store(conn, [(name, rows)]) is None:
        return
    for row in rows:
        reason = _try_store(conn, [(name, [row])])
        if reason is not None:
            _to_inbox(conn, name, str(row["id"]), row, reason)


def _try_store(conn: Connection, tables: Sequence[tuple[str, list[Row]]]) -> str | None:
    """All of them or none; why not, where it was none."""
    try:
        with savepoint(conn, "cache"):
            for name, rows in tables:
                store_rows(conn, name, rows)
    except Exception as error:
        if isinstance(error, StorageError) or storage_error(error, "cache"):
            raise
        return type(error).__name__
    return None


def _is_good(tbl: str, scope_id: str, row_id: str, row: Row | None) -> bool:
    if tbl not in entity_tables() or not ids.is_id(scope_id) or not ids.is_id(row_id):
        return False
    return row is None or (row.get("scope_id") == scope_id and row.get("id") == row_id)


def _to_inbox(conn: Connection, tbl: str, row_id: str, row: Row | None, reason: str) -> None:
    upsert(conn, t.inbox_bad, [{"tbl": tbl, "row_id": row_id, "bytes": canonical(row), "reason": reason}])


def _clear_inbox(conn: Connection, truths: Sequence[Truth]) -> None:
    if conn.exec_driver_sql("SELECT 1 FROM inbox_bad LIMIT 1").first() is None:
        return
    b = t.inbox_bad.c
    for truth in truths:
        conn.execute(delete(t.inbox_bad).where(b.tbl == truth.tbl, b.row_id == truth.row_id))
