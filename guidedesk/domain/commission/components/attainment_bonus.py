"""`attainment_bonus`: the pay of the highest row of the target reached (COMMISSION.md 4)."""

from __future__ import annotations

from guidedesk.domain.commission.component_documents import Component
from guidedesk.domain.commission.components.figures import Payment, Working, rate_text
from guidedesk.domain.commission.components.month import MonthFigures
from guidedesk.domain.commission.rounding import BP


def pay(component: Component, month: MonthFigures) -> list[Payment]:
    """The bonus of everybody who reached a row."""
    payments = []
    rows = sorted(component.table)
    shown = [{"at_bp": rate_text(at_bp), "pay": pay} for at_bp, pay in rows]
    for associate in month.associates():
        base, target = month.base[associate], component.target_of(associate)
        reached = [pay for at_bp, pay in rows if base * BP >= at_bp * target]
        if target > 0 and reached:
            working: Working = {"base": base, "target_base": target, "table": shown}
            payments.append(Payment(associate, None, reached[-1], working))
    return payments
