"""What customers of this store take with an article or next after it, as head office worked it out from the orders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select

from guidedesk.domain.follow_ups.occasions import GOES_WITH_FOR, Named, Pairing
from guidedesk.domain.time import DAY_MS, local_date
from guidedesk.models import sales
from guidedesk.services.queries.prepared import Prepared
from guidedesk.services.read_models import Bilingual

ADVICE: Final = "personalised"  # the purpose a member agrees to who wants to be advised
_who: Final[Any] = bindparam("member_id")
_since: Final[Any] = bindparam("since_ms")
_now: Final[Any] = bindparam("now_ms")
_article: Final[Any] = bindparam("article")
_order, _line, _next = sales.purchase.c, sales.purchase_line.c, sales.often_next.c
_LATELY: Final = Prepared(
    select(_order.id, _order.paid_at_ms, _line.name, _line.name_en)
    .join(sales.purchase_line, (_order.scope_id == _line.scope_id) & (_order.id == _line.purchase_id))
    .where(_order.member_id == _who, _order.paid_at_ms.between(_since, _now), _order.deleted_at_ms.is_(None))
    .order_by(_order.paid_at_ms.desc(), _order.id, _line.line_no)
)
_PARTNERS: Final = Prepared(
    select(_next.article_en, _next.partner, _next.partner_en, _next.takers, _next.customers)
    .where(_next.article == _article, _next.deleted_at_ms.is_(None))
    .order_by(_next.place)
)


@dataclass(frozen=True, slots=True)
class OftenNext:
    """Of `customers` who bought the article, `takers` took this one with it or next."""

    name: Bilingual
    takers: int
    customers: int


def list_often_next(conn: Connection, article: str) -> tuple[OftenNext, ...]:
    """What goes with an article, by its name; the best first."""
    return tuple(
        OftenNext(Bilingual(row.partner, row.partner_en), row.takers, row.customers)
        for row in _PARTNERS.all(conn, article=article)
    )


def read_pairings(conn: Connection, member_id: str, zone: str, now_ms: int) -> tuple[Pairing, ...]:
    """What goes with her last purchase, without what she bought in the last two months: she has that."""
    since_ms = now_ms - GOES_WITH_FOR * DAY_MS
    lines = _LATELY.all(conn, member_id=member_id, since_ms=since_ms, now_ms=now_ms)
    if not lines:
        return ()
    has, last = {line.name for line in lines}, lines[0]
    bought_on = local_date(last.paid_at_ms, zone)
    articles = {line.name: line.name_en or line.name for line in lines if line.id == last.id}
    return tuple(
        _pairing(last.id, bought_on, Named(name, english), row)
        for name, english in articles.items()
        for row in _PARTNERS.all(conn, article=name)
        if row.partner not in has
    )


def _pairing(order_id: str, bought_on: date, article: Named, row: Any) -> Pairing:
    return Pairing(
        order_id=order_id, bought_on=bought_on, article=article, partner=Named(row.partner, row.partner_en),
        takers=row.takers, customers=row.customers,
    )  # fmt: skip
