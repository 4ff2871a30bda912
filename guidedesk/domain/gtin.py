"""Numbers in the barcodes of goods: GTIN-8, -12, -13 and -14 (GS1 General Specifications 3.3 and 7.9)."""

from __future__ import annotations

import re
from typing import Final

GTIN_LENGTHS: Final = frozenset({8, 12, 13, 14})
_DIGITS: Final = re.compile(r"[0-9]+")
_LONGEST: Final = 14


def is_gtin(digits: str) -> bool:
    """Whether these ASCII digits are a GTIN with a right check digit."""
    return len(digits) in GTIN_LENGTHS and check_digit(digits[:-1]) == digits[-1]


def check_digit(payload: str) -> str:
    """The digit that ends a GTIN whose others are these."""
    weighted = sum(int(digit) * (1 if place % 2 else 3) for place, digit in enumerate(reversed(payload)))
    return str(-weighted % 10)


def canonical_gtin(text: str) -> str | None:
    """A GTIN as 14 digits, so that every way of writing it is the same number; None for anything else."""
    if not _DIGITS.fullmatch(text) or not is_gtin(text):
        return None
    return text.rjust(_LONGEST, "0")
