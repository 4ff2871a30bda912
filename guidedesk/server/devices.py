"""The chain's counters as the operator sees them: listed, and taken off when lost (SECURITY.md D-12)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update

from guidedesk.domain.access import Actor
from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import is_id
from guidedesk.domain.ports import Clock
from guidedesk.models.server_tables import device, device_directory, scope
from guidedesk.server.audit import record_audit
from guidedesk.server.database import ScopeWrite, ServerDatabase
from guidedesk.server.device_auth import is_off
from guidedesk.server.sharding import cross_scope
from guidedesk.sync.orders import OrderMode


@cross_scope
def list_devices(database: ServerDatabase) -> list[dict[str, Any]]:
    """Every counter, store by store."""
    wanted = (
        "label", "host", "state", "epoch", "last_seq", "enrolled_at_ms", "last_contact_ms", "reported_unsent",
        "order_mode", "ordered_at_ms", "wiped_at_ms",
    )  # fmt: skip
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


def find_device(database: ServerDatabase, device_id: str) -> dict[str, Any]:
    """A counter as it last told of itself: its store, state and unsent operations. `device_unknown`."""
    with database.read() as conn:
        directory = select(device_directory.c.scope_id).where(device_directory.c.device_id == device_id)
        store_id = conn.execute(directory).scalar() if is_id(device_id) else None
        if store_id is None:
            raise Refused("device_unknown", device=device_id[:40])
        mine = (device.c.scope_id == store_id, device.c.device_id == device_id)
        columns = (device.c.label, device.c.state, device.c.reported_unsent, device.c.last_contact_ms)
        row = conn.execute(select(*columns).where(*mine)).one()
    return {"id": device_id, "store_id": store_id} | dict(row._mapping)


def revoke_device(
    database: ServerDatabase, device_id: str, mode: OrderMode, reason: str, clock: Clock, actor: Actor | None = None
) -> dict[str, Any]:
    """Take a counter off: it is told at its next contact (SECURITY.md D-12), and brings what it holds into quarantine.

    Answers with the unsent count it last reported. `actor` None is the operator at the command line.
    `device_unknown`; `device_revoked` for one that is gone already. A `drain` after a `now` changes nothing of that.
    """
    store_id = str(find_device(database, device_id)["store_id"])
    mine = (device.c.scope_id == store_id, device.c.device_id == device_id)
    now_ms = clock.wall_ms()

    def work(opened: ScopeWrite) -> tuple[str, int | None]:
        row = opened.conn.execute(select(device).where(*mine).with_for_update()).one()
        if is_off(row):
            raise Refused("device_revoked")
        told: OrderMode = "now" if row.order_mode == "now" else mode
        since = row.ordered_at_ms if row.order_mode == told else now_ms
        state = "revoked" if told == "now" else "suspended"
        opened.conn.execute(update(device).where(*mine).values(state=state, order_mode=told, ordered_at_ms=since))
        detail = {"mode": mode, "reason": reason, "reported_unsent": row.reported_unsent}
        record_audit(opened, at_ms=now_ms, actor=actor, action="device.revoked", subject=device_id, detail=detail)
        return state, row.reported_unsent

    state, unsent = database.write(store_id, work)
    return {"id": device_id, "store_id": store_id, "state": state, "reported_unsent": unsent}
