"""Forgetting deletions and evictions after 120 days: the floor of a scope moves up (SYNC.md 6, retention).

A cursor below the floor is told `cursor_too_old` and fetches the scope anew. When a number of the feed was given
is known from one mark a day.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import delete, func, select, update

from guidedesk.domain.time import DAY_MS
from guidedesk.models.server_tables import feed, scope, scope_mark
from guidedesk.server.database import ScopeWrite, ServerDatabase
from guidedesk.server.feed import scope_state
from guidedesk.server.feed_pointers import UPSERT
from guidedesk.server.sharding import cross_scope

KEEP_MS: Final = 120 * DAY_MS


@cross_scope
def sweep_tombstones(database: ServerDatabase, now_ms: int) -> int:
    """Mark today in every scope and move floors; how many scopes were touched. Repeating it changes nothing."""
    with database.read() as conn:
        scopes = sorted(conn.execute(select(scope.c.scope_id)).scalars())
        newest = select(scope_mark.c.scope_id, func.max(scope_mark.c.at_ms).label("at_ms")).group_by(
            scope_mark.c.scope_id
        )
        marked = {row.scope_id: row.at_ms for row in conn.execute(newest)}
    due = [scope_id for scope_id in scopes if marked.get(scope_id, 0) <= now_ms - DAY_MS]
    for scope_id in due:
        database.write(scope_id, lambda opened: _move_floor(opened, now_ms))
    return len(due)


def _move_floor(opened: ScopeWrite, now_ms: int) -> None:
    conn, mine = opened.conn, scope_mark.c.scope_id == opened.scope_id
    _, head, floor = scope_state(conn, opened.scope_id)
    old = select(func.max(scope_mark.c.head)).where(mine, scope_mark.c.at_ms <= now_ms - KEEP_MS)
    reached = conn.execute(old).scalar() or 0
    if reached > floor:
        conn.execute(update(scope).where(scope.c.scope_id == opened.scope_id).values(floor=reached))
        conn.execute(
            delete(feed).where(feed.c.scope_id == opened.scope_id, feed.c.seq <= reached, feed.c.op != UPSERT)
        )
    conn.execute(delete(scope_mark).where(mine, scope_mark.c.at_ms <= now_ms - KEEP_MS))
    conn.execute(scope_mark.insert(), [{"scope_id": opened.scope_id, "at_ms": now_ms, "head": head}])
