"""The whole number of a member, for somebody who serves her and says why (SECURITY.md A-3).

Counted and audited in one transaction that is on disk before the number leaves; a counter never keeps it. What is
refused counts for nothing, and no answer tells a foreign member from one that does not exist (A-2).
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from guidedesk.domain.access import Actor, may
from guidedesk.domain.errors import Refused
from guidedesk.domain.reveal import MOST_A_DAY, RELATION_DAYS, REVEAL_REASONS
from guidedesk.domain.time import DAY_MS, local_date
from guidedesk.models.engagement import interaction
from guidedesk.models.entities import load_row
from guidedesk.models.sales import purchase
from guidedesk.models.server_tables import member_phone, phone_reveal
from guidedesk.server.audit import record_audit
from guidedesk.server.code_lookup import FoundMember, living_member
from guidedesk.server.context import ServerContext
from guidedesk.server.database import ScopeWrite
from guidedesk.server.device_auth import AuthenticatedDevice
from guidedesk.server.secrets import ServerSecrets
from guidedesk.server.settings import read_settings
from guidedesk.server.visibility import granted_members
from guidedesk.services.apply_core import MANAGING
from guidedesk.services.sealing import open_sealed

ACTION: Final = "phone.revealed"


def reveal_phone(
    context: ServerContext, who: AuthenticatedDevice, actor: Actor, member_id: str, reason: Any
) -> dict[str, Any]:
    """`{phone, left}`: her number as `+86...`, and how many more this person may see today.

    Refused: `device_suspended`; `validation` without one of the reasons; `forbidden` by role, or with why
    `no_relation`; `not_found` for nobody this store sees, and with what `phone` where there is none; `reveal_limit`.
    """
    if who.state != "active":
        raise Refused("device_suspended")
    if reason not in REVEAL_REASONS:
        raise Refused("validation", field="reason", why="bad_value")
    if not may(actor, "phone.reveal", who.scope_id):
        raise Refused("forbidden", permission="phone.reveal")
    now_ms, database = context.clock.wall_ms(), context.database
    with database.read() as conn:
        found = _seen_here(conn, who.scope_id, member_id)
        if found is None:
            raise Refused("not_found", what="member")
        if actor.role not in MANAGING and not _serves(conn, who.scope_id, actor.id, found, now_ms):
            raise Refused("forbidden", why="no_relation", days=RELATION_DAYS)
        phone = _phone(conn, found, context.secrets)
        zone = read_settings(conn, database.chain_id())["zone"]
    if phone is None:
        raise Refused("not_found", what="phone")
    day = local_date(now_ms, zone).isoformat()

    def work(opened: ScopeWrite) -> int:
        times = _count(opened, actor.id, day)
        if times > MOST_A_DAY:
            raise Refused("reveal_limit", most=MOST_A_DAY)  # nothing of this transaction stays
        detail = {"why": reason, "device_id": who.device_id, "times": times}
        record_audit(opened, at_ms=now_ms, actor=actor, action=ACTION, subject=found[0], detail=detail)
        return times

    times = database.write(who.scope_id, work)
    return {"phone": phone, "left": MOST_A_DAY - times}


def _seen_here(conn: Connection, scope_id: str, member_id: str) -> FoundMember | None:
    if not granted_members(conn, scope_id, {member_id}):
        return None
    return living_member(conn, member_id)


def _serves(conn: Connection, scope_id: str, staff_id: str, found: FoundMember, now_ms: int) -> bool:
    """Whether the member is hers, or she talked with her or sold her something in this store lately."""
    member_id, home = found
    row = load_row(conn, "binding", home, member_id)
    if row is not None and row["deleted_at_ms"] is None and row["owner_id"] == staff_id:
        return True
    since_ms = now_ms - RELATION_DAYS * DAY_MS
    talk, sale = interaction.c, purchase.c
    talked = select(talk.id).where(
        talk.scope_id == scope_id, talk.member_id == member_id, talk.associate_id == staff_id,
        talk.occurred_at_ms >= since_ms, talk.is_withdrawn == 0, talk.deleted_at_ms.is_(None),
    )  # fmt: skip
    sold = select(sale.id).where(
        sale.scope_id == scope_id, sale.member_id == member_id, sale.seller_id == staff_id,
        sale.paid_at_ms >= since_ms, sale.deleted_at_ms.is_(None),
    )  # fmt: skip
    return any(conn.execute(query.limit(1)).first() is not None for query in (talked, sold))


def _phone(conn: Connection, found: FoundMember, secrets: ServerSecrets) -> str | None:
    m = member_phone.c
    row = conn.execute(
        select(m.phone, m.phone_sealed).where(m.scope_id == found[1], m.member_id == found[0])
    ).first()
    if row is None:
        return None
    if row.phone_sealed is None:
        return str(row.phone) if row.phone else None
    return open_sealed(bytes(row.phone_sealed), secrets.sealing_key).decode()


def _count(opened: ScopeWrite, staff_id: str, day: str) -> int:
    """One more; how many it are today."""
    insert: Any = postgresql.insert if opened.conn.dialect.name == "postgresql" else sqlite.insert
    row = {"scope_id": opened.scope_id, "staff_id": staff_id, "day": day, "times": 1}
    statement = insert(phone_reveal).values(row)
    statement = statement.on_conflict_do_update(
        index_elements=["scope_id", "staff_id", "day"], set_={"times": phone_reveal.c.times + statement.excluded.times}
    )
    times: int = opened.conn.execute(statement.returning(phone_reveal.c.times)).scalar_one()
    return times
