"""What a posted line took back after it was confirmed, told from its stored explanation (COMMISSION.md 5.1).

A return within the month of its sale nets into that month's one line; the figure beside the state still says it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from guidedesk.domain.commission.matching import Facts
from guidedesk.domain.commission.rounding import BP, largest_remainder, round_half_up
from guidedesk.domain.commission.sales import Attribution, Sale, SoldLine, settle

Doc = Mapping[str, Any]
_NOBODY = Facts("", None, None, None, None)


def taken_back(why: Doc, before: Iterable[Doc]) -> int:
    """How much lower a line's target is than with only what came back `before` it was confirmed; 0 or less.

    `why` is the explanation of a line of an order, `before` the returns, refunds, cancels and exchanges of it.
    """
    if "order_line" not in why or "counted_in" in why:
        return 0
    returned, refunds = _came_back(why["order_line"], before)
    return min(0, int(why["target"]) - _amount_with(why, returned, refunds))


def _came_back(line: Doc, events: Iterable[Doc]) -> tuple[int, int]:
    """Units and money of a line. What did not count in the end (voided, too late) did not count before either."""
    returned = refunds = 0
    for event in events:
        if event["type"] == "cancel":
            returned = int(line["qty"])
        elif event["type"] == "refund":
            refunds += int(event["amount"]) if event["line"] == line["line"] else 0
        else:
            returned += sum(int(row["qty"]) for row in event["lines"] if row["line"] == line["line"])
    return min(returned, int(line["returned"])), min(refunds, int(line["refunds"]))


def _amount_with(why: Doc, returned: int, refunds: int) -> int:
    """What the line would pay its beneficiary had only so much come back."""
    people = why["participants"]
    if "rule" not in why or not people:
        return 0
    line = why["order_line"]
    tax = Fraction(line["tax_bp"])
    weights = tuple(int(person["weight"]) for person in people)
    sold = SoldLine(
        line["line"], line["qty"], line["g0"], tax, (BP * tax.denominator, BP * tax.denominator + tax.numerator),
        _NOBODY, Attribution(None, None, (), weights), returned, refunds,
    )  # fmt: skip
    fx = None if line["fx"] is None else (line["fx"][0], line["fx"][1])
    base = settle([sold], Sale(None, "", None, None, None, fx, line["tax"] == "include", 0, 0, (0, 0, ""), False))
    pot = int(why["per_unit"] or 0) * sold.net_qty
    if why["rate_bp"] is not None:
        rate = Fraction(why["rate_bp"])
        pot = round_half_up(base * rate.numerator, BP * rate.denominator)
    shares = largest_remainder(pot, weights)
    mine = (share for person, share in zip(people, shares, strict=True) if person["beneficiary"] == why["beneficiary"])
    return sum(mine)
