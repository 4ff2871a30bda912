"""A dynamic code is used once in the whole chain (CODES.md Q-6). Two counters that were offline can both take one;
whichever arrives second is put to a manager."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, select

from guidedesk.models.join_tables import code_use
from guidedesk.server.context import ServerContext
from guidedesk.server.incoming import Incoming
from guidedesk.server.visibility import insert_missing
from guidedesk.services.operations import RecordVisit

USED_ELSEWHERE: Final = "code_used_elsewhere"


def claim_codes(context: ServerContext, scope_id: str, ops: Sequence[Incoming]) -> frozenset[str]:
    """Enter the dynamic codes these operations took; the ids of those that somebody else's had taken before.

    Before the transaction of the batch, like every directory; repeating it changes nothing.
    """
    shown = [found for op in ops if (found := _shown(op)) is not None]
    if not shown:
        return frozenset()
    now_ms = context.clock.wall_ms()
    rows: list[dict[str, Any]] = [
        {"handle": handle, "serial": serial, "op_id": op_id, "scope_id": scope_id, "used_at_ms": now_ms}
        for op_id, handle, serial in sorted(shown, key=lambda one: one[1:])
    ]

    def work(conn: Connection) -> frozenset[str]:
        insert_missing(conn, code_use, rows)
        return frozenset(row["op_id"] for row in rows if _first(conn, row) != row["op_id"])

    return context.database.write_directory(work)


def _first(conn: Connection, row: dict[str, Any]) -> Any:
    c = code_use.c
    return conn.execute(
        select(c.op_id).where(c.handle == row["handle"], c.serial == row["serial"])
    ).scalar()


def _shown(op: Incoming) -> tuple[str, str, int] | None:
    if op.type != RecordVisit.TYPE or op.envelope is None:
        return None
    handle, serial = op.envelope.body.get("code_handle"), op.envelope.body.get("code_serial")
    if not isinstance(handle, str) or type(serial) is not int or not 0 <= serial < 1 << 32:
        return None
    return op.op_id, handle[:16], serial
