"""One purchase in full: its lines, the chain of returns in time order, and whose window it fell in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from guidedesk.domain.attribution import AttributionRules, sale_owner
from guidedesk.domain.errors import Refused
from guidedesk.models import people, sales
from guidedesk.services.history_models import Receipt, ReceiptLine, ReceiptReturn, ReturnedPart, SaleWindow
from guidedesk.services.queries.history import Ref, load_history
from guidedesk.services.queries.reference import get_settings, staff_names
from guidedesk.services.read_models import NOBODY, Bilingual

_ORDER, _LINE = sales.purchase, sales.purchase_line
_BACK, _BACK_LINE = sales.purchase_return, sales.purchase_return_line


def get_receipt(conn: Connection, ref: Ref, viewer_id: str = "") -> Receipt:
    """One purchase in full, as `viewer_id` sees it; `not_found` when this counter has no copy of it."""
    rows = load_history(conn, [ref])
    if not rows:
        raise Refused("not_found", what="purchase")
    scope_id, purchase_id = ref
    lines = conn.execute(
        select(_LINE)
        .where(_LINE.c.scope_id == scope_id, _LINE.c.purchase_id == purchase_id)
        .order_by(_LINE.c.line_no)
    ).all()
    items = {r.line_no: Bilingual(r.name, r.name_en or r.name) for r in lines}
    backs = conn.execute(
        select(_BACK)
        .where(
            _BACK.c.scope_id == scope_id, _BACK.c.purchase_id == purchase_id, _BACK.c.deleted_at_ms.is_(None)
        )
        .order_by(_BACK.c.returned_at_ms, _BACK.c.id)
    ).all()
    parts = _parts(conn, scope_id, [r.id for r in backs])
    return Receipt(
        row=rows[0],
        lines=tuple(_line(r, items[r.line_no], parts) for r in lines),
        returns=tuple(_return(r, parts, items) for r in backs),
        window=_window(conn, ref, rows[0].paid_at_ms, viewer_id),
    )


def _parts(conn: Connection, scope_id: str, return_ids: Sequence[str]) -> list[Any]:
    if not return_ids:
        return []
    return list(
        conn.execute(
            select(_BACK_LINE)
            .where(_BACK_LINE.c.scope_id == scope_id, _BACK_LINE.c.return_id.in_(return_ids))
            .order_by(_BACK_LINE.c.line_no)
        )
    )


def _line(r: Any, item: Bilingual, parts: Sequence[Any]) -> ReceiptLine:
    mine = [part for part in parts if part.line_no == r.line_no]
    return ReceiptLine(
        line_no=r.line_no,
        item=item,
        size=r.size or "",
        colour=Bilingual(r.colour or "", r.colour_en or r.colour or ""),
        qty=r.qty,
        amount_minor=r.amount_minor,
        returned_qty=sum(part.qty for part in mine),
        returned_minor=sum(part.amount_minor for part in mine),
    )


def _return(r: Any, parts: Sequence[Any], items: dict[int, Bilingual]) -> ReceiptReturn:
    by_line: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for part in parts:
        if part.return_id == r.id:
            by_line[part.line_no][0] += part.qty
            by_line[part.line_no][1] += part.amount_minor
    return ReceiptReturn(
        id=r.id,
        returned_at_ms=r.returned_at_ms,
        total_minor=r.total_minor,
        reason=r.reason or "",
        parts=tuple(ReturnedPart(items.get(n, NOBODY), qty, minor) for n, (qty, minor) in sorted(by_line.items())),
        is_pending=r.row_ver == 0,
    )


def _window(conn: Connection, ref: Ref, paid_at_ms: int, viewer_id: str) -> SaleWindow:
    """From the binding as it is now: this counter has no older ones."""
    binding = people.binding
    bound = conn.execute(
        select(binding)
        .join(_ORDER, _ORDER.c.member_id == binding.c.id)
        .where(_ORDER.c.scope_id == ref[0], _ORDER.c.id == ref[1], binding.c.deleted_at_ms.is_(None))
    ).first()
    if bound is None:
        return SaleWindow("none")
    if bound.owner_id is None and paid_at_ms >= bound.bound_at_ms:
        return SaleWindow("pool")
    settings = get_settings(conn)
    state = sale_owner(
        paid_at_ms,
        bound_at_ms=bound.bound_at_ms,
        last_touch_ms=bound.last_touch_ms,
        cause=bound.cause,
        has_previous=bound.previous_owner_id is not None,
        rules=AttributionRules(settings.window_days, settings.protection_days, settings.zone),
    )
    owner_id = bound.previous_owner_id if state == "earlier" else bound.owner_id
    if state == "before":
        return SaleWindow(state)
    return SaleWindow(state, staff_names(conn).get(owner_id, NOBODY), owner_id == viewer_id)
