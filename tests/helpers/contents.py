"""Everything a server's database holds, so that two can be compared row for row."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select

from guidedesk.models.base import SERVER
from guidedesk.server.database import ServerDatabase

# Made at random in each run, or kept only while something waits.
NOT_COMPARED: Final = {"scope", "audit", "fanout_task"}
CHAIN: Final = "the chain"


def contents(database: ServerDatabase) -> dict[str, list[str]]:
    """Every row of every table; the chain's own id, which is random, under one name.

    Scopes are written in the order of their ids, so places in the feed depend on it.
    """
    chain_id = database.chain_id()
    found: dict[str, list[str]] = {}
    with database.read() as conn:
        for table in SERVER.sorted_tables:
            if table.name not in NOT_COMPARED:
                rows = conn.execute(select(*(c for c in table.columns if c.name != "seq"))).all()
                found[table.name] = sorted(str(tuple(row)).replace(chain_id, CHAIN) for row in rows)
    return found
