"""Rules of coupons: allowance, caps, what a redemption is worth before the server has it (CODES.md Q-5, Q-7, Q-8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from guidedesk.domain.errors import Refused

CouponKind = Literal["amount", "percent", "gift"]
KIND_NUMBERS: Final[dict[str, int]] = {"amount": 1, "percent": 2, "gift": 3}
LEASES: Final = 10  # blank coupons of a campaign that a counter holds
FULL_ASSURANCE: Final = 2  # points and coupons
_CAMPAIGN_BYTES, _VALUE_BYTES = 4, 2
_TAIL_BYTES: Final = 8
_MOST_VALUE: Final = 0xFFFF


@dataclass(frozen=True, slots=True)
class CouponTail:
    """What the signed code itself says: the campaign's number, its kind, and its worth as far as two bytes can hold it
    (minor units of an amount, basis points of a percentage; 0: ask the campaign)."""

    campaign_no: int
    kind: int
    value: int
    flags: int = 0

    def to_bytes(self) -> bytes:
        """Eight bytes, big-endian (CODES.md 1)."""
        return (
            self.campaign_no.to_bytes(_CAMPAIGN_BYTES, "big")
            + bytes([self.kind])
            + self.value.to_bytes(_VALUE_BYTES, "big")
            + bytes([self.flags])
        )


def read_tail(tail: bytes) -> CouponTail:
    """The tail of a verified coupon; ValueError for one of another length."""
    if len(tail) != _TAIL_BYTES:
        raise ValueError("a coupon's tail has eight bytes")
    return CouponTail(int.from_bytes(tail[:4], "big"), tail[4], int.from_bytes(tail[5:7], "big"), tail[7])


def tail_of(campaign_no: int, kind: CouponKind, value_minor: int, percent_bp: int) -> CouponTail:
    """What a code of this campaign says."""
    value = percent_bp if kind == "percent" else value_minor
    return CouponTail(campaign_no, KIND_NUMBERS[kind], value if value <= _MOST_VALUE else 0)


def week_start(day: date) -> date:
    """The Monday of a local day's week."""
    return day - timedelta(days=day.weekday())


@dataclass(frozen=True, slots=True)
class Allowance:
    """What an associate may give a week of one campaign, and what she gave."""

    week_count: int
    week_minor: int
    given: int
    given_minor: int

    @property
    def left(self) -> int:
        """How many more."""
        return max(0, self.week_count - self.given)

    @property
    def left_minor(self) -> int:
        """Worth how much more, in minor units."""
        return max(0, self.week_minor - self.given_minor)

    def check(self, value_minor: int) -> None:
        """`coupon_allowance` when one more of this worth is too much."""
        if self.left < 1 or value_minor > self.left_minor:
            raise Refused("coupon_allowance", left=self.left)


def check_assurance(assurance: int, override_by: str | None, value_minor: int, overridden_minor: int, cap: int) -> None:
    """Q-7: level 2, or level 1 with a manager's word under a cap a counter and day.

    `coupon_proof` when neither is there, `coupon_cap` when the manager's words of today are used up.
    """
    if assurance >= FULL_ASSURANCE:
        return
    if assurance < 1 or override_by is None:
        raise Refused("coupon_proof")
    if overridden_minor + value_minor > cap:
        raise Refused("coupon_cap", cap_minor=cap)


def check_provisional(is_final: bool, value_minor: int, provisional_minor: int, cap: int) -> None:
    """Q-8: what another counter may have used is taken offline only up to a cap a counter and day: `coupon_cap`."""
    if not is_final and provisional_minor + value_minor > cap:
        raise Refused("coupon_cap", cap_minor=cap)
