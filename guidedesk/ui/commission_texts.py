"""The sentences of a stored explanation in the language shown; the window's drawer and the command use the same."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction
from typing import Any

from guidedesk.domain.commission.telling import tell
from guidedesk.ui import formats, i18n


def sentences(why: Mapping[str, Any], currency: str = "CNY") -> list[str]:
    """One sentence a step of the reckoning; KeyError when it is no explanation of ours."""
    return [i18n.t(f"commission.why.{said.code}", **_shown(said.params, currency)) for said in tell(why)]


def rate_text(rate_bp: str) -> str:
    """An exact rate in basis points (`250`, `5/2`) as per cent, with all its digits: `2.5%`, `0.025%`."""
    rate = Fraction(rate_bp) / 100
    digits = 0
    while (rate * 10**digits).denominator != 1 and digits < 20:
        digits += 1
    whole = str((rate * 10**digits).numerator // (rate * 10**digits).denominator).rjust(digits + 1, "0")
    return f"{whole[: len(whole) - digits]}.{whole[len(whole) - digits :]}%" if digits else f"{whole}%"


def _shown(params: Mapping[str, str | int], currency: str) -> dict[str, str | int]:
    return {name: _value(name, value, currency) for name, value in params.items()}


def _value(name: str, value: str | int, currency: str) -> str | int:
    if name.endswith("_minor"):
        return formats.money(int(value), currency)
    if name.endswith("_bp"):
        return rate_text(str(value))
    if name == "end":
        until = datetime.fromisoformat(str(value))
        return f"{formats.full_date(until.date())} {until.strftime('%H:%M')}"
    return value
