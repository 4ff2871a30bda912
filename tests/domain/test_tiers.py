"""How far a member has come, from her orders and answers alone."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from guidedesk.domain.tiers import ORDER, Bought, TierRules, first_day, standing, tier_of

TODAY = date(2026, 11, 21)
RULES = TierRules()
ORDERS = st.lists(
    st.builds(Bought, st.dates(date(2024, 1, 1), date(2027, 3, 1)), st.integers(0, 400_000)), max_size=8
)


def test_who_never_bought_is_casual_and_one_order_makes_her_ordinary() -> None:
    found = standing([], True, TODAY, RULES)
    assert (found.tier, found.next, found.orders_left, found.until) == ("casual", "ordinary", 1, None)
    bought = standing([Bought(TODAY, 100)], True, TODAY, RULES)
    assert (bought.tier, bought.next, bought.orders_left, bought.spent_left_minor) == (
        "ordinary", "super", 2, 299_900
    )  # fmt: skip


def test_three_orders_and_three_thousand_make_her_super_if_somebody_may_write_to_her() -> None:
    orders = [Bought(date(2026, month, 10), 100_000) for month in (2, 6, 10)]
    assert standing(orders, True, TODAY, RULES).tier == "super"
    without = standing(orders, False, TODAY, RULES)
    assert (without.tier, without.orders_left, without.spent_left_minor, without.lacks_consent) == (
        "ordinary", 0, 0, True
    )  # fmt: skip
    assert standing(orders, False, TODAY, TierRules(needs_consent=False)).tier == "super"


def test_what_came_back_or_is_over_a_year_ago_does_not_count() -> None:
    orders = [Bought(date(2025, 11, 21), 200_000), Bought(date(2026, 6, 1), 0), Bought(date(2026, 7, 1), 90_000)]
    found = standing(orders, True, TODAY, RULES)
    assert (found.tier, found.orders, found.spent_minor) == ("ordinary", 1, 90_000)


def test_the_leap_day_counts_for_twelve_months_like_any_other() -> None:
    leap = Bought(date(2028, 2, 29), 500)
    found = standing([leap], True, date(2028, 3, 1), RULES)
    assert found.until == date(2029, 2, 28)
    assert standing([leap], True, date(2029, 2, 28), RULES).tier == "ordinary"
    assert standing([leap], True, date(2029, 3, 1), RULES).tier == "casual"


@given(ORDERS, st.booleans(), st.dates(date(2025, 1, 1), date(2027, 1, 1)), st.randoms(use_true_random=False))
def test_the_order_in_which_orders_come_does_not_matter(orders, has_channel, today, dice) -> None:
    mixed = list(orders)
    dice.shuffle(mixed)
    assert standing(orders, has_channel, today, RULES) == standing(mixed, has_channel, today, RULES)


@given(ORDERS, st.booleans(), st.dates(date(2025, 1, 1), date(2027, 1, 1)))
def test_she_stays_until_the_day_that_is_said_and_not_a_day_longer(
    orders: list[Bought], has_channel: bool, today: date
) -> None:
    known = [one for one in orders if one.on <= today]
    found = standing(known, has_channel, today, RULES)
    if found.until is None:
        assert found.tier == "casual"
        return
    assert standing(known, has_channel, found.until, RULES).tier == found.tier
    assert standing(known, has_channel, found.until + timedelta(days=1), RULES).tier != found.tier


@given(ORDERS, st.booleans(), st.dates(date(2025, 1, 1), date(2027, 1, 1)))
def test_doing_what_is_left_moves_her_up(orders: list[Bought], has_channel: bool, today: date) -> None:
    known = [one for one in orders if one.on <= today]
    found = standing(known, has_channel, today, RULES)
    if found.next is None:
        return
    more = [Bought(today, max(1, found.spent_left_minor))] * max(1, found.orders_left)
    after = standing([*known, *more], has_channel or found.lacks_consent, today, RULES)
    assert ORDER.index(after.tier) >= ORDER.index(found.next)


@given(st.integers(0, 6), st.integers(0, 600_000), st.booleans())
def test_more_never_moves_anybody_down(orders: int, spent: int, has_channel: bool) -> None:
    tier = ORDER.index(tier_of(orders, spent, has_channel, RULES))
    assert ORDER.index(tier_of(orders + 1, spent, has_channel, RULES)) >= tier
    assert ORDER.index(tier_of(orders, spent + 1, has_channel, RULES)) >= tier
    assert ORDER.index(tier_of(orders, spent, True, RULES)) >= tier


@given(st.dates(date(2024, 1, 1), date(2028, 12, 31)))
def test_the_first_day_that_counts_never_moves_back(today: date) -> None:
    assert first_day(today, 12) <= first_day(today + timedelta(days=1), 12) <= today
