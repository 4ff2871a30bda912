"""`spiff`: so much for each bind or interaction, the earliest up to a limit a month (COMMISSION.md 4)."""

from __future__ import annotations

from collections import Counter

from guidedesk.domain.commission.component_documents import Component
from guidedesk.domain.commission.components.figures import Payment, Working
from guidedesk.domain.commission.components.month import MonthFigures


def pay(component: Component, month: MonthFigures) -> list[Payment]:
    """One payment an event, by (t, id) until each associate's limit."""
    payments = []
    count: Counter[str] = Counter()
    for event in sorted(month.spiffs, key=lambda found: (found.at_ms, found.id)):
        if component.event not in event.names:
            continue
        count[event.associate] += 1
        if component.max_per_period is not None and count[event.associate] > component.max_per_period:
            continue
        working: Working = {
            "event": component.event,
            "per_event": component.amount,
            "number": count[event.associate],
            "max_per_period": component.max_per_period,
        }
        payments.append(Payment(event.associate, event.id, component.amount, working))
    return payments
