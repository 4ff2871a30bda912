"""The days on which clocks are changed: 23 or 25 hours long, and days all the same (COMMISSION.md 1, SYNC.md 6)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from guidedesk.domain.time import DAY_MS, local_midnight_ms, to_ms
from guidedesk.server.commission_rules import publish_plan
from guidedesk.server.coupon_desk import put_campaign
from guidedesk.server.orders import record_order
from guidedesk.server.points_desk import publish_rules
from guidedesk.server.settings import write_settings
from guidedesk.services import operations as ops
from tests.helpers.postgres import SQLITE, Backend
from tests.server.people_at_work import joined, with_card
from tests.server.shop import START_MS, Counter, Shop
from tests.server.test_coupons import TWO_HUNDRED, give, leases
from tests.server.test_ledger import PLAN, sale, sums
from tests.server.test_orders import order
from tests.server.test_points import RULES, held
from tests.server.test_team import board
from tests.server.test_team import counter as people_counter

__all__ = ["people_counter"]
ZONE: Final = "Europe/Berlin"
TO_SUMMER, TO_WINTER = date(2027, 3, 28), date(2027, 10, 31)
HOUR: Final = 3_600_000
both = pytest.mark.parametrize("change", [TO_SUMMER, TO_WINTER], ids=["to_summer", "to_winter"])


@pytest.fixture(name="backend")
def sqlite_only() -> Backend:
    """The days are counted by the same code on either database."""
    return SQLITE


@pytest.fixture(autouse=True)
def zone(shop: Shop) -> None:
    write_settings(shop.database, {"zone": ZONE, "window_days": "15"})


def at(day: date, clock: str) -> int:
    """UTC milliseconds of what a watch in the shop shows."""
    return to_ms(datetime.combine(day, time.fromisoformat(clock), ZoneInfo(ZONE)))


def test_these_days_are_an_hour_short_and_an_hour_long() -> None:
    lengths = [local_midnight_ms(day + timedelta(1), ZONE) - at(day, "00:00") for day in (TO_SUMMER, TO_WINTER)]
    assert lengths == [23 * HOUR, 25 * HOUR]


@both
def test_an_owner_earns_to_the_last_moment_of_the_fifteenth_day(shop: Shop, change: date) -> None:
    publish_plan(shop.database, PLAN, actor=None, now_ms=START_MS)
    met = change - timedelta(7)
    shop.clock.now_ms = at(met, "23:30")
    member = with_card(shop, shop.counter())
    last = met + timedelta(15)
    for number, paid_at_ms in (("W1", at(last, "23:59:59.999")), ("W2", at(last + timedelta(1), "00:00"))):
        shop.clock.now_ms = paid_at_ms
        record_order(shop.database, sale(shop, number, member, paid_at_ms=paid_at_ms), now_ms=paid_at_ms)
    earned = {who: amount for (_, who, component), amount in sums(shop).items() if component == "rate"}
    assert earned == {"a1": 2_000, "pool1": 2_000}


@both
def test_coming_in_earns_points_once_a_local_day(shop: Shop, change: date) -> None:
    publish_rules(shop.database, RULES, START_MS)
    shop.clock.now_ms = at(change - timedelta(1), "12:00")
    counter = shop.counter()
    member = joined(shop, counter)
    found: list[int] = []
    eve, morrow = change - timedelta(1), change + timedelta(1)
    for day, clock in ((eve, "23:50"), (change, "00:10"), (change, "23:50"), (morrow, "00:10")):
        shop.clock.now_ms = at(day, clock)
        visit = ops.RecordVisit(visit_id=shop.new_id(), member_id=member)
        assert counter.do(visit)["status"] == "accepted"
        found.append(held(shop, member))
    assert found == [5, 10, 10, 15]


@both
def test_points_rules_begin_with_the_local_day(shop: Shop, change: date) -> None:
    publish_rules(shop.database, RULES, START_MS)
    publish_rules(shop.database, RULES | {"effective_from": f"{change + timedelta(1)}", "points": 3}, START_MS)
    member = joined(shop, shop.counter())
    found: list[int] = []
    for number, paid_at_ms in (("A", at(change, "23:59:59")), ("B", at(change + timedelta(1), "00:00"))):
        shop.clock.now_ms = paid_at_ms
        sold = order(number, store_id=shop.stores[0], member_id=member, paid_at_ms=paid_at_ms)
        record_order(shop.database, sold, now_ms=paid_at_ms)
        found.append(held(shop, member))
    assert found == [657, 657 + 3 * 657]


@both
def test_reports_keep_each_sale_in_its_local_day(shop: Shop, people_counter: Counter, change: date) -> None:
    eve, morrow = change - timedelta(1), change + timedelta(1)
    moments = [at(eve, "23:59"), at(change, "00:01"), at(change, "23:59"), at(morrow, "00:01")]
    for number, paid_at_ms in enumerate(moments):
        sold = order(f"A{number}", store_id=shop.stores[0], paid_at_ms=paid_at_ms, seller_id=shop.staff["a2"])
        record_order(shop.database, sold, now_ms=paid_at_ms)
    found: list[int | None] = []
    for now_ms in (moments[0] + 1, moments[2] + 1, moments[3] + 1):
        shop.clock.now_ms = now_ms
        kpis = {kpi.name: kpi.whole for kpi in board(shop, people_counter).period("today").kpis}
        found.append(kpis["basket"])
    assert found == [1, 2, 1]


@both
def test_what_an_associate_may_give_begins_anew_on_monday(shop: Shop, change: date) -> None:
    put_campaign(shop.database, TWO_HUNDRED | {"ends_at_ms": at(change, "00:00") + 30 * DAY_MS})
    assert change.weekday() == 6
    shop.clock.now_ms = at(change, "23:50")
    counter = shop.counter()
    member, held_here = joined(shop, counter), leases(counter)
    answers = [give(counter, member, held_here[n][0])["status"] for n in range(3)]
    shop.clock.now_ms = at(change + timedelta(1), "00:10")
    answers.append(give(counter, member, held_here[3][0])["status"])
    assert answers == ["accepted", "accepted", "rejected", "accepted"]


@both
def test_a_coupon_is_good_until_its_moment_whatever_the_watch_shows(shop: Shop, change: date) -> None:
    ends_at_ms = at(change, "23:59:59.999")
    put_campaign(shop.database, TWO_HUNDRED | {"ends_at_ms": ends_at_ms, "week_count": 9, "week_minor": 900_000})
    shop.clock.now_ms = ends_at_ms - 12 * HOUR
    counter = shop.counter()
    member, held_here = joined(shop, counter), leases(counter)
    shop.clock.now_ms = ends_at_ms - 60_000
    answers = [give(counter, member, held_here[0][0])["status"]]
    shop.clock.now_ms = ends_at_ms + 1
    answers.append(give(counter, member, held_here[1][0])["status"])
    assert answers == ["accepted", "rejected"]
