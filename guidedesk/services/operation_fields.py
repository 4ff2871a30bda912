"""How operations declare and check their fields: what may stand in a body, and what is personal (SYNC.md 4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, field
from datetime import date
from typing import Any, Final

from guidedesk.domain import ids
from guidedesk.domain.errors import Refused
from guidedesk.domain.money import MAX_MINOR
from guidedesk.domain.people import CONSENT_PURPOSES
from guidedesk.services.sale_lines import ReturnLine, SaleLine

MOST_LINES: Final = 100
_MOST: Final = 10_000_000

Check = Callable[[Field[Any], Any], Any]


def id_field() -> Any:
    """A required id."""
    return field(metadata={"kind": "id"})


def opt_id_field() -> Any:
    """An id that may be missing."""
    return field(default=None, metadata={"kind": "id", "optional": True})


def text_field(limit: int = 200, *, personal: bool = False, optional: bool = False, default: Any = None) -> Any:
    """A text of at most `limit` characters; a personal one travels beside the body."""
    meta = {"kind": "text", "limit": limit, "personal": personal, "optional": optional}
    return field(default=default, metadata=meta) if optional or default is not None else field(metadata=meta)


def one_of_field(values: tuple[str, ...], default: str | None = None) -> Any:
    """One word of a fixed list."""
    meta = {"kind": "one_of", "values": values}
    return field(metadata=meta) if default is None else field(default=default, metadata=meta)


def opt_one_of_field(values: tuple[str, ...]) -> Any:
    """One word of a fixed list, or missing."""
    return field(default=None, metadata={"kind": "one_of", "values": values, "optional": True})


def some_of_field(values: tuple[str, ...]) -> Any:
    """At least one word of a fixed list, none twice."""
    return field(metadata={"kind": "some_of", "values": values})


def flag_field() -> Any:
    """True or false."""
    return field(metadata={"kind": "bool"})


def date_field() -> Any:
    """A local day, YYYY-MM-DD."""
    return field(metadata={"kind": "date"})


def opt_date_field() -> Any:
    """A local day, YYYY-MM-DD, or missing."""
    return field(default=None, metadata={"kind": "date", "optional": True})


def consents_field() -> Any:
    """(purpose, given) pairs."""
    return field(default=(), metadata={"kind": "consents"})


def amount_field() -> Any:
    """Minor units of a currency, zero or more."""
    return field(metadata={"kind": "amount"})


def count_field() -> Any:
    """How many."""
    return field(metadata={"kind": "count"})


def moment_field() -> Any:
    """UTC milliseconds, or missing."""
    return field(default=None, metadata={"kind": "amount", "optional": True})


def sale_lines_field() -> Any:
    """Lines of a sale; none where only the total is known."""
    return field(default=(), metadata={"kind": "sale_lines"})


def return_lines_field() -> Any:
    """Lines of a return."""
    return field(metadata={"kind": "return_lines"})


def to_wire(item: Field[Any], value: Any) -> Any:
    """A field's value as JSON."""
    kind = item.metadata["kind"]
    if kind == "consents":
        return [[purpose, given] for purpose, given in value]
    if kind == "some_of":
        return list(value)
    if kind in ("sale_lines", "return_lines"):
        return [line.to_wire() for line in value]
    return value


def is_required(item: Field[Any]) -> bool:
    """Whether the field must be there."""
    return item.default is MISSING and not item.metadata.get("optional")


def check_of(item: Field[Any]) -> Check:
    """How this field's value is read from JSON: None where it cannot be."""
    return _CHECKS[item.metadata["kind"]]


def _id(_item: Field[Any], value: Any) -> Any:
    return value if ids.is_id(value) else None


def _text(item: Field[Any], value: Any) -> Any:
    return value if isinstance(value, str) and len(value) <= item.metadata["limit"] else None


def _flag(_item: Field[Any], value: Any) -> Any:
    return value if isinstance(value, bool) else None


def _one_of(item: Field[Any], value: Any) -> Any:
    return value if value in item.metadata["values"] else None


def _some_of(item: Field[Any], value: Any) -> Any:
    allowed = item.metadata["values"]
    if not isinstance(value, list) or not value or any(word not in allowed for word in value):
        return None
    return tuple(value) if len(set(value)) == len(value) else None


def _date(_item: Field[Any], value: Any) -> Any:
    try:
        return value if isinstance(value, str) and date.fromisoformat(value).isoformat() == value else None
    except ValueError:
        return None


def _amount(_item: Field[Any], value: Any) -> Any:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and 0 <= value <= MAX_MINOR else None


def _count(_item: Field[Any], value: Any) -> Any:
    return value if type(value) is int and 0 <= value <= _MOST else None


def _consents(_item: Field[Any], value: Any) -> Any:
    if not isinstance(value, list):
        return None
    return tuple(_consent(entry) for entry in value)


def _consent(entry: Any) -> tuple[str, bool]:
    if isinstance(entry, list) and len(entry) == 2 and entry[0] in CONSENT_PURPOSES and isinstance(entry[1], bool):
        return (entry[0], entry[1])
    raise Refused("validation", field="consents", why="bad_value")


def _sale_lines(_item: Field[Any], value: Any) -> Any:
    if not isinstance(value, list) or len(value) > MOST_LINES:
        return None
    return tuple(SaleLine.from_wire(line) for line in value)


def _return_lines(_item: Field[Any], value: Any) -> Any:
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_LINES:
        return None
    return tuple(ReturnLine.from_wire(line) for line in value)


_CHECKS: Final[dict[str, Check]] = {
    "id": _id,
    "text": _text,
    "bool": _flag,
    "one_of": _one_of,
    "some_of": _some_of,
    "date": _date,
    "amount": _amount,
    "count": _count,
    "consents": _consents,
    "sale_lines": _sale_lines,
    "return_lines": _return_lines,
}
