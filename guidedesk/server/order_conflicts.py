"""Other content under an id that is known: the first is kept, and the other is put by for a person to see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection, select

from guidedesk.models.intake_tables import order_conflict
from guidedesk.server.database import ScopeWrite, ServerDatabase
from guidedesk.server.order_recorder import Recorded
from guidedesk.server.visibility import insert_missing


def keep_conflicts(database: ServerDatabase, recorded: Sequence[Recorded], now_ms: int) -> None:
    """Put these by where the first of each lives; the same again is put by once."""
    by_scope: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in recorded:
        row = {
            "scope_id": one.result.scope_id,
            "source": one.prepared.source,
            "external_id": one.prepared.key,
            "content_hash": one.prepared.content_hash,
            "payload": one.prepared.payload,
            "received_at_ms": now_ms,
        }
        by_scope[one.result.scope_id].append(row)
    for scope_id, rows in sorted(by_scope.items()):
        database.write(scope_id, partial(_put_by, rows=rows))


def _put_by(opened: ScopeWrite, rows: Sequence[dict[str, Any]]) -> None:
    insert_missing(opened.conn, order_conflict, rows)


def conflicts_of(conn: Connection, scope_id: str, limit: int) -> list[dict[str, Any]]:
    """What was put by in a scope, the newest first: `{source, external_id, received_at_ms}`."""
    c = order_conflict.c
    rows = conn.execute(
        select(c.source, c.external_id, c.received_at_ms)
        .where(c.scope_id == scope_id)
        .order_by(c.received_at_ms.desc(), c.external_id)
        .limit(limit)
    )
    return [dict(row._mapping) for row in rows]
