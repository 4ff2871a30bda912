"""`line_rate`: a pot per line at the first matching rule, split among the participants (COMMISSION.md 4).

A rule's `role` is that of the first participant at placement, because a line has one pot.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from guidedesk.domain.commission.component_documents import Component, RateRule, is_associate
from guidedesk.domain.commission.components.figures import LineFigures, at_rate, matches
from guidedesk.domain.commission.components.month import MonthFigures, SoldAlike
from guidedesk.domain.commission.ledger_lines import LedgerLine, make_line
from guidedesk.domain.commission.roster import Roster
from guidedesk.domain.commission.rounding import BP, Split, largest_remainder, round_half_up, split
from guidedesk.domain.commission.sales import Attribution, Sale, SoldLine, settle, shared

# numerator and denominator of the rate in force, or 0, 1 and the amount of a unit
Terms = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Pot:
    """What a line pays under a component: the rule's position, the pot and its split."""

    rule: int
    amount: int
    split: Split


class LinePayer:
    """Pays line components of many lines; what is true of lines alike is looked up and added up once.

    `paid` holds every amount by beneficiary, zeros included, as the line it is if nothing was posted before `posting`.
    The sums of months stand after `finish`.
    """

    def __init__(self, roster: Roster, posting: int) -> None:
        self._roster = roster
        self._posting = posting
        self._rules: dict[int, dict[int, Terms | None]] = {}
        self._groups: dict[tuple[Any, ...], _Group] = {}
        self.paid: dict[str, list[LedgerLine]] = {}

    def pay(
        self,
        components: tuple[Component, ...],
        order: str,
        sale: Sale,
        attribution: Attribution,
        lines: Collection[SoldLine],
        month: MonthFigures,
    ) -> int:
        """Settle lines with the same participants and pay them; their base."""
        base = settle(lines, sale)
        group, sold = self._group(components, sale, attribution, month)
        weights = attribution.weights
        sold.base += base
        sold.count += len(lines)
        if month.wanted.looks_at_goods:
            sold.lines += lines
        if not weights:
            return base
        if len(weights) == 1:
            sold.shares[0] += base
        else:
            for position, share in enumerate(shared(lines, weights)):
                sold.shares[position] += share
        for component in components:
            self._pay(component, order, sale, lines, group)
        return base

    def finish(self) -> None:
        """Count everything paid among the sums of its month."""
        for group in self._groups.values():
            group.month.add_sold(group.sold)
        self._groups.clear()

    def _group(
        self, components: tuple[Component, ...], sale: Sale, attribution: Attribution, month: MonthFigures
    ) -> tuple[_Group, SoldAlike]:
        since = self._roster.unchanged_since(sale.placement[0])
        alike = (
            id(attribution), sale.store, sale.channel, sale.member_tier, sale.origin, id(components), since
        )  # fmt: skip
        found = self._groups.get(alike)
        if found is None:
            people = attribution.participants
            sold = SoldAlike(sale, attribution, [0] * len(people))
            entries = [self.paid.setdefault(person.beneficiary, []) for person in people]
            found = self._groups[alike] = _Group(month, sold, entries)
        return found, found.sold

    def _pay(
        self, component: Component, order: str, sale: Sale, lines: Iterable[SoldLine], group: _Group
    ) -> None:
        rules = self._rules.get(id(component))
        if rules is None:
            rules = self._rules[id(component)] = {}
        origin, name, posting, entries = sale.origin, component.id, self._posting, group.entries
        people, weights = group.sold.attribution.participants, group.sold.attribution.weights
        totals = group.sold.paid.get(name)
        only = people[0].beneficiary if len(people) == 1 else None
        for sold in lines:
            # Lines alike share one object of facts, so it is looked up by which one it is: that is the dearest step.
            facts = sold.facts
            terms = rules.get(id(facts), _UNKNOWN)
            if terms is _UNKNOWN:
                terms = terms_of(rule_for(component, LineFigures(order, sold, sale), self._roster))
                if not component.needs_role:
                    rules[id(facts)] = terms
            if terms is None:
                continue
            if totals is None:
                totals = group.sold.paid[name] = [0] * len(weights)
            times, over, unit = terms
            pot = round_half_up(sold.base * times, over) if times else unit * (sold.qty - sold.returned)
            if only is not None:
                entries[0].append(make_line((posting, only, origin, name, order, sold.line, pot)))
                totals[0] += pot
                continue
            for position, share in enumerate(largest_remainder(pot, weights)):
                beneficiary = people[position].beneficiary
                entries[position].append(make_line((posting, beneficiary, origin, name, order, sold.line, share)))
                totals[position] += share


class _Group(NamedTuple):
    """Lines alike, the month they count in, and where the amounts of each participant go."""

    month: MonthFigures
    sold: SoldAlike
    entries: list[list[LedgerLine]]


_UNKNOWN: Final[Terms] = (-1, -1, -1)


def terms_of(found: tuple[int, RateRule] | None) -> Terms | None:
    """What a rule that `rule_for` found pays."""
    if found is None:
        return None
    rate = found[1].rate_bp
    if rate is None:
        return 0, 1, found[1].per_unit or 0
    return rate.numerator, BP * rate.denominator, 0


def pot_of(component: Component, line: LineFigures, roster: Roster) -> Pot | None:
    """The pot of a line with participants, None when no rule matches."""
    found = rule_for(component, line, roster)
    if found is None:
        return None
    position, rule = found
    amount = pot_amount(rule, line)
    return Pot(position, amount, split(amount, line.sold.attribution.weights))


def pot_amount(rule: RateRule, line: LineFigures) -> int:
    """R(base x rate), or so much for every unit still out."""
    if rule.rate_bp is not None:
        return at_rate(line.base, rule.rate_bp)
    return (rule.per_unit or 0) * line.sold.net_qty


def rule_for(component: Component, line: LineFigures, roster: Roster) -> tuple[int, RateRule] | None:
    """The first rule in listed order that fits the line."""
    first = line.participants[0].beneficiary
    for position, rule in enumerate(component.rules):
        if rule.match.needs_role and not is_associate(first):
            continue
        if matches(rule.match, line, first, roster):
            return position, rule
    return None
