"""Who joined on her own phone, as this store's counters hear of it (CODES.md Q-9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, bindparam, select

from guidedesk.models.people import joining, member
from guidedesk.services.queries.prepared import Prepared
from guidedesk.services.queries.reference import get_staff
from guidedesk.services.read_models import NOBODY, Bilingual

_MOST: Final = 5
_j = joining.c
_SINCE: Final = Prepared(
    select(_j.id, _j.member_id, _j.staff_id, _j.is_new, _j.outcome, _j.joined_at_ms, member.c.name)
    .join(member, member.c.id == _j.member_id)
    .where(_j.joined_at_ms >= bindparam("since_ms"), _j.deleted_at_ms.is_(None), member.c.deleted_at_ms.is_(None))
    .order_by(_j.joined_at_ms.desc(), _j.id)
    .limit(_MOST)
)


@dataclass(frozen=True, slots=True)
class JoiningInfo:
    """Somebody joined, or was recognised, by a code of this store. `staff` is NOBODY where the code was the store's."""

    id: str
    member_id: str
    name: str
    staff_id: str | None
    staff: Bilingual
    is_new: bool
    outcome: str
    joined_at_ms: int


def list_joinings(conn: Connection, since_ms: int) -> tuple[JoiningInfo, ...]:
    """The latest few from a moment on, newest first."""
    return tuple(
        JoiningInfo(
            id=row.id,
            member_id=row.member_id,
            name=row.name,
            staff_id=row.staff_id,
            staff=get_staff(conn, row.staff_id).name if row.staff_id else NOBODY,
            is_new=bool(row.is_new),
            outcome=row.outcome,
            joined_at_ms=row.joined_at_ms,
        )
        for row in _SINCE.all(conn, since_ms=since_ms)
    )
