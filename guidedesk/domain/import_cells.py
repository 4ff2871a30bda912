"""Cells of tables from outside, read exactly: ids, amounts, quantities, rates, times (COMMANDS.md, imports).

Nothing here raises anything but `Refused`, and nothing is guessed: what a spreadsheet may have damaged is refused with
a sentence that says what to do. Amounts never pass through a float.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from guidedesk.domain.errors import Refused
from guidedesk.domain.gtin import canonical_gtin
from guidedesk.domain.money import MAX_MINOR, exponent, is_currency
from guidedesk.domain.spreadsheets import FORMULA_STARTS
from guidedesk.domain.time import DAY_MS, to_ms

CELL_LIMIT: Final = 2_000  # characters: no field of any import needs more
ID_LIMIT: Final = 100
EXACT_DIGITS: Final = 15  # what a spreadsheet keeps of a number
FULL_RATE_BP: Final = 10_000
MOST_QTY: Final = 1_000_000
EARLIEST_MS: Final = to_ms(datetime(2000, 1, 1, tzinfo=UTC))
SHOWN: Final = 40
_RUINED_ID: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?[eE]\+?[0-9]{1,3}|[0-9]+\.0+")
_AMOUNT: Final = re.compile(r"(-?)((?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+))(?:\.([0-9]*))?")
_WHOLE: Final = re.compile(r"(-?[0-9]{1,12})(?:\.0+)?")
_RATE: Final = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,6}))?")
_MOMENT: Final = re.compile(
    r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?"
    r"(?:[T ]\s*([0-9]{1,2})[:：时]([0-9]{2})(?:[:：分]([0-9]{2})(?:\.([0-9]{1,9}))?)?秒?"
    r"\s*(Z|[+-][0-9]{2}:?[0-9]{2})?)?",
    re.IGNORECASE,
)


class Figure(str):
    """The text of a cell that a spreadsheet holds as a number, not as text."""

    __slots__ = ()


def figure(value: int | float) -> Figure:
    """A number cell as text, with the fifteen digits that a spreadsheet itself stands by."""
    if isinstance(value, int):
        return Figure(value)
    text = format(value, ".15g")
    return Figure(text)


def clean_cell(text: str, column: str) -> str:
    """A cell without outer blanks; `row_cell_too_long`, `row_bad_character` for what no field can hold."""
    if not text:
        return text
    if len(text) > CELL_LIMIT:
        raise Refused("row_cell_too_long", column=column, limit=CELL_LIMIT)
    kept = text.strip()
    # An apostrophe that kept a spreadsheet from calculating, as our own list of rejected rows has it.
    if kept[:1] == "'" and kept[1:2] in FORMULA_STARTS:
        kept = kept[1:].strip()
    if not kept.isprintable():
        for char in kept:
            if unicodedata.category(char) in ("Cc", "Cs", "Cn") and char not in "\t\r\n":
                raise Refused("row_bad_character", column=column)
    return Figure(kept) if isinstance(text, Figure) else kept


def read_id(text: str, column: str) -> str:
    """An id, kept as text; `row_id_number` where a spreadsheet has made a number of it and lost some of it."""
    if len(text) > ID_LIMIT:
        raise Refused("row_cell_too_long", column=column, limit=ID_LIMIT)
    is_ruined = _RUINED_ID.fullmatch(text) is not None
    if isinstance(text, Figure):
        is_ruined = is_ruined or not text.isdecimal() or len(text) > EXACT_DIGITS
    if is_ruined:
        raise Refused("row_id_number", column=column, text=text[:SHOWN])
    return str(" ".join(text.split()))


def read_barcode(text: str, column: str) -> str:
    """A GTIN as 14 digits, an empty text where the cell is empty; `row_barcode` for what is none."""
    kept = read_id(text, column).replace(" ", "").replace("-", "")
    found = canonical_gtin(kept)
    if kept and found is None:
        raise Refused("row_barcode", text=text[:SHOWN])
    return found or ""


def read_amount_minor(text: str, currency: str) -> int:
    """Decimal text in major units to minor units of `currency`, exactly and not negative.

    `row_amount`, `row_amount_negative`, `row_amount_too_precise`, `row_amount_too_large`; nothing is rounded.
    """
    digits = exponent(currency)
    kept = unicodedata.normalize("NFKC", text).replace("−", "-").strip().lstrip("¥$€£").strip()
    found = _AMOUNT.fullmatch(kept)
    if found is None or not kept.isascii():
        raise Refused("row_amount", text=text[:SHOWN])
    minus, whole, fraction = found[1], found[2].replace(",", ""), (found[3] or "")
    if minus and (whole + fraction).strip("0"):
        raise Refused("row_amount_negative", text=text[:SHOWN])
    if len(fraction.rstrip("0")) > digits:
        raise Refused("row_amount_too_precise", text=text[:SHOWN], digits=digits)
    if len(whole) > 16:
        raise Refused("row_amount_too_large", text=text[:SHOWN])
    minor = int(f"{whole}{fraction[:digits]:0<{digits}}")
    if minor > MAX_MINOR:
        raise Refused("row_amount_too_large", text=text[:SHOWN])
    return minor


def read_quantity(text: str) -> int:
    """A whole number above zero, in sales and returns alike; `row_quantity` for anything else."""
    found = _WHOLE.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if found is None or not found[1].isascii() or not 1 <= int(found[1]) <= MOST_QTY:
        raise Refused("row_quantity", text=text[:SHOWN])
    return int(found[1])


def read_count(text: str) -> int:
    """How many are there: a whole number, zero and less included; `row_count` for anything else."""
    found = _WHOLE.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if found is None or not found[1].isascii() or abs(int(found[1])) > MOST_QTY:
        raise Refused("row_count", text=text[:SHOWN])
    return int(found[1])


def read_tax_bp(text: str) -> int | str | None:
    """A tax rate in basis points (1300), or in percent with its sign (13%); None when empty.

    An integer, or exact decimal text where a basis point is split. `row_rate` below zero, above 100 % and where one
    cannot tell what is meant (0.13).
    """
    kept = unicodedata.normalize("NFKC", text).strip()
    if not kept:
        return None
    is_percent = kept.endswith("%")
    found = _RATE.fullmatch(kept.removesuffix("%").strip())
    if found is None or not kept.isascii():
        raise Refused("row_rate", text=text[:SHOWN])
    whole, fraction = found[1], (found[2] or "").rstrip("0")
    if is_percent:
        shifted = f"{fraction:0<2}"
        whole, fraction = whole + shifted[:2], shifted[2:]
    number = int(whole)
    if number > FULL_RATE_BP or (number == FULL_RATE_BP and fraction) or (number == 0 and fraction and not is_percent):
        raise Refused("row_rate", text=text[:SHOWN])
    return f"{number}.{fraction}" if fraction else number


def read_currency(text: str, chain_currency: str) -> str:
    """The chain's currency where the cell is empty; `row_currency` for one that nobody knows, `row_currency_differs`
    for one that the chain does not keep its books in (a row has no rate)."""
    kept = unicodedata.normalize("NFKC", text).strip().upper()
    if kept in ("", "RMB", "人民币") and (not kept or chain_currency == "CNY"):
        return chain_currency
    if not is_currency(kept):
        raise Refused("row_currency", text=text[:SHOWN])
    if kept != chain_currency:
        raise Refused("row_currency_differs", text=kept, currency=chain_currency)
    return kept


def read_moment(text: str, zone: str, now_ms: int) -> int:
    """A point of time in UTC ms: with its own offset, else on the wall clocks of `zone`.

    `row_time` for what cannot be read for certain; `row_time_range` before 2000 or more than a day ahead of `now_ms`.
    """
    found = _MOMENT.fullmatch(text.strip())
    if found is None or not text.isprintable():
        raise Refused("row_time", text=text[:SHOWN])
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    offset = found[8]
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=_zone(zone, offset))
        at_ms = to_ms(moment)
    except (ValueError, OverflowError):
        raise Refused("row_time", text=text[:SHOWN]) from None
    if found[7]:
        at_ms += int(found[7][:3].ljust(3, "0"))
    return check_moment(at_ms, text, now_ms)


def check_moment(at_ms: int, text: str, now_ms: int) -> int:
    """A moment at which something may have been sold; `row_time_range` for one that cannot be."""
    if not EARLIEST_MS <= at_ms <= now_ms + DAY_MS:
        raise Refused("row_time_range", text=text[:SHOWN])
    return at_ms


@lru_cache(maxsize=64)
def _zone(name: str, offset: str | None) -> ZoneInfo | timezone:
    if offset is None:
        return ZoneInfo(name)
    if offset in ("Z", "z"):
        return UTC
    hours, minutes = int(offset[1:3]), int(offset[-2:])
    if hours > 14 or minutes > 59:
        raise ValueError("no such offset")
    span = timedelta(hours=hours, minutes=minutes)
    return timezone(-span if offset[0] == "-" else span)
