"""What taking new events into the books takes of memory."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest

from guidedesk.server import commission_keeper, commission_reckoning
from guidedesk.server.commission_book import refresh
from guidedesk.server.commission_keeper import keeper_of
from guidedesk.server.commission_reckoning import refresh_all
from guidedesk.server.commission_rules import publish_plan
from guidedesk.server.orders import record_order
from tests.server.people_at_work import joined, registration, with_card
from tests.server.shop import START_MS, Shop
from tests.server.test_ledger import PLAN, sale, told

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


def test_reckoning_anew_holds_some_explanations_at_a_time(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_plan(shop.database, PLAN, actor=None, now_ms=START_MS)
    member = with_card(shop, shop.counter())
    for number in range(3 * SALES):
        record_order(shop.database, sale(shop, f"N{number}", member, seller="a1"), now_ms=shop.clock.now_ms)
    most_held_anew(shop)  # what the first reckoning of a process makes and keeps
    with shop.database.read() as conn:
        texts = conn.exec_driver_sql("SELECT sum(length(why_json)) FROM open_line").scalar()
    assert texts is not None
    held = {}
    for portion in (10, 10**6):
        monkeypatch.setattr(commission_reckoning, "_AT_A_TIME", portion)
        thrown_away(shop)
        held[portion] = most_held_anew(shop)
    assert held[10] < held[10**6] - texts / 2, (held, texts)


def test_events_taken_in_a_few_at_a_time_come_to_the_same(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commission_keeper, "_AT_A_TIME", 3)
    publish_plan(shop.database, PLAN, actor=None, now_ms=START_MS)
    counter, stranger = shop.counter(), registration(shop)
    assert shop.counter(1).do(stranger, "a3")["status"] == "accepted"
    members = [with_card(shop, counter), joined(shop, counter), stranger.member_id]
    for _ in range(2):  # from the second time on they are kept in memory
        refresh(shop.database, shop.clock.now_ms)
        record_order(shop.database, sale(shop, shop.new_id(), members[0]), now_ms=shop.clock.now_ms)
    for number in range(8):
        store = {"store_id": shop.stores[number % 2]}
        placed = sale(shop, f"N{number}", members[number % 3], seller=("a1", "a3")[number % 2], **store)
        record_order(shop.database, placed, now_ms=shop.clock.now_ms)
    assert refresh(shop.database, shop.clock.now_ms)
    assert not refresh(shop.database, shop.clock.now_ms)
    assert keeper_of(shop.database)._memory is not None
    found = told(shop)
    thrown_away(shop)
    refresh_all(shop.database, shop.clock.now_ms)
    assert told(shop) == found


def test_what_comes_meanwhile_is_for_the_next_time(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commission_keeper, "_AT_A_TIME", 1)
    publish_plan(shop.database, PLAN, actor=None, now_ms=START_MS)
    member = with_card(shop, shop.counter())
    refresh(shop.database, shop.clock.now_ms)
    sold = iter(range(10))

    def sell() -> None:
        record_order(shop.database, sale(shop, f"N{next(sold)}", member, seller="a1"), now_ms=shop.clock.now_ms)

    plain = commission_keeper._since

    def since(*told: Any) -> Any:
        sell()  # a shop that never rests
        return plain(*told)

    sell()
    sell()
    monkeypatch.setattr(commission_keeper, "_since", since)
    assert refresh(shop.database, shop.clock.now_ms)
    assert next(sold) == 4  # two of the two that were there, and one more came with each


def thrown_away(shop: Shop) -> None:
    """The projections are gone."""
    with shop.as_owner() as conn:
        for table in ("open_line", "commission_cover", "commission_flag"):
            conn.exec_driver_sql(f"DELETE FROM {table}")


def most_held_anew(shop: Shop) -> int:
    """Bytes at the most while everything is reckoned anew."""
    tracemalloc.start()
    try:
        assert refresh_all(shop.database, shop.clock.now_ms)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
