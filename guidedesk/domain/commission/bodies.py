"""What each type of event says beyond its id and time (COMMISSION.md 0). Amounts are minor units."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from guidedesk.domain.commission.plans import PlanVersion

LineId = int | str


@dataclass(frozen=True, slots=True)
class CodeIssue:
    """A card code given to an associate, valid to `expires_at` inclusive."""

    code: str
    associate: str
    expires_at: int | None


@dataclass(frozen=True, slots=True)
class Scan:
    """A member scanned an associate's code, or the associate named directly."""

    member: str
    associate: str | None
    code: str | None


@dataclass(frozen=True, slots=True)
class Interaction:
    """An associate did something of a kind with a member."""

    kind: str
    associate: str
    member: str


@dataclass(frozen=True, slots=True)
class Assign:
    """A manager made an associate the owner."""

    associate: str
    member: str


@dataclass(frozen=True, slots=True)
class Unbind:
    """The member belongs to nobody from here on."""

    member: str


@dataclass(frozen=True, slots=True)
class StaffChange:
    """An associate joined, moved or left; `role` None keeps the one she had."""

    kind: str
    associate: str
    store: str | None
    role: str | None
    member: str | None


@dataclass(frozen=True, slots=True)
class Merge:
    """Two ids are one person."""

    source: str
    into: str


@dataclass(frozen=True, slots=True)
class OrderLine:
    """A sold line: `amount` after line discounts, tax included, before the order's discount."""

    line: LineId
    qty: int
    amount: int
    tax_bp: Fraction
    category: str | None
    sku: str | None
    seller: str | None


@dataclass(frozen=True, slots=True)
class Order:
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


@dataclass(frozen=True, slots=True)
class Return:
    """Quantities that came back, row by row as listed."""

    order: str
    rows: tuple[tuple[LineId, int], ...]


@dataclass(frozen=True, slots=True)
class Refund:
    """Money back without goods, gross."""

    order: str
    line: LineId
    amount: int


@dataclass(frozen=True, slots=True)
class Cancel:
    """Everything still out comes back."""

    order: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """Quantities that came back, and the lines that take their place."""

    order: str
    rows: tuple[tuple[LineId, int], ...]
    new_order: str
    new_lines: tuple[OrderLine, ...]


@dataclass(frozen=True, slots=True)
class Publish:
    """A new plan version."""

    plan: PlanVersion


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A signed manual line."""

    associate: str
    amount: int


@dataclass(frozen=True, slots=True)
class Review:
    """A manager's verdict on an event: accept or void."""

    target: str
    decision: str


@dataclass(frozen=True, slots=True)
class Dispute:
    """A dispute on a ledger key opens or is resolved; None where the key could not be understood."""

    opens: bool
    key: tuple[str, int, str, str | None, LineId | None] | None


MoneyBack = Return | Refund | Cancel | Exchange
Body = (
    CodeIssue | Scan | Interaction | Assign | Unbind | StaffChange | Merge | Order | MoneyBack | Publish
    | Adjustment | Review | Dispute
)  # fmt: skip
