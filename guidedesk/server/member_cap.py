"""No counter holds more members than it can carry: those seen longest ago leave first (SYNC.md 2, SECURITY.md P-6).

Leaving is evicting, not deleting: a scan of her card or a sale lets the store see her again.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, Select, func, literal, select, union_all

from guidedesk.models.engagement import follow_up, interaction, visit
from guidedesk.models.sales import purchase
from guidedesk.models.server_tables import scope, scope_grant
from guidedesk.server.database import ServerDatabase
from guidedesk.server.feed import chunks
from guidedesk.server.grant_ends import end_members
from guidedesk.server.settings import read_settings
from guidedesk.server.sharding import cross_scope

_A_TRANSACTION: Final = 200
_FOR_EVER_MS: Final = 1 << 53


@cross_scope
def sweep_cap(database: ServerDatabase) -> int:
    """Keep every store within the cap; how many members left. Repeating it changes nothing."""
    chain_id = database.chain_id()
    with database.read() as conn:
        cap = int(read_settings(conn, chain_id)["counter_members"])
        stores = sorted(conn.execute(select(scope.c.scope_id).where(scope.c.kind == "store")).scalars())
    return sum(keep_within(database, store_id, cap) for store_id in stores)


def keep_within(database: ServerDatabase, scope_id: str, cap: int) -> int:
    """Let the members beyond the cap leave one store's counters; how many."""
    with database.read() as conn:
        surplus = count_members(conn, scope_id) - cap
        leaving = list(conn.execute(_longest_ago(scope_id).limit(surplus)).scalars()) if surplus > 0 else []
    for some in chunks(leaving, _A_TRANSACTION):
        end_members(database, scope_id, some)
    return len(leaving)


def count_members(conn: Connection, scope_id: str) -> int:
    """How many members a store sees."""
    mine = select(scope_grant.c.member_id).where(scope_grant.c.scope_id == scope_id).distinct()
    return conn.execute(select(func.count()).select_from(mine.subquery())).scalar_one()


def _longest_ago(scope_id: str) -> Select[Any]:
    """Members of a store, who was never here or longest ago first; whom somebody has to contact comes last."""
    here = union_all(
        *(
            select(table.c.member_id, table.c[at].label("at")).where(table.c.scope_id == scope_id)
            for table, at in ((visit, "occurred_at_ms"), (interaction, "occurred_at_ms"), (purchase, "paid_at_ms"))
        ),
        select(follow_up.c.member_id, literal(_FOR_EVER_MS).label("at")).where(
            follow_up.c.scope_id == scope_id, follow_up.c.state == "open"
        ),
    ).subquery()
    last = select(here.c.member_id, func.max(here.c.at).label("at")).group_by(here.c.member_id).subquery()
    mine = select(scope_grant.c.member_id).where(scope_grant.c.scope_id == scope_id).distinct().subquery()
    return (
        select(mine.c.member_id)
        .select_from(mine.outerjoin(last, last.c.member_id == mine.c.member_id))
        .order_by(func.coalesce(last.c.at, 0), mine.c.member_id)
    )
