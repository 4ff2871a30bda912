"""A member at a glance for the search panel: a tenth of what the whole card costs, read once a keystroke."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select

from guidedesk.models import sales
from guidedesk.services.member_models import MemberPreview
from guidedesk.services.queries.follow_ups import list_follow_ups
from guidedesk.services.queries.members import get_member_row, get_owner, list_consents
from guidedesk.services.queries.prepared import Prepared
from guidedesk.services.queries.reference import get_settings

_LATELY: Final = 30  # orders looked at for the usual size
_who: Final[Any] = bindparam("member_id")
_order, _line = sales.purchase, sales.purchase_line
_LAST: Final = Prepared(
    select(_order.c.paid_at_ms, _order.c.total_minor, _order.c.currency)
    .where(_order.c.member_id == _who, _order.c.deleted_at_ms.is_(None))
    .order_by(_order.c.paid_at_ms.desc())
    .limit(1)
)
_newest = (
    select(_order.c.scope_id, _order.c.id)
    .where(_order.c.member_id == _who, _order.c.deleted_at_ms.is_(None))
    .order_by(_order.c.paid_at_ms.desc())
    .limit(_LATELY)
    .subquery()
)
_SIZE: Final = Prepared(
    select(_line.c.size, func.count().label("times"))
    .join(_newest, (_newest.c.scope_id == _line.c.scope_id) & (_newest.c.id == _line.c.purchase_id))
    .where(_line.c.size.is_not(None), _line.c.size != "")
    .group_by(_line.c.size)
    .order_by(func.count().desc(), _line.c.size)
    .limit(1)
)


def get_member_preview(conn: Connection, member_id: str, viewer_id: str, now_ms: int) -> MemberPreview:
    """Who she is, whose member, what she bought last and wears, what is promised; `not_found` without a copy here."""
    row = get_member_row(conn, member_id)
    who, settings = row["id"], get_settings(conn)
    last = _LAST.first(conn, member_id=who)
    promises = list_follow_ups(conn, now_ms, settings.zone, member_id=who)
    return MemberPreview(
        member_id=who,
        asked_id=member_id,
        name=row["name"],
        name_en=row["name_en"] or "",
        tier=row["tier"],
        card_no=row["card_no"],
        is_erased=row["deleted_at_ms"] is not None,
        owner=get_owner(conn, who, viewer_id, now_ms, settings),
        wechat=next(consent for consent in list_consents(conn, who) if consent.purpose == "wechat"),
        last_purchase_ms=last and last.paid_at_ms,
        last_amount_minor=last and last.total_minor,
        currency=last.currency if last else "",
        size=_SIZE.scalar(conn, member_id=who) or "",
        follow_up=promises[0] if promises else None,
    )
