"""What both sides know of sales recorded by hand: names, ids and rows, and how much of a line may still come back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import derived_id
from guidedesk.domain.people import clean_name
from guidedesk.models.entities import PARTS_KEY, Row
from guidedesk.services.operations_sales import RecordReturn, RecordSale

RETURN_PREFIX: Final = "return:"  # one namespace a source: a return may carry the number of its sale
_LINE: Final = ("name_en", "category", "category_en", "colour_en")


def source_of(scope_id: str) -> str:
    """The source of what a store's counters record: receipt numbers are the store's own."""
    return f"counter:{scope_id}"


def clean_receipt(text: str) -> str:
    """A receipt number as kept; `validation` for none, and for the prefix that is ours."""
    kept = " ".join(text.split())
    if not kept or kept.startswith(RETURN_PREFIX):
        raise Refused("validation", field="receipt_no", why="bad_value")
    return clean_name(kept)


def receipt_of(op: RecordSale) -> str:
    """The number of a sale: its receipt's, or one of its own that a person can still read out."""
    return clean_receipt(op.receipt_no) if op.receipt_no else f"M-{op.sale_id[-10:].upper()}"


def sale_row_id(source: str, external_id: str) -> str:
    """The row id of a sale: (source, external id) names it for ever."""
    return derived_id("purchase", source, external_id)


def return_row_id(source: str, external_id: str) -> str:
    """The row id of a return."""
    return derived_id("purchase_return", source, external_id)


def claim_row_id(scope_id: str, receipt_no: str) -> str:
    """One claim a receipt number and store."""
    return derived_id("sale_claim", scope_id, clean_receipt(receipt_no))


def sale_lines(op: RecordSale) -> list[dict[str, Any]]:
    """Lines of a recorded sale; one without a name where only the total is known."""
    if not op.lines:
        line: dict[str, Any] = {"line_no": 1, "sku": "", "name": "", "size": None, "colour": None, "qty": 1}
        return [line | {"amount_minor": op.total_minor} | dict.fromkeys(_LINE)]
    return [
        {
            "line_no": line.line_no,
            "sku": line.sku,
            "name": clean_name(line.name),
            "size": line.size,
            "colour": line.colour,
            "qty": line.qty,
            "amount_minor": line.amount_minor,
        }
        | dict.fromkeys(_LINE)
        for line in op.lines
    ]


def check_return(op: RecordReturn, member_id: str, purchase: Row, returned: Iterable[Row]) -> None:
    """Whether so much of this purchase may still come back; `returned` are its earlier returns with their lines."""
    if purchase["member_id"] != member_id:
        raise Refused("validation", field="purchase_id", why="other_member")
    if purchase["currency"] != op.currency:
        raise Refused("validation", field="currency", why="differs")
    bought = {line["line_no"]: line for line in purchase[PARTS_KEY]}
    back_qty: dict[int, int] = {}
    back_minor: dict[int, int] = {}
    for earlier in returned:
        for line in earlier[PARTS_KEY]:
            back_qty[line["line_no"]] = back_qty.get(line["line_no"], 0) + line["qty"]
            back_minor[line["line_no"]] = back_minor.get(line["line_no"], 0) + line["amount_minor"]
    for wanted in op.lines:
        line = bought.get(wanted.line_no)
        if line is None:
            raise Refused("validation", field="lines", why="unknown_line", line=wanted.line_no)
        left = line["qty"] - back_qty.get(wanted.line_no, 0)
        if wanted.qty > left:
            raise Refused("stale_precondition", why="over_return", line=wanted.line_no, left=max(0, left))
        if wanted.amount_minor > line["amount_minor"] - back_minor.get(wanted.line_no, 0):
            raise Refused("validation", field="amount_minor", why="more_than_paid", line=wanted.line_no)
