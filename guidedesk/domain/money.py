"""Money is an integer of minor units with an ISO currency; no float comes near it."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Final

from guidedesk.domain.errors import Refused

_EXPONENT: Final = {"CNY": 2, "USD": 2, "EUR": 2, "GBP": 2, "HKD": 2, "TWD": 2, "JPY": 0, "KRW": 0, "KWD": 3}
MAX_MINOR: Final = 2**53 - 1
# Ten million in a currency with two decimals: above it a person scanned a code into the amount, or fell asleep on 9.
MAX_TYPED_MINOR: Final = 10**9
_FULL_WIDTH: Final = str.maketrans("０１２３４５６７８９．。，￥－", "0123456789..,¥-")
_TYPED_AMOUNT: Final = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]*)?|\.[0-9]+"


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


def read_amount(text: str, currency: str) -> int:
    """An amount as a person types it, above zero, to minor units, exactly.

    Takes the currency's sign in front, commas between thousands, and the full-width digits and points of a Chinese
    input method. Raises `amount_missing`, `amount_not_positive`, `amount_too_precise` (digits), `amount_too_large`
    (limit in minor units) or `not_an_amount`; nothing is rounded or guessed.
    """
    digits = exponent(currency)
    kept = text.translate(_FULL_WIDTH).strip().lstrip("¥$€£").strip()
    if not kept:
        raise Refused("amount_missing")
    if re.fullmatch(r"[-−–]\s*[0-9.,]+", kept):
        raise Refused("amount_not_positive")
    if not re.fullmatch(_TYPED_AMOUNT, kept):
        raise Refused("not_an_amount", text=text.strip()[:40])
    whole, _, fraction = kept.replace(",", "").partition(".")
    if len(fraction.rstrip("0")) > digits:
        raise Refused("amount_too_precise", digits=digits)
    minor = int(f"{whole or '0'}{fraction[:digits]:0<{digits}}")
    if minor == 0:
        raise Refused("amount_not_positive")
    if minor > MAX_TYPED_MINOR:
        raise Refused("amount_too_large")
    return minor


def split_major(amount_minor: int, currency: str) -> tuple[str, str, str]:
    """Sign, whole part and fraction digits of an amount, for a formatter to group and join."""
    digits = exponent(currency)
    sign = "-" if amount_minor < 0 else ""
    whole, fraction = divmod(abs(amount_minor), 10**digits)
    return sign, str(whole), f"{fraction:0{digits}d}" if digits else ""
