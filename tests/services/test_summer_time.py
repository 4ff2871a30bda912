"""Days of 23 and 25 hours at a counter: who may be contacted when, what is usual at an hour, days between purchases."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from guidedesk.domain.attribution import AttributionRules, owner_window
from guidedesk.domain.contact_limits import CAP_DAYS, ContactPolicy, why_not_contact
from guidedesk.domain.ids import derived_id
from guidedesk.domain.time import DAY_MS, has_summer_time, to_ms
from guidedesk.models.entities import store_rows
from guidedesk.services.queries.contacts import contact_facts, local_time
from guidedesk.services.queries.history import get_history_head
from guidedesk.services.queries.home import get_shift
from tests.helpers.shop import LAKESIDE, LIN, SHEN, Shop, full, open_shop, purchase_row

ZONE: Final = "Europe/Berlin"
both = pytest.mark.parametrize("change", [date(2027, 3, 28), date(2027, 10, 31)], ids=["to_summer", "to_winter"])


@pytest.fixture
def shop() -> Shop:
    return open_shop()


def at(day: date, clock: str) -> int:
    """UTC milliseconds of what a watch in the shop shows."""
    return to_ms(datetime.combine(day, time.fromisoformat(clock), ZoneInfo(ZONE)))


@both
def test_windows_end_with_a_local_day(change: date) -> None:
    rules = AttributionRules(window_days=15, protection_days=30, zone=ZONE)
    met = change - timedelta(7)
    days = [
        owner_window(at(met, "23:30"), at(met, "23:30"), at(met + timedelta(ahead), clock), rules).earning_days_left
        for ahead, clock in ((15, "00:00"), (15, "23:59:59.999"), (16, "00:00"))
    ]
    assert days == [0, 0, -1]


@both
def test_quiet_hours_go_by_the_clock_on_the_wall_and_the_cap_by_whole_days(shop: Shop, change: date) -> None:
    policy = ContactPolicy(cap_week=1)
    spoke_ms = at(change - timedelta(2), "10:00")
    talk = full(
        "interaction", scope_id=LAKESIDE, id=derived_id("talk", 1), member_id=SHEN, associate_id=LIN, kind="phone",
        outcome="reached", note="", occurred_at_ms=spoke_ms, is_withdrawn=0,
    )  # fmt: skip
    yes = full("consent", scope_id=LAKESIDE, id=derived_id("yes", 1), member_id=SHEN, purpose="phone", is_given=1,
               text_version="1", lang="zh", channel="counter", staff_id=LIN, answered_at_ms=spoke_ms,
               op_id=derived_id("op"))  # fmt: skip
    with shop.engine.begin() as conn:
        store_rows(conn, "interaction", [talk])
        store_rows(conn, "consent", [yes])

    def refusal(now_ms: int) -> str | None:
        with shop.engine.connect() as conn:
            facts = contact_facts(conn, [SHEN], policy, now_ms)[SHEN]
        return why_not_contact("phone", facts, policy, at=local_time(now_ms, ZONE))

    free_ms = spoke_ms + CAP_DAYS * DAY_MS
    assert (refusal(free_ms - 1), refusal(free_ms)) == ("capped", None)
    later = change + timedelta(14)
    clocks = ["08:59:59", "09:00", "20:59:59", "21:00"]
    assert [refusal(at(later, clock)) for clock in clocks] == ["quiet", None, None, "quiet"]
    talk["is_withdrawn"], talk["row_ver"] = 1, talk["row_ver"] + 1
    with shop.engine.begin() as conn:
        store_rows(conn, "interaction", [talk])
    assert [refusal(at(change, clock)) for clock in clocks] == ["quiet", None, None, "quiet"]


@both
def test_what_is_usual_counts_whole_local_days(shop: Shop, change: date) -> None:
    today = change + timedelta(7)
    moments = [at(today - timedelta(7 * week), clock) for week in range(1, 9) for clock in ("00:10", "23:50")]
    rows = [
        full("visit", scope_id=LAKESIDE, id=derived_id("visit", n), member_id=SHEN, associate_id=LIN,
             occurred_at_ms=moment, assurance=1, device_id=derived_id("pc"))
        for n, moment in enumerate(moments)
    ]  # fmt: skip
    with shop.engine.begin() as conn:
        store_rows(conn, "visit", rows)
        usual = get_shift(conn, LIN, LAKESIDE, at(today, "12:00"), ZONE).usual_hourly
    assert {hour: count for hour, count in enumerate(usual) if count} == {0: 1, 23: 1}


def test_days_between_purchases_are_local_days_of_either_season(shop: Shop) -> None:
    assert has_summer_time(ZONE)
    assert not has_summer_time("Asia/Shanghai")
    change = date(2027, 3, 28)
    bought = [(change - timedelta(5), "23:30"), (change + timedelta(5), "23:30"), (change + timedelta(15), "00:30")]
    rows = [purchase_row(n, SHEN, 0, ("裤", "裤装", 100), paid_at_ms=at(*one)) for n, one in enumerate(bought, 1)]
    with shop.engine.begin() as conn:
        store_rows(conn, "purchase", rows)
        store_rows(
            conn, "setting", [full("setting", scope_id=LAKESIDE, id=derived_id("zone"), name="zone", value=ZONE)]
        )
        head = get_history_head(conn, SHEN, LIN, at(change + timedelta(30), "12:00"))
    assert head.usual_interval_days == 10
