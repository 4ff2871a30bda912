"""Grants that end: a store stops seeing a member, and its counters drop her rows (SYNC.md 2 and 6).

Evicting is not deleting: the rows stay where they live, and a grant that comes back delivers them again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Final

from sqlalchemy import ColumnElement, delete, select

from guidedesk.models.server_tables import feed, scope, scope_grant
from guidedesk.server.database import ScopeWrite, ServerDatabase
from guidedesk.server.feed import chunks
from guidedesk.server.feed_pointers import EVICT
from guidedesk.server.sharding import cross_scope
from guidedesk.server.visibility import GrantReason, granted_members, rows_seen_by

_A_TRANSACTION: Final = 200


@cross_scope
def sweep_expired(database: ServerDatabase, now_ms: int) -> int:
    """End what ran out, store by store. Members that a store no longer sees."""
    with database.read() as conn:
        stores = sorted(conn.execute(select(scope.c.scope_id).where(scope.c.kind == "store")).scalars())
    return sum(end_expired(database, store_id, now_ms) for store_id in stores)


def end_expired(database: ServerDatabase, scope_id: str, now_ms: int) -> int:
    """End a store's grants whose time is over; how many members it no longer sees. Repeating it changes nothing."""
    ran_out = scope_grant.c.until_ms <= now_ms
    ended = 0
    while True:
        query = select(scope_grant.c.member_id).where(scope_grant.c.scope_id == scope_id, ran_out).distinct()
        with database.read() as conn:
            members = list(conn.execute(query.limit(_A_TRANSACTION)).scalars())
        if not members:
            return ended
        ended += database.write(scope_id, lambda opened, members=members: _end(opened, members, ran_out))  # type: ignore[misc]


def end_grant(database: ServerDatabase, scope_id: str, member_id: str, reason: GrantReason) -> bool:
    """Take one reason away; whether the store no longer sees the member."""
    of_reason = scope_grant.c.reason == reason
    return database.write(scope_id, lambda opened: _end(opened, [member_id], of_reason)) == 1


def end_members(database: ServerDatabase, scope_id: str, members: Collection[str]) -> int:
    """Take every reason for seeing these members away; how many a store no longer sees."""
    every = scope_grant.c.reason.is_not(None)
    return database.write(scope_id, lambda opened: _end(opened, members, every))


def _end(opened: ScopeWrite, members: Collection[str], which: ColumnElement[bool]) -> int:
    # Deleting comes first: it waits for writers that hold a grant of these members (`granted_members(hold=True)`),
    # and what they put into the feed is then seen and evicted.
    for chunk in chunks(sorted(members)):
        opened.conn.execute(
            delete(scope_grant).where(
                scope_grant.c.scope_id == opened.scope_id, scope_grant.c.member_id.in_(chunk), which
            )
        )
    gone = set(members) - granted_members(opened.conn, opened.scope_id, members)
    evict_in(opened, gone)
    return len(gone)


def evict_in(opened: ScopeWrite, members: Collection[str]) -> None:
    """Within a store's transaction: every row about these members leaves the store's feed."""
    by_table: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for pointer in rows_seen_by(opened.conn, opened.scope_id, members):
        by_table[pointer.tbl].add((pointer.row_scope_id, pointer.row_id))
    for tbl, keys in sorted(by_table.items()):
        for chunk in chunks(sorted({row_id for _, row_id in keys})):
            found = opened.conn.execute(
                select(feed.c.row_scope_id, feed.c.row_id, feed.c.row_ver).where(
                    feed.c.scope_id == opened.scope_id,
                    feed.c.tbl == tbl,
                    feed.c.row_id.in_(chunk),
                    feed.c.op != EVICT,
                )
            )
            for row in found:
                if (row.row_scope_id, row.row_id) in keys:
                    opened.touch(tbl, row.row_scope_id, row.row_id, row.row_ver, op=EVICT)
