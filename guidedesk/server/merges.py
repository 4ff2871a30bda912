"""Taking back that a registration was answered as somebody with the same phone (SYNC.md 6: review void of the merge).

The person is a new member again, as she was registered: her name, birthday, card, consents and associate. The number
stays with whoever had it first, and so does what was recorded while the two were one: nobody can say whose it was.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select

from guidedesk.domain.access import Actor, may
from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import derived_id, is_id
from guidedesk.models.entities import Row, load_row
from guidedesk.models.server_tables import member_phone, op_log
from guidedesk.server import fanout
from guidedesk.server.audit import record_audit
from guidedesk.server.commission_events import NewEvent, authoritative, record_events
from guidedesk.server.commission_facts import merge_id, voided
from guidedesk.server.database import ScopeWrite, ServerDatabase
from guidedesk.server.fanout_tasks import add_tasks
from guidedesk.server.feed_pointers import EVICT
from guidedesk.server.rows import put_row
from guidedesk.server.visibility import MEMBER_TABLES, granted_members, reach_of
from guidedesk.services.operations import RegisterMember, parse


@dataclass(frozen=True, slots=True)
class _Registered:
    op_id: str
    operation: RegisterMember


def void_merge(
    database: ServerDatabase, member_id: str, *, reason: str, now_ms: int, actor: Actor | None = None
) -> str:
    """Make a merged registration a member of its own again; the id of whom she had been taken for.

    `actor` None is the operator at the command line. Refused: `not_found`, `not_merged`, `forbidden`.
    """
    with database.read() as conn:
        home, row = _find(conn, member_id)
        registered = _registration(conn, home, member_id)
    if actor is not None and not may(actor, "device.approve", home):
        raise Refused("forbidden", permission="device.approve")
    owner_id = str(row["merged_into"])
    code_id = None if registered is None else _code_id(registered.operation)

    def work(opened: ScopeWrite) -> None:
        _restore(opened, member_id, registered)
        record_events(opened, _unmerged(member_id, owner_id, registered, row, now_ms))
        detail = {"from": owner_id, "reason": reason}
        record_audit(opened, at_ms=now_ms, actor=actor, action="merge.voided", subject=member_id, detail=detail)

    database.write(home, work)
    fanout.run(database, home)
    if code_id is not None:
        _take_from_others(database, home, owner_id, member_id, code_id)
    return owner_id


def _unmerged(
    member_id: str, owner_id: str, registered: _Registered | None, row: Row, now_ms: int
) -> list[NewEvent]:
    """The two ids are two people to commission as well, and the new one is whoever's registered her."""
    merge = merge_id(member_id, owner_id)
    events = [voided(merge, derived_id("review", "void", merge), now_ms)]
    associate = row["registered_by"]
    if registered is not None and registered.operation.code_digits and associate is not None:
        event_id = derived_id("binding", member_id, "registered")
        said = {"associate": associate, "member": member_id}
        events.append(authoritative("scan", event_id, row["joined_at_ms"], now_ms, **said))
    return events


def _find(conn: Connection, member_id: str) -> tuple[str, Row]:
    homes = sorted(set(reach_of(conn, [member_id])[member_id].values())) if is_id(member_id) else []
    for home in homes:
        row = load_row(conn, "member", home, member_id)
        if row is not None and row["deleted_at_ms"] is None:
            if row["merged_into"] is None:
                raise Refused("not_merged")
            return home, row
    raise Refused("not_found", what="member")


def _registration(conn: Connection, home: str, member_id: str) -> _Registered | None:
    o = op_log.c
    found = conn.execute(
        select(o.op_id, o.v, o.body).where(
            o.scope_id == home, o.type == RegisterMember.TYPE, o.body.contains(member_id)
        )
    )
    for row in found:
        body = json.loads(row.body)["body"]
        if body.get("member_id") == member_id:
            operation = parse(RegisterMember.TYPE, row.v, body, {"name": "?"})
            return _Registered(row.op_id, operation) if isinstance(operation, RegisterMember) else None
    return None


def _code_id(operation: RegisterMember) -> str | None:
    return derived_id("code", operation.code_digits) if operation.code_digits else None


def _restore(opened: ScopeWrite, member_id: str, registered: _Registered | None) -> None:
    conn, home = opened.conn, opened.scope_id
    row = load_row(conn, "member", home, member_id)
    if row is None or row["merged_into"] is None:
        raise Refused("not_merged")
    owner_id = row["merged_into"]
    without_phone = dict.fromkeys(("merged_into", "phone_masked", "phone_tail", "phone_hash"))
    made: list[tuple[str, Row]] = [
        ("member", put_row(opened, "member", {"id": member_id, **without_phone, "is_incomplete": 1}))
    ]
    m = member_phone.c
    conn.execute(delete(member_phone).where(m.scope_id == home, m.member_id == member_id))
    if registered is not None:
        made += _as_registered(opened, row, owner_id, registered)
    for name, new in made:
        if name in MEMBER_TABLES:
            add_tasks(opened, [(name, new["id"], new["row_ver"])])


def _as_registered(opened: ScopeWrite, row: Row, owner_id: str, registered: _Registered) -> list[tuple[str, Row]]:
    """The answers she gave, the card she got, and the associate who registered her (COMMISSION.md 0)."""
    operation, member_id = registered.operation, row["id"]
    made: list[tuple[str, Row]] = []
    for purpose, given in operation.consents:
        consent_id = derived_id("consent", member_id, purpose)
        if load_row(opened.conn, "consent", opened.scope_id, consent_id) is not None:
            continue
        said = {
            "id": consent_id,
            "member_id": member_id,
            "purpose": purpose,
            "is_given": int(given),
            "text_version": operation.consent_version,
            "lang": operation.consent_lang,
            "channel": "counter",
            "staff_id": row["registered_by"],
            "answered_at_ms": row["joined_at_ms"],
            "op_id": registered.op_id,
            "seen_ms": 0 if given else None,
        }
        made.append(("consent", put_row(opened, "consent", said)))
    code_id = _code_id(operation)
    code = None if code_id is None else load_row(opened.conn, "member_code", opened.scope_id, code_id)
    if code is None or code["member_id"] != owner_id or row["registered_by"] is None:
        return made
    made.append(("member_code", put_row(opened, "member_code", {"id": code["id"], "member_id": member_id})))
    mine = {"owner_id": row["registered_by"]}
    binding = mine | {"bound_at_ms": row["joined_at_ms"], "last_touch_ms": row["joined_at_ms"], "cause": "registered"}
    event = mine | {
        "id": derived_id("binding", member_id, "registered"),
        "member_id": member_id,
        "associate_id": row["registered_by"],
        "store_id": opened.scope_id,
        "kind": "registered",
        "occurred_at_ms": row["joined_at_ms"],
        "outcome": "bound",
    }
    made.append(("binding", put_row(opened, "binding", {"id": member_id, **binding})))
    made.append(("binding_event", put_row(opened, "binding_event", event)))
    return made


def _take_from_others(database: ServerDatabase, home: str, owner_id: str, member_id: str, code_id: str) -> None:
    """Stores that see only the other person must not keep this one's card."""
    with database.read() as conn:
        stores = sorted(set(reach_of(conn, [owner_id])[owner_id]) - {home})
        code = load_row(conn, "member_code", home, code_id)

    def work(opened: ScopeWrite) -> None:
        if code is not None and not granted_members(opened.conn, opened.scope_id, [member_id], hold=True):
            opened.touch("member_code", home, code_id, code["row_ver"], op=EVICT)

    for store_id in stores:
        database.write(store_id, work)
