"""`pool`: a share of a store's month divided among those on its roster (COMMISSION.md 4)."""

from __future__ import annotations

from guidedesk.domain.commission.component_documents import Component
from guidedesk.domain.commission.components.figures import MonthFigures, Payment, Working, at_rate, rate_text
from guidedesk.domain.commission.rounding import split


def pay(component: Component, month: MonthFigures) -> list[Payment]:
    """One pot a store, by days or evenly; an associate who worked in two stores gets the sum."""
    amounts: dict[str, int] = {}
    workings: dict[str, list[Working]] = {}
    for store in component.stores:
        base = sum(line.base for line in month.lines if line.sale.store == store)
        pot = at_rate(base, component.rate_bp)
        if pot == 0:
            continue
        days = {name: month.roster.days(name, month.month, store, component.roles) for name in month.roster.named()}
        people = [name for name in sorted(days) if days[name]]
        weights = [days[name] if component.by == "days" else 1 for name in people]
        shared = split(pot, weights)
        for position, (name, share) in enumerate(zip(people, shared.shares, strict=True)):
            amounts[name] = amounts.get(name, 0) + share
            working: Working = {
                "store": store,
                "base": base,
                "rate_bp": rate_text(component.rate_bp),
                "pot": pot,
                "by": component.by,
                "weights": dict(zip(people, weights, strict=True)),
                "floors": list(shared.floors),
                "remainder_to": [people[taker] for taker in shared.receivers],
                "position": position,
            }
            workings.setdefault(name, []).append(working)
    return [Payment(name, None, amounts[name], {"pots": workings[name]}) for name in sorted(amounts)]
