"""What a sale or a return is when it reaches the server, from whatever source (ARCHITECTURE.md 3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

Channel = Literal["store", "online", "mini"]
OrderStatus = Literal["accepted", "unchanged", "conflict"]


class LineIn(NamedTuple):
    """One line: `amount_minor` is the line's total after every discount, tax included.

    A tuple, because there are millions of them in one import.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderIn:
    """A paid sale. (`source`, `external_id`) is its identity for ever; `raw` is kept as it came.

    `store_id` is where it was sold (channel `store`) or fulfilled; a sale without one lives in the chain's scope.
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
