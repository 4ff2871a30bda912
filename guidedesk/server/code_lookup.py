"""Whose card code somebody scanned, wherever in the chain she is at home (SYNC.md 2: scanning makes a grant).

The directory of codes says in which scope a code's row lives; it is filled before a code is given out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import Connection, select

from guidedesk.codes.decoder import decode
from guidedesk.codes.forms import CodeOk, CodeType
from guidedesk.domain.access import Actor, may
from guidedesk.domain.errors import Refused
from guidedesk.models.entities import load_row
from guidedesk.models.people import member_code
from guidedesk.models.server_tables import code_directory
from guidedesk.server.audit import record_audit
from guidedesk.server.context import ServerContext
from guidedesk.server.database import ScopeWrite, ServerDatabase
from guidedesk.server.device_auth import AuthenticatedDevice
from guidedesk.server.feed import render
from guidedesk.server.feed_pointers import UPSERT
from guidedesk.server.op_actors import OpActors
from guidedesk.server.settings import history_since_ms, read_settings
from guidedesk.server.visibility import (
    Grant,
    announce_reach,
    grant_in,
    granted_members,
    insert_missing,
    member_pointers,
    reach_of,
)

_MOST_ROWS: Final = 2_000
_MOST_MERGES: Final = 8


def announce_codes(database: ServerDatabase, scope_id: str, digits: Iterable[str]) -> None:
    """Enter codes in the directory, before they are given out in `scope_id`; repeating it changes nothing."""
    rows = [{"digits": text, "scope_id": scope_id} for text in sorted(digits)]
    if rows:
        database.write_directory(lambda conn: insert_missing(conn, code_directory, rows))


def resolve_code(
    context: ServerContext, who: AuthenticatedDevice, staff_id: str, session_id: str | None, digits: str
) -> dict[str, Any]:
    """The member whose live code was scanned in this store, which sees her from now on.

    Answers `{member_id, rows: [[table, row]], server_time_ms}`; rows beyond the first 2,000 come with the next pull.
    `not_found` for an unknown, a cancelled and another chain's code alike (A-2); `forbidden`; `device_suspended`.
    """
    if who.state != "active":
        raise Refused("device_suspended")
    database, now_ms = context.database, context.clock.wall_ms()
    chain_id = database.chain_id()
    with database.read() as conn:
        actor = OpActors(conn, chain_id, who.scope_id, who.device_id).actor_with(staff_id, session_id)
        if not may(actor, "member.view", who.scope_id):
            raise Refused("forbidden", permission="member.view")
        since_ms = history_since_ms(read_settings(conn, chain_id), now_ms)
        found = _owner(conn, digits)
    if found is None:
        raise Refused("not_found", what="member")
    member_id, home = found
    announce_reach(database, who.scope_id, {member_id: home})
    grant = Grant(member_id, home, "scanned", now_ms + now_ms - since_ms)
    database.write(who.scope_id, lambda opened: _grant(opened, grant, chain_id, since_ms, actor, now_ms))
    with database.read() as conn:
        rows = _rows(conn, {chain_id, who.scope_id}, member_id, since_ms, who.schema_ver)
    return {"member_id": member_id, "rows": rows, "server_time_ms": context.clock.wall_ms()}


def _grant(opened: ScopeWrite, grant: Grant, chain_id: str, since_ms: int, actor: Actor, now_ms: int) -> None:
    is_new = not granted_members(opened.conn, opened.scope_id, {grant.member_id})
    grant_in(opened, [grant], chain_id, since_ms)
    if is_new:
        detail = {"member_id": grant.member_id, "reason": grant.reason}
        record_audit(opened, at_ms=now_ms, actor=actor, action="member.granted", subject=grant.member_id, detail=detail)


def _owner(conn: Connection, digits: str) -> tuple[str, str] | None:
    """(member, home scope) of a live member code, merges followed."""
    read = decode(digits)
    if not isinstance(read, CodeOk) or read.type is not CodeType.MEMBER or read.digits != digits:
        return None
    scope_id = conn.execute(select(code_directory.c.scope_id).where(code_directory.c.digits == digits)).scalar()
    if scope_id is None:
        return None
    member_id = conn.execute(
        select(member_code.c.member_id).where(
            member_code.c.scope_id == scope_id,
            member_code.c.digits == digits,
            member_code.c.state == "live",
            member_code.c.deleted_at_ms.is_(None),
        )
    ).scalar()
    for _ in range(_MOST_MERGES):
        home = next(iter(reach_of(conn, [member_id])[member_id].values()), None) if member_id else None
        row = load_row(conn, "member", home, member_id) if home and member_id else None
        if home is None or row is None or row["deleted_at_ms"] is not None:
            return None
        if row["merged_into"] is None:
            return row["id"], home
        member_id = row["merged_into"]
    return None


def _rows(conn: Connection, scopes: set[str], member_id: str, since_ms: int, schema: int) -> list[list[Any]]:
    reach = reach_of(conn, [member_id])[member_id]
    every = scopes | reach.keys() | set(reach.values())
    pointers = [p for p in member_pointers(conn, every, [member_id], since_ms) if p.op == UPSERT][:_MOST_ROWS]
    found = render(conn, [(p.tbl, p.row_scope_id, p.row_id) for p in pointers], schema)
    return [[tbl, row] for (tbl, _, _), row in found.items()]
