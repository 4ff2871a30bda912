"""Who registered a member: what binding without a scan asks (COMMISSION.md 0)."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, bindparam, select

from guidedesk.models import people
from guidedesk.services.queries.prepared import Prepared

_REGISTERED: Final = Prepared(
    select(people.member.c.registered_by, people.member.c.scope_id, people.member.c.card_no).where(
        people.member.c.id == bindparam("member_id")
    )
)


def was_registered_by(conn: Connection, member_id: str, staff_id: str, store_id: str) -> bool:
    """Whether this associate registered the member in this store, with a card."""
    r = _REGISTERED.first(conn, member_id=member_id)
    return r is not None and (r.registered_by, r.scope_id) == (staff_id, store_id) and r.card_no is not None
