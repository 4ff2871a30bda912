"""Money is an integer of minor units with an ISO currency; no float comes near it."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Final

from guidedesk.domain.errors import Refused

_EXPONENT: Final = {"CNY": 2, "USD": 2, "EUR": 2, "GBP": 2, "HKD": 2, "TWD": 2, "JPY": 0, "KRW": 0, "KWD": 3}
MAX_MINOR: Final = 2**53 - 1


def exponent(currency: str) -> int:
    """Digits behind the point of an ISO currency (CNY 2, JPY 0)."""
    try:
        return _EXPONENT[currency]
    except KeyError:
        raise Refused("unknown_currency", currency=currency) from None


def parse_minor(text: str, currency: str) -> int:
    """Decimal text in major units to minor units, exactly; refuses what cannot be exact."""
    try:
        amount = Decimal(text.strip())
    except InvalidOperation:
        raise Refused("not_an_amount", text=text[:40]) from None
    if not amount.is_finite():
        raise Refused("not_an_amount", text=text[:40])
    scaled = amount.scaleb(exponent(currency))
    if scaled != scaled.to_integral_value() or abs(scaled) > MAX_MINOR:
        raise Refused("not_an_amount", text=text[:40])
    return int(scaled)


def split_major(amount_minor: int, currency: str) -> tuple[str, str, str]:
    """Sign, whole part and fraction digits of an amount, for a formatter to group and join."""
    digits = exponent(currency)
    sign = "-" if amount_minor < 0 else ""
    whole, fraction = divmod(abs(amount_minor), 10**digits)
    return sign, str(whole), f"{fraction:0{digits}d}" if digits else ""
