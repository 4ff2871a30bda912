"""Purchase history of one member: filtered, sorted and summed by the database; totals follow the filter.

Every statement starts at the index over a member's purchases, or at a primary key: ten million lines of others
cost nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select, tuple_

from guidedesk.domain.time import (
    DAY_MS,
    has_summer_time,
    local_date,
    local_datetime,
    local_midnight_ms,
    month_key,
)
from guidedesk.models import sales
from guidedesk.services.history_models import HistoryFilter, HistoryHead, HistoryRow, HistoryTotals, MoneySum
from guidedesk.services.queries.members import get_member_row, get_owner
from guidedesk.services.queries.reference import get_settings, staff_names, store_names
from guidedesk.services.read_models import NOBODY, Bilingual, ChainSettings

Ref = tuple[str, str]  # scope_id, purchase id
EVERYTHING: Final = HistoryFilter(months=None)
FAVOURITES: Final = 2
_ORDER, _LINE = sales.purchase, sales.purchase_line
_BACK, _BACK_LINE = sales.purchase_return, sales.purchase_return_line
_LINES_OF_ORDER: Final = and_(_LINE.c.scope_id == _ORDER.c.scope_id, _LINE.c.purchase_id == _ORDER.c.id)
_BACKS_OF_ORDER: Final = and_(
    _BACK.c.scope_id == _ORDER.c.scope_id, _BACK.c.purchase_id == _ORDER.c.id, _BACK.c.deleted_at_ms.is_(None)
)
# Filters look at lines and returns under names of their own: a statement may join the tables as well.
_SOME_LINE, _SOME_BACK = _LINE.alias("some_line"), _BACK.alias("some_back")
_HAS_LINE: Final = and_(_SOME_LINE.c.scope_id == _ORDER.c.scope_id, _SOME_LINE.c.purchase_id == _ORDER.c.id)
_HAS_BACK: Final = and_(
    _SOME_BACK.c.scope_id == _ORDER.c.scope_id,
    _SOME_BACK.c.purchase_id == _ORDER.c.id,
    _SOME_BACK.c.deleted_at_ms.is_(None),
)


def get_history_head(conn: Connection, member_id: str, viewer_id: str = "", now_ms: int = 0) -> HistoryHead:
    """Lifetime totals and habits, without what takes every line of a lifetime (`with_wares`).

    `viewer_id` is who looks: it says whose member she is.
    """
    row = get_member_row(conn, member_id)
    settings = get_settings(conn)
    mine = filtered(row["id"], EVERYTHING, 0, settings.zone)
    lifetime, channels = _sums(conn, mine, settings)
    return HistoryHead(
        member_id=row["id"],
        name=row["name"],
        name_en=row["name_en"] or "",
        tier=row["tier"],
        owner=get_owner(conn, row["id"], viewer_id, now_ms, settings),
        lifetime=lifetime,
        channels=channels,
        usual_interval_days=_usual_interval(conn, mine, now_ms, settings),
    )


def with_wares(conn: Connection, head: HistoryHead) -> HistoryHead:
    """The head with the categories she bought of, most often first, and her favourites.

    A question of its own: it reads every line, which the list and its sums need not wait for.
    """
    wares = conn.execute(
        select(
            _LINE.c.category,
            func.max(_LINE.c.category_en).label("category_en"),
            func.count().label("times"),
            func.sum(_LINE.c.qty).label("qty"),
        )
        .join(_ORDER, _LINES_OF_ORDER)
        .where(*filtered(head.member_id, EVERYTHING, 0, ""), _LINE.c.category.is_not(None))
        .group_by(_LINE.c.category)
        .order_by(func.count().desc(), _LINE.c.category)
    ).all()
    names = {r.category: Bilingual(r.category, r.category_en or r.category) for r in wares}
    liked = sorted(wares, key=lambda r: (-r.qty, r.category))
    return replace(
        head,
        categories=tuple(names.values()),
        favourites=tuple(names[r.category] for r in liked[:FAVOURITES]),
    )


def list_history(conn: Connection, member_id: str, wanted: HistoryFilter, now_ms: int) -> tuple[Ref, ...]:
    """References of all purchases the filter shows, newest first; rows are fetched by page."""
    rows = conn.execute(
        select(_ORDER.c.scope_id, _ORDER.c.id)
        .where(*filtered(member_id, wanted, now_ms, get_settings(conn).zone))
        .order_by(_ORDER.c.paid_at_ms.desc(), _ORDER.c.id)
    )
    return tuple((r.scope_id, r.id) for r in rows)


def load_history(conn: Connection, refs: Sequence[Ref]) -> tuple[HistoryRow, ...]:
    """The rows of one page, in the order asked for."""
    if not refs:
        return ()
    keys = list(refs)
    rows = {
        (r.scope_id, r.id): r
        for r in conn.execute(select(_ORDER).where(tuple_(_ORDER.c.scope_id, _ORDER.c.id).in_(keys)))
    }
    wares, back = _wares(conn, keys), _came_back(conn, keys)
    staff, stores = staff_names(conn), store_names(conn)
    return tuple(
        _row(rows[ref], wares.get(ref), back.get(ref, (0, 0)), staff, stores) for ref in refs if ref in rows
    )


def get_history_totals(conn: Connection, member_id: str, wanted: HistoryFilter, now_ms: int) -> HistoryTotals:
    """Sums over the purchases a filter shows, with everything that came back of them; a sum for each currency."""
    settings = get_settings(conn)
    return _sums(conn, filtered(member_id, wanted, now_ms, settings.zone), settings)[0]


def _sums(
    conn: Connection, where: Sequence[ColumnElement[bool]], settings: ChainSettings
) -> tuple[HistoryTotals, tuple[str, ...]]:
    """The totals, and the channels the purchases came through: her rows are gone through once for both."""
    paid = conn.execute(
        select(
            _ORDER.c.currency,
            _ORDER.c.channel,
            func.count().label("orders"),
            func.sum(_ORDER.c.total_minor).label("paid"),
            func.max(_ORDER.c.paid_at_ms).label("last"),
        )
        .where(*where)
        .group_by(_ORDER.c.currency, _ORDER.c.channel)
    ).all()
    back = {
        r.currency: r
        for r in conn.execute(
            select(
                _ORDER.c.currency,
                func.count(_ORDER.c.id.distinct()).label("orders"),
                func.sum(_BACK.c.total_minor).label("returned"),
            )
            .join(_BACK, _BACKS_OF_ORDER)
            .where(*where)
            .group_by(_ORDER.c.currency)
        )
    }
    sums = [
        MoneySum(
            currency,
            sum(r.orders for r in paid if r.currency == currency),
            sum(r.paid for r in paid if r.currency == currency),
            back[currency].returned if currency in back else 0,
        )
        for currency in {r.currency for r in paid}
    ]
    store_orders, orders = sum(r.orders for r in paid if r.channel == "store"), sum(r.orders for r in paid)
    totals = HistoryTotals(
        orders=orders,
        store_orders=store_orders,
        online_orders=orders - store_orders,
        returned_orders=sum(r.orders for r in back.values()),
        last_paid_at_ms=max((r.last for r in paid), default=None),
        sums=tuple(sorted(sums, key=lambda each: (-each.orders, each.currency)))
        or (MoneySum(settings.currency, 0, 0, 0),),
    )
    return totals, tuple(sorted({r.channel for r in paid}))


def month_totals(conn: Connection, member_id: str, zone: str) -> dict[str, tuple[int, int]]:
    """Per local calendar month: number of purchases and what was paid, before returns."""
    totals: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    rows = conn.execute(
        select(_ORDER.c.paid_at_ms, _ORDER.c.total_minor).where(*filtered(member_id, EVERYTHING, 0, zone))
    )
    for row in rows:
        entry = totals[month_key(row.paid_at_ms, zone)]
        entry[0] += 1
        entry[1] += row.total_minor
    return {month: (orders, paid) for month, (orders, paid) in sorted(totals.items())}


def months_back_ms(now_ms: int, months: int, zone: str) -> int:
    """The first instant of the local day so many calendar months ago (31 March less one month is 28 February)."""
    today = local_date(now_ms, zone)
    year, month = divmod(today.year * 12 + today.month - 1 - months, 12)
    last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - date(year, month + 1, 1)).days
    return local_midnight_ms(date(year, month + 1, min(today.day, last)), zone)


def filtered(member_id: str, wanted: HistoryFilter, now_ms: int, zone: str) -> list[ColumnElement[bool]]:
    clauses: list[ColumnElement[bool]] = [_ORDER.c.member_id == member_id, _ORDER.c.deleted_at_ms.is_(None)]
    if wanted.months is not None:
        clauses.append(_ORDER.c.paid_at_ms >= months_back_ms(now_ms, wanted.months, zone))
    if wanted.channel == "online":
        clauses.append(_ORDER.c.channel != "store")
    elif wanted.channel is not None:
        clauses.append(_ORDER.c.channel == wanted.channel)
    if wanted.category is not None:
        clauses.append(exists().where(_HAS_LINE, _SOME_LINE.c.category == wanted.category))
    if wanted.text.strip():
        clauses.append(_matches_text(wanted.text.strip()))
    if wanted.with_returns:
        clauses.append(exists().where(_HAS_BACK))
    return clauses


def _matches_text(text: str) -> ColumnElement[bool]:
    # One member's lines are few: a scan of them is cheaper than a text index over everybody's.
    lines = _SOME_LINE.c
    columns = (lines.name, lines.name_en, lines.sku, lines.colour, lines.colour_en)
    return or_(
        _ORDER.c.order_no.icontains(text, autoescape=True),
        exists().where(_HAS_LINE, or_(*(column.icontains(text, autoescape=True) for column in columns))),
    )


def _usual_interval(
    conn: Connection, mine: Sequence[ColumnElement[bool]], now_ms: int, settings: ChainSettings
) -> int | None:
    """The median of the days between one day with a purchase and the next."""
    if has_summer_time(settings.zone):
        # Which local day a purchase was on depends on its season.
        moments = conn.execute(select(_ORDER.c.paid_at_ms).where(*mine)).scalars()
        bought = sorted({local_date(at_ms, settings.zone).toordinal() for at_ms in moments})
        between = sorted(later - earlier for earlier, later in pairwise(bought))
        return between[len(between) // 2] if between else None
    offset = local_datetime(max(0, now_ms), settings.zone).utcoffset()
    shift = int(offset.total_seconds()) * 1000 if offset is not None else 0
    days = select(((_ORDER.c.paid_at_ms + shift) // DAY_MS).label("day")).where(*mine).distinct().subquery()
    gaps = select((days.c.day - func.lag(days.c.day).over(order_by=days.c.day)).label("gap")).subquery()
    ranked = (
        select(
            gaps.c.gap,
            func.row_number().over(order_by=gaps.c.gap).label("n"),
            func.count().over().label("total"),
        )
        .where(gaps.c.gap.is_not(None))
        .subquery()
    )
    found: int | None = conn.execute(select(ranked.c.gap).where(ranked.c.n == ranked.c.total // 2 + 1)).scalar()
    return found


def _wares(conn: Connection, refs: list[Ref]) -> dict[Ref, Any]:
    """Of each purchase: number of lines and pieces, and the look of its first line.

    SQLite takes the columns beside a single min() from the row that has the minimum.
    """
    rows = conn.execute(
        select(
            _LINE.c.scope_id,
            _LINE.c.purchase_id,
            func.count().label("lines"),
            func.sum(_LINE.c.qty).label("pieces"),
            func.min(_LINE.c.line_no).label("first_line"),
            _LINE.c.name,
            _LINE.c.name_en,
            _LINE.c.size,
            _LINE.c.colour,
            _LINE.c.colour_en,
        )
        .where(tuple_(_LINE.c.scope_id, _LINE.c.purchase_id).in_(refs))
        .group_by(_LINE.c.scope_id, _LINE.c.purchase_id)
    )
    return {(r.scope_id, r.purchase_id): r for r in rows}


def _came_back(conn: Connection, refs: list[Ref]) -> dict[Ref, tuple[int, int]]:
    """What went back of each purchase: minor units, and pieces."""
    backs = conn.execute(
        select(_BACK.c.scope_id, _BACK.c.id, _BACK.c.purchase_id, _BACK.c.total_minor).where(
            tuple_(_BACK.c.scope_id, _BACK.c.purchase_id).in_(refs), _BACK.c.deleted_at_ms.is_(None)
        )
    ).all()
    if not backs:
        return {}
    parts = conn.execute(
        select(_BACK_LINE.c.scope_id, _BACK_LINE.c.return_id, func.sum(_BACK_LINE.c.qty).label("pieces"))
        .where(tuple_(_BACK_LINE.c.scope_id, _BACK_LINE.c.return_id).in_([(r.scope_id, r.id) for r in backs]))
        .group_by(_BACK_LINE.c.scope_id, _BACK_LINE.c.return_id)
    )
    pieces = {(r.scope_id, r.return_id): r.pieces for r in parts}
    found: dict[Ref, tuple[int, int]] = {}
    for r in backs:
        amount, count = found.get((r.scope_id, r.purchase_id), (0, 0))
        found[r.scope_id, r.purchase_id] = (amount + r.total_minor, count + pieces.get((r.scope_id, r.id), 0))
    return found


def _row(
    r: Any, wares: Any, back: tuple[int, int], staff: dict[str, Bilingual], stores: dict[str, Bilingual]
) -> HistoryRow:
    amount_back, pieces_back = back
    is_all = wares is not None and pieces_back >= wares.pieces > 0
    return HistoryRow(
        scope_id=r.scope_id,
        id=r.id,
        order_no=r.order_no,
        paid_at_ms=r.paid_at_ms,
        first_item=NOBODY if wares is None else Bilingual(wares.name, wares.name_en or wares.name),
        more_items=0 if wares is None else wares.lines - 1,
        size="" if wares is None else wares.size or "",
        colour=NOBODY if wares is None else Bilingual(wares.colour or "", wares.colour_en or wares.colour or ""),
        channel=r.channel,
        store=stores.get(r.store_id, NOBODY),
        paid_minor=r.total_minor,
        returned_minor=amount_back,
        currency=r.currency,
        return_state="full" if is_all else "part" if amount_back or pieces_back else "none",
        seller=staff.get(r.seller_id, NOBODY),
        is_pending=r.row_ver == 0,
    )
