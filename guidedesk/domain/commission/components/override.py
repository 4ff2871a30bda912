"""`override`: a manager's rate on what her store's associates sold (COMMISSION.md 4)."""

from __future__ import annotations

from guidedesk.domain.commission.component_documents import Component
from guidedesk.domain.commission.components.figures import Payment, Working, at_rate, rate_text
from guidedesk.domain.commission.components.month import MonthFigures


def pay(component: Component, month: MonthFigures) -> list[Payment]:
    """One payment a manager, on base shares of those whose own store at placement was hers."""
    payments = []
    for manager, store in component.managers:
        if not month.is_chosen(manager):
            continue
        shares = {
            name: share
            for name, share in sorted(month.teams.get(store, {}).items())
            if not (component.exclude_self and name == manager)
        }
        working: Working = {"store": store, "shares": shares, "rate_bp": rate_text(component.rate_bp)}
        payments.append(Payment(manager, None, at_rate(sum(shares.values()), component.rate_bp), working))
    return payments
