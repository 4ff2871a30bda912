"""The chain's counters as the operator sees them: listed, and taken off when lost (SECURITY.md D-12)."""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy import select, update

from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import is_id
from guidedesk.domain.ports import Clock
from guidedesk.models.server_tables import device, device_directory, scope
from guidedesk.server.audit import record_audit
from guidedesk.server.database import ScopeWrite, ServerDatabase
from guidedesk.server.sharding import cross_scope

RevokeMode = Literal["drain", "now"]


@cross_scope
def list_devices(database: ServerDatabase) -> list[dict[str, Any]]:
    """Every counter, store by store."""
    wanted = ("label", "host", "state", "epoch", "last_seq", "enrolled_at_ms", "last_contact_ms", "reported_unsent")
    found: list[dict[str, Any]] = []
    with database.read() as conn:
        stores = conn.execute(select(scope.c.scope_id).where(scope.c.kind == "store")).scalars().all()
        for store_id in sorted(stores):
            rows = conn.execute(select(device).where(device.c.scope_id == store_id).order_by(device.c.device_id))
            found += [
                {"id": row.device_id, "store_id": store_id} | {name: row._mapping[name] for name in wanted}
                for row in rows
            ]
    return found


def revoke_device(
    database: ServerDatabase, device_id: str, mode: RevokeMode, reason: str, clock: Clock
) -> dict[str, Any]:
    """Take a counter off. `drain`: no more sign-in or pull, what it still sends is kept in quarantine; `now`: nothing
    is taken any more. Answers with the unsent count it last reported. `device_unknown`."""
    with database.read() as conn:
        directory = select(device_directory.c.scope_id).where(device_directory.c.device_id == device_id)
        store_id = conn.execute(directory).scalar() if is_id(device_id) else None
    if store_id is None:
        raise Refused("device_unknown", device=device_id[:40])
    state = "suspended" if mode == "drain" else "revoked"

    def work(opened: ScopeWrite) -> int | None:
        mine = (device.c.scope_id == store_id, device.c.device_id == device_id)
        unsent = opened.conn.execute(select(device.c.reported_unsent).where(*mine)).scalar()
        opened.conn.execute(update(device).where(*mine).values(state=state))
        detail = {"mode": mode, "reason": reason, "reported_unsent": unsent}
        record_audit(
            opened, at_ms=clock.wall_ms(), actor=None, action="device.revoked", subject=device_id, detail=detail
        )
        return unsent

    unsent = database.write(store_id, work)
    return {"id": device_id, "store_id": store_id, "state": state, "reported_unsent": unsent}
