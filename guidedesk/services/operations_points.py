"""The operation that spends points (CODES.md Q-7: as for a coupon)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from guidedesk.domain.access import Permission
from guidedesk.services.operation_fields import amount_field, count_field, id_field, opt_id_field


@dataclass(frozen=True, slots=True, kw_only=True)
class RedeemPoints:
    """A member spent points at the till. `worth_minor` is what they took off by the rules in force, in minor units;
    `override_by`: the manager who let it pass without a second proof of who the member is."""

    TYPE: ClassVar[str] = "redeem_points"
    PERMISSION: ClassVar[Permission] = "coupon.redeem"
    redeem_id: str = id_field()
    member_id: str = id_field()
    points: int = count_field()
    worth_minor: int = amount_field()
    override_by: str | None = opt_id_field()
