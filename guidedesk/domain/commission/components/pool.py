"""`pool`: a share of a store's month divided among those on its roster (COMMISSION.md 4)."""

from __future__ import annotations

from guidedesk.domain.commission.component_documents import Component
from guidedesk.domain.commission.components.figures import Payment, Working, at_rate, rate_text
from guidedesk.domain.commission.components.month import MonthFigures
from guidedesk.domain.commission.rounding import split


def pay(component: Component, month: MonthFigures) -> list[Payment]:
    """One pot a store, by days or evenly; an associate who worked in two stores gets the sum."""
    amounts: dict[str, int] = {}
    workings: dict[str, list[Working]] = {}
    for store in component.stores:
        base = month.stores.get(store, 0)
        pot = at_rate(base, component.rate_bp)
        days = month.roster.days_in(store, month.month, component.roles)
        if pot == 0 or not month.concerns(days):
            continue
        people = sorted(days)
        weights = [days[name] if component.by == "days" else 1 for name in people]
        shared = split(pot, weights)
        common: Working = {
            "store": store,
            "base": base,
            "rate_bp": rate_text(component.rate_bp),
            "pot": pot,
            "by": component.by,
            "weights": dict(zip(people, weights, strict=True)),
            "floors": list(shared.floors),
            "remainder_to": [people[taker] for taker in shared.receivers],
        }
        for position, (name, share) in enumerate(zip(people, shared.shares, strict=True)):
            amounts[name] = amounts.get(name, 0) + share
            workings.setdefault(name, []).append({**common, "position": position})
    return [Payment(name, None, amounts[name], {"pots": workings[name]}) for name in sorted(amounts)]
