"""What a sample member bought in two years, in stores and online, and what came back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from guidedesk.server.connectors.sample_members import Identity
from guidedesk.server.connectors.sample_products import COLOURS, LETTER_SIZES, ONE_SIZE, Style, style_named, styles
from guidedesk.server.connectors.sample_stories import Story
from guidedesk.server.connectors.sample_world import (
    CURRENCY,
    MINUTE_MS,
    ONLINE,
    SHOPS,
    SOURCE,
    World,
    associates_of,
    staff_id,
    store_id,
)
from guidedesk.server.order_types import Channel, LineIn, OrderIn, ReturnIn, ReturnLineIn

YEARS_DAYS: Final = 729
_HOW_OFTEN: Final = {"super": (10, 20), "ordinary": (3, 8), "casual": (0, 3)}
_MOST_LINES: Final = {"super": 3, "ordinary": 2, "casual": 2}
_CHANNELS: Final[tuple[Channel, ...]] = ("store", "online", "mini")
_CHANNEL_SHARES: Final = (68, 24, 8)
_RETURN_PERCENT: Final = 8
_REASONS: Final = ("尺码偏大", "尺码偏小", "颜色与想的不同", "面料偏厚", "家里人不喜欢", "有线头", "重复购买")
_WINTER: Final = frozenset({10, 11, 12, 1, 2, 3})
Sales = tuple[list[OrderIn], list[ReturnIn]]


def make_sales(world: World, who: Identity) -> Sales:
    """Her orders and returns of the last two years, newest first."""
    if who.story and who.story.orders:
        return _story_sales(world, who, who.story)
    dice = who.dice
    least, most = _HOW_OFTEN[who.shopper]
    span = min(YEARS_DAYS, who.joined_ago)
    days = sorted({dice.number(1, span) for _ in range(dice.number(least, most))})
    orders: list[OrderIn] = []
    returns: list[ReturnIn] = []
    for days_ago in days:
        lines = _basket(world, who, days_ago)
        order = _order(world, who, days_ago, dice.weighted(_CHANNELS, _CHANNEL_SHARES), lines)
        orders.append(order)
        back_ago = days_ago - dice.number(2, 20)
        if back_ago >= 1 and dice.percent(_RETURN_PERCENT):
            returns.append(_return(world, order, order.lines[-1], back_ago, dice.pick(_REASONS)))
    return orders, returns


def net_minor(sales: Sales) -> int:
    """What she spent, less what came back."""
    orders, returns = sales
    paid = sum(line.amount_minor for order in orders for line in order.lines)
    return paid - sum(line.amount_minor for back in returns for line in back.lines)


def _story_sales(world: World, who: Identity, story: Story) -> Sales:
    orders: list[OrderIn] = []
    returns: list[ReturnIn] = []
    basket: list[LineIn] = []
    entries = story.orders
    for place, (days_ago, channel, name, size, colour, yuan, back_after) in enumerate(entries):
        basket.append(_line(len(basket) + 1, style_named(name), size, colour, 1, yuan * 100))
        if place + 1 < len(entries) and entries[place + 1][:2] == (days_ago, channel):
            continue
        bought = next(c for c in _CHANNELS if c == channel)
        orders.append(_order(world, who, days_ago, bought, tuple(basket)))
        if back_after:
            returns.append(_return(world, orders[-1], basket[-1], days_ago - back_after, _REASONS[0]))
        basket = []
    return orders, returns


def _order(world: World, who: Identity, days_ago: int, channel: Channel, lines: tuple[LineIn, ...]) -> OrderIn:
    dice = who.dice
    shop = who.home if who.story or dice.percent(86) else dice.pick(SHOPS)
    code = shop if channel == "store" else ONLINE
    seller = who.owner if who.owner and shop == who.home and dice.percent(55) else dice.pick(associates_of(shop)).number
    minute = dice.number(10 * 60 + 30, 21 * 60 + 30) if channel == "store" else dice.number(7 * 60, 23 * 60)
    return OrderIn(
        source=SOURCE,
        external_id=world.receipt(code, days_ago),
        channel=channel,
        paid_at_ms=world.moment(days_ago, minute),
        currency=CURRENCY,
        lines=lines,
        member_id=who.member_id,
        store_id=store_id(shop) if channel == "store" else None,
        seller_id=staff_id(seller) if channel == "store" else None,
    )


def _return(world: World, order: OrderIn, line: LineIn, days_ago: int, reason: str) -> ReturnIn:
    return ReturnIn(
        source=SOURCE,
        external_id=f"{order.external_id}-R1",
        order_external_id=order.external_id,
        returned_at_ms=world.moment(days_ago, 14 * 60) + (line.amount_minor % 240) * MINUTE_MS,
        currency=CURRENCY,
        lines=(ReturnLineIn(line_no=line.line_no, qty=line.qty, amount_minor=line.amount_minor),),
        reason=reason,
    )


def _basket(world: World, who: Identity, days_ago: int) -> tuple[LineIn, ...]:
    dice = who.dice
    month = world.day(days_ago).month
    percent = dice.weighted((100, 90, 80), (62, 25, 13))
    lines: list[LineIn] = []
    for number in range(1, dice.number(1, _MOST_LINES[who.shopper]) + 1):
        style = dice.weighted(styles(), _season_weights(month in _WINTER))
        liked = tuple(c for c in style.colours if c in who.colours) or style.colours
        colour = dice.pick(liked if dice.percent(80) else style.colours)
        qty = 2 if style.price_minor < 50_000 and dice.percent(8) else 1
        # Discounted prices are whole yuan, as on the labels.
        price = style.price_minor * percent // 10_000 * 100
        lines.append(_line(number, style, _size(who, style), colour, qty, price * qty))
    return tuple(lines)


def _season_weights(is_winter: bool) -> tuple[int, ...]:
    return _WEIGHTS[is_winter]


def _weights(off_season: str) -> tuple[int, ...]:
    every: Sequence[Style] = styles()
    per_group = {s.category: sum(o.category == s.category for o in every) for s in every}
    return tuple(s.share * 60 // per_group[s.category] // (6 if s.season == off_season else 1) for s in every)


_WEIGHTS: Final = {True: _weights("s"), False: _weights("w")}


def _size(who: Identity, style: Style) -> str:
    if style.sizes == (ONE_SIZE,):
        return ONE_SIZE
    place = LETTER_SIZES.index(who.size)
    if who.dice.percent(14):
        place = min(len(LETTER_SIZES) - 1, max(0, place + who.dice.pick((-1, 1))))
    return LETTER_SIZES[place]


def _line(number: int, style: Style, size: str, colour: str, qty: int, amount_minor: int) -> LineIn:
    return LineIn(
        line_no=number,
        sku=style.sku(size, colour),
        name=style.name,
        name_en=style.name_en,
        category=style.category,
        category_en=style.category_en,
        size=size,
        colour=colour,
        colour_en=COLOURS[colour],
        qty=qty,
        amount_minor=amount_minor,
    )
