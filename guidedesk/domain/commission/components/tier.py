"""`tier`: a month's base share at stepped rates, marginal or all at the step reached (COMMISSION.md 4)."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from guidedesk.domain.commission.component_documents import Component
from guidedesk.domain.commission.components.figures import (
    LineFigures,
    MonthFigures,
    Payment,
    Working,
    at_rate,
    matches,
    rate_text,
)
from guidedesk.domain.commission.rounding import BP, round_half_away


def pay(component: Component, month: MonthFigures) -> list[Payment]:
    """What each associate with a share in matching lines earns."""
    shares, stores = _shares(component, month)
    payments = []
    for associate in sorted(shares):
        base = shares[associate]
        working: Working = {"base": base, "mode": component.mode, "steps": _shown(component)}
        if component.mode == "progressive":
            amount = _progressive(component, base)
        else:
            measure = base
            if component.measure_scope == "store":
                sold_in = stores[associate]
                lines = _matching(component, month, associate)
                measure = sum(line.base for line in lines if line.sale.store in sold_in)
                working["stores"] = sorted(sold_in)
            working["measure"] = measure
            amount = at_rate(base, _rate_at(component, measure))
        payments.append(Payment(associate, None, amount, working))
    return payments


def _shares(component: Component, month: MonthFigures) -> tuple[dict[str, int], dict[str, set[str]]]:
    shares: dict[str, int] = {}
    stores: dict[str, set[str]] = {}
    wanted = set(month.associates())
    match = component.match
    for line in month.lines:
        for participant, share in zip(line.participants, line.shares, strict=True):
            name = participant.beneficiary
            if name in wanted and (not match.conditions or matches(match, line, name, month.roster)):
                shares[name] = shares.get(name, 0) + share
                sold_in = stores.setdefault(name, set())
                if line.sale.store is not None:
                    sold_in.add(line.sale.store)
    return shares, stores


def _matching(component: Component, month: MonthFigures, associate: str) -> Iterator[LineFigures]:
    return (line for line in month.lines if matches(component.match, line, associate, month.roster))


def _progressive(component: Component, base: int) -> int:
    total = Fraction(0)
    ends = [start for start, _ in component.steps[1:]]
    for (start, rate), end in zip(component.steps, [*ends, base], strict=True):
        total += max(0, min(base, end) - start) * rate
    return round_half_away(total.numerator, total.denominator * BP)


def _rate_at(component: Component, measure: int) -> Fraction:
    reached = [rate for start, rate in component.steps if start <= measure]
    return reached[-1] if reached else Fraction(0)


def _shown(component: Component) -> list[Working]:
    return [{"from": start, "rate_bp": rate_text(rate)} for start, rate in component.steps]
