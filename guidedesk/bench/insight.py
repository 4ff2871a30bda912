"""dates of the next purchase on the real purchases, against "last purchase + average gap\""""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import pairwise
from statistics import median
from typing import Any, Final

import pyarrow.parquet as pq

from guidedesk.bench.figures import summary, timed
from guidedesk.demo.real_totals import data_folder
from guidedesk.domain.insight import GAP_SHAPE, LEAST_DAYS, next_buy

ASKED_ON: Final = date(2017, 10, 1)
_WANTED_SHARE: Final = 0.9

Days = Sequence[date]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Nothing to choose: it is always the same year of purchases."""


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Ask on 1 October for every household and category with enough days before it and one after.

    `held_out` are the households with odd numbers, of whom the shape of gaps has never seen anything;
    `shape_as_read` is that shape read again from the others. `holds` is False where fewer than 90 % are given a
    date, the rule is not better than its floor on the same pairs, or the shape is not the one in the program.
    """
    habits = _category_days()
    asked = {pair: split for pair, days in habits.items() if (split := _split(days)) is not None}
    took: list[float] = []
    all_of_them = _errors(asked.values(), took)
    held_out = _errors((split for (household, _), split in asked.items() if household % 2), [])
    shape = _shape(_before(days) for (household, _), days in habits.items() if household % 2 == 0)
    share, ours, plain = len(all_of_them) / len(asked), _middle(all_of_them, 0), _middle(all_of_them, 1)
    clamped = _middle(all_of_them, 2)
    figures = {
        "pairs": len(asked),
        "predicted_share": round(share, 4),
        "median_error_days": ours,
        "held_out.median_error_days": _middle(held_out, 0),
        "ask": summary(took),
        "shape_as_read": shape,
    }
    floor = {
        "median_error_days": plain,
        "median_error_days.not_before_asked": clamped,
        "held_out.median_error_days": _middle(held_out, 1),
    }
    return {
        "params": {"asked_on": ASKED_ON.isoformat(), "least_days": LEAST_DAYS},
        "figures": figures,
        "floor": floor,
        "ratios": {"median_error_days": round(ours / plain, 3)},
        "holds": ours < min(plain, clamped) and share >= _WANTED_SHARE and shape == list(GAP_SHAPE),
    }


def _category_days() -> dict[tuple[int, str], Days]:
    """On which days a household bought from a category, in order, by the data's own clock."""
    products = pq.read_table(data_folder() / "products.parquet", columns=["product_id", "product_category"])
    category = dict(zip(*(column.to_pylist() for column in products.columns), strict=True))
    columns = ["household_id", "product_id", "transaction_timestamp"]
    lines = pq.read_table(data_folder() / "transactions.parquet", columns=columns)
    days: dict[tuple[int, str], set[date]] = {}
    for household, product, at in zip(*(lines[name].to_pylist() for name in columns), strict=True):
        if (name := category.get(product)) is not None:
            days.setdefault((household, name), set()).add(at.date())
    return {pair: sorted(found) for pair, found in days.items()}


def _split(days: Days) -> tuple[Days, date] | None:
    """The days before the question and the first one after, where there are enough of both."""
    before = _before(days)
    if len(before) < LEAST_DAYS or len(before) == len(days):
        return None
    return before, days[len(before)]


def _before(days: Days) -> Days:
    return [day for day in days if day < ASKED_ON]


def _errors(asked: Iterable[tuple[Days, date]], took: list[float]) -> list[tuple[float, float, float]]:
    """Days off, where a date was given: ours, last + average gap, and that one but never before the question."""
    found: list[tuple[float, float, float]] = []
    for before, bought in asked:
        with timed(took):
            ours = next_buy(before, ASKED_ON)
        if ours is None:
            continue
        average = (before[-1] - before[0]).days / (len(before) - 1)
        plain = before[-1].toordinal() + average
        actual = bought.toordinal()
        found.append((
            abs((ours.due - bought).days), abs(plain - actual), abs(max(plain, ASKED_ON.toordinal()) - actual),
        ))  # fmt: skip
    return found


def _middle(errors: list[tuple[float, float, float]], which: int) -> float:
    return round(median(error[which] for error in errors), 1)


def _shape(habits: Iterable[Days]) -> list[int]:
    """Gaps in hundredths of the buyer's own average, at as many equally frequent places as the program has."""
    gaps: list[float] = []
    for days in habits:
        if len(days) < LEAST_DAYS:
            continue
        average = (days[-1] - days[0]).days / (len(days) - 1)
        gaps.extend((later - earlier).days / average for earlier, later in pairwise(days))
    gaps.sort()
    return [round(100 * _quantile(gaps, (number + 0.5) / len(GAP_SHAPE))) for number in range(len(GAP_SHAPE))]


def _quantile(values: Sequence[float], share: float) -> float:
    """Between the two values beside the place, as far as the place is between them."""
    place = share * (len(values) - 1)
    low = math.floor(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (place - low)
