"""`accelerator`: amounts count more for the part of the base above the target (COMMISSION.md 4)."""

from __future__ import annotations

from guidedesk.domain.commission.component_documents import Component
from guidedesk.domain.commission.components.figures import Payment, Working, rate_text
from guidedesk.domain.commission.components.month import MonthFigures
from guidedesk.domain.commission.rounding import BP, round_half_away


def pay(component: Component, month: MonthFigures) -> list[Payment]:
    """R(C x (A-T)/A x (m-1)) for everybody above her target."""
    payments = []
    extra = component.multiplier_bp - BP
    for associate in month.associates():
        base, target = month.base[associate], component.target_of(associate)
        if target <= 0 or base <= target:
            continue
        paid = month.paid_for(associate, component.applies_to)
        total = sum(paid.values())
        amount = round_half_away(
            total * (base - target) * extra.numerator, base * BP * extra.denominator
        )
        working: Working = {
            "base": base,
            "target_base": target,
            "multiplier_bp": rate_text(component.multiplier_bp),
            "applies_to": paid,
        }
        payments.append(Payment(associate, None, amount, working))
    return payments
