"""A month under a proposed plan beside what it comes to now, person by person; nothing is posted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from guidedesk.domain.commission import reading
from guidedesk.domain.commission.bodies import Publish
from guidedesk.domain.commission.calendar import first_day
from guidedesk.domain.commission.component_documents import ADJUSTMENT, is_associate
from guidedesk.domain.commission.engine import Prepared
from guidedesk.domain.commission.plans import PlanVersion, check_plans, read_plan
from guidedesk.domain.commission.snapshot import World, calculate
from guidedesk.domain.commission.timeline import Event


@dataclass(frozen=True, slots=True)
class Simulated:
    """One associate's month in minor units, as it is and as proposed; by component in `components`."""

    associate: str
    as_is: int
    proposed: int
    components: Mapping[str, tuple[int, int]]

    @property
    def difference(self) -> int:
        """What the proposal would change for her."""
        return self.proposed - self.as_is

    def as_dict(self) -> dict[str, Any]:
        """As printed by `commission simulate`."""
        parts = {name: {"as_is": one, "proposed": other} for name, (one, other) in self.components.items()}
        return {
            "associate": self.associate,
            "as_is": self.as_is,
            "proposed": self.proposed,
            "difference": self.difference,
            "components": parts,
        }


def simulate(prepared: Prepared, proposed: Mapping[str, Any], period: str) -> list[Simulated]:
    """Everybody who earns in a month under the plans in force or with the proposed one among them, by id.

    The proposed document replaces, for the whole month, the plan of its name; its own version and date play no part.
    The month counts as closed, so minimums are paid on both sides. Adjustments are left out. DocumentError names the
    key of a plan that cannot be used.
    """
    month = reading.month({"period": period}, "period", "")
    world, events = prepared.world, prepared.stream.events
    plan = read_plan({**reading.mapping(proposed, "plan", ""), **_in_force(world, events, proposed, month)}, "plan")
    changed, kept = _with(world, events, plan, month)
    closed = frozenset([*prepared.stream.closes, month])
    before = _earned(world, events, month, closed)
    after = _earned(changed, kept, month, closed)
    return [
        _beside(name, before.get(name, Counter()), after.get(name, Counter()))
        for name in sorted(before.keys() | after.keys())
    ]


def _beside(name: str, before: Counter[str], after: Counter[str]) -> Simulated:
    parts = {part: (before[part], after[part]) for part in sorted(before.keys() | after.keys())}
    return Simulated(name, before.total(), after.total(), parts)


def _in_force(world: World, events: Sequence[Event], proposed: Mapping[str, Any], month: int) -> dict[str, Any]:
    """A version above all others of the plan, from the first of the month."""
    versions = [plan.version for plan in _known(world, events) if plan.plan == proposed.get("plan")]
    return {"version": max(versions, default=0) + 1, "effective_from": f"{reading.month_text(month)}-01"}


def _known(world: World, events: Sequence[Event]) -> list[PlanVersion]:
    return [*world.plans, *(event.body.plan for event in events if isinstance(event.body, Publish))]


def _with(world: World, events: Sequence[Event], plan: PlanVersion, month: int) -> tuple[World, list[Event]]:
    """The world with the plan in force all month: other versions of it that begin within the month are left out."""
    within = range(first_day(month), first_day(month + 1))

    def stays(version: PlanVersion) -> bool:
        return version.plan != plan.plan or version.effective_from not in within

    kept = [event for event in events if not isinstance(event.body, Publish) or stays(event.body.plan)]
    plans = (*(version for version in world.plans if stays(version)), plan)
    changed = World(world.history, world.calendar, plans, world.staff)
    check_plans([(version, "plan") for version in _known(changed, kept)])
    return changed, kept


def _earned(world: World, events: Sequence[Event], month: int, closed: frozenset[int]) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for (name, origin, component, _, _), amount in calculate(world, events, closed).targets.items():
        if origin == month and amount and component != ADJUSTMENT and is_associate(name):
            found.setdefault(name, Counter())[component] += amount
    return found
