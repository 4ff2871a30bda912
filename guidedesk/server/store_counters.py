"""A store's counters for its manager: listed, let in by their code, taken off (SECURITY.md D-1, D-12)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from guidedesk.domain.access import Actor, may
from guidedesk.domain.errors import Refused
from guidedesk.models.server_tables import device
from guidedesk.server.context import ServerContext
from guidedesk.server.device_auth import AuthenticatedDevice
from guidedesk.server.devices import revoke_device
from guidedesk.server.enrolment import approve_device
from guidedesk.services.store_desk import CounterState, RevokeMode, StoreCounter, StoreCounters


def read_counters(context: ServerContext, who: AuthenticatedDevice, actor: Actor) -> StoreCounters:
    """Every counter of this store, with its last contact and what it still holds. `forbidden`."""
    _check(actor, "device.revoke", who.scope_id)
    d = device.c
    with context.database.read() as conn:
        rows = conn.execute(select(device).where(d.scope_id == who.scope_id).order_by(d.label, d.device_id)).all()
    found = [
        StoreCounter(
            row.device_id, row.label, row.host, _state(row), row.enrolled_at_ms, row.last_contact_ms,
            row.reported_unsent, is_this=row.device_id == who.device_id,
        )
        for row in rows
    ]  # fmt: skip
    found.sort(key=lambda one: (one.state == "gone", one.label.casefold(), one.id))
    return StoreCounters(context.clock.wall_ms(), tuple(found))


def let_in(context: ServerContext, who: AuthenticatedDevice, actor: Actor, code: str, label: str) -> None:
    """Let the counter in that shows this code. Refused as `approve_device`."""
    approve_device(
        context.database, context.secrets, context.random, code=code, store_id=who.scope_id, actor=actor,
        now_ms=context.clock.wall_ms(), label=label,
    )  # fmt: skip


def take_off(
    context: ServerContext, who: AuthenticatedDevice, actor: Actor, device_id: str, mode: RevokeMode, reason: str
) -> None:
    """Take a counter of this store off. Refused: `forbidden`; `not_found`, the same for another store's as for none;
    `device_own` for the one she stands at; `device_revoked`; `reason_missing`."""
    _check(actor, "device.revoke", who.scope_id)
    d = device.c
    with context.database.read() as conn:
        known = select(d.device_id).where(d.scope_id == who.scope_id, d.device_id == device_id)
        if conn.execute(known).first() is None:
            raise Refused("not_found", what="device")
    if device_id == who.device_id:
        raise Refused("device_own")
    if not reason.strip():
        raise Refused("reason_missing")
    revoke_device(context.database, device_id, mode, reason.strip(), context.clock, actor)


def _state(row: Any) -> CounterState:
    if row.wiped_at_ms is not None:
        return "gone"
    if row.order_mode is not None:
        return "draining" if row.order_mode == "drain" else "ordered"
    return "active" if row.state == "active" else "quarantined"


def _check(actor: Actor, permission: Any, store_id: str) -> None:
    if not may(actor, permission, store_id):
        raise Refused("forbidden", permission=permission)
