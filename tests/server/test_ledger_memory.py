"""What taking new events into the books takes of memory."""

from __future__ import annotations

import tracemalloc

import pytest

from guidedesk.server import commission_reckoning
from guidedesk.server.commission_book import refresh
from guidedesk.server.commission_keeper import keeper_of
from guidedesk.server.commission_reckoning import refresh_all
from guidedesk.server.commission_rules import publish_plan
from guidedesk.server.orders import record_order
from tests.server.people_at_work import with_card
from tests.server.shop import START_MS, Shop
from tests.server.test_ledger import PLAN, sale

SALES = 40


def most_held(shop: Shop, member: str, numbers: range) -> int:
    """Bytes at the most while these sales of hers are taken in together."""
    for number in numbers:
        record_order(shop.database, sale(shop, f"N{number}", member, seller="a1"), now_ms=shop.clock.now_ms)
    tracemalloc.start()
    try:
        assert refresh(shop.database, shop.clock.now_ms)
        assert keeper_of(shop.database)._memory is not None  # one by one, not all anew
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_who_buys_often_is_read_once_and_not_with_each_sale(shop: Shop) -> None:
    publish_plan(shop.database, PLAN, actor=None, now_ms=START_MS)
    member = with_card(shop, shop.counter())
    refresh(shop.database, shop.clock.now_ms)
    few = most_held(shop, member, range(SALES))
    # All she ever bought hangs together: kept for each sale anew, twice as many would take four times as much.
    many = most_held(shop, member, range(SALES, 3 * SALES))
    assert many < 3 * few, (few, many)


def test_reckoning_anew_holds_what_changes_and_not_every_line(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commission_reckoning, "_AT_A_TIME", 10)
    publish_plan(shop.database, PLAN, actor=None, now_ms=START_MS)
    member = with_card(shop, shop.counter())
    for number in range(3 * SALES):
        record_order(shop.database, sale(shop, f"N{number}", member, seller="a1"), now_ms=shop.clock.now_ms)
    all_new = most_held_anew(shop)
    record_order(shop.database, sale(shop, "one more", member, seller="a1"), now_ms=shop.clock.now_ms)
    with shop.database.read() as conn:
        texts = conn.exec_driver_sql("SELECT sum(length(why_json)) FROM open_line").scalar()
    assert texts is not None
    one_new = most_held_anew(shop)
    assert one_new < all_new - texts / 2, (all_new, texts, one_new)


def most_held_anew(shop: Shop) -> int:
    """Bytes at the most while everything is reckoned anew."""
    tracemalloc.start()
    try:
        assert refresh_all(shop.database, shop.clock.now_ms)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
