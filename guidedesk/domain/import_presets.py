"""Files of known programs in our own columns (`import orders --preset NAME`); the rest stays as extra columns.

`shopify`: the order export of a Shopify shop. One row a line, what holds for the whole order only in its first. A
line's net is its price times quantity less its share of the order's discount (largest remainder), and must add up to
the subtotal the file states; an order that does not is rejected, not mended. Orders that are not paid are left out and
counted. A refunded amount names no lines in this file: it is counted, and belongs into return rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final

from guidedesk.domain.commission.rounding import largest_remainder
from guidedesk.domain.errors import Refused
from guidedesk.domain.import_cells import clean_cell, read_amount_minor
from guidedesk.domain.money import is_currency
from guidedesk.domain.spreadsheets import major

Numbered = tuple[int, list[str]]
Rows = Iterator[Numbered]
Counted = dict[str, int]
Preset = Callable[[Sequence[str], Rows, Counted], tuple[list[str], Rows]]

_SHOPIFY_NEEDED: Final = (
    "Name", "Financial Status", "Paid at", "Currency", "Subtotal", "Discount Amount", "Lineitem quantity",
    "Lineitem name", "Lineitem price", "Lineitem sku",
)  # fmt: skip
_OURS: Final = (
    "order_id", "line_id", "type", "channel", "store", "paid_at", "phone", "sku", "name", "qty", "net_paid", "currency",
)  # fmt: skip
_PAID: Final = frozenset({"paid", "partially_refunded", "refunded"})


def shopify(titles: Sequence[str], rows: Rows, counted: Counted) -> tuple[list[str], Rows]:
    """Shopify's order export. `import_header_missing` when it is none."""
    places = {title.strip().lstrip("\ufeff"): place for place, title in enumerate(titles)}
    for name in _SHOPIFY_NEEDED:
        if name not in places:
            raise Refused("import_header_missing", column=name)
    kept = [f"shopify {title.strip()}" for title in titles]

    def cell(values: Sequence[str], name: str) -> str:
        place = places.get(name, len(values))
        return values[place].strip() if place < len(values) else ""

    def translated() -> Rows:
        for _, grouped in groupby(rows, key=lambda row: cell(row[1], "Name")):
            order = list(grouped)
            first = order[0][1]
            if cell(first, "Financial Status").casefold() not in _PAID:
                counted["not_paid"] = counted.get("not_paid", 0) + len(order)
                continue
            if cell(first, "Refunded Amount").strip("0. "):
                counted["refunds_left_out"] = counted.get("refunds_left_out", 0) + 1
            nets = _nets([{n: cell(v, n) for n in places} for _, v in order])
            for line, ((number, values), net) in enumerate(zip(order, nets, strict=True), start=1):
                yield number, [*_own(values, first, str(line), net, cell), *values]

    return [*_OURS, *kept], translated()


def _own(
    values: Sequence[str], first: Sequence[str], line: str, net: str, cell: Callable[[Sequence[str], str], str]
) -> list[str]:
    location = cell(first, "Location")
    phone = cell(first, "Phone") or cell(first, "Billing Phone")
    return [
        cell(first, "Name"), line, "sale", "store" if location else "online", location, cell(first, "Paid at"), phone,
        cell(values, "Lineitem sku"), cell(values, "Lineitem name"), cell(values, "Lineitem quantity"), net,
        cell(first, "Currency"),
    ]  # fmt: skip


def _nets(lines: Sequence[Mapping[str, str]]) -> list[str]:
    """What was paid for each line, as text; text that no amount can be where the file does not add up."""
    currency = lines[0]["Currency"]
    if not is_currency(currency):
        return [lines[0]["Subtotal"]] * len(lines)  # its rows are refused for the currency
    try:
        subtotal = _minor(lines[0]["Subtotal"], currency)
        discount = _minor(lines[0]["Discount Amount"] or "0", currency)
        gross = [_minor(line["Lineitem price"], currency) * _quantity(line["Lineitem quantity"]) for line in lines]
        off = [_minor(line.get("Lineitem discount") or "0", currency) for line in lines]
    except Refused:
        return ["?"] * len(lines)
    nets = [total - part for total, part in zip(gross, off, strict=True)]
    if sum(nets) != subtotal and discount <= sum(gross):
        nets = [total - part for total, part in zip(gross, largest_remainder(discount, gross), strict=True)]
    if sum(nets) != subtotal or min(nets) < 0:
        return [f"{major(sum(gross) - discount, currency)} ≠ {major(subtotal, currency)}"] * len(lines)
    return [format(major(net, currency), "f") for net in nets]


def _minor(text: str, currency: str) -> int:
    return read_amount_minor(clean_cell(text, "amount"), currency)


def _quantity(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 8 else 0


PRESETS: Final[Mapping[str, Preset]] = {"shopify": shopify}
