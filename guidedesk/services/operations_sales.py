"""What an associate does about sales: records one, takes goods back, claims one by its receipt (no till feed).

Amounts are typed from the receipt, in minor units with their currency: a counter never computes money.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from guidedesk.domain.access import Permission
from guidedesk.services.operation_fields import (
    amount_field,
    id_field,
    opt_id_field,
    return_lines_field,
    sale_lines_field,
    text_field,
)
from guidedesk.services.sale_lines import ReturnLine, SaleLine

RECEIPT_LIMIT: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimSale:
    """This member bought what the receipt says: the sale, known or still to come, becomes hers (COMMANDS.md).

    The first claim of a receipt number the server accepts in a store counts; a later one is told whose it is.
    """

    TYPE: ClassVar[str] = "claim"
    PERMISSION: ClassVar[Permission] = "sale.claim"
    member_id: str = id_field()
    receipt_no: str = text_field(RECEIPT_LIMIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSale:
    """A sale of this store for this member, where no till sends it. `lines` may be empty; else they add up to
    `total_minor`. `receipt_no` names it within the store; without one it gets a number of its own."""

    TYPE: ClassVar[str] = "sale"
    PERMISSION: ClassVar[Permission] = "sale.record"
    sale_id: str = id_field()
    member_id: str = id_field()
    currency: str = text_field(3)
    total_minor: int = amount_field()
    lines: tuple[SaleLine, ...] = sale_lines_field()
    receipt_no: str | None = text_field(RECEIPT_LIMIT, optional=True)
    seller_id: str | None = opt_id_field()  # who sold it; the actor when missing


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordReturn:
    """Goods of a known purchase came back; never more of a line than was bought and not yet returned."""

    TYPE: ClassVar[str] = "return"
    PERMISSION: ClassVar[Permission] = "sale.record"
    return_id: str = id_field()
    member_id: str = id_field()
    purchase_id: str = id_field()
    currency: str = text_field(3)
    lines: tuple[ReturnLine, ...] = return_lines_field()
    reason: str | None = text_field(200, personal=True, optional=True)
