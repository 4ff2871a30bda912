"""Head office's answer to a store that searches for somebody it does not see (SECURITY.md 2).

Only an exact whole phone (as its keyed hash), card or receipt number is answered, with name and masked phone, and each
question is audited before it is answered. Opening the card takes a reason and lets the store see the member. Each
look-up goes through a directory hashed by what was asked, then into the one scope it names: no scan over stores.
"""

from __future__ import annotations

import re
from typing import Any, Final

from sqlalchemy import Connection, select

from guidedesk.domain.access import Actor
from guidedesk.domain.errors import Refused
from guidedesk.domain.search import CARD_DIGITS, OPEN_REASONS, RECEIPT_LEAST, RECEIPT_LIMIT, OfficeKind
from guidedesk.models.entities import load_row
from guidedesk.models.people import member_code
from guidedesk.models.sales import purchase
from guidedesk.models.server_tables import order_directory, order_raw, phone_directory
from guidedesk.server.audit import record_audit
from guidedesk.server.code_lookup import FoundMember, asking_actor, let_see, living_member, member_of_code
from guidedesk.server.context import ServerContext
from guidedesk.server.database import ScopeWrite
from guidedesk.server.device_auth import AuthenticatedDevice

_MOST_SOURCES: Final = 8
_SHAPES: Final[dict[str, re.Pattern[str]]] = {
    "phone": re.compile(r"[0-9a-f]{32}"),
    "card": re.compile(rf"[0-9]{{{CARD_DIGITS}}}"),
    "receipt": re.compile(rf"[!-~]{{{RECEIPT_LEAST},{RECEIPT_LIMIT}}}"),
}


def check_question(kind: Any, value: Any) -> tuple[OfficeKind, str]:
    """A question as it may be asked; `validation` for anything else. What was asked is in no error."""
    if not isinstance(kind, str) or kind not in _SHAPES:
        raise Refused("validation", field="kind", why="bad_value")
    if not isinstance(value, str) or not _SHAPES[kind].fullmatch(value):
        raise Refused("validation", field="value", why="bad_value")
    return kind, value  # type: ignore[return-value]


def find_for_store(
    context: ServerContext,
    who: AuthenticatedDevice,
    staff_id: str,
    session_id: str | None,
    kind: OfficeKind,
    value: str,
) -> dict[str, Any]:
    """`{found: {name, phone_masked} | None}`: nobody, somebody erased and a cancelled card are one answer (A-2).

    `forbidden` for who may not look members up in this store; `device_suspended`.
    """
    actor, found = _look_up(context, who, staff_id, session_id, kind, value)
    row = None
    if found is not None:
        with context.database.read() as conn:
            row = load_row(conn, "member", found[1], found[0])
    _audit(context, who, actor, kind, found)
    if row is None:
        return {"found": None}
    return {"found": {"name": row["name"], "phone_masked": row["phone_masked"] or ""}}


def open_for_store(
    context: ServerContext,
    who: AuthenticatedDevice,
    staff_id: str,
    session_id: str | None,
    kind: OfficeKind,
    value: str,
    reason: Any,
) -> dict[str, Any]:
    """Let the store see whom the same question found, for a reason that the audit keeps; answers as `resolve_code`.

    `not_found` for nobody; `validation` without one of the reasons.
    """
    if reason not in OPEN_REASONS:
        raise Refused("validation", field="reason", why="bad_value")
    actor, found = _look_up(context, who, staff_id, session_id, kind, value)
    if found is None:
        _audit(context, who, actor, kind, None)
        raise Refused("not_found", what="member")
    return let_see(context, who, actor, found, "opened", {"asked_by": kind, "why": reason})


def _look_up(
    context: ServerContext,
    who: AuthenticatedDevice,
    staff_id: str,
    session_id: str | None,
    kind: OfficeKind,
    value: str,
) -> tuple[Actor, FoundMember | None]:
    if who.state != "active":
        raise Refused("device_suspended")
    actor = asking_actor(context, who, staff_id, session_id)
    with context.database.read() as conn:
        if kind == "phone":
            return actor, _by_phone(conn, value)
        if kind == "card":
            return actor, member_of_code(conn, value, member_code.c.typed)
        return actor, _by_receipt(conn, value)


def _by_phone(conn: Connection, phone_hash: str) -> FoundMember | None:
    query = select(phone_directory.c.member_id).where(phone_directory.c.phone_hash == phone_hash)
    return living_member(conn, conn.execute(query).scalar())


def _by_receipt(conn: Connection, number: str) -> FoundMember | None:
    """Of the one order of this number that has a member; tills of several sources may count alike, then nobody."""
    found: set[FoundMember] = set()
    for text in sorted({number, number.upper()}):
        for source, scope_id in _homes(conn, text):
            member = living_member(conn, _buyer(conn, scope_id, source, text))
            if member is not None:
                found.add(member)
    return found.pop() if len(found) == 1 else None


def _homes(conn: Connection, number: str) -> list[tuple[str, str]]:
    directory = order_directory.c
    query = (
        select(directory.source, directory.scope_id)
        .where(directory.external_id == number)
        .order_by(directory.source)
        .limit(_MOST_SOURCES)
    )
    return [(row.source, row.scope_id) for row in conn.execute(query)]


def _buyer(conn: Connection, scope_id: str, source: str, number: str) -> str | None:
    raw = order_raw.c
    row_id = conn.execute(
        select(raw.row_id).where(
            raw.scope_id == scope_id, raw.source == source, raw.external_id == number, raw.kind == "sale"
        )
    ).scalar()
    if row_id is None:
        return None
    buyer: str | None = conn.execute(
        select(purchase.c.member_id).where(
            purchase.c.scope_id == scope_id, purchase.c.id == row_id, purchase.c.deleted_at_ms.is_(None)
        )
    ).scalar()
    return buyer


def _audit(
    context: ServerContext, who: AuthenticatedDevice, actor: Actor, kind: OfficeKind, found: FoundMember | None
) -> None:
    """Before the answer leaves: who asked by what kind of number, and whom it was about; never the number."""
    now_ms = context.clock.wall_ms()
    subject = found[0] if found is not None else who.scope_id

    def work(opened: ScopeWrite) -> None:
        detail = {"kind": kind, "is_found": found is not None, "device_id": who.device_id}
        record_audit(opened, at_ms=now_ms, actor=actor, action="member.looked_up", subject=subject, detail=detail)

    context.database.write(who.scope_id, work)
