"""The failures that stand in the way of a sign-in, as the server keeps them (SECURITY.md D-9)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, update

from guidedesk.domain.lockout import DeviceLock, StaffLock
from guidedesk.models.server_tables import staff_pin
from guidedesk.server.guards import load_guard, save_guard


def load_staff(conn: Connection, chain_id: str, row: Row[Any] | None, subject: str, now_ms: int) -> StaffLock:
    """The failures of a person, or of a number that nobody has."""
    if row is not None:
        return StaffLock(row.failures, max(0, (row.locked_until_ms or 0) - now_ms))
    kept = load_guard(conn, chain_id, subject, now_ms)
    return StaffLock(kept.get("failures", 0), max(0, kept.get("locked_until_ms", 0) - now_ms))


def save_staff(
    conn: Connection, chain_id: str, row: Row[Any] | None, subject: str, lock: StaffLock, now_ms: int
) -> None:
    """Keeps them, in the transaction that loaded them."""
    until = now_ms + lock.wait_left_ms if lock.wait_left_ms else 0
    if row is None:
        save_guard(conn, chain_id, subject, {"failures": lock.failures, "locked_until_ms": until}, now_ms)
        return
    conn.execute(
        update(staff_pin)
        .where(staff_pin.c.scope_id == chain_id, staff_pin.c.staff_id == row.id)
        .values(failures=lock.failures, locked_until_ms=until or None)
    )


def load_device(conn: Connection, chain_id: str, device_id: str, now_ms: int) -> DeviceLock:
    """The failures on a device within the last hour."""
    kept = load_guard(conn, chain_id, _device_subject(device_id), now_ms)
    return DeviceLock(tuple(at - now_ms for at in kept.get("expires_at_ms", ()) if at > now_ms))


def save_device(conn: Connection, chain_id: str, device_id: str, lock: DeviceLock, now_ms: int) -> None:
    """Keeps them, in the transaction that loaded them."""
    state = {"expires_at_ms": [now_ms + left for left in lock.expires_in_ms]}
    save_guard(conn, chain_id, _device_subject(device_id), state, now_ms)


def _device_subject(device_id: str) -> str:
    return f"device:{device_id}"
