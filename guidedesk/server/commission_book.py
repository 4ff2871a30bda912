"""Keeping the figures of open months up to date with every event: what readers call before they read."""

from __future__ import annotations

from sqlalchemy import select

from guidedesk.models.commission_tables import plan_version
from guidedesk.server.commission_keeper import keeper_of
from guidedesk.server.commission_reckoning import Heads, event_heads
from guidedesk.server.database import ServerDatabase


def refresh(database: ServerDatabase, now_ms: int) -> bool:
    """Bring the projections of open months up to date with every event; whether there was anything to do.

    Repeating it, or racing it, is harmless: what is written is one state that was true.
    """
    return keeper_of(database).refresh(database, now_ms)


def heads_if_paid(database: ServerDatabase) -> Heads | None:
    """Where events stand, if a plan was ever published: without one there is nothing to reckon."""
    chain_id = database.chain_id()
    p = plan_version.c
    with database.read() as conn:
        if conn.execute(select(p.plan).where(p.scope_id == chain_id).limit(1)).first() is None:
            return None
        return event_heads(conn)
