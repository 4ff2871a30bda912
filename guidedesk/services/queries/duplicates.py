"""Two cards that may be one person, as far as this counter can say."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import derived_id
from guidedesk.models.entities import load_rows
from guidedesk.services.queries.members import get_member_row
from guidedesk.services.queries.reference import list_staff
from guidedesk.services.read_models import StaffInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class MaybeSame:
    """The card that was open, the other one, and the manager who is asked. `is_told`: she was asked before."""

    member_id: str
    other_name: str
    other_card: str
    follow_up_id: str
    manager: StaffInfo
    is_told: bool


def read_maybe_same(conn: Connection, member_id: str, other_id: str, store_id: str, viewer_id: str) -> MaybeSame:
    """The pair, merges followed. `duplicate_itself`, `not_found`, `no_manager_here`.

    The follow-up's id is made of the pair, whichever was named first: said twice, it is there once.
    """
    first, other = get_member_row(conn, member_id), get_member_row(conn, other_id)
    if first["id"] == other["id"]:
        raise Refused("duplicate_itself")
    managers = [one for one in list_staff(conn, store_id) if one.is_active and one.role == "manager"]
    if not managers:
        raise Refused("no_manager_here")
    follow_up_id = derived_id("duplicate", *sorted((first["id"], other["id"])))
    return MaybeSame(
        member_id=first["id"],
        other_name=other["name"],
        other_card=other["card_no"] or "",
        follow_up_id=follow_up_id,
        manager=next((one for one in managers if one.id == viewer_id), managers[0]),
        is_told=bool(load_rows(conn, "follow_up", store_id, [follow_up_id])),
    )
