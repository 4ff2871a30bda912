"""What screens are given about purchases and what came back of them: frozen rows, as `read_models`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from guidedesk.domain.attribution import SaleOwner
from guidedesk.domain.people import Tier
from guidedesk.services.member_models import OwnerInfo
from guidedesk.services.read_models import Bilingual


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """What the history shows; the totals follow it."""

    text: str = ""
    months: int | None = 24
    channel: str | None = None
    category: str | None = None
    with_returns: bool = False


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One purchase in the list. `returned_minor` is what went back so far; `is_pending`: not sent yet."""

    scope_id: str
    id: str
    order_no: str
    paid_at_ms: int
    first_item: Bilingual
    more_items: int
    size: str
    colour: Bilingual
    channel: str
    store: Bilingual
    paid_minor: int
    returned_minor: int
    currency: str
    return_state: Literal["none", "part", "full"]
    seller: Bilingual
    is_pending: bool = False


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """One line of a receipt, and what of it came back."""

    line_no: int
    item: Bilingual
    size: str
    colour: Bilingual
    qty: int
    amount_minor: int
    returned_qty: int
    returned_minor: int

    @property
    def left_qty(self) -> int:
        """Pieces that can still come back."""
        return max(0, self.qty - self.returned_qty)


@dataclass(frozen=True, slots=True)
class ReturnedPart:
    """What came back of one line in one return."""

    item: Bilingual
    qty: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class ReceiptReturn:
    """One link of the return chain. `is_pending`: recorded here, not sent yet."""

    id: str
    returned_at_ms: int
    total_minor: int
    reason: str
    parts: tuple[ReturnedPart, ...] = ()
    is_pending: bool = False


@dataclass(frozen=True, slots=True)
class SaleWindow:
    """Whose window a purchase fell in, as far as this PC knows; the server decides who earns."""

    state: SaleOwner
    owner: Bilingual = field(default_factory=lambda: Bilingual("", ""))
    is_viewer: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """One purchase in full, for the drawer; `returns` in the order in which they happened."""

    row: HistoryRow
    lines: tuple[ReceiptLine, ...]
    returns: tuple[ReceiptReturn, ...]
    window: SaleWindow = field(default_factory=lambda: SaleWindow("none"))

    @property
    def left_qty(self) -> int:
        """Pieces that can still come back."""
        return sum(line.left_qty for line in self.lines)

    @property
    def left_minor(self) -> int:
        """What was paid and has not gone back."""
        return self.row.paid_minor - self.row.returned_minor


@dataclass(frozen=True, slots=True)
class ReceiptHit:
    """A sale found by the number on its receipt; `member_id` is None while it is nobody's."""

    purchase_id: str
    member_id: str | None
    member_name: str
    paid_at_ms: int
    total_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class MoneySum:
    """What was paid, and what of it went back, in one currency."""

    currency: str
    orders: int
    paid_minor: int
    returned_minor: int

    @property
    def net_minor(self) -> int:
        """Paid less returned."""
        return self.paid_minor - self.returned_minor


@dataclass(frozen=True, slots=True)
class HistoryTotals:
    """Sums over what a filter shows: never over two currencies. `sums` has the one with most orders first."""

    orders: int
    store_orders: int
    online_orders: int
    returned_orders: int
    last_paid_at_ms: int | None
    sums: tuple[MoneySum, ...]

    @property
    def main(self) -> MoneySum:
        """The sum in the currency most orders are in (the chain's, where there is no order)."""
        return self.sums[0]


@dataclass(frozen=True, slots=True)
class HistoryHead:
    """The fixed part of the history page: lifetime totals, habits, and what the filters can offer."""

    member_id: str
    name: str
    name_en: str
    tier: Tier
    owner: OwnerInfo
    lifetime: HistoryTotals
    channels: tuple[str, ...]
    categories: tuple[Bilingual, ...] = ()
    favourites: tuple[Bilingual, ...] = ()
    usual_interval_days: int | None = None
