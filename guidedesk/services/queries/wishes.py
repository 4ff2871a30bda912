"""What members wish for: how each wish stands by her own purchases, and whether it lies in the shop now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, func, or_, select

from guidedesk.domain.follow_ups.occasions import Arrived, Named
from guidedesk.domain.time import local_date
from guidedesk.domain.wishes import Ware, Wish, WishState, is_met, wish_state
from guidedesk.models import care, sales
from guidedesk.services.read_models import Bilingual

_MOST_ARTICLES: Final = 200  # of one wish in words: who says less gets no better answer


@dataclass(frozen=True, slots=True, kw_only=True)
class InStock:
    """An article of a wish that lies in this store, as another program counted it."""

    name: Bilingual
    quantity: int
    shelf: str
    as_of_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WishInfo:
    """A wish as the card shows it. `scope_id` is the store where she wished: it ends the wish by hand."""

    wish: Wish
    member_id: str
    scope_id: str
    name: Bilingual
    wished_at_ms: int
    associate_id: str
    state: WishState
    in_stock: InStock | None = None
    is_pending: bool = False


def list_wishes(conn: Connection, member_id: str, zone: str, now_ms: int) -> tuple[WishInfo, ...]:
    """Her wishes: open ones first, the newest before the others; those that ended lately behind them."""
    found = wishes_of(conn, [member_id], zone, now_ms).get(member_id, ())
    return tuple(sorted(found, key=lambda one: (one.state != "open", -one.wished_at_ms, one.wish.id)))


def wishes_of(
    conn: Connection, member_ids: Sequence[str], zone: str, now_ms: int, *, only_open: bool = False
) -> dict[str, tuple[WishInfo, ...]]:
    """Member -> her wishes, told by what she bought since and what lies in the shop."""
    table = care.wish.c
    query = select(care.wish).where(table.member_id.in_(member_ids), table.deleted_at_ms.is_(None))
    rows = list(conn.execute(query.where(table.ended == "") if only_open else query))
    if not rows:
        return {}
    bought = _bought(conn, {row.member_id for row in rows}, min(row.wished_at_ms for row in rows))
    names = _article_names(conn, {row.sku for row in rows if row.sku})
    today, found = local_date(now_ms, zone), defaultdict[str, list[WishInfo]](list)
    for row in rows:
        wish = _wish(row)
        later = (ware for at_ms, ware in bought[row.member_id] if at_ms >= row.wished_at_ms)
        state = wish_state(wish, later, today)
        found[row.member_id].append(
            WishInfo(
                wish=wish,
                member_id=row.member_id,
                scope_id=row.scope_id,
                name=names.get(row.sku or "", Bilingual(row.words, row.words)),
                wished_at_ms=row.wished_at_ms,
                associate_id=row.associate_id,
                state=state,
                in_stock=_in_stock(conn, wish) if state == "open" else None,
                is_pending=row.row_ver == 0,
            )
        )
    return {member_id: tuple(one) for member_id, one in found.items()}


def arrived(infos: Iterable[WishInfo], zone: str) -> tuple[Arrived, ...]:
    """What came after it was wished for; what lay there when she wished is no news."""
    return tuple(
        Arrived(
            info.wish.id, Named(info.in_stock.name.zh, info.in_stock.name.en),
            local_date(info.in_stock.as_of_ms, zone), info.wish.until,
        )
        for info in infos
        if info.state == "open" and info.in_stock is not None and info.in_stock.as_of_ms > info.wished_at_ms
    )  # fmt: skip


def _wish(row: Any) -> Wish:
    until = date.fromisoformat(row.until_date) if row.until_date else None
    return Wish(
        id=row.id, sku=row.sku, words=row.words, size=row.size, colour=row.colour, until=until, ended=row.ended
    )


def _bought(conn: Connection, member_ids: set[str], since_ms: int) -> dict[str, list[tuple[int, Ware]]]:
    """What they bought since, less what came back."""
    order, line = sales.purchase.c, sales.purchase_line.c
    back, back_line = sales.purchase_return.c, sales.purchase_return_line.c
    mine = (order.member_id.in_(member_ids), order.paid_at_ms >= since_ms, order.deleted_at_ms.is_(None))
    returned = {
        (row.purchase_id, row.line_no): row.qty
        for row in conn.execute(
            select(back.purchase_id, back_line.line_no, func.sum(back_line.qty).label("qty"))
            .join(
                sales.purchase_return_line,
                (back.scope_id == back_line.scope_id) & (back.id == back_line.return_id),
            )
            .where(back.member_id.in_(member_ids), back.deleted_at_ms.is_(None))
            .group_by(back.purchase_id, back_line.line_no)
        )
    }
    found: dict[str, list[tuple[int, Ware]]] = defaultdict(list)
    rows = conn.execute(
        select(order.id, order.member_id, order.paid_at_ms, sales.purchase_line)
        .join(
            sales.purchase_line,
            (order.scope_id == line.scope_id) & (order.id == line.purchase_id),
        )
        .where(*mine)
    )
    for row in rows:
        if returned.get((row.id, row.line_no), 0) < row.qty:
            found[row.member_id].append((row.paid_at_ms, ware_of(row)))
    return found


def ware_of(row: Any) -> Ware:
    """A row of articles, or of what was bought, as a wish is compared with it."""
    names = tuple(name for name in (row.name, row.name_en) if name)
    colours = tuple(colour for colour in (row.colour, row.colour_en) if colour)
    return Ware(sku=row.sku, names=names, size=row.size or "", colours=colours)


def _article_names(conn: Connection, skus: set[str]) -> dict[str, Bilingual]:
    if not skus:
        return {}
    p = sales.product.c
    rows = conn.execute(select(p.sku, p.name, p.name_en).where(p.sku.in_(skus), p.deleted_at_ms.is_(None)))
    return {row.sku: Bilingual(row.name, row.name_en) for row in rows}


def _in_stock(conn: Connection, wish: Wish) -> InStock | None:
    """The article counted last of those that meet the wish and lie here."""
    p, s = sales.product.c, sales.stock.c
    query = (
        select(sales.product, s.quantity, s.shelf, s.as_of_ms)
        .join(sales.stock, s.sku == p.sku)
        .where(p.deleted_at_ms.is_(None), s.deleted_at_ms.is_(None), s.quantity > 0)
    )
    if wish.sku is not None:
        query = query.where(p.sku == wish.sku)
    else:
        query = query.where(
            or_(p.name.icontains(wish.words, autoescape=True), p.name_en.icontains(wish.words, autoescape=True))
        )
    for row in conn.execute(query.order_by(s.as_of_ms.desc(), p.sku).limit(_MOST_ARTICLES)):
        if is_met(wish, ware_of(row)):
            name = Bilingual(row.name, row.name_en)
            return InStock(name=name, quantity=row.quantity, shelf=row.shelf or "", as_of_ms=row.as_of_ms)
    return None
