"""What a member's own purchases tell about the next one: when she is likely to buy from a category again."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

# Two gaps are no habit yet: a date drawn from them would be a guess dressed as knowledge.
LEAST_DAYS: Final = 4
# Of all the gaps that are still possible, the one that this many in a hundred do not exceed: a reminder that comes
# a little early is worth more than one that comes after she bought elsewhere.
_EARLY_PERCENT: Final = 40
# How long a gap is, in hundredths of the buyer's own average: 32 values, each as frequent as the next. People buy in
# bursts, so most gaps are far below their average and a few are far above. Read from the real purchases before
# 1 October 2017 of the households with even numbers; `guidedesk bench insight` reads it again and measures the
# dates on the others (docs/insight.md).
GAP_SHAPE: Final = (
    8, 14, 20, 25, 29, 34, 38, 42, 46, 51, 55, 59, 63, 68, 73, 77, 82, 88, 93, 99, 106, 113, 120, 129, 138, 149, 162,
    177, 195, 220, 256, 338,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NextBuy:
    """When she is likely to buy again: `due` is never before the day it was asked; `pace_days` is her average gap,
    at least 1; `days` on how many days she bought."""

    due: date
    last: date
    pace_days: int
    days: int


def next_buy(bought_on: Sequence[date], today: date) -> NextBuy | None:
    """The likely next day, from the days somebody bought from one category, in order and without repeats.

    None with fewer than `LEAST_DAYS` days, and for somebody silent for longer than 98 of 100 gaps of people like her:
    there a date would be made up, and `has_gone_quiet` is the truth. Days after `today` are not looked at. What has
    passed since the last purchase counts: of the gaps in `GAP_SHAPE` only those that are still possible do.
    """
    days = [day for day in bought_on if day <= today]
    if len(days) < LEAST_DAYS:
        return None
    gaps, span = len(days) - 1, (days[-1] - days[0]).days
    possible = _first_possible(days, today)
    if possible == len(GAP_SHAPE):
        return None
    likely = GAP_SHAPE[possible + (len(GAP_SHAPE) - possible) * _EARLY_PERCENT // 100]
    due = days[-1] + timedelta(days=_rounded(likely * span, 100 * gaps))
    return NextBuy(max(due, today), days[-1], max(1, _rounded(span, gaps)), len(days))


def has_gone_quiet(bought_on: Sequence[date], today: date) -> bool:
    """Whether somebody who bought regularly has been silent for longer than 98 of 100 of her kind ever are."""
    days = [day for day in bought_on if day <= today]
    return len(days) >= LEAST_DAYS and _first_possible(days, today) == len(GAP_SHAPE)


def quiet_from(bought_on: Sequence[date]) -> date | None:
    """The first day on which `has_gone_quiet` is true of somebody who buys nothing more; None without a habit."""
    if len(bought_on) < LEAST_DAYS:
        return None
    gaps, span = len(bought_on) - 1, (bought_on[-1] - bought_on[0]).days
    return bought_on[-1] + timedelta(days=GAP_SHAPE[-1] * span // (100 * gaps) + 1)


def _first_possible(days: Sequence[date], today: date) -> int:
    """Index of the first gap in the shape that is not over yet."""
    gaps, span = len(days) - 1, (days[-1] - days[0]).days
    waited = (today - days[-1]).days
    return bisect_left(GAP_SHAPE, -(-waited * 100 * gaps // span))


def _rounded(part: int, whole: int) -> int:
    return (2 * part + whole) // (2 * whole)
