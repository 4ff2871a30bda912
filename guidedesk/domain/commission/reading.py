"""Typed reading of plan, configuration and event documents; every refusal names the key it is about."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final

from guidedesk.domain.errors import Refused
from guidedesk.domain.money import MAX_MINOR
from guidedesk.domain.time import to_ms

Doc = Mapping[str, Any]
_DECIMAL: Final = re.compile(r"\d{1,9}(\.\d{1,9})?")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_MONTH: Final = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_SHOWN = 60
MAX_ID: Final = 200


class DocumentError(Refused):
    """A document that cannot be used: `key` is the offending key, `path` where it stands.

    The code is `commission_<reason>`; its sentence is in the texts of the area "commission".
    """

    def __init__(self, reason: str, key: str, where: str, value: Any = None, **params: str | int) -> None:
        path = f"{where}.{key}" if where else key
        super().__init__(f"commission_{reason}", path=path, value=str(value)[:_SHOWN], **params)
        self.key = key


def mapping(value: Any, key: str, where: str) -> Doc:
    """An object of JSON."""
    if not isinstance(value, Mapping):
        raise DocumentError("not_an_object", key, where, value)
    return value


def items(doc: Doc, key: str, where: str, *, required: bool = True) -> Sequence[Any]:
    """A list of JSON; absent means empty unless required."""
    value = doc.get(key)
    if value is None and not required:
        return ()
    if not isinstance(value, list | tuple):
        raise DocumentError("not_a_list", key, where, value)
    return value


def objects(doc: Doc, key: str, where: str, *, required: bool = True) -> list[tuple[Doc, str]]:
    """A list of objects, each with the place it stands at."""
    place = f"{where}.{key}" if where else key
    found = items(doc, key, where, required=required)
    for value in found:
        mapping(value, key, where)
    return [(value, f"{place}[{position}]") for position, value in enumerate(found)]


def text(doc: Doc, key: str, where: str) -> str:
    """A name or id: text of 1 to 200 characters."""
    value = doc.get(key)
    if not isinstance(value, str) or not 0 < len(value) <= MAX_ID:
        raise DocumentError("missing" if value is None else "not_a_text", key, where, value)
    return value


def optional_text(doc: Doc, key: str, where: str) -> str | None:
    """A name or id that may be absent or null."""
    return None if doc.get(key) is None else text(doc, key, where)


def texts(doc: Doc, key: str, where: str, *, required: bool = True) -> tuple[str, ...]:
    """A list of names."""
    found = items(doc, key, where, required=required)
    for value in found:
        if not isinstance(value, str) or not value:
            raise DocumentError("not_a_text", key, where, value)
    return tuple(found)


def whole(doc: Doc, key: str, where: str, low: int = 0, high: int = MAX_MINOR) -> int:
    """An integer within bounds; true and false, text and fractions are none."""
    value = doc.get(key)
    if value is None:
        raise DocumentError("missing", key, where, value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise DocumentError("not_whole", key, where, value)
    if not low <= value <= high:
        raise DocumentError("out_of_range", key, where, value, low=low, high=high)
    return value


def optional_whole(doc: Doc, key: str, where: str, low: int = 0, high: int = MAX_MINOR) -> int | None:
    """An integer within bounds, or null."""
    return None if doc.get(key) is None else whole(doc, key, where, low, high)


def flag(doc: Doc, key: str, where: str) -> bool:
    """True or false."""
    value = doc.get(key)
    if not isinstance(value, bool):
        raise DocumentError("not_a_flag", key, where, value)
    return value


def choice(doc: Doc, key: str, where: str, options: Sequence[str], default: str | None = None) -> str:
    """One of some words."""
    value = doc.get(key, default)
    if not isinstance(value, str) or value not in options:
        raise DocumentError("not_an_option", key, where, value, options=", ".join(options))
    return value


def basis_points(doc: Doc, key: str, where: str, low: int = 0, high: int = 10_000) -> Fraction:
    """A rate in basis points, exactly: an integer or a decimal text (COMMISSION.md 4)."""
    value = doc.get(key)
    if value is None:
        raise DocumentError("missing", key, where, value)
    is_decimal = isinstance(value, str) and _DECIMAL.fullmatch(value)
    if not is_decimal and (not isinstance(value, int) or isinstance(value, bool)):
        raise DocumentError("not_a_rate", key, where, value)
    rate = Fraction(value)
    if not low <= rate <= high:
        raise DocumentError("out_of_range", key, where, value, low=low, high=high)
    return rate


def moment(doc: Doc, key: str, where: str) -> int:
    """UTC milliseconds of an ISO 8601 time with offset."""
    value = doc.get(key)
    if value is None:
        raise DocumentError("missing", key, where, value)
    try:
        return to_ms(datetime.fromisoformat(value))
    except (TypeError, ValueError, OverflowError):
        raise DocumentError("not_a_time", key, where, value) from None


def optional_moment(doc: Doc, key: str, where: str) -> int | None:
    """UTC milliseconds, or None when absent."""
    return None if doc.get(key) is None else moment(doc, key, where)


def day(doc: Doc, key: str, where: str) -> date:
    """A local date written as YYYY-MM-DD."""
    value = doc.get(key)
    if value is None:
        raise DocumentError("missing", key, where, value)
    try:
        if not _DAY.fullmatch(value):
            raise ValueError(value)
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise DocumentError("not_a_date", key, where, value) from None


def month(doc: Doc, key: str, where: str) -> int:
    """A period written as YYYY-MM, as months since year 0."""
    value = doc.get(key)
    if not isinstance(value, str) or not _MONTH.fullmatch(value):
        raise DocumentError("not_a_month", key, where, value)
    return month_index(value)


def month_index(period: str) -> int:
    """`2026-03` as months since year 0."""
    return int(period[:4]) * 12 + int(period[5:7]) - 1


@lru_cache(maxsize=4_096)
def month_text(index: int) -> str:
    """Months since year 0 as `2026-03`."""
    return f"{index // 12:04d}-{index % 12 + 1:02d}"


def only_keys(doc: Doc, allowed: frozenset[str], where: str) -> None:
    """Refuse keys nobody reads: a misspelled one would silently mean its default."""
    for key in sorted(str(name) for name in doc if name not in allowed):
        raise DocumentError("unknown_key", key, where)
