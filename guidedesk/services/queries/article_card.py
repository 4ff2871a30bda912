"""An article by the code on its label: what it costs, what of it is in the shop, what goes with it, who may like it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from sqlalchemy import Connection, func, select

from guidedesk.domain.follow_ups.occasions import GOES_WITH_FOR
from guidedesk.domain.gtin import canonical_gtin
from guidedesk.domain.time import DAY_MS
from guidedesk.domain.wishes import is_met
from guidedesk.models import care, people, sales
from guidedesk.services.queries.care import owned_members
from guidedesk.services.queries.contacts import agreed_purposes
from guidedesk.services.queries.often_next import ADVICE, OftenNext, list_often_next
from guidedesk.services.queries.reference import get_settings
from guidedesk.services.queries.wishes import ware_of, wishes_of
from guidedesk.services.read_models import NOBODY, Bilingual

Why = Literal["wish", "wish_other", "goes_with", "category"]
_YEARS_MS: Final = 731 * DAY_MS
# From so many purchases on, a category is hers.
_REGULAR: Final = 3
_AT_A_TIME: Final = 400
MOST_LIKELY: Final = 6


@dataclass(frozen=True, slots=True)
class StockLine:
    """How many of one size and colour are here; `as_of_ms`: when another program counted them."""

    size: str
    colour: Bilingual
    quantity: int
    shelf: str
    as_of_ms: int
    is_scanned: bool = False


@dataclass(frozen=True, slots=True)
class ArticleCard:
    """An article as its label was scanned. `stock` has every size and colour that was counted in this store, or nothing
    where nobody imported counts; `price_minor` None where no price is known."""

    sku: str
    name: Bilingual
    category: Bilingual
    size: str
    colour: Bilingual
    price_minor: int | None
    currency: str
    stock: tuple[StockLine, ...] = ()
    often_next: tuple[OftenNext, ...] = ()

    @property
    def as_of_ms(self) -> int | None:
        """The time of the oldest count shown."""
        return min((line.as_of_ms for line in self.stock), default=None)


@dataclass(frozen=True, slots=True)
class MayLike:
    """One of her own members: she wished for it, or for another one (`because` says which size or colour); she bought
    `because` lately, which this goes with; or `times` from its category."""

    member_id: str
    name: str
    why: Why
    because: Bilingual = NOBODY
    times: int = 0


def find_article(conn: Connection, digits: str, store_id: str) -> ArticleCard | None:
    """The article with this barcode (or article number); None for one nobody told this PC of. Nothing is recorded."""
    p = sales.product.c
    live = p.deleted_at_ms.is_(None)
    numbers = (digits, digits.lstrip("0"))
    row = conn.execute(select(sales.product).where(p.barcode == canonical_gtin(digits), live).limit(1)).first()
    if row is None:
        row = conn.execute(select(sales.product).where(p.sku.in_(numbers), live).limit(1)).first()
    if row is None:
        return None
    return ArticleCard(
        row.sku, Bilingual(row.name, row.name_en), Bilingual(row.category, row.category_en), row.size or "",
        _colour(row), row.price_minor, row.currency or "", _stock(conn, row, store_id),
        list_often_next(conn, row.name),
    )  # fmt: skip


def _stock(conn: Connection, scanned: Any, store_id: str) -> tuple[StockLine, ...]:
    """Every size and colour of the same article (by name and category) that was counted here, the scanned one first."""
    p, s = sales.product.c, sales.stock.c
    rows = conn.execute(
        select(p.sku, p.size, p.colour, p.colour_en, s.quantity, s.shelf, s.as_of_ms)
        .join(sales.stock, s.sku == p.sku)
        .where(
            p.name == scanned.name, p.category == scanned.category, p.deleted_at_ms.is_(None),
            s.scope_id == store_id, s.deleted_at_ms.is_(None),
        )
    )  # fmt: skip
    found = [
        StockLine(row.size or "", _colour(row), row.quantity, row.shelf or "", row.as_of_ms, row.sku == scanned.sku)
        for row in rows
    ]
    found.sort(key=lambda line: (not line.is_scanned, line.quantity <= 0, line.colour.zh, _size_order(line.size)))
    return tuple(found)


_SIZES: Final = ("XXS", "XS", "S", "M", "L", "XL", "XXL", "XXXL")


def _size_order(size: str) -> tuple[int, int, str]:
    """Letters by size, then numbers by value, then words."""
    if size in _SIZES:
        return 0, _SIZES.index(size), ""
    return (1, int(size), "") if size.isascii() and size.isdecimal() else (2, 0, size)


def _colour(row: Any) -> Bilingual:
    return Bilingual(row.colour, row.colour_en or row.colour) if row.colour else NOBODY


def list_may_like(conn: Connection, article: ArticleCard, staff_id: str, now_ms: int) -> tuple[MayLike, ...]:
    """Of the members somebody looks after, those who wished for it; then, of those who want to be advised, whom their
    own purchases tell it of.

    What it goes with they bought in the last two months and not this, the latest first; then who bought from its
    category most often in two years. Erased members have no name to tell; who was merged is found under whom she is.
    """
    owned = owned_members(conn, staff_id)
    if not owned:
        return ()
    found = _fit_wishes(conn, article, owned, now_ms)
    wanted = {one.member_id for one in found}
    advised = [
        who
        for some in _portions([who for who in owned if who not in wanted])
        for who in agreed_purposes(conn, some, (ADVICE,))
    ]
    found += _fit_lately(conn, article, advised, now_ms)
    known = {one.member_id for one in found}
    found += _fit_category(conn, article, (who for who in advised if who not in known), now_ms)
    m = people.member.c
    query = select(m.id, m.name).where(
        m.id.in_([one.member_id for one in found[:MOST_LIKELY]]), m.deleted_at_ms.is_(None), m.merged_into.is_(None)
    )
    names: dict[str, str] = {row.id: row.name for row in conn.execute(query)}
    return tuple(replace(one, name=names[one.member_id]) for one in found[:MOST_LIKELY] if one.member_id in names)


def _fit_wishes(conn: Connection, article: ArticleCard, owned: Sequence[str], now_ms: int) -> list[MayLike]:
    """Who wishes for it in this size and colour first, then who wishes for another one."""
    w, p = care.wish.c, sales.product.c
    asked = [
        who
        for some in _portions(owned)
        for who in conn.execute(
            select(w.member_id)
            .where(w.member_id.in_(some), w.ended == "", w.deleted_at_ms.is_(None))
            .distinct()
            .order_by(w.member_id)
        ).scalars()
    ]
    if not asked:
        return []
    wares = {
        row.sku: ware_of(row)
        for row in conn.execute(
            select(sales.product).where(
                p.name == article.name.zh, p.category == article.category.zh, p.deleted_at_ms.is_(None)
            )
        )
    }
    found: list[MayLike] = []
    wishes = wishes_of(conn, asked, get_settings(conn).zone, now_ms, only_open=True)
    for who in asked:
        open_wishes = [one.wish for one in wishes.get(who, ()) if one.state == "open"]
        fitting = {sku: wish for wish in open_wishes for sku, ware in wares.items() if is_met(wish, ware)}
        if article.sku in fitting:
            found.append(MayLike(who, "", "wish"))
        elif fitting:
            wish = next(iter(fitting.values()))
            what = " · ".join(part for part in (wish.colour, wish.size) if part)
            found.append(MayLike(who, "", "wish_other", Bilingual(what, what)))
    return sorted(found, key=lambda one: one.why == "wish_other")


def _fit_lately(conn: Connection, article: ArticleCard, owned: Sequence[str], now_ms: int) -> list[MayLike]:
    n = sales.often_next.c
    rows = conn.execute(select(n.article, n.article_en).where(n.partner == article.name.zh, n.deleted_at_ms.is_(None)))
    leads = {row.article: Bilingual(row.article, row.article_en) for row in rows}
    if not leads:
        return []
    since_ms = now_ms - GOES_WITH_FOR * DAY_MS
    bought: dict[str, tuple[int, str]] = {}
    has: set[str] = set()
    order, line = sales.purchase.c, sales.purchase_line.c
    for some in _portions(owned):
        lines = conn.execute(
            select(order.member_id, order.paid_at_ms, line.name)
            .join(sales.purchase_line, (order.scope_id == line.scope_id) & (order.id == line.purchase_id))
            .where(
                order.member_id.in_(some), order.paid_at_ms.between(since_ms, now_ms),
                order.deleted_at_ms.is_(None), line.name.in_([*leads, article.name.zh]),
            )
        )  # fmt: skip
        for row in lines:
            if row.name == article.name.zh:
                has.add(row.member_id)
            else:
                bought[row.member_id] = max(bought.get(row.member_id, (0, "")), (row.paid_at_ms, row.name))
    ranked = sorted((one for one in bought.items() if one[0] not in has), key=lambda one: (-one[1][0], one[0]))
    return [MayLike(who, "", "goes_with", leads[name]) for who, (_, name) in ranked]


def _fit_category(conn: Connection, article: ArticleCard, owned: Iterable[str], now_ms: int) -> list[MayLike]:
    if not article.category.zh:
        return []
    order, line = sales.purchase.c, sales.purchase_line.c
    counted: list[tuple[int, str]] = []
    for some in _portions(sorted(owned)):
        rows = conn.execute(
            select(order.member_id, func.count(order.id.distinct()).label("times"))
            .join(sales.purchase_line, (order.scope_id == line.scope_id) & (order.id == line.purchase_id))
            .where(
                order.member_id.in_(some), order.paid_at_ms.between(now_ms - _YEARS_MS, now_ms),
                order.deleted_at_ms.is_(None), line.category == article.category.zh,
            )
            .group_by(order.member_id)
        )  # fmt: skip
        counted += [(-row.times, row.member_id) for row in rows if row.times >= _REGULAR]
    return [MayLike(who, "", "category", times=-times) for times, who in sorted(counted)]


def _portions(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[start : start + _AT_A_TIME] for start in range(0, len(ids), _AT_A_TIME))
