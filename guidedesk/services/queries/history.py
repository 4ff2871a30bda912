"""Purchase history of one member: filters in SQL, totals that follow them, receipts with what came back."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select, tuple_

from guidedesk.domain.time import DAY_MS, local_date, month_key
from guidedesk.models import sales
from guidedesk.services.queries.members import get_member_row
from guidedesk.services.queries.reference import get_settings, staff_names, store_names
from guidedesk.services.queries.timeline import first_items
from guidedesk.services.read_models import (
    NOBODY,
    Bilingual,
    HistoryFilter,
    HistoryHead,
    HistoryRow,
    HistoryTotals,
    Receipt,
    ReceiptLine,
    ReceiptReturn,
)

Ref = tuple[str, str]  # scope_id, purchase id
_ORDER, _LINE = sales.purchase, sales.purchase_line
_BACK, _BACK_LINE = sales.purchase_return, sales.purchase_return_line


def get_history_head(conn: Connection, member_id: str) -> HistoryHead:
    """Lifetime totals and what the filters can offer."""
    row = get_member_row(conn, member_id)
    everything = HistoryFilter(months=None)
    channels = conn.execute(
        select(_ORDER.c.channel)
        .where(*_where(row["id"], everything, 0))
        .distinct()
        .order_by(_ORDER.c.channel)
    ).scalars()
    categories = conn.execute(
        select(_LINE.c.category, _LINE.c.category_en)
        .join(_ORDER, and_(_ORDER.c.scope_id == _LINE.c.scope_id, _ORDER.c.id == _LINE.c.purchase_id))
        .where(*_where(row["id"], everything, 0), _LINE.c.category.is_not(None))
        .group_by(_LINE.c.category, _LINE.c.category_en)
        .order_by(func.count().desc(), _LINE.c.category)
    ).all()
    return HistoryHead(
        member_id=row["id"],
        name=row["name"],
        name_en=row["name_en"] or "",
        tier=row["tier"],
        lifetime=get_history_totals(conn, row["id"], everything, 0),
        channels=tuple(channels),
        categories=tuple(Bilingual(c.category, c.category_en or c.category) for c in categories),
    )


def list_history(conn: Connection, member_id: str, wanted: HistoryFilter, now_ms: int) -> tuple[Ref, ...]:
    """References of all purchases the filter shows, newest first; rows are fetched by page."""
    rows = conn.execute(
        select(_ORDER.c.scope_id, _ORDER.c.id)
        .where(*_where(member_id, wanted, now_ms))
        .order_by(_ORDER.c.paid_at_ms.desc(), _ORDER.c.id)
    )
    return tuple((r.scope_id, r.id) for r in rows)


def load_history(conn: Connection, refs: Sequence[Ref]) -> tuple[HistoryRow, ...]:
    """The rows of one page, in the order asked for."""
    if not refs:
        return ()
    rows = {
        (r.scope_id, r.id): r
        for r in conn.execute(select(_ORDER).where(tuple_(_ORDER.c.scope_id, _ORDER.c.id).in_(list(refs))))
    }
    items = first_items(conn, list(rows))
    looks = _first_looks(conn, list(rows))
    counts = _line_counts(conn, list(rows))
    returned = _returned(conn, list(rows))
    staff, stores = staff_names(conn), store_names(conn)
    return tuple(
        _row(
            rows[ref],
            items[ref],
            looks.get(ref),
            counts.get(ref, (0, 0)),
            returned.get(ref, (0, 0)),
            staff,
            stores,
        )
        for ref in refs
        if ref in rows
    )


def get_receipt(conn: Connection, ref: Ref) -> Receipt:
    """One purchase in full."""
    (row,) = load_history(conn, [ref])
    scope_id, purchase_id = ref
    back: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    returns = conn.execute(
        select(_BACK)
        .where(
            _BACK.c.scope_id == scope_id, _BACK.c.purchase_id == purchase_id, _BACK.c.deleted_at_ms.is_(None)
        )
        .order_by(_BACK.c.returned_at_ms)
    ).all()
    if returns:
        parts = conn.execute(
            select(_BACK_LINE).where(
                _BACK_LINE.c.scope_id == scope_id, _BACK_LINE.c.return_id.in_([r.id for r in returns])
            )
        )
        for part in parts:
            back[part.line_no][0] += part.qty
            back[part.line_no][1] += part.amount_minor
    lines = conn.execute(
        select(_LINE)
        .where(_LINE.c.scope_id == scope_id, _LINE.c.purchase_id == purchase_id)
        .order_by(_LINE.c.line_no)
    )
    return Receipt(
        row=row,
        lines=tuple(
            ReceiptLine(
                r.line_no,
                Bilingual(r.name, r.name_en or r.name),
                r.size or "",
                Bilingual(r.colour or "", r.colour_en or ""),
                r.qty,
                r.amount_minor,
                back[r.line_no][0],
                back[r.line_no][1],
            )
            for r in lines
        ),
        returns=tuple(ReceiptReturn(r.id, r.returned_at_ms, r.total_minor, r.reason or "") for r in returns),
    )


def get_history_totals(conn: Connection, member_id: str, wanted: HistoryFilter, now_ms: int) -> HistoryTotals:
    """Sums over the purchases a filter shows, with everything that came back of them."""
    orders = conn.execute(
        select(_ORDER.c.scope_id, _ORDER.c.id, _ORDER.c.channel, _ORDER.c.paid_at_ms, _ORDER.c.total_minor,
               _ORDER.c.currency)
        .where(*_where(member_id, wanted, now_ms))
        .order_by(_ORDER.c.paid_at_ms)
    ).all()  # fmt: skip
    shown = {(r.scope_id, r.id) for r in orders}
    returned = 0
    back_orders: set[Ref] = set()
    for r in conn.execute(
        select(_BACK).where(_BACK.c.member_id == member_id, _BACK.c.deleted_at_ms.is_(None))
    ):
        if (r.scope_id, r.purchase_id) in shown:
            returned += r.total_minor
            back_orders.add((r.scope_id, r.purchase_id))
    days = sorted({r.paid_at_ms // DAY_MS for r in orders})
    gaps = sorted(later - earlier for earlier, later in pairwise(days))
    return HistoryTotals(
        orders=len(orders),
        store_orders=sum(1 for r in orders if r.channel == "store"),
        online_orders=sum(1 for r in orders if r.channel != "store"),
        paid_minor=sum(r.total_minor for r in orders),
        returned_minor=returned,
        returned_orders=len(back_orders),
        currency=orders[-1].currency if orders else get_settings(conn).currency,
        usual_interval_days=gaps[len(gaps) // 2] if gaps else None,
        last_paid_at_ms=orders[-1].paid_at_ms if orders else None,
        favourite_categories=_favourites(conn, member_id),
    )


def month_totals(conn: Connection, member_id: str, zone: str) -> dict[str, tuple[int, int]]:
    """Per local calendar month: number of purchases and what was paid, before returns."""
    totals: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    rows = conn.execute(
        select(_ORDER.c.paid_at_ms, _ORDER.c.total_minor).where(
            *_where(member_id, HistoryFilter(months=None), 0)
        )
    )
    for row in rows:
        entry = totals[month_key(row.paid_at_ms, zone)]
        entry[0] += 1
        entry[1] += row.total_minor
    return {month: (orders, paid) for month, (orders, paid) in sorted(totals.items())}


def _where(member_id: str, wanted: HistoryFilter, now_ms: int) -> list[ColumnElement[bool]]:
    clauses: list[ColumnElement[bool]] = [_ORDER.c.member_id == member_id, _ORDER.c.deleted_at_ms.is_(None)]
    if wanted.months is not None:
        clauses.append(_ORDER.c.paid_at_ms >= _months_back(now_ms, wanted.months))
    if wanted.channel == "online":
        clauses.append(_ORDER.c.channel != "store")
    elif wanted.channel is not None:
        clauses.append(_ORDER.c.channel == wanted.channel)
    here = and_(_LINE.c.scope_id == _ORDER.c.scope_id, _LINE.c.purchase_id == _ORDER.c.id)
    if wanted.category is not None:
        clauses.append(exists().where(here, _LINE.c.category == wanted.category))
    if wanted.text.strip():
        clauses.append(_matches_text(wanted.text.strip(), here))
    if wanted.with_returns:
        back = and_(_BACK.c.scope_id == _ORDER.c.scope_id, _BACK.c.purchase_id == _ORDER.c.id)
        clauses.append(exists().where(back, _BACK.c.deleted_at_ms.is_(None)))
    return clauses


def _matches_text(text: str, here: ColumnElement[bool]) -> ColumnElement[bool]:
    # One member's lines are few: a scan of them is cheaper than a text index over everybody's.
    return or_(
        _ORDER.c.order_no.icontains(text, autoescape=True),
        exists().where(
            here,
            or_(
                _LINE.c.name.icontains(text, autoescape=True),
                _LINE.c.name_en.icontains(text, autoescape=True),
                _LINE.c.sku.icontains(text, autoescape=True),
            ),
        ),
    )


def _months_back(now_ms: int, months: int) -> int:
    # 30.44 days a month on average; the shop's question is "about two years", not a calendar rule.
    return now_ms - months * 3044 * DAY_MS // 100


def _first_looks(conn: Connection, refs: list[Ref]) -> dict[Ref, tuple[str, Bilingual]]:
    rows = conn.execute(
        select(_LINE.c.scope_id, _LINE.c.purchase_id, _LINE.c.size, _LINE.c.colour, _LINE.c.colour_en)
        .where(tuple_(_LINE.c.scope_id, _LINE.c.purchase_id).in_(refs))
        .order_by(_LINE.c.line_no.desc())
    )
    return {
        (r.scope_id, r.purchase_id): (r.size or "", Bilingual(r.colour or "", r.colour_en or r.colour or ""))
        for r in rows
    }


def _line_counts(conn: Connection, refs: list[Ref]) -> dict[Ref, tuple[int, int]]:
    rows = conn.execute(
        select(
            _LINE.c.scope_id, _LINE.c.purchase_id, func.count().label("n"), func.sum(_LINE.c.qty).label("qty")
        )
        .where(tuple_(_LINE.c.scope_id, _LINE.c.purchase_id).in_(refs))
        .group_by(_LINE.c.scope_id, _LINE.c.purchase_id)
    )
    return {(r.scope_id, r.purchase_id): (r.n, r.qty) for r in rows}


def _returned(conn: Connection, refs: list[Ref]) -> dict[Ref, tuple[int, int]]:
    back = and_(_BACK_LINE.c.scope_id == _BACK.c.scope_id, _BACK_LINE.c.return_id == _BACK.c.id)
    rows = conn.execute(
        select(
            _BACK.c.scope_id,
            _BACK.c.purchase_id,
            func.sum(_BACK_LINE.c.amount_minor).label("amount"),
            func.sum(_BACK_LINE.c.qty).label("qty"),
        )
        .join(_BACK_LINE, back)
        .where(tuple_(_BACK.c.scope_id, _BACK.c.purchase_id).in_(refs), _BACK.c.deleted_at_ms.is_(None))
        .group_by(_BACK.c.scope_id, _BACK.c.purchase_id)
    )
    return {(r.scope_id, r.purchase_id): (r.amount, r.qty) for r in rows}


def _row(
    r: Any,
    items: list[Bilingual],
    look: tuple[str, Bilingual] | None,
    counts: tuple[int, int],
    returned: tuple[int, int],
    staff: dict[str, Bilingual],
    stores: dict[str, Bilingual],
) -> HistoryRow:
    size, colour = look or ("", NOBODY)
    lines, quantity = counts
    amount_back, quantity_back = returned
    return HistoryRow(
        scope_id=r.scope_id,
        id=r.id,
        order_no=r.order_no,
        paid_at_ms=r.paid_at_ms,
        first_item=items[0] if items else NOBODY,
        more_items=max(0, lines - 1),
        size=size,
        colour=colour,
        channel=r.channel,
        store=stores.get(r.store_id, NOBODY),
        paid_minor=r.total_minor,
        returned_minor=amount_back,
        currency=r.currency,
        return_state="none" if not quantity_back else ("full" if quantity_back >= quantity else "part"),
        seller=staff.get(r.seller_id, NOBODY),
    )


def _favourites(conn: Connection, member_id: str) -> tuple[Bilingual, ...]:
    rows = conn.execute(
        select(_LINE.c.category, _LINE.c.category_en, func.sum(_LINE.c.qty).label("qty"))
        .join(_ORDER, and_(_ORDER.c.scope_id == _LINE.c.scope_id, _ORDER.c.id == _LINE.c.purchase_id))
        .where(_ORDER.c.member_id == member_id, _LINE.c.category.is_not(None))
        .group_by(_LINE.c.category, _LINE.c.category_en)
    )
    counts = Counter({Bilingual(r.category, r.category_en or r.category): int(r.qty) for r in rows})
    return tuple(name for name, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0].zh))[:2])


def days_since(at_ms: int, now_ms: int, zone: str) -> int:
    """Local calendar days between a purchase and now."""
    return (local_date(now_ms, zone) - local_date(at_ms, zone)).days
