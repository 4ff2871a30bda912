"""`line_rate`: a pot per line at the first matching rule, split among the participants (COMMISSION.md 4).

A rule's `role` is that of the first participant at placement, because a line has one pot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from guidedesk.domain.commission.component_documents import Component, RateRule, is_associate
from guidedesk.domain.commission.components.figures import LineFigures, at_rate, matches
from guidedesk.domain.commission.components.month import MonthFigures
from guidedesk.domain.commission.keys import TargetKey
from guidedesk.domain.commission.matching import Facts
from guidedesk.domain.commission.roster import Roster
from guidedesk.domain.commission.rounding import BP, Split, largest_remainder, round_half_up, split
from guidedesk.domain.commission.sales import Sale, SoldLine


@dataclass(frozen=True, slots=True)
class Pot:
    """What a line pays under a component: the rule's position, the pot and its split."""

    rule: int
    amount: int
    split: Split


class LinePayer:
    """Pays line components of many lines; which rule fits is looked up once for lines alike."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster
        self._rules: dict[tuple[int, Facts], tuple[int, int, int] | None] = {}

    def pay(
        self,
        components: tuple[Component, ...],
        order: str,
        sale: Sale,
        lines: Sequence[SoldLine],
        month: MonthFigures,
        targets: dict[TargetKey, int],
    ) -> None:
        """Put the amounts of settled lines with the same participants among the targets and the month's sums."""
        attribution, origin = lines[0].attribution, sale.origin
        people, weights, rules = attribution.participants, attribution.weights, self._rules
        for component in components:
            name = component.id
            totals = [0] * len(people)
            is_paid = False
            for sold in lines:
                terms = rules.get((id(component), sold.facts), _UNKNOWN)
                if terms is _UNKNOWN:
                    terms = self._terms(component, order, sale, sold)
                if terms is None:
                    continue
                is_paid = True
                times, over, unit = terms
                pot = round_half_up(sold.base * times, over) if times else unit * (sold.qty - sold.returned)
                shares = largest_remainder(pot, weights)
                line_id = sold.line
                for position, person in enumerate(people):
                    share = shares[position]
                    targets[person[0], origin, name, order, line_id] = share
                    totals[position] += share
            if is_paid:
                for person, total in zip(people, totals, strict=True):
                    month.add_paid(person[0], name, total)

    def _terms(self, component: Component, order: str, sale: Sale, sold: SoldLine) -> tuple[int, int, int] | None:
        """Numerator and denominator of the rate in force, or 0, 1 and the amount of a unit."""
        if component.needs_role:
            return _terms_of(rule_for(component, LineFigures(order, sold, sale), self._roster))
        found = _terms_of(rule_for(component, LineFigures(order, sold, sale), self._roster))
        self._rules[id(component), sold.facts] = found
        return found


_UNKNOWN: Final = (-1, -1, -1)


def _terms_of(found: tuple[int, RateRule] | None) -> tuple[int, int, int] | None:
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
