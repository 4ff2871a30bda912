"""Whoever is signed in proves once more that it is she, before money is decided (SECURITY.md D-9, D-11)."""

from __future__ import annotations

from sqlalchemy import select

from guidedesk.domain.access import Actor
from guidedesk.domain.errors import Refused
from guidedesk.models.people import staff
from guidedesk.models.server_tables import staff_session
from guidedesk.server.context import ServerContext
from guidedesk.server.device_auth import AuthenticatedDevice
from guidedesk.server.sign_in import check_again


def session_actor(context: ServerContext, who: AuthenticatedDevice, staff_id: str) -> Actor:
    """Whoever is signed in at this counter, with her role of now; `forbidden` where that is not `staff_id`."""
    s, p = staff_session.c, staff.c
    chain_id = context.database.chain_id()
    with context.database.read() as conn:
        open_session = conn.execute(
            select(s.staff_id).where(
                s.scope_id == who.scope_id,
                s.session_id == who.session_id,
                s.device_id == who.device_id,
                s.ended_at_ms.is_(None),
            )
        ).scalar() if who.session_id is not None else None  # fmt: skip
        row = conn.execute(
            select(p.role, p.store_id, p.is_active).where(p.scope_id == chain_id, p.id == staff_id)
        ).first()
    if open_session != staff_id or row is None or not row.is_active:
        raise Refused("forbidden", why="no_session")
    return Actor(staff_id, row.role, frozenset({row.store_id}))


def prove_pin(context: ServerContext, who: AuthenticatedDevice, actor: Actor, pin: str) -> None:
    """Her PIN, counted like a sign-in. Refused: `wrong_pin` (tries_left), `staff_wait`, `device_wait` (wait_s)."""
    chain_id = context.database.chain_id()
    with context.database.read() as conn:
        number = conn.execute(
            select(staff.c.number).where(staff.c.scope_id == chain_id, staff.c.id == actor.id)
        ).scalar()
    if number is None:
        raise Refused("forbidden", why="no_session")
    check_again(context, who, number, pin, actor.id)
