"""Money is an integer of minor units with an ISO currency; no float comes near it."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Final

from guidedesk.domain.errors import Refused

# ISO 4217: the digits behind the point of every currency in use.
_CODES: Final = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF",
    2: "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP "
    "CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR "
    "IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN "
    "NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP "
    "STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW",
    3: "BHD IQD JOD KWD LYD OMR TND",
}
_EXPONENT: Final = {code: digits for digits, codes in _CODES.items() for code in codes.split()}
MAX_MINOR: Final = 2**53 - 1
# Ten million in a currency with two decimals: above it a person scanned a code into the amount, or fell asleep on 9.
MAX_TYPED_MINOR: Final = 10**9
_FULL_WIDTH: Final = str.maketrans("０１２３４５６７８９．。，￥－", "0123456789..,¥-")
_TYPED_AMOUNT: Final = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]*)?|\.[0-9]+"


def is_currency(currency: str) -> bool:
    """Whether this is a currency of ISO 4217."""
    return currency in _EXPONENT


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
