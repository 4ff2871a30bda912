"""What a sale or a return is when it reaches the server, from whatever source (ARCHITECTURE.md 3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

Channel = Literal["store", "online", "mini"]
OrderStatus = Literal["accepted", "unchanged", "conflict"]
BackKind = Literal["return", "refund", "cancel", "exchange"]


class LineIn(NamedTuple):
    """One line: `amount_minor` is the line's total after every discount, tax included.

    A tuple, because there are millions of them in one import. `before_minor` is the total before the order's discount
    where there was one, `tax_bp` the tax in it (basis points), `seller_id` who sold this line, `ref` the line's name
    in the program it comes from where that is no number.
    """

    line_no: int
    sku: str
    name: str
    qty: int
    amount_minor: int
    name_en: str | None = None
    category: str | None = None
    category_en: str | None = None
    size: str | None = None
    colour: str | None = None
    colour_en: str | None = None
    before_minor: int | None = None
    tax_bp: int | str | None = None
    seller_id: str | None = None
    ref: str | None = None


class Hints(NamedTuple):
    """What a sale says of its member where it does not know her id: card code, phone (E.164), another program's id."""

    code: str = ""
    phone: str = ""
    external_id: str = ""


class Unmatched(NamedTuple):
    """Why nobody was recognised in a sale's hints, a hint that a person may see, and what would tell her later."""

    reason: str
    shown: str
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderIn:
    """A paid sale. (`source`, `external_id`) is its identity for ever; `raw` is kept as it came.

    `store_id` is where it was sold (channel `store`) or fulfilled; a sale without one lives in the chain's scope.
    `content` is what its identity is checked against when it comes again: what was said, not what we made of it.
    `terms` are the fields of an order event that no row has (COMMISSION.md 0): placed_at, fx, member_tier, ...
    """

    source: str
    external_id: str
    channel: Channel
    paid_at_ms: int
    currency: str
    lines: tuple[LineIn, ...]
    member_id: str | None = None
    store_id: str | None = None
    seller_id: str | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)
    content: str | None = None
    terms: Mapping[str, Any] = field(default_factory=dict)
    hints: Hints | None = None
    unmatched: Unmatched | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnLineIn:
    """How much of one line of the sale came back; `amount_minor` is positive."""

    line_no: int
    qty: int
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnIn:
    """Goods that came back. `order_external_id` names the sale of the same source."""

    source: str
    external_id: str
    order_external_id: str
    returned_at_ms: int
    currency: str
    lines: tuple[ReturnLineIn, ...]
    reason: str | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)


class BackRow(NamedTuple):
    """Of one line of a sale, named as its source names it: how many came back, or how much money without goods."""

    ref: str | int
    qty: int = 0
    amount_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BackIn:
    """A return, refund, cancel or exchange as another program tells it (COMMISSION.md 0).

    It may come before its sale. `rows` is empty for a cancel: everything still out comes back. An exchange has
    `new_order` and `new_lines`, a replacement that takes the place of what came back.
    """

    source: str
    external_id: str
    kind: BackKind
    order_external_id: str
    at_ms: int
    rows: tuple[BackRow, ...] = ()
    new_order: str | None = None
    new_lines: tuple[LineIn, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict)
    content: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderResult:
    """What became of one sale or return; a `conflict` kept what was there first."""

    external_id: str
    status: OrderStatus
    row_id: str
    scope_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkResult:
    """What became of many. `conflicts`: external ids whose content differs from what was kept first;
    `unmatched`: returns whose sale is not known. `lines` counts those of accepted records."""

    read: int
    accepted: int
    unchanged: int
    lines: int
    conflicts: tuple[str, ...] = ()
    unmatched: tuple[str, ...] = ()
