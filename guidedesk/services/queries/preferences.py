"""What a member's own purchases tell: sizes, colours and hours, and what she is likely to buy again."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, bindparam, func, select

from guidedesk.domain.insight import LEAST_DAYS, next_buy
from guidedesk.domain.time import local_datetime
from guidedesk.models import sales
from guidedesk.services.member_models import BuysAgain, Preferences
from guidedesk.services.queries.prepared import Prepared
from guidedesk.services.read_models import Bilingual

_T = TypeVar("_T")
# Her rhythm is that of her latest purchases; years before them would only make the card wait.
_DAYS_READ: Final = 512

_who: Final[Any] = bindparam("member_id")
_order, _line = sales.purchase.c, sales.purchase_line.c
_mine = (_order.member_id == _who, _order.deleted_at_ms.is_(None))
_same_purchase = (_order.scope_id == _line.scope_id) & (_order.id == _line.purchase_id)
_WARES: Final = Prepared(
    select(_line.size, _line.colour, _line.colour_en, _line.category, _line.category_en, func.count().label("times"))
    .join(sales.purchase, _same_purchase)
    .where(*_mine)
    .group_by(_line.size, _line.colour, _line.colour_en, _line.category, _line.category_en)
)
_TIMES: Final = Prepared(select(_order.paid_at_ms).where(*_mine))
_CATEGORY_TIMES: Final = Prepared(
    select(_line.category, _line.category_en, _order.paid_at_ms)
    .join(sales.purchase, _same_purchase)
    .where(*_mine, _line.category.is_not(None))
    .order_by(_order.paid_at_ms.desc())
    .limit(_DAYS_READ)
)


def get_preferences(conn: Connection, member_id: str, zone: str, now_ms: int) -> Preferences:
    """Sizes, colours, categories and hours of her own purchases, most frequent first; next purchases, soonest first.

    Days and hours are those of `zone`; `now_ms` is trusted time.
    """
    sizes: Counter[str] = Counter()
    colours: Counter[Bilingual] = Counter()
    categories: Counter[Bilingual] = Counter()
    for row in _WARES.all(conn, member_id=member_id):
        if row.size:
            sizes[row.size] += row.times
        if row.colour:
            colours[Bilingual(row.colour, row.colour_en or row.colour)] += row.times
        if row.category:
            categories[Bilingual(row.category, row.category_en or row.category)] += row.times
    hours, days = [0] * 24, dict[int, date]()
    times = _TIMES.all(conn, member_id=member_id)
    for row in times:
        at = local_datetime(row.paid_at_ms, zone)
        hours[at.hour] += 1
        days[row.paid_at_ms] = at.date()
    return Preferences(
        tuple(_ranked(sizes)[:6]),
        tuple(_ranked(colours)[:4]),
        tuple(_ranked(categories)[:4]),
        tuple(hours),
        len(times),
        _buys_again(conn, member_id, days, local_datetime(now_ms, zone).date()) if len(times) >= LEAST_DAYS else (),
    )


def _buys_again(conn: Connection, member_id: str, days: dict[int, date], today: date) -> tuple[BuysAgain, ...]:
    """`days`: the local day of each of her purchases by its time."""
    bought: dict[tuple[str, str], set[date]] = {}
    for row in _CATEGORY_TIMES.all(conn, member_id=member_id):
        bought.setdefault((row.category, row.category_en or row.category), set()).add(days[row.paid_at_ms])
    found = (
        (Bilingual(*category), next_buy(sorted(on), today))
        for category, on in bought.items()
        if len(on) >= LEAST_DAYS
    )
    expected = [BuysAgain(category, likely) for category, likely in found if likely is not None]
    return tuple(sorted(expected, key=lambda one: (one.likely.due, -one.likely.days, one.category.zh)))


def _ranked(counts: Counter[_T]) -> list[tuple[_T, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))
