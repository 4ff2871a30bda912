"""`spiff`: so much for each bind or interaction, the earliest up to a limit a month (COMMISSION.md 4)."""

from __future__ import annotations

from guidedesk.domain.commission.component_documents import Component
from guidedesk.domain.commission.components.figures import Payment, Working
from guidedesk.domain.commission.components.month import MonthFigures


def pay(component: Component, month: MonthFigures) -> list[Payment]:
    """One payment an event, by (t, id) until each associate's limit."""
    payments = []
    for associate in month.chosen(month.spiffs):
        found = sorted((at_ms, name) for at_ms, name, kind in month.spiffs[associate] if kind == component.event)
        for number, (_, name) in enumerate(found[: component.max_per_period], start=1):
            working: Working = {
                "event": component.event,
                "per_event": component.amount,
                "number": number,
                "max_per_period": component.max_per_period,
            }
            payments.append(Payment(associate, name, component.amount, working))
    return payments
