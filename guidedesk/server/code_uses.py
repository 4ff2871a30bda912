"""A dynamic code is used once in the whole chain (CODES.md Q-6). Two counters that were offline can both take one;
whichever arrives second is put to a manager. The first is the server's word that it was she: level 3 (Q-7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select

from guidedesk.codes.trust import DYNAMIC_LIFE_S, EPOCH_S, GRACE_S
from guidedesk.models.join_tables import code_use
from guidedesk.models.people import member_code
from guidedesk.server.code_lookup import living_member, member_of_code
from guidedesk.server.context import ServerContext
from guidedesk.server.incoming import Incoming
from guidedesk.server.visibility import insert_missing
from guidedesk.services.operations import RecordVisit

USED_ELSEWHERE: Final = "code_used_elsewhere"
ASSURANCE_DYNAMIC: Final = 2


@dataclass(frozen=True, slots=True)
class CodeClaims:
    """What came of the dynamic codes of a batch, by operation id: taken after somebody else's; taken first, by whom the
    code is, in its own minute."""

    elsewhere: frozenset[str] = frozenset()
    confirmed: frozenset[str] = frozenset()


def claim_codes(context: ServerContext, scope_id: str, ops: Sequence[Incoming]) -> CodeClaims:
    """Enter the dynamic codes these operations took, and say how each stands.

    Before the transaction of the batch, like every directory; repeating it changes nothing.
    """
    shown = [found for op in ops if (found := _shown(op)) is not None]
    if not shown:
        return CodeClaims()
    now_ms = context.clock.wall_ms()
    rows: list[dict[str, Any]] = [
        {"handle": handle, "serial": serial, "op_id": op_id, "scope_id": scope_id, "used_at_ms": now_ms}
        for op_id, handle, serial in sorted(shown, key=lambda one: one[1:])
    ]

    def work(conn: Connection) -> frozenset[str]:
        insert_missing(conn, code_use, rows)
        return frozenset(row["op_id"] for row in rows if _first(conn, row) != row["op_id"])

    elsewhere = context.database.write_directory(work)
    first = {op_id for op_id, _, _ in shown} - elsewhere
    with context.database.read() as conn:
        confirmed = frozenset(op.op_id for op in ops if op.op_id in first and _is_hers(conn, op))
    return CodeClaims(elsewhere, confirmed)


def _is_hers(conn: Connection, op: Incoming) -> bool:
    """Whether the code is the member's now, and was scanned in its own minute by the counter's corrected time."""
    if op.envelope is None or op.envelope.assurance < ASSURANCE_DYNAMIC:
        return False
    body = op.envelope.body
    begins_ms = (body["code_serial"] * DYNAMIC_LIFE_S + EPOCH_S) * 1000
    early, late = begins_ms - GRACE_S * 1000, begins_ms + (DYNAMIC_LIFE_S + GRACE_S) * 1000
    if not early <= op.envelope.occurred_at_ms <= late:
        return False
    holder = member_of_code(conn, body["code_handle"], member_code.c.handle)
    return holder is not None and holder == living_member(conn, str(body.get("member_id")))


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
