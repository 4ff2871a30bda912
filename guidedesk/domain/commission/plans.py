"""Plan versions: reading them, what they may not do together, and which one is in force (COMMISSION.md 4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from guidedesk.domain.commission import reading
from guidedesk.domain.commission.calendar import first_day
from guidedesk.domain.commission.component_documents import ADJUSTMENT, KINDS, Component, read_component
from guidedesk.domain.commission.reading import Doc, DocumentError


@dataclass(frozen=True, slots=True)
class PlanVersion:
    """One version of a plan, in force from a local date (ordinal) on."""

    plan: str
    version: int
    effective_from: int
    components: tuple[Component, ...]
    document: Doc


class PlanBook:
    """All versions known to a set of events; per plan the one in force on a local date."""

    def __init__(self, versions: Iterable[PlanVersion]) -> None:
        self.versions = sorted(versions, key=lambda found: (found.plan, found.effective_from, found.version))
        self._plans: dict[str, list[PlanVersion]] = {}
        for version in self.versions:
            self._plans.setdefault(version.plan, []).append(version)
        self._line: dict[int, tuple[Component, ...]] = {}
        self._alike: dict[tuple[int, ...], tuple[Component, ...]] = {}
        self._period: dict[int, tuple[Component, ...]] = {}

    def line_components(self, day: int) -> tuple[Component, ...]:
        """Line components in force on the local date of payment; one object for all days with the same ones."""
        found = self._line.get(day)
        if found is None:
            parts = tuple(part for part in self._in_force(day) if part.kind == "line_rate")
            found = self._line[day] = self._alike.setdefault(tuple(id(part) for part in parts), parts)
        return found

    def period_components(self, month: int) -> tuple[Component, ...]:
        """Period components in force on the first local day of a month, in order of evaluation."""
        found = self._period.get(month)
        if found is None:
            parts = [part for part in self._in_force(first_day(month)) if part.kind != "line_rate"]
            found = self._period[month] = tuple(sorted(parts, key=lambda part: KINDS.index(part.kind)))
        return found

    def _in_force(self, day: int) -> list[Component]:
        found: list[Component] = []
        for versions in self._plans.values():
            known = [version for version in versions if version.effective_from <= day]
            if known:
                found.extend(known[-1].components)
        return found


def read_plan(doc: Doc, where: str) -> PlanVersion:
    """A checked plan version."""
    plan = reading.text(doc, "plan", where)
    version = reading.whole(doc, "version", where)
    start = reading.day(doc, "effective_from", where).toordinal()
    parts: list[Component] = []
    for entry, place in reading.objects(doc, "components", where):
        part = read_component(entry, place, plan, version)
        if any(part.id == earlier.id for earlier in parts):
            raise DocumentError("twice", "id", place, part.id)
        parts.append(part)
    return PlanVersion(plan, version, start, tuple(parts), doc)


def check_plans(versions: Sequence[tuple[PlanVersion, str]]) -> None:
    """What no single document shows: one version twice, an id in two plans, building on what comes later."""
    seen: set[tuple[str, int]] = set()
    owners: dict[str, str] = {}
    turns: dict[str, tuple[int, str, int]] = {}
    for version, where in versions:
        if (version.plan, version.version) in seen:
            raise DocumentError("twice", "version", where, f"{version.plan} {version.version}")
        seen.add((version.plan, version.version))
        for position, part in enumerate(version.components):
            if owners.setdefault(part.id, version.plan) != version.plan:
                raise DocumentError("two_plans", "id", where, part.id)
            turn = _turn(part, position)
            turns[part.id] = max(turns.get(part.id, turn), turn)
    for version, where in versions:
        for position, part in enumerate(version.components):
            _check_builds_on_earlier(part, _turn(part, position), turns, f"{where}.components[{position}]")


def _turn(part: Component, position: int) -> tuple[int, str, int]:
    return KINDS.index(part.kind), part.plan, position


def _check_builds_on_earlier(
    part: Component, turn: tuple[int, str, int], turns: dict[str, tuple[int, str, int]], where: str
) -> None:
    for name in part.applies_to:
        if name == ADJUSTMENT or turns.get(name, turn) > turn or name == part.id:
            raise DocumentError("later_component", "applies_to", where, name)
        if name not in turns:
            raise DocumentError("unknown_component", "applies_to", where, name)
