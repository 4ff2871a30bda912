"""Orders to counters that are taken off, and their last word (SECURITY.md D-12)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update

from guidedesk.domain.errors import Refused
from guidedesk.models.server_tables import device
from guidedesk.server.audit import record_audit
from guidedesk.server.context import ServerContext
from guidedesk.server.database import ScopeWrite
from guidedesk.server.device_auth import AuthenticatedDevice
from guidedesk.sync.orders import DeviceOrder
from guidedesk.sync.strict_json import JsonObject


def order_for(row: Any, device_id: str, t0: int, context: ServerContext) -> dict[str, Any] | None:
    """The order a counter is under, signed for this hello of it; None for one that works."""
    if row.order_mode is None:
        return None
    return DeviceOrder(row.order_mode, row.ordered_at_ms).to_wire(device_id, t0, context.secrets.signing_key())


def note_wiped(context: ServerContext, who: AuthenticatedDevice, body: JsonObject) -> None:
    """A counter's data is gone: nothing more is taken from it. `validation`, `forbidden` without an order."""
    unsent = body.get("unsent")
    if set(body) != {"unsent"} or not isinstance(unsent, int) or isinstance(unsent, bool) or unsent < 0:
        raise Refused("validation", field="unsent", why="bad_value")
    now_ms = context.clock.wall_ms()
    mine = (device.c.scope_id == who.scope_id, device.c.device_id == who.device_id)

    def work(opened: ScopeWrite) -> None:
        mode = opened.conn.execute(select(device.c.order_mode).where(*mine).with_for_update()).scalar()
        if mode is None:
            raise Refused("forbidden", why="no_order")
        gone = {"state": "revoked", "wiped_at_ms": now_ms, "reported_unsent": unsent, "last_contact_ms": now_ms}
        opened.conn.execute(update(device).where(*mine).values(**gone))
        detail = {"mode": mode, "unsent": unsent}
        record_audit(
            opened, at_ms=now_ms, actor=None, action="device.wiped", subject=who.device_id, detail=detail
        )

    context.database.write(who.scope_id, work)
