"""A store's table of what goes with what, on both databases: from its own sales alone, to its counters, once a day."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update

from guidedesk.domain.time import DAY_MS
from guidedesk.models.sales import often_next, purchase
from guidedesk.server.often_next import AGAIN_MS, renew_often_next, sweep_often_next
from guidedesk.server.order_types import LineIn, OrderIn, ReturnIn, ReturnLineIn
from guidedesk.server.orders import record_orders_bulk
from tests.server.people_at_work import hello, joined
from tests.server.shop import START_MS, Shop

COAT, SCARF, BELT, SOCKS = "羊绒大衣", "真丝围巾", "皮腰带", "羊毛袜"
ENGLISH = {COAT: "Wool coat", SCARF: "Silk scarf", BELT: "Leather belt", SOCKS: "Wool socks"}


def order(number: str, store_id: str, member_id: str, days: int, *names: str) -> OrderIn:
    lines = tuple(
        LineIn(place, f"SKU-{name}-{place}", name, 1, 10_000, ENGLISH[name]) for place, name in enumerate(names, 1)
    )
    return OrderIn(
        source="till", external_id=number, channel="store", paid_at_ms=START_MS - (100 - days) * DAY_MS,
        currency="CNY", lines=lines, member_id=member_id, store_id=store_id,
    )  # fmt: skip


def pairs(shop: Shop, store: int = 0) -> dict[tuple[str, int], tuple[Any, ...]]:
    n = often_next.c
    with shop.database.read() as conn:
        rows = conn.execute(
            select(n.article, n.article_en, n.place, n.partner, n.partner_en, n.takers, n.customers).where(
                n.scope_id == shop.stores[store], n.deleted_at_ms.is_(None)
            )
        )
        return {(r.article, r.place): (r.article_en, r.partner, r.partner_en, r.takers, r.customers) for r in rows}


def sold(shop: Shop) -> list[str]:
    """Seven people buy a coat: five a scarf with it or next, one a belt too late, one sends the scarf back."""
    counter = shop.counter()
    counter.call("POST", "/v1/sync/hello", hello())
    who = [joined(shop, counter, name=f"客人{n}") for n in range(12)]
    here = shop.stores[0]
    orders = []
    for n, member in enumerate(who[:7]):
        orders.append(order(f"A{n}", here, member, 1, *((COAT, SCARF) if n < 3 else (COAT,))))
        if 3 <= n < 6:
            orders.append(order(f"B{n}", here, member, 20 + n, SCARF))
    orders.append(order("late", here, who[6], 90, BELT))
    orders += [order(f"S{n}", here, member, 5, SOCKS) for n, member in enumerate(who[7:])]
    back = ReturnIn(
        source="till", external_id="R5", order_external_id="B5", returned_at_ms=START_MS - DAY_MS, currency="CNY",
        lines=(ReturnLineIn(line_no=1, qty=1, amount_minor=10_000),), reason="颜色",
    )  # fmt: skip
    record_orders_bulk(shop.database, orders, [back], now_ms=START_MS)
    return who


def test_what_they_took_with_it_or_next_reaches_the_stores_counters_and_no_others(shop: Shop) -> None:
    sold(shop)
    assert sweep_often_next(shop.database, START_MS) == len(shop.stores)
    assert pairs(shop) == {(COAT, 1): ("Wool coat", SCARF, "Silk scarf", 5, 7)}
    assert pairs(shop, store=1) == {}
    counter, elsewhere = shop.counter(), shop.counter(store=1)
    counter.pull()
    elsewhere.pull()
    assert [row["partner"] for row in counter.table("often_next")] == [row[1] for row in pairs(shop).values()]
    assert elsewhere.table("often_next") == []


def test_a_second_round_on_the_same_day_changes_nothing_and_a_day_later_it_follows_the_sales(shop: Shop) -> None:
    sold(shop)
    sweep_often_next(shop.database, START_MS)
    assert sweep_often_next(shop.database, START_MS + AGAIN_MS - 1) == 0
    assert renew_often_next(shop.database, shop.stores[0], START_MS) == 0
    with shop.as_owner() as conn:
        conn.execute(
            update(purchase)
            .where(purchase.c.scope_id == shop.stores[0], purchase.c.order_no == "B4")
            .values(deleted_at_ms=START_MS)
        )
    assert sweep_often_next(shop.database, START_MS + AGAIN_MS) == len(shop.stores)
    assert pairs(shop) == {}  # four are no group
    counter = shop.counter()
    counter.pull()
    assert counter.table("often_next") == []
