"""The likely next purchase, from days alone."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidedesk.domain.insight import GAP_SHAPE, LEAST_DAYS, has_gone_quiet, next_buy

FIRST = date(2026, 1, 5)


def days(*offsets: int) -> list[date]:
    return [FIRST + timedelta(days=offset) for offset in offsets]


def test_three_days_of_buying_are_no_habit_yet() -> None:
    assert next_buy(days(0, 30, 60), FIRST + timedelta(days=61)) is None
    assert not has_gone_quiet(days(0, 30, 60), FIRST + timedelta(days=900))


def test_somebody_who_buys_every_month_is_expected_before_the_month_is_over() -> None:
    found = next_buy(days(0, 30, 60, 90, 120), FIRST + timedelta(days=121))
    assert found is not None
    assert (found.pace_days, found.days, found.last) == (30, 5, FIRST + timedelta(days=120))
    assert 10 <= (found.due - found.last).days <= 30


def test_the_longer_she_waits_the_later_she_is_expected_until_nobody_can_say() -> None:
    bought = days(0, 30, 60, 90)
    asked = [next_buy(bought, FIRST + timedelta(days=90 + waited)) for waited in range(130)]
    known = [found.due for found in asked if found is not None]
    assert known == sorted(known)
    assert len(known) == 102  # 3.38 times her 30 days
    assert asked[102:] == [None] * 28
    assert has_gone_quiet(bought, FIRST + timedelta(days=192))
    assert not has_gone_quiet(bought, FIRST + timedelta(days=191))


def test_purchases_dated_after_today_are_not_looked_at() -> None:
    today = FIRST + timedelta(days=95)
    assert next_buy(days(0, 30, 60, 90, 400), today) == next_buy(days(0, 30, 60, 90), today)


def test_a_gap_shape_is_in_order() -> None:
    assert list(GAP_SHAPE) == sorted(set(GAP_SHAPE))


@given(
    st.sets(st.integers(0, 3000), min_size=1, max_size=60), st.integers(0, 4000),
)  # fmt: skip
def test_a_date_is_never_in_the_past_and_never_beyond_her_longest_gap(offsets: set[int], asked: int) -> None:
    bought, today = days(*sorted(offsets)), FIRST + timedelta(days=asked)
    found = next_buy(bought, today)
    seen = [day for day in bought if day <= today]
    if found is None:
        assert len(seen) < LEAST_DAYS or has_gone_quiet(bought, today)
        return
    assert not has_gone_quiet(bought, today)
    assert found.due >= today
    longest = (seen[-1] - seen[0]).days * GAP_SHAPE[-1] / (100 * (len(seen) - 1))
    assert (found.due - seen[-1]).days <= longest + 1


@pytest.mark.parametrize("scale", [1, 7])
def test_who_buys_seven_times_slower_is_expected_seven_times_later(scale: int) -> None:
    found = next_buy(days(*(scale * offset for offset in (0, 20, 40, 60))), FIRST + timedelta(days=60 * scale))
    assert found is not None
    assert (found.due - found.last).days == pytest.approx(13 * scale, abs=scale)
