"""Who registered a member: what binding without a scan asks (COMMISSION.md 0)."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, bindparam, select

from guidedesk.domain.attribution import REGISTERED_BINDS_MS
from guidedesk.models import people
from guidedesk.services.queries.prepared import Prepared

_who = people.member.c
_REGISTERED: Final = Prepared(
    select(_who.registered_by, _who.scope_id, _who.card_no, _who.joined_at_ms).where(
        _who.id == bindparam("member_id")
    )
)


def was_registered_by(conn: Connection, member_id: str, staff_id: str, store_id: str, now_ms: int) -> bool:
    """Whether this associate registered the member in this store a while ago at most, with a card."""
    r = _REGISTERED.first(conn, member_id=member_id)
    if r is None or (r.registered_by, r.scope_id) != (staff_id, store_id) or r.card_no is None:
        return False
    return bool(now_ms - r.joined_at_ms <= REGISTERED_BINDS_MS)
