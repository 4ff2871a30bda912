"""How far a member has come: casual, ordinary or super, and what moves her up (DESIGN-UI.md 5.10). Dates and sums only.

The rule looks at the last twelve months, so it can take back what it gave; nothing is ever written about a person
that her own purchases and answers do not say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from guidedesk.domain.people import Tier

ORDER: Final[tuple[Tier, ...]] = ("casual", "ordinary", "super")
_MONTHS_A_YEAR: Final = 12


@dataclass(frozen=True, slots=True)
class TierRules:
    """The chain's settings: who counts as super. Spent in minor units of the chain's currency."""

    super_orders: int = 3
    super_spent_minor: int = 300_000
    months: int = 12
    needs_consent: bool = True  # to at least one channel: whom nobody may write to cannot be looked after


def tier_rules(settings: Mapping[str, str]) -> TierRules:
    """The rules of a chain, from its settings by name; ours where it set none."""
    default = TierRules()
    return TierRules(
        super_orders=int(settings.get("tier_super_orders", default.super_orders)),
        super_spent_minor=int(settings.get("tier_super_spent_minor", default.super_spent_minor)),
        months=int(settings.get("tier_months", default.months)),
        needs_consent=settings.get("tier_needs_consent", "1") != "0",
    )


@dataclass(frozen=True, slots=True)
class Bought:
    """One order: its local day, and what was paid and has not come back, in the chain's currency.

    An order of which everything came back is no order.
    """

    on: date
    spent_minor: int


@dataclass(frozen=True, slots=True)
class TierStanding:
    """Where somebody stands. What is left to the next tier is zero where it is reached; `next` is None at the top.

    `until` is the last day on which she stays there if she buys nothing more; None for casual, which nobody loses.
    """

    tier: Tier
    orders: int
    spent_minor: int
    next: Tier | None
    orders_left: int
    spent_left_minor: int
    lacks_consent: bool
    until: date | None


def first_day(today: date, months: int) -> date:
    """The first local day that counts: the day after the same day so many months ago."""
    return _months_before(today, months) + timedelta(days=1)


def tier_of(orders: int, spent_minor: int, has_channel: bool, rules: TierRules) -> Tier:
    """The tier of somebody with so many orders and so much spent in the months that count.

    `has_channel`: she agreed to at least one of the channels on which she may be contacted.
    """
    reaches = orders >= rules.super_orders and spent_minor >= rules.super_spent_minor
    if reaches and orders and (has_channel or not rules.needs_consent):
        return "super"
    return "ordinary" if orders else "casual"


def standing(bought: Sequence[Bought], has_channel: bool, today: date, rules: TierRules) -> TierStanding:
    """Where somebody stands today; orders in any order, those after today are not looked at."""
    known = sorted((one for one in bought if one.spent_minor > 0 and one.on <= today), key=lambda one: one.on)
    counted = [one for one in known if one.on >= first_day(today, rules.months)]
    orders, spent = len(counted), sum(one.spent_minor for one in counted)
    tier = tier_of(orders, spent, has_channel, rules)
    ahead: Tier | None = None if tier == "super" else ORDER[ORDER.index(tier) + 1]
    to_super = ahead == "super"
    return TierStanding(
        tier=tier,
        orders=orders,
        spent_minor=spent,
        next=ahead,
        orders_left=max(0, rules.super_orders - orders) if to_super else int(ahead is not None),
        spent_left_minor=max(0, rules.super_spent_minor - spent) if to_super else 0,
        lacks_consent=to_super and rules.needs_consent and not has_channel,
        until=_until(counted, tier, has_channel, rules),
    )


def _until(counted: list[Bought], tier: Tier, has_channel: bool, rules: TierRules) -> date | None:
    """The day before the first one on which so many of the oldest orders no longer count that the tier is another."""
    orders, spent = len(counted), sum(one.spent_minor for one in counted)
    for one in counted:
        orders, spent = orders - 1, spent - one.spent_minor
        if tier_of(orders, spent, has_channel, rules) != tier:
            return _last_day(one.on, rules.months)
    return None


def _last_day(on: date, months: int) -> date:
    """The last day on which something of `on` still counts."""
    day = _months_before(on, -months)
    while first_day(day + timedelta(days=1), months) <= on:
        day += timedelta(days=1)
    while first_day(day, months) > on:
        day -= timedelta(days=1)
    return day


def _months_before(day: date, months: int) -> date:
    """The same day of the month so many months earlier (negative: later), or the last one where there is none such."""
    at = day.year * _MONTHS_A_YEAR + day.month - 1 - months
    year, month = divmod(at, _MONTHS_A_YEAR)
    following = date(year + (month == _MONTHS_A_YEAR - 1), (month + 1) % _MONTHS_A_YEAR + 1, 1)
    return date(year, month + 1, min(day.day, (following - timedelta(days=1)).day))
