"""`tier`: a month's base share at stepped rates, marginal or all at the step reached (COMMISSION.md 4)."""

from __future__ import annotations

from fractions import Fraction

from guidedesk.domain.commission.component_documents import Component
from guidedesk.domain.commission.components.figures import Payment, Working, at_rate, rate_text
from guidedesk.domain.commission.components.month import MonthFigures
from guidedesk.domain.commission.rounding import BP, round_half_away


def pay(component: Component, month: MonthFigures) -> list[Payment]:
    """What each associate with a share in matching lines earns."""
    shares = month.tiers[component.id]
    steps = [{"from": start, "rate_bp": rate_text(rate)} for start, rate in component.steps]
    payments = []
    for associate in month.chosen(shares):
        if month.base.get(associate, 0) <= 0:
            continue
        base = shares[associate]
        working: Working = {"base": base, "mode": component.mode, "steps": steps}
        if component.mode == "progressive":
            amount = _progressive(component, base)
        else:
            measure = base
            if component.measure_scope == "store":
                sold_in = month.sold_in[component.id].get(associate, {})
                stores = sorted(store for store, count in sold_in.items() if count)
                measure = month.measure(component.id, associate, stores)
                working["stores"] = stores
            working["measure"] = measure
            amount = at_rate(base, _rate_at(component, measure))
        payments.append(Payment(associate, None, amount, working))
    return payments


def _progressive(component: Component, base: int) -> int:
    total = Fraction(0)
    ends = [start for start, _ in component.steps[1:]]
    for (start, rate), end in zip(component.steps, [*ends, base], strict=True):
        total += max(0, min(base, end) - start) * rate
    return round_half_away(total.numerator, total.denominator * BP)


def _rate_at(component: Component, measure: int) -> Fraction:
    reached = [rate for start, rate in component.steps if start <= measure]
    return reached[-1] if reached else Fraction(0)
