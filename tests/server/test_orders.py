"""Every sale comes in once, keeps its raw record, and reaches each store that sees its member."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from guidedesk.domain.errors import Refused
from guidedesk.domain.time import DAY_MS
from guidedesk.models import sales
from guidedesk.models import server_tables as tables
from guidedesk.server.order_types import LineIn, OrderIn, ReturnIn, ReturnLineIn
from guidedesk.server.orders import record_order, record_orders_bulk, record_return
from tests.server.people_at_work import joined
from tests.server.shop import START_MS, Shop


def order(external_id: str, **changes: Any) -> OrderIn:
    lines = (
        LineIn(line_no=1, sku="SKU1", name="针织衫", qty=1, amount_minor=25_900),
        LineIn(line_no=2, sku="SKU2", name="半裙", qty=2, amount_minor=39_800),
    )
    values: dict[str, Any] = {
        "source": "pos",
        "external_id": external_id,
        "channel": "store",
        "paid_at_ms": START_MS - DAY_MS,
        "currency": "CNY",
        "lines": lines,
        "raw": {"order_id": external_id, "kept": "as it came"},
    }
    return OrderIn(**(values | changes))


def returned(external_id: str, of: str, **changes: Any) -> ReturnIn:
    values: dict[str, Any] = {
        "source": "pos",
        "external_id": external_id,
        "order_external_id": of,
        "returned_at_ms": START_MS,
        "currency": "CNY",
        "lines": (ReturnLineIn(line_no=2, qty=1, amount_minor=19_900),),
    }
    return ReturnIn(**(values | changes))


def count(shop: Shop, table: Any) -> int:
    with shop.database.read() as conn:
        return int(conn.execute(select(func.count()).select_from(table)).scalar_one())


def test_a_sale_is_taken_once_and_the_first_content_kept(shop: Shop) -> None:
    one = order("A1", store_id=shop.stores[0])
    first = record_order(shop.database, one, now_ms=START_MS)
    again = record_order(shop.database, one, now_ms=START_MS + 1)
    other = record_order(shop.database, order("A1", store_id=shop.stores[0], currency="USD"), now_ms=START_MS)
    moved = record_order(shop.database, order("A1", store_id=shop.stores[1]), now_ms=START_MS)
    assert [r.status for r in (first, again, other, moved)] == ["accepted", "unchanged", "conflict", "conflict"]
    assert first.row_id == again.row_id == moved.row_id
    assert moved.scope_id == shop.stores[0]
    assert (count(shop, sales.purchase), count(shop, sales.purchase_line)) == (1, 2)
    with shop.database.read() as conn:
        row = conn.execute(select(tables.order_raw)).one()
    assert json.loads(row.payload) == {"order_id": "A1", "kept": "as it came"}


def test_sales_reach_every_store_that_sees_the_member(shop: Shop) -> None:
    home, other, third = shop.counter(), shop.counter(1), shop.counter(2)
    member_id = joined(shop, home)
    now = shop.clock.now_ms
    record_order(shop.database, order("A1", store_id=shop.stores[0], member_id=member_id), now_ms=now)
    record_order(shop.database, order("W1", channel="online", member_id=member_id), now_ms=now)
    other.pull()
    assert other.table("purchase") == []
    # bought elsewhere: that store now sees her, with everything
    record_order(shop.database, order("B1", store_id=shop.stores[1], member_id=member_id), now_ms=now)
    record_return(shop.database, returned("R1", "W1"), now_ms=now)
    for counter in (home, other):
        counter.pull()
        found = {row["order_no"]: row for row in counter.table("purchase")}
        assert set(found) == {"A1", "W1", "B1"}
        assert found["W1"]["scope_id"] == shop.chain_id
        assert [line["amount_minor"] for line in found["A1"]["lines"]] == [25_900, 39_800]
        [back] = counter.table("purchase_return")
        assert (back["member_id"], back["lines"]) == (member_id, [{"line_no": 2, "qty": 1, "amount_minor": 19_900}])
    third.pull()
    assert third.table("purchase") == []


def test_old_sales_are_kept_but_not_sent_to_counters(shop: Shop) -> None:
    counter = shop.counter()
    member_id = joined(shop, counter)
    old = order("old", store_id=shop.stores[0], member_id=member_id, paid_at_ms=START_MS - 900 * DAY_MS)
    assert record_order(shop.database, old, now_ms=shop.clock.now_ms).status == "accepted"
    counter.pull()
    assert counter.table("purchase") == []
    assert count(shop, sales.purchase) == 1


def test_what_cannot_be_is_refused(shop: Shop) -> None:
    store = shop.stores[0]
    for bad in (
        order("", store_id=store),
        order("A", store_id=store, lines=()),
        order("A", store_id=None),
        order("A", store_id=store, currency="yuan"),
        order("return:A", store_id=store),
        order("A", store_id=shop.new_id()),
    ):
        with pytest.raises(Refused):
            record_order(shop.database, bad, now_ms=START_MS)
    with pytest.raises(Refused):
        record_return(shop.database, returned("R", "nothing"), now_ms=START_MS)
    assert count(shop, sales.purchase) == 0


def test_raw_records_cannot_be_changed(shop: Shop) -> None:
    record_order(shop.database, order("A1", store_id=shop.stores[0]), now_ms=START_MS)
    for statement in ("UPDATE order_raw SET payload = '{}'", "DELETE FROM order_raw"):
        with pytest.raises(DBAPIError, match=shop.backend.refuses_change), shop.database.engine.begin() as conn:
            conn.exec_driver_sql(statement)


def test_bulk_says_the_same_as_one_by_one(shop: Shop) -> None:
    counter = shop.counter()
    members = [joined(shop, counter, name=f"会员{n}") for n in range(3)]
    orders = [order(f"A{n}", store_id=shop.stores[n % 3], member_id=members[n % 3]) for n in range(60)]
    orders += [orders[0], order("A1", store_id=shop.stores[1], currency="USD")]
    progress: list[tuple[str, int]] = []
    result = record_orders_bulk(
        shop.database,
        orders,
        [returned("R1", "A2"), returned("R2", "missing")],
        now_ms=shop.clock.now_ms,
        batch=10,
        progress=lambda step, done: progress.append((step, done)),
    )
    assert (result.read, result.accepted, result.unchanged, result.lines) == (64, 61, 1, 121)
    assert (result.conflicts, result.unmatched) == (("A1",), ("R2",))
    assert ("sales", 64) in progress
    assert progress[-1][0] == "carrying"
    counter.pull()
    assert len(counter.table("purchase")) == 60
    assert count(shop, tables.fanout_task) == 0
    again = record_orders_bulk(shop.database, orders[:60], now_ms=shop.clock.now_ms)
    assert (again.accepted, again.unchanged) == (0, 60)


def test_one_sale_that_cannot_be_stops_a_bulk_run_and_the_others_stay_for_the_next(shop: Shop) -> None:
    good = [order(f"A{n}", store_id=shop.stores[n % 2]) for n in range(6)]
    with pytest.raises(Refused, match="validation"):
        record_orders_bulk(shop.database, [*good, order("bad", store_id=None)], now_ms=START_MS)
    assert record_orders_bulk(shop.database, good, now_ms=START_MS).accepted == 6
    assert count(shop, sales.purchase) == 6


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 1), st.integers(0, 2)), max_size=12))
def test_any_order_of_arrival_keeps_one_sale_an_id(shop: Shop, arrivals: list[tuple[int, int, int]]) -> None:
    """(id, content, store): the first content of an id stays, whatever comes after it."""
    prefix = shop.new_id()
    first: dict[str, str] = {}
    for number, content, store in arrivals:
        external = f"{prefix}-{number}"
        one = order(external, store_id=shop.stores[store], currency=("CNY", "USD")[content])
        status = record_order(shop.database, one, now_ms=START_MS).status
        said = f"{content}-{store}"
        assert status == (
            "accepted" if external not in first else "unchanged" if first[external] == said else "conflict"
        )
        first.setdefault(external, said)
