"""`line_rate`: a pot per line at the first matching rule, split among the participants (COMMISSION.md 4).

A rule's `role` is that of the first participant at placement, because a line has one pot.
"""

from __future__ import annotations

from dataclasses import dataclass

from guidedesk.domain.commission.component_documents import Component, RateRule, is_associate
from guidedesk.domain.commission.components.figures import LineFigures, at_rate, matches
from guidedesk.domain.commission.components.month import MonthFigures
from guidedesk.domain.commission.keys import TargetKey
from guidedesk.domain.commission.matching import Facts
from guidedesk.domain.commission.roster import Roster
from guidedesk.domain.commission.rounding import Split, largest_remainder, split


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
        self._rules: dict[tuple[int, Facts], RateRule | None] = {}

    def pay(
        self,
        components: tuple[Component, ...],
        line: LineFigures,
        month: MonthFigures,
        targets: dict[TargetKey, int],
    ) -> None:
        """Put the amounts of a line with participants among the targets and the month's sums."""
        sold, origin = line.sold, line.sale.origin
        attribution, line_id, order = sold.attribution, sold.line, line.order
        for component in components:
            rule = self._rule(component, line)
            if rule is None:
                continue
            shares = largest_remainder(pot_amount(rule, line), attribution.weights)
            name = component.id
            for person, share in zip(attribution.participants, shares, strict=True):
                beneficiary = person.beneficiary
                targets[beneficiary, origin, name, order, line_id] = share
                month.add_paid(beneficiary, name, share)

    def _rule(self, component: Component, line: LineFigures) -> RateRule | None:
        if component.needs_role:
            found = rule_for(component, line, self._roster)
            return None if found is None else found[1]
        alike = (id(component), line.sold.facts)
        if alike not in self._rules:
            found = rule_for(component, line, self._roster)
            self._rules[alike] = None if found is None else found[1]
        return self._rules[alike]


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
