"""A table on its way into somebody's spreadsheet, where text must never become a formula (SECURITY.md S-8)."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from guidedesk.domain.money import exponent

FORMULA_STARTS: Final = frozenset("=+-@\t\r＝＋－＠")
# Kept as they are: tab and line ends are allowed in a cell, and a cell shows them.
_ALLOWED_CONTROLS: Final = frozenset("\t\r\n")
# What XML, and so XLSX, has no place for besides control characters.
_NO_CHARACTERS: Final = frozenset("\ufffe\uffff")

Cell = str | int | Decimal | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is written: a mark saying who, when and what for, then one table. Numbers are numbers, text is text."""

    title: str
    mark: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def cell_text(text: str) -> str:
    """Text as a cell may hold it: an apostrophe before what a spreadsheet would calculate, controls made visible."""
    shown = "".join(_visible(char) for char in text)
    return f"'{shown}" if shown[:1] in FORMULA_STARTS and shown else shown


def major(amount_minor: int, currency: str) -> Decimal:
    """An amount as people write it, exactly: 129800 CNY is 1298.00."""
    return Decimal(amount_minor).scaleb(-exponent(currency))


def _visible(char: str) -> str:
    if char in _ALLOWED_CONTROLS:
        return char
    # Controls, bidi marks, half characters and unassigned ones: none belongs into a list of purchases.
    hidden = unicodedata.category(char) in ("Cc", "Cf", "Cs") or char in _NO_CHARACTERS
    return f"⟨{ord(char):04X}⟩" if hidden else char
