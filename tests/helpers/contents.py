"""Everything a server's database holds, so that two can be compared row for row."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from sqlalchemy import select

from guidedesk.models.base import SERVER
from guidedesk.server.database import ServerDatabase

# Made at random in each run, whenever a server sweeps, or kept only while something waits.
NOT_COMPARED: Final = {"scope", "audit", "fanout_task", "scope_mark"}
CHAIN: Final = "the chain"


def contents(database: ServerDatabase, without: Collection[str] = ("seq",)) -> dict[str, list[str]]:
    """Every row of every table but for these columns; the chain's own id, which is random, under one name.

    Scopes are written in the order of their ids, so places in the feed depend on it.
    """
    chain_id = database.chain_id()
    found: dict[str, list[str]] = {}
    with database.read() as conn:
        for table in SERVER.sorted_tables:
            if table.name not in NOT_COMPARED:
                rows = conn.execute(select(*(c for c in table.columns if c.name not in without))).all()
                found[table.name] = sorted(str(tuple(row)).replace(chain_id, CHAIN) for row in rows)
    return found
