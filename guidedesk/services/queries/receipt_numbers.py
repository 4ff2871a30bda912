"""A sale by the number on its receipt, as far as this counter knows it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, bindparam, select

from guidedesk.models import people, sales
from guidedesk.services.history_models import ReceiptHit
from guidedesk.services.queries.prepared import Prepared

_ORDER: Final = sales.purchase
_BY_NUMBER: Final = Prepared(
    select(
        _ORDER.c.id, _ORDER.c.member_id, _ORDER.c.paid_at_ms, _ORDER.c.total_minor, _ORDER.c.currency,
        people.member.c.name.label("member_name"),
    )
    .select_from(_ORDER.outerjoin(people.member, people.member.c.id == _ORDER.c.member_id))
    .where(
        _ORDER.c.order_no == bindparam("order_no"), _ORDER.c.store_id == bindparam("store_id"),
        _ORDER.c.deleted_at_ms.is_(None),
    )
    .order_by(_ORDER.c.paid_at_ms.desc())
    .limit(1)
)  # fmt: skip


def find_receipt(conn: Connection, store_id: str, receipt_no: str) -> ReceiptHit | None:
    """The newest sale of this store with this number, or None where this counter knows none."""
    r = _BY_NUMBER.first(conn, order_no=receipt_no, store_id=store_id)
    if r is None:
        return None
    return ReceiptHit(r.id, r.member_id, r.member_name or "", r.paid_at_ms, r.total_minor, r.currency)
