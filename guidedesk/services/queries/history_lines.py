"""Every line of the purchases a filter shows, with what came back of it: what an export holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, func, select

from guidedesk.models import sales
from guidedesk.services.history_models import HistoryFilter
from guidedesk.services.queries.history import filtered
from guidedesk.services.queries.reference import get_settings, staff_names, store_names
from guidedesk.services.read_models import NOBODY, Bilingual

_ORDER, _LINE = sales.purchase, sales.purchase_line
_BACK, _BACK_LINE = sales.purchase_return, sales.purchase_return_line


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One line of one purchase; amounts in minor units of `currency`."""

    order_no: str
    paid_at_ms: int
    channel: str
    store: Bilingual
    seller: Bilingual
    item: Bilingual
    sku: str
    size: str
    colour: Bilingual
    qty: int
    amount_minor: int
    returned_qty: int
    returned_minor: int
    currency: str


def list_history_lines(
    conn: Connection, member_id: str, wanted: HistoryFilter, now_ms: int
) -> tuple[HistoryLine, ...]:
    """Lines in the order of the list: newest purchase first, its lines as on the receipt."""
    where = filtered(member_id, wanted, now_ms, get_settings(conn).zone)
    staff, stores = staff_names(conn), store_names(conn)
    back = _came_back(conn, where)
    rows = conn.execute(
        select(_ORDER, _LINE.c.line_no, _LINE.c.sku, _LINE.c.name, _LINE.c.name_en, _LINE.c.size, _LINE.c.colour,
               _LINE.c.colour_en, _LINE.c.qty, _LINE.c.amount_minor)
        .select_from(_ORDER)
        # A purchase of which only the total is known has a row as well.
        .join(_LINE, and_(_ORDER.c.scope_id == _LINE.c.scope_id, _ORDER.c.id == _LINE.c.purchase_id), isouter=True)
        .where(*where)
        .order_by(_ORDER.c.paid_at_ms.desc(), _ORDER.c.id, _LINE.c.line_no)
    )  # fmt: skip
    return tuple(_line(r, back.get((r.scope_id, r.id, r.line_no), (0, 0)), staff, stores) for r in rows)


def _came_back(conn: Connection, where: list[Any]) -> dict[tuple[str, str, int], tuple[int, int]]:
    rows = conn.execute(
        select(
            _BACK.c.scope_id,
            _BACK.c.purchase_id,
            _BACK_LINE.c.line_no,
            func.sum(_BACK_LINE.c.qty).label("qty"),
            func.sum(_BACK_LINE.c.amount_minor).label("amount"),
        )
        .select_from(_ORDER)
        .join(_BACK, and_(_BACK.c.scope_id == _ORDER.c.scope_id, _BACK.c.purchase_id == _ORDER.c.id))
        .join(_BACK_LINE, and_(_BACK_LINE.c.scope_id == _BACK.c.scope_id, _BACK_LINE.c.return_id == _BACK.c.id))
        .where(*where, _BACK.c.deleted_at_ms.is_(None))
        .group_by(_BACK.c.scope_id, _BACK.c.purchase_id, _BACK_LINE.c.line_no)
    )
    return {(r.scope_id, r.purchase_id, r.line_no): (r.qty, r.amount) for r in rows}


def _line(r: Any, back: tuple[int, int], staff: dict[str, Bilingual], stores: dict[str, Bilingual]) -> HistoryLine:
    return HistoryLine(
        order_no=r.order_no,
        paid_at_ms=r.paid_at_ms,
        channel=r.channel,
        store=stores.get(r.store_id, NOBODY),
        seller=staff.get(r.seller_id, NOBODY),
        item=Bilingual(r.name or "", r.name_en or r.name or ""),
        sku=r.sku or "",
        size=r.size or "",
        colour=Bilingual(r.colour or "", r.colour_en or r.colour or ""),
        qty=r.qty or 0,
        amount_minor=r.total_minor if r.line_no is None else r.amount_minor,
        returned_qty=back[0],
        returned_minor=back[1],
        currency=r.currency,
    )



