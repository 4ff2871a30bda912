"""`minimum`: a closed month's components topped up for everybody on the roster (COMMISSION.md 4, 9)."""

from __future__ import annotations

from guidedesk.domain.commission.component_documents import Component
from guidedesk.domain.commission.components.figures import Payment, Working
from guidedesk.domain.commission.components.month import MonthFigures


def pay(component: Component, month: MonthFigures) -> list[Payment]:
    """The top-up of anyone with at least one local noon on the roster; nothing while the month is open."""
    if not month.is_closed:
        return []
    payments = []
    for associate in month.rostered():
        days = month.roster.days(associate, month.month)
        paid = dict(sorted(month.paid_to(associate).items()))
        missing = component.amount - sum(paid.values())
        if days and missing > 0:
            working: Working = {"minimum": component.amount, "components": paid, "days": days}
            payments.append(Payment(associate, None, missing, working))
    return payments
