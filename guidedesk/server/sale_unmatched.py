"""Sales that named somebody whom nobody knows: kept with the reason, and with what will tell whose they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import delete

from guidedesk.models.base import among
from guidedesk.models.intake_tables import recognition_mark, sale_unmatched
from guidedesk.server.database import ScopeWrite, ServerDatabase
from guidedesk.server.order_rows import Prepared
from guidedesk.server.visibility import insert_missing


def note_marks(database: ServerDatabase, arrived: Iterable[tuple[str, Prepared]], now_ms: int) -> None:
    """Enter what would tell whose sales these are, before they are written: a mark without a sale is harmless."""
    rows = [
        {"mark": mark, "purchase_id": one.row_id, "scope_id": scope_id, "noted_at_ms": now_ms}
        for scope_id, one in arrived
        if one.unmatched is not None
        for mark in one.unmatched.marks
    ]
    if rows:
        rows.sort(key=lambda row: (row["mark"], row["purchase_id"]))
        database.write_directory(lambda conn: insert_missing(conn, recognition_mark, rows))


def note_unmatched(opened: ScopeWrite, fresh: Sequence[Prepared], now_ms: int) -> None:
    """In the transaction of the sales: who was named and why nobody is known for it."""
    rows = [
        {
            "scope_id": opened.scope_id,
            "purchase_id": one.row_id,
            "reason": one.unmatched.reason,
            "shown": one.unmatched.shown,
            "noted_at_ms": now_ms,
        }
        for one in fresh
        if one.unmatched is not None
    ]
    insert_missing(opened.conn, sale_unmatched, rows)


def forget_unmatched(opened: ScopeWrite, purchase_ids: Sequence[str]) -> None:
    """She was recognised."""
    if purchase_ids:
        u = sale_unmatched.c
        these = among(opened.conn, u.purchase_id, purchase_ids)
        opened.conn.execute(delete(sale_unmatched).where(u.scope_id == opened.scope_id, these))
