"""What each type of event says beyond its id and time (COMMISSION.md 0). Amounts are minor units."""

from __future__ import annotations

from fractions import Fraction
from typing import Final, NamedTuple

from guidedesk.domain.commission.plans import PlanVersion

LineId = int | str
NO_TAX: Final = Fraction(0)


class CodeIssue(NamedTuple):
    """A card code given to an associate, valid to `expires_at` inclusive."""

    code: str
    associate: str
    expires_at: int | None


class Scan(NamedTuple):
    """A member scanned an associate's code, or the associate named directly."""

    member: str
    associate: str | None
    code: str | None


class Interaction(NamedTuple):
    """An associate did something of a kind with a member."""

    kind: str
    associate: str
    member: str


class Assign(NamedTuple):
    """A manager made an associate the owner."""

    associate: str
    member: str


class Unbind(NamedTuple):
    """The member belongs to nobody from here on."""

    member: str


class StaffChange(NamedTuple):
    """An associate joined, moved or left; `role` None keeps the one she had."""

    kind: str
    associate: str
    store: str | None
    role: str | None
    member: str | None


class Merge(NamedTuple):
    """Two ids are one person."""

    source: str
    into: str


class OrderLine(NamedTuple):
    """A sold line: `amount` after line discounts, tax included, before the order's discount.

    `net` is what part of an amount is no tax, as numerator and denominator.
    """

    line: LineId
    qty: int
    amount: int
    tax_bp: Fraction
    net: tuple[int, int]
    category: str | None
    sku: str | None
    seller: str | None


class Order(NamedTuple):
    """A sale; `fx` is (numerator, denominator) frozen at the sale."""

    order: str
    channel: str
    member: str | None
    store: str | None
    seller: str | None
    placed_at: int | None
    basket_opened_at: int | None
    member_tier: str | None
    order_discount: int
    fx: tuple[int, int] | None
    lines: tuple[OrderLine, ...]


class Return(NamedTuple):
    """Quantities that came back, row by row as listed."""

    order: str
    rows: tuple[tuple[LineId, int], ...]


class Refund(NamedTuple):
    """Money back without goods, gross."""

    order: str
    line: LineId
    amount: int


class Cancel(NamedTuple):
    """Everything still out comes back."""

    order: str


class Exchange(NamedTuple):
    """Quantities that came back, and the lines that take their place."""

    order: str
    rows: tuple[tuple[LineId, int], ...]
    new_order: str
    new_lines: tuple[OrderLine, ...]


class Publish(NamedTuple):
    """A new plan version."""

    plan: PlanVersion


class Adjustment(NamedTuple):
    """A signed manual line."""

    associate: str
    amount: int


class Review(NamedTuple):
    """A manager's verdict on an event: accept or void."""

    target: str
    decision: str


class Dispute(NamedTuple):
    """A dispute on a ledger key opens or is resolved; None where the key could not be understood."""

    opens: bool
    key: tuple[str, int, str, str | None, LineId | None] | None


MoneyBack = Return | Refund | Cancel | Exchange
Body = (
    CodeIssue | Scan | Interaction | Assign | Unbind | StaffChange | Merge | Order | MoneyBack | Publish
    | Adjustment | Review | Dispute
)  # fmt: skip
