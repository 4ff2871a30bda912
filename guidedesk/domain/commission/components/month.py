"""One origin month as its components see it: sums over lines, never the lines themselves (COMMISSION.md 4, 6).

Everything here is a sum, so what one member adds to it can be taken out and put in again: the sums of a month are those
of its members, and a new event changes only a few of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from guidedesk.domain.commission.component_documents import HOUSE, ROLES, Component, is_associate
from guidedesk.domain.commission.components.figures import Payment, SpiffEvent
from guidedesk.domain.commission.matching import Facts
from guidedesk.domain.commission.roster import Roster
from guidedesk.domain.commission.sales import Attribution, Sale, SoldLine

_BASE: Final = "base"
_PAID: Final = "paid"
_TIER: Final = "tier"
_SOLD_IN: Final = "sold_in"
_MEASURED: Final = "measured"
_STORE: Final = "store"
_TEAM: Final = "team"
_SPIFF: Final = "spiff"


class SumKey(NamedTuple):
    """What one stored sum of a month is of; parts it has not are empty. Amounts add up over members.

    Kinds: `base` and `tier` are an associate's base share (in lines a tier matches), `paid` what a line component paid
    her, `sold_in` her lines in a store, `measured` and `store` a store's base, `team` an associate's base share while
    she worked for a store, `spiff` one event a spiff may pay for.
    """

    month: int
    kind: str
    associate: str
    store: str
    component: str
    detail: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the period components in force in a month have to know of its lines."""

    tiers: tuple[Component, ...]
    store_tiers: tuple[Component, ...]
    led: frozenset[str]
    pooled: frozenset[str]
    looks_at_goods: bool


def wanted(components: Iterable[Component]) -> Wanted:
    """What some period components have to know."""
    parts = tuple(components)
    tiers = tuple(part for part in parts if part.kind == "tier")
    by_store = tuple(part for part in tiers if part.measure_scope == "store")
    led = frozenset(store for part in parts for _, store in part.managers)
    pooled = frozenset(store for part in parts for store in part.stores)
    return Wanted(tiers, by_store, led, pooled, any(part.match.looks_at_goods for part in tiers))


@dataclass(slots=True)
class SoldAlike:
    """Settled lines that the sums of a month cannot tell apart but by their goods, added up.

    They have the same participants, store, channel and level of member, and nobody's post changed between their
    placements. `sale` is one of theirs; `shares` are those of the base in participant order, and `paid` what each
    line component paid, likewise; `lines` are kept only where a tier looks at goods (`Wanted.looks_at_goods`).
    """

    sale: Sale
    attribution: Attribution
    shares: list[int]
    base: int = 0
    count: int = 0
    paid: dict[str, list[int]] = field(default_factory=dict)
    lines: list[SoldLine] = field(default_factory=list)

    @property
    def facts(self) -> Facts:
        """What they have in common of what a rule may look at."""
        return Facts(self.sale.channel, self.sale.store, None, None, self.sale.member_tier)


class MonthFigures:
    """The sums of one origin month, and what its components paid so far."""

    def __init__(
        self,
        month: int,
        roster: Roster,
        components: Iterable[Component],
        is_closed: bool,
    ) -> None:
        self.month = month
        self.roster = roster
        self.is_closed = is_closed
        self._people: AbstractSet[str] | None = None
        self.wanted = wanted(components)
        self.base: defaultdict[str, int] = defaultdict(int)
        self.stores: defaultdict[str, int] = defaultdict(int)
        self.spiffs: dict[str, dict[tuple[int, str, str], int]] = {}
        self.paid: defaultdict[str, dict[str, int]] = defaultdict(dict)
        self._earned: defaultdict[str, dict[str, int]] = defaultdict(dict)
        self.tiers: dict[str, dict[str, int]] = {part.id: {} for part in self.wanted.tiers}
        self.sold_in: dict[str, dict[str, dict[str, int]]] = {part.id: {} for part in self.wanted.store_tiers}
        self.measured: dict[str, dict[str, dict[tuple[str, int], int]]] = {
            part.id: {} for part in self.wanted.store_tiers
        }
        self.teams: defaultdict[str, dict[str, int]] = defaultdict(dict)

    def add_sold(self, sold: SoldAlike) -> None:
        """Count what settled lines alike come to, what line components paid on them included."""
        sale, wants, shares = sold.sale, self.wanted, sold.shares
        store, placed_at, teams, led = sale.store, sale.placement[0], self.teams, wants.led
        if store is not None:
            if store in wants.pooled:
                self.stores[store] += sold.base
            for part in wants.store_tiers:
                self._measure(part, sold, store, placed_at)
        people = sold.attribution.participants
        for position, (name, _, kind) in enumerate(people):
            if kind in _NOBODY:
                continue
            share = shares[position]
            self.base[name] += share
            if led:
                own = self.roster.post(name, placed_at).store
                if own in led and own is not None:
                    team = teams[own]
                    team[name] = team.get(name, 0) + share
            for part in wants.tiers:
                self._count(part, sold, position, name)
        for component, totals in sold.paid.items():
            for person, total in zip(people, totals, strict=True):
                self.add_paid(person[0], component, total)

    def add_paid(self, associate: str, component: str, amount: int) -> None:
        """Count what a line component paid somebody."""
        paid = self.paid[associate]
        paid[component] = paid.get(component, 0) + amount

    def add_spiff(self, event: SpiffEvent) -> None:
        """Count an event spiffs may pay for."""
        for name in event.names:
            self._add_spiff(event.associate, (event.at_ms, event.id, name), 1)

    def _add_spiff(self, associate: str, what: tuple[int, str, str], count: int) -> None:
        mine = self.spiffs.setdefault(associate, {})
        mine[what] = mine.get(what, 0) + count
        if not mine[what]:
            del mine[what]

    def begin(self, people: AbstractSet[str] | None) -> None:
        """Pay period components from here on, to some people or (None) to everybody."""
        self._people = people
        self._earned.clear()

    def add_earned(self, associate: str, component: str, amount: int) -> None:
        """Count what a period component paid somebody."""
        earned = self._earned[associate]
        earned[component] = earned.get(component, 0) + amount

    def _count(self, part: Component, sold: SoldAlike, position: int, name: str) -> None:
        match, share, count, sale = part.match, sold.shares[position], sold.count, sold.sale
        if match.conditions:
            role = self.roster.post(name, sale.placement[0]).role if match.needs_role else None
            if match.looks_at_goods:
                fits = [line.shares[position] for line in sold.lines if match.holds(line.facts, role)]
                share, count = sum(fits), len(fits)
            elif not match.holds(sold.facts, role):
                return
        if not count:
            return
        shares = self.tiers[part.id]
        shares[name] = shares.get(name, 0) + share
        if part.measure_scope == "store" and sale.store is not None:
            self._sold_in(part, name, sale.store, count)

    def _sold_in(self, part: Component, name: str, store: str, count: int) -> None:
        stores = self.sold_in[part.id].setdefault(name, {})
        stores[store] = stores.get(store, 0) + count

    def _measure(self, part: Component, sold: SoldAlike, store: str, placed_at: int) -> None:
        match = part.match
        totals = self.measured[part.id].setdefault(store, {})
        since = self.roster.unchanged_since(placed_at) if match.needs_role else 0
        for role in ROLES if match.needs_role else ("",):
            if match.looks_at_goods:
                base = sum([line.base for line in sold.lines if match.holds(line.facts, role)])
            elif match.holds(sold.facts, role):
                base = sold.base
            else:
                continue
            totals[role, since] = totals.get((role, since), 0) + base

    def measure(self, component: str, associate: str, stores: Iterable[str]) -> int:
        """The base of the stores' lines that a tier counts for an associate, her role being that at placement."""
        total = 0
        for store in stores:
            for (role, since), amount in self.measured[component].get(store, {}).items():
                if not role or self.roster.post(associate, since).role == role:
                    total += amount
        return total

    def chosen(self, names: Collection[str]) -> list[str]:
        """Those of some people who are to be paid, by id."""
        if self._people is None:
            return sorted(names)
        return sorted(name for name in self._people if name in names)

    def is_chosen(self, name: str) -> bool:
        """Whether somebody is to be paid."""
        return self._people is None or name in self._people

    def concerns(self, names: Collection[str]) -> bool:
        """Whether one of some people is to be paid."""
        return self._people is None or not self._people.isdisjoint(names)

    def associates(self) -> list[str]:
        """Associates with a base share this month, by id."""
        return [name for name in self.chosen(self.base) if self.base[name] > 0]

    def rostered(self) -> Sequence[str]:
        """Everybody of the roster who is to be paid, by id."""
        return self.roster.named() if self._people is None else self.chosen(self.roster.everybody)

    def with_pay(self) -> list[str]:
        """Associates whom some component paid something or nothing so far, by id."""
        paid, earned = self.paid, self._earned
        if self._people is None:
            return sorted(name for name in paid.keys() | earned.keys() if is_associate(name))
        return sorted(name for name in self._people if (name in paid or name in earned) and is_associate(name))

    def paid_for(self, associate: str, components: Sequence[str]) -> dict[str, int]:
        """What an associate got so far from each of some components."""
        paid = self.paid_to(associate)
        return {name: paid.get(name, 0) for name in dict.fromkeys(components)}

    def paid_to(self, associate: str) -> dict[str, int]:
        """What an associate got so far, by component."""
        return {**self.paid.get(associate, {}), **self._earned.get(associate, {})}

    def sellers(self, component: str, store: str) -> Iterator[str]:
        """Who sold in a store what a tier counts."""
        for name, stores in self.sold_in.get(component, {}).items():
            if stores.get(store):
                yield name

    def rows(self) -> Iterator[tuple[SumKey, int]]:
        """All sums as rows."""
        month = self.month
        for name, amount in self.base.items():
            yield SumKey(month, _BASE, name, "", "", ""), amount
        for name, paid in self.paid.items():
            for part, amount in paid.items():
                yield SumKey(month, _PAID, name, "", part, ""), amount
        for part, shares in self.tiers.items():
            for name, amount in shares.items():
                yield SumKey(month, _TIER, name, "", part, ""), amount
        for part, people in self.sold_in.items():
            for name, stores in people.items():
                for store, count in stores.items():
                    yield SumKey(month, _SOLD_IN, name, store, part, ""), count
        for part, measured in self.measured.items():
            for store, totals in measured.items():
                for (role, since), amount in totals.items():
                    yield SumKey(month, _MEASURED, "", store, part, f"{role} {since}" if role else ""), amount
        for store, amount in self.stores.items():
            yield SumKey(month, _STORE, "", store, "", ""), amount
        for store, team in self.teams.items():
            for name, amount in team.items():
                yield SumKey(month, _TEAM, name, store, "", ""), amount
        for name, mine in self.spiffs.items():
            for (at_ms, event_id, kind), count in mine.items():
                yield SumKey(month, _SPIFF, name, "", kind, f"{at_ms} {event_id}"), count

    def add_row(self, key: SumKey, amount: int) -> None:
        """Count a stored sum; one of a component that is no longer in force plays no part."""
        if amount:
            _ROWS[key.kind](self, key, amount)

    def _row_base(self, key: SumKey, amount: int) -> None:
        self.base[key.associate] += amount

    def _row_paid(self, key: SumKey, amount: int) -> None:
        self.add_paid(key.associate, key.component, amount)

    def _row_tier(self, key: SumKey, amount: int) -> None:
        shares = self.tiers.get(key.component)
        if shares is not None:
            shares[key.associate] = shares.get(key.associate, 0) + amount

    def _row_sold_in(self, key: SumKey, amount: int) -> None:
        people = self.sold_in.get(key.component)
        if people is not None:
            stores = people.setdefault(key.associate, {})
            stores[key.store] = stores.get(key.store, 0) + amount

    def _row_measured(self, key: SumKey, amount: int) -> None:
        measured = self.measured.get(key.component)
        if measured is not None:
            role, _, since = key.detail.partition(" ")
            totals = measured.setdefault(key.store, {})
            where = (role, int(since or 0))
            totals[where] = totals.get(where, 0) + amount

    def _row_store(self, key: SumKey, amount: int) -> None:
        self.stores[key.store] += amount

    def _row_team(self, key: SumKey, amount: int) -> None:
        team = self.teams[key.store]
        team[key.associate] = team.get(key.associate, 0) + amount

    def _row_spiff(self, key: SumKey, amount: int) -> None:
        at_ms, _, event_id = key.detail.partition(" ")
        self._add_spiff(key.associate, (int(at_ms), event_id, key.component), amount)


_NOBODY: Final = frozenset({HOUSE, "pool"})
_ROWS: Final[Mapping[str, Callable[[MonthFigures, SumKey, int], None]]] = {
    _BASE: MonthFigures._row_base,
    _PAID: MonthFigures._row_paid,
    _TIER: MonthFigures._row_tier,
    _SOLD_IN: MonthFigures._row_sold_in,
    _MEASURED: MonthFigures._row_measured,
    _STORE: MonthFigures._row_store,
    _TEAM: MonthFigures._row_team,
    _SPIFF: MonthFigures._row_spiff,
}
PeriodComponent = Callable[[Component, MonthFigures], list[Payment]]
