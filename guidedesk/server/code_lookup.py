"""Whose card code somebody scanned, wherever in the chain she is at home (SYNC.md 2: scanning makes a grant).

The directory of codes says in which scope a code's row lives; it is filled before a code is given out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from typing import Any, Final

from sqlalchemy import Column, Connection, Select, bindparam, select

from guidedesk.codes.decoder import decode
from guidedesk.codes.forms import CodeOk, CodeType
from guidedesk.codes.trust import Verifier
from guidedesk.codes.trust_file import read_trust
from guidedesk.domain.access import Actor, may
from guidedesk.domain.errors import Refused
from guidedesk.domain.time import DAY_MS
from guidedesk.models.entities import load_row
from guidedesk.models.people import member_code
from guidedesk.models.server_tables import code_directory, code_pool
from guidedesk.server.audit import record_audit
from guidedesk.server.code_keys import refresh_trust_list
from guidedesk.server.context import ServerContext
from guidedesk.server.database import ScopeWrite, ServerDatabase
from guidedesk.server.device_auth import AuthenticatedDevice
from guidedesk.server.feed import render
from guidedesk.server.feed_pointers import UPSERT
from guidedesk.server.op_actors import OpActors
from guidedesk.server.settings import history_since_ms, read_settings
from guidedesk.server.visibility import (
    Grant,
    GrantReason,
    announce_reach,
    grant_in,
    granted_members,
    insert_missing,
    is_granted_until,
    member_pointers,
    reach_of,
)

_MOST_ROWS: Final = 2_000
_MOST_MERGES: Final = 8
_MEMBERS: Final = frozenset({CodeType.MEMBER, CodeType.MEMBER_DYNAMIC})
FoundMember = tuple[str, str]  # member and her home scope


def announce_codes(database: ServerDatabase, scope_id: str, digits: Iterable[str]) -> None:
    """Enter codes in the directory, before they are given out in `scope_id`; repeating it changes nothing.

    Both forms of a card: the 22 digits in its picture and the 12 printed for the eye.
    """
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
    actor = asking_actor(context, who, staff_id, session_id)
    with context.database.read() as conn:
        found = card_owner(conn, digits)
    if found is None:
        raise Refused("not_found", what="member")
    return let_see(context, who, actor, found, "scanned", {})


def asking_actor(
    context: ServerContext, who: AuthenticatedDevice, staff_id: str, session_id: str | None
) -> Actor:
    """Who asks about a member in this store; `forbidden` for those who may not look members up there."""
    database = context.database
    with database.read() as conn:
        actor = OpActors(conn, database.chain_id(), who.scope_id, who.device_id).actor_with(staff_id, session_id)
    if not may(actor, "member.view", who.scope_id):
        raise Refused("forbidden", permission="member.view")
    return actor


def let_see(
    context: ServerContext,
    who: AuthenticatedDevice,
    actor: Actor,
    found: FoundMember,
    reason: GrantReason,
    why: dict[str, str],
) -> dict[str, Any]:
    """Let a store see a member from now on, and answer her rows; `why` goes into the audit.

    A scan of somebody the store sees already leaves no entry; a card opened for a reason always does.
    """
    database, now_ms, scope_id = context.database, context.clock.wall_ms(), who.scope_id
    chain_id, (member_id, _) = database.chain_id(), found
    with database.read() as conn:
        since_ms = history_since_ms(read_settings(conn, chain_id), now_ms)
        is_seen = is_granted_until(conn, scope_id, member_id, now_ms + now_ms - since_ms - DAY_MS)
    # Most who are scanned are seen already. Lengthening their grants by seconds would have the person at the counter
    # wait for the store's row, which counters that come back from an outage hold all the time.
    if why or not is_seen:
        _grant(context, who, actor, found, reason, why, since_ms)
    with database.read() as conn:
        rows = _rows(conn, {chain_id, scope_id}, member_id, since_ms, who.schema_ver)
    return {"member_id": member_id, "rows": rows, "server_time_ms": context.clock.wall_ms()}


def _grant(
    context: ServerContext,
    who: AuthenticatedDevice,
    actor: Actor,
    found: FoundMember,
    reason: GrantReason,
    why: dict[str, str],
    since_ms: int,
) -> None:
    """In the directory first, then at the store."""
    database, now_ms, scope_id = context.database, context.clock.wall_ms(), who.scope_id
    chain_id, (member_id, home) = database.chain_id(), found
    announce_reach(database, scope_id, {member_id: home})
    grant = Grant(member_id, home, reason, now_ms + now_ms - since_ms)

    def work(opened: ScopeWrite) -> None:
        is_new = not granted_members(opened.conn, scope_id, {member_id})
        grant_in(opened, [grant], chain_id, since_ms)
        if is_new or why:
            detail = {"member_id": member_id, "reason": reason, **why}
            record_audit(opened, at_ms=now_ms, actor=actor, action="member.granted", subject=member_id, detail=detail)

    database.write(scope_id, work)


def card_owner(conn: Connection, digits: str) -> FoundMember | None:
    """The member of a live member code."""
    read = decode(digits)
    if not isinstance(read, CodeOk) or read.type is not CodeType.MEMBER or read.digits != digits:
        return None
    return member_of_code(conn, digits, member_code.c.digits)


def is_blank_code(conn: Connection, digits: str) -> bool:
    """Whether this is a code a counter was given and may have issued without having told us yet."""
    scope_id = conn.execute(select(code_directory.c.scope_id).where(code_directory.c.digits == digits)).scalar()
    if scope_id is None:
        return False
    pool = code_pool.c
    query = select(pool.state).where(pool.scope_id == scope_id, pool.digits == digits)
    return conn.execute(query).scalar() == "blank"


def _signed_owner(context: ServerContext, conn: Connection, digits: str) -> FoundMember | None:
    """The member of a signed code that is good now."""
    keys = read_trust(json.dumps(refresh_trust_list(context.database, context.secrets, context.clock.wall_ms())))
    read = decode(digits, trust=Verifier(keys, context.clock.wall_ms() // 1000))
    if not isinstance(read, CodeOk) or read.record is None or read.type not in _MEMBERS:
        return None
    return member_of_code(conn, read.record.handle.hex(), member_code.c.handle)


def member_of_code(conn: Connection, text: str, column: Column[Any]) -> FoundMember | None:
    """The member of a live code by its 22 digits, or by the 12 printed for the eye (`column` says which)."""
    scope_id = conn.execute(_WHERE, {"text": text}).scalar()
    if scope_id is None:
        return None
    member_id = conn.execute(_whose(column.name), {"the_scope": scope_id, "text": text}).scalar()
    return living_member(conn, member_id)


_WHERE: Final = select(code_directory.c.scope_id).where(code_directory.c.digits == bindparam("text"))


@cache
def _whose(column: str) -> Select[Any]:
    """Put together once, as all that a person waits for."""
    code = member_code.c
    return select(code.member_id).where(
        code.scope_id == bindparam("the_scope"),
        code[column] == bindparam("text"),
        code.state == "live",
        code.deleted_at_ms.is_(None),
    )


def living_member(conn: Connection, member_id: str | None) -> FoundMember | None:
    """The person an id means and her home scope, merges followed; None for nobody and for one who was erased."""
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
    places = {s: [member_id] for s in scopes | reach.keys() | set(reach.values())}
    pointers = [p for p in member_pointers(conn, places, since_ms) if p.op == UPSERT][:_MOST_ROWS]
    found = render(conn, [(p.tbl, p.row_scope_id, p.row_id) for p in pointers], schema)
    return [[tbl, row] for (tbl, _, _), row in found.items()]
