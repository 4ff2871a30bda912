"""Whose badge a scanned associate's code is, and who registered a member: what binding at a counter asks."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, bindparam, select

from guidedesk.models import people
from guidedesk.services.queries.prepared import Prepared

_CODE: Final = people.staff_code.c
_HOLDER: Final = Prepared(
    select(_CODE.staff_id, _CODE.expires_at_ms).where(
        _CODE.digits == bindparam("digits"), _CODE.state == "live", _CODE.deleted_at_ms.is_(None)
    )
)
_REGISTERED: Final = Prepared(
    select(people.member.c.registered_by, people.member.c.scope_id, people.member.c.card_no).where(
        people.member.c.id == bindparam("member_id")
    )
)


def find_associate(conn: Connection, digits: str, now_ms: int) -> str | None:
    """The associate a code belongs to now, or None where this counter knows of none."""
    r = _HOLDER.first(conn, digits=digits)
    return None if r is None or (r.expires_at_ms is not None and r.expires_at_ms < now_ms) else r.staff_id


def was_registered_by(conn: Connection, member_id: str, staff_id: str, store_id: str) -> bool:
    """Whether this associate registered the member in this store, with a card (COMMISSION.md 0)."""
    r = _REGISTERED.first(conn, member_id=member_id)
    return r is not None and (r.registered_by, r.scope_id) == (staff_id, store_id) and r.card_no is not None
