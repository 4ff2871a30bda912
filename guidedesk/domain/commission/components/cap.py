"""`cap`: a negative line down to the most some components may pay together (COMMISSION.md 4)."""

from __future__ import annotations

from guidedesk.domain.commission.component_documents import Component
from guidedesk.domain.commission.components.figures import Payment, Working
from guidedesk.domain.commission.components.month import MonthFigures


def pay(component: Component, month: MonthFigures) -> list[Payment]:
    """What is above the cap, taken away."""
    payments = []
    for associate in month.with_pay():
        paid = month.paid_for(associate, component.applies_to)
        total = sum(paid.values())
        if total > component.amount:
            working: Working = {"applies_to": paid, "cap": component.amount}
            payments.append(Payment(associate, None, component.amount - total, working))
    return payments
