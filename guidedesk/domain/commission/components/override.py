"""`override`: a manager's rate on what her store's associates sold (COMMISSION.md 4)."""

from __future__ import annotations

from guidedesk.domain.commission.component_documents import Component, is_associate
from guidedesk.domain.commission.components.figures import MonthFigures, Payment, Working, at_rate, rate_text


def pay(component: Component, month: MonthFigures) -> list[Payment]:
    """One payment a manager, on base shares of those whose own store at placement was hers."""
    stores = {store for _, store in component.managers}
    base: dict[tuple[str, str], int] = {}
    for line in month.lines:
        for participant, share in zip(line.participants, line.shares, strict=True):
            name = participant.beneficiary
            if not is_associate(name):
                continue
            store = month.roster.post(name, line.placed_at).store
            if store in stores and store is not None:
                base[store, name] = base.get((store, name), 0) + share
    payments = []
    for manager, store in component.managers:
        shares = {
            name: share
            for (where, name), share in sorted(base.items())
            if where == store and not (component.exclude_self and name == manager)
        }
        working: Working = {"store": store, "shares": shares, "rate_bp": rate_text(component.rate_bp)}
        payments.append(Payment(manager, None, at_rate(sum(shares.values()), component.rate_bp), working))
    return payments
