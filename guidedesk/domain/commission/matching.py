"""`match` conditions of rules: what a line is compared on (COMMISSION.md 3, 4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from guidedesk.domain.commission.reading import Doc, DocumentError, mapping, only_keys

LINE_KEYS: Final = ("channel", "store", "category", "sku", "member_tier")
COMPONENT_KEYS: Final = (*LINE_KEYS, "role")


class Facts(NamedTuple):
    """What a rule may look at on one order line; in the order of `COMPONENT_KEYS` without the role."""

    channel: str
    store: str | None
    category: str | None
    sku: str | None
    member_tier: str | None


@dataclass(frozen=True, slots=True)
class Match:
    """Every named key has one of its values; no key at all matches everything.

    `needs_role` says whether the role of a person is asked for, `looks_at_goods` whether category or sku is.
    """

    conditions: tuple[tuple[int, frozenset[str | None]], ...]
    needs_role: bool = False
    looks_at_goods: bool = False

    def holds(self, facts: Facts, role: str | None = None) -> bool:
        """Whether a line with these facts fits; `role` is that of the person the rule is applied for."""
        for position, wanted in self.conditions:
            value = facts[position] if position < len(facts) else role
            if value not in wanted:
                return False
        return True


def read_match(doc: Doc, where: str, keys: tuple[str, ...]) -> Match:
    """The `match` of a rule; absent means everything, a list means any of its values."""
    if doc.get("match") is None:
        return Match(())
    place = f"{where}.match"
    raw = mapping(doc["match"], "match", where)
    only_keys(raw, frozenset(keys), place)
    conditions = tuple((keys.index(key), _values(raw[key], key, place)) for key in keys if key in raw)
    return Match(conditions, "role" in raw, "category" in raw or "sku" in raw)


def _values(value: Any, key: str, where: str) -> frozenset[str | None]:
    found = value if isinstance(value, list | tuple) else [value]
    for entry in found:
        if entry is not None and not isinstance(entry, str):
            raise DocumentError("not_a_text", key, where, entry)
    return frozenset(found)
