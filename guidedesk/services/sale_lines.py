"""Lines of a sale and of a return as an associate types them: amounts are minor units, never computed here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from guidedesk.domain.errors import Refused
from guidedesk.domain.money import MAX_MINOR

_TEXTS: Final = {"sku": 40, "name": 120, "size": 20, "colour": 40}
MOST_QTY: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleLine:
    """One line: `amount_minor` is the line's total after every discount, tax included."""

    line_no: int
    name: str
    qty: int
    amount_minor: int
    sku: str = ""
    size: str | None = None
    colour: str | None = None

    def to_wire(self) -> dict[str, Any]:
        """JSON values; what is empty is left out."""
        wire: dict[str, Any] = {"line_no": self.line_no, "qty": self.qty, "amount_minor": self.amount_minor}
        texts = {name: getattr(self, name) for name in _TEXTS}
        return wire | {name: text for name, text in texts.items() if text}

    @classmethod
    def from_wire(cls, wire: Any) -> SaleLine:
        """Read strictly; `validation` when it cannot be."""
        numbers = _numbers(wire, ("line_no", "qty", "amount_minor"), frozenset(_TEXTS))
        texts = {name: _text(wire, name, limit) for name, limit in _TEXTS.items() if name in wire}
        if not texts.get("name"):
            raise Refused("validation", field="lines", why="name_empty")
        return cls(**numbers, **texts)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnLine:
    """How much of one line of the sale came back; `amount_minor` is what the customer got, positive."""

    line_no: int
    qty: int
    amount_minor: int

    def to_wire(self) -> dict[str, Any]:
        """JSON values."""
        return {"line_no": self.line_no, "qty": self.qty, "amount_minor": self.amount_minor}

    @classmethod
    def from_wire(cls, wire: Any) -> ReturnLine:
        """Read strictly; `validation` when it cannot be."""
        return cls(**_numbers(wire, ("line_no", "qty", "amount_minor"), frozenset()))


def _numbers(wire: Any, names: tuple[str, ...], others: frozenset[str]) -> dict[str, int]:
    if not isinstance(wire, dict) or set(wire) - set(names) - others or not set(names) <= set(wire):
        raise Refused("validation", field="lines", why="bad_value")
    numbers: dict[str, int] = {}
    for name in names:
        value = wire[name]
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_MINOR:
            raise Refused("validation", field="lines", why="bad_value")
        numbers[name] = value
    if numbers["line_no"] < 1 or not 1 <= numbers["qty"] <= MOST_QTY:
        raise Refused("validation", field="lines", why="bad_value")
    return numbers


def _text(wire: Mapping[str, Any], name: str, limit: int) -> str:
    value = wire[name]
    if not isinstance(value, str) or len(value) > limit:
        raise Refused("validation", field="lines", why="bad_value")
    return value
