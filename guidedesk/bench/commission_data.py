"""A made-up history of commission events of any size: the same for the same figures, every component and event type.

Members meet associates, buy some weeks later, now and then return, swap or get money back; a few are merged. Orders
have one to four lines. Times rise, as a server sees them arrive.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from guidedesk.domain.commission.reading import month_text

Doc = dict[str, Any]
_ZONE: Final = timedelta(hours=8)
_CATEGORIES: Final = ("shoes", "bags", "coats", "scarves", "gifts")
_LINES: Final = (1, 2, 2, 3, 3, 4)


@dataclass(frozen=True, slots=True)
class Shape:
    """How large a history is: about `lines` order lines over `months` months from January 2026."""

    lines: int
    months: int = 1
    associates: int = 2000
    stores: int = 100
    seed: int = 5


@dataclass(frozen=True, slots=True)
class History:
    """What `compute` takes; events in order of arrival, no closes."""

    events: list[Doc]
    plans: list[Doc]
    staff: list[Doc]
    config: Doc
    lines: int


def history(shape: Shape) -> History:
    """The made-up history."""
    maker = _Maker(shape)
    events = list(maker.events())
    served = ["served_no_purchase"]
    config = {"qualifying_touches": ["scan", *served], "binding_interactions": served, "fallback": "store_pool"}
    return History(events, [plan(shape)], maker.staff(), config, maker.lines)


def plan(shape: Shape) -> Doc:
    """One component of every kind."""
    steps = [{"from": 0, "rate_bp": 50}, {"from": 5_000_000, "rate_bp": 100}, {"from": 20_000_000, "rate_bp": "150.5"}]
    return {
        "plan": "P", "version": 1, "effective_from": "2025-01-01",
        "components": [
            {"id": "base", "kind": "line_rate", "rules": [
                {"match": {"category": "gifts"}, "per_unit": 200},
                {"match": {"category": ["shoes", "bags"], "channel": "store"}, "rate_bp": "325.5"},
                {"rate_bp": 250}]},
            {"id": "tier", "kind": "tier", "mode": "progressive", "steps": steps},
            {"id": "store", "kind": "tier", "mode": "retroactive", "steps": steps, "measure_scope": "store",
             "match": {"channel": "store"}},
            {"id": "speed", "kind": "accelerator", "target": 8_000_000, "multiplier_bp": 12_000,
             "applies_to": ["base"]},
            {"id": "goal", "kind": "attainment_bonus", "target": 8_000_000,
             "table": [{"at_bp": 8000, "pay": 20_000}, {"at_bp": 10_000, "pay": 60_000}]},
            {"id": "new", "kind": "spiff", "event": "new_member_bind", "amount": 500, "max_per_period": 40},
            {"id": "pool", "kind": "pool", "stores": [f"S{n}" for n in range(shape.stores)], "rate_bp": 30},
            {"id": "lead", "kind": "override", "managers": {f"A{n}": f"S{n}" for n in range(shape.stores)},
             "rate_bp": 20, "exclude_self": True},
            {"id": "cap", "kind": "cap", "amount": 3_000_000, "applies_to": ["base", "speed"]},
            {"id": "min", "kind": "minimum", "amount": 250_000},
        ],
    }  # fmt: skip


class _Maker:
    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.chance = random.Random(shape.seed)
        self.start = datetime(2026, 1, 1, tzinfo=UTC) - _ZONE
        end = month_text(2026 * 12 + shape.months)
        self.span_ms = int((datetime.fromisoformat(f"{end}-01T00:00:00+00:00") - _ZONE - self.start).total_seconds())
        self.span_ms *= 1000
        self.members = max(10, shape.lines // 5)
        self.lines = 0

    def staff(self) -> list[Doc]:
        """The first of every store is its manager."""
        shape = self.shape
        return [
            {"associate": f"A{n}", "store": f"S{n % shape.stores}",
             "role": "manager" if n < shape.stores else "associate"}
            for n in range(shape.associates)
        ]

    def events(self) -> Iterator[Doc]:
        orders = self.shape.lines * len(_LINES) // sum(_LINES)
        for number in range(orders):
            at_ms = self.span_ms * number // orders
            member, store, seller = self._visit()
            if number % 2 == 0:
                yield {"id": f"s{number}", "type": "scan", "associate": seller, "member": member, "at": self._at(at_ms)}
            elif number % 31 == 0:
                yield {"id": f"i{number}", "type": "interaction", "kind": "served_no_purchase", "associate": seller,
                       "member": member, "at": self._at(at_ms)}  # fmt: skip
            yield self._order(number, member, store, seller, at_ms + 1000)
            yield from self._back(number, at_ms + 2000)

    def _visit(self) -> tuple[str, str, str]:
        """A member with her usual store and guide, most of the time."""
        number = int(self.chance.random() * self.members)
        usual = number % self.shape.associates
        luck = self.chance.random()
        if luck < 0.02:  # somewhere else in the chain
            usual = int(self.chance.random() * self.shape.associates)
        elif luck < 0.2:  # a colleague in the same store
            stores, people = self.shape.stores, self.shape.associates
            usual = usual % stores + stores * int(self.chance.random() * max(1, people // stores))
        return f"M{number}", f"S{usual % self.shape.stores}", f"A{usual}"

    def _order(self, number: int, member: str, store: str, seller: str, at_ms: int) -> Doc:
        chance = self.chance
        lines = []
        for line in range(1, _LINES[number % len(_LINES)] + 1):
            amount = 1000 + int(chance.random() * 200_000)
            entry: Doc = {"line": line, "qty": 1 + (number + line) % 2, "amount": amount}
            entry["category"] = _CATEGORIES[(number + line) % len(_CATEGORIES)]
            entry["tax_bp"] = 1300
            lines.append(entry)
        self.lines += len(lines)
        found: Doc = {"id": f"o{number}", "type": "order", "order": f"O{number}", "at": self._at(at_ms), "lines": lines}
        if number % 4:
            found |= {"channel": "store", "store": store, "seller": seller}
        else:
            found["channel"] = "online"
        if number % 10:
            found["member"] = member
        if number % 7 == 0:
            found["order_discount"] = 500
        return found

    def _back(self, number: int, at_ms: int) -> Iterator[Doc]:
        """Now and then something of an earlier order comes back."""
        if number < 200:
            return
        earlier = number - int(self.chance.random() * 200)
        name, at = f"O{earlier}", self._at(at_ms)
        if number % 25 == 0:
            yield {"id": f"r{number}", "type": "return", "order": name, "at": at, "lines": [{"line": 1, "qty": 1}]}
        elif number % 101 == 0:
            yield {"id": f"f{number}", "type": "refund", "order": name, "line": 1, "amount": 300, "at": at}
        elif number % 103 == 0:
            new = [{"line": 1, "qty": 1, "amount": 50_000, "category": "bags", "tax_bp": 1300}]
            yield {"id": f"x{number}", "type": "exchange", "order": name, "at": at, "lines": [{"line": 1, "qty": 1}],
                   "new_order": f"X{number}", "new_lines": new}  # fmt: skip
        elif number % 997 == 0:
            yield {"id": f"m{number}", "type": "member.merge", "from": f"M{number % self.members}",
                   "into": f"M{(number * 7) % self.members}", "at": at}  # fmt: skip

    def _at(self, at_ms: int) -> str:
        return (self.start + timedelta(milliseconds=at_ms)).isoformat(timespec="milliseconds")
