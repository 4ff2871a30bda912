"""Runs schedules, finds the shortest one that still fails, and does so on every core."""

from __future__ import annotations

import logging
import multiprocessing
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from guidedesk.bench.simulation.invariants import Broken
from guidedesk.bench.simulation.machine import the_chain
from guidedesk.bench.simulation.mutants import MUTANTS, planted
from guidedesk.bench.simulation.schedule import SNAPSHOT_ROWS, Schedule, Step, make_schedule
from guidedesk.bench.simulation.world import World

_MOST_TRIES: Final = 150
_AHEAD: Final = 4


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that did not hold: after which step of which seed's schedule, and what was seen."""

    seed: int
    step: int
    invariant: str
    what: str

    def to_wire(self) -> dict[str, Any]:
        """JSON."""
        return {"seed": self.seed, "step": self.step, "invariant": self.invariant, "what": self.what}


@dataclass(slots=True)
class Tally:
    """What was run."""

    schedules: int = 0
    steps: int = 0
    operations: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    violations: list[Violation] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)  # of the trace of one seed, where it was asked for

    def add(self, other: Tally) -> None:
        """Count another one in."""
        self.schedules += other.schedules
        self.steps += other.steps
        self.operations += other.operations
        self.faults += other.faults
        self.violations += other.violations


def run_schedule(schedule: Schedule, mutant: str | None = None, trace: Callable[[str], None] | None = None) -> Tally:
    """One schedule, with a planted bug where one is named."""
    quiet = logging.root.manager.disable
    logging.disable(logging.CRITICAL)  # faults are what this is about; the product logs each of them
    tally = Tally(schedules=1, steps=len(schedule.steps))
    try:
        with planted(mutant):
            world = World(schedule, trace=trace)
            try:
                world.run()
            except Broken as broken:
                tally.violations.append(Violation(schedule.seed, broken.step, broken.invariant, broken.what))
            finally:
                world.close()
    finally:
        logging.disable(quiet)
    tally.operations, tally.faults = world.operations, world.faults
    return tally


def _run_seed(seed: int, steps: int | None, mutant: str | None, *, is_traced: bool = False) -> Tally:
    lines: list[str] = []
    tally = run_schedule(make_schedule(seed, steps), mutant, lines.append if is_traced else None)
    tally.lines = lines
    return tally


def run_seeds(
    seeds: Iterable[int],
    *,
    steps: int | None = None,
    mutant: str | None = None,
    jobs: int = 1,
    is_traced: bool = False,
) -> Iterator[Tally]:
    """One tally a seed, in order, the same however many processes there are."""
    one = partial(_run_seed, steps=steps, mutant=mutant, is_traced=is_traced)
    if jobs <= 1:
        yield from map(one, seeds)
        return
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context(_start_method())) as pool:
        yield from pool.map(one, seeds, chunksize=_AHEAD)


def _start_method() -> str:
    """A process that has imported everything and knows what every world begins with is copied, where that is safe."""
    if sys.platform != "linux" or threading.active_count() > 1:
        return "spawn"
    for rows in SNAPSHOT_ROWS:
        the_chain(rows)
    return "fork"


def find_mutant(mutant: str, first: int, most: int, steps: int | None = None) -> Violation | None:
    """The first seed that finds a planted bug, with what it broke; None where none of them does."""
    needs = MUTANTS[mutant].needs
    for seed in range(first, first + most):
        if not {step.kind for step in make_schedule(seed, steps).steps}.issuperset(needs):
            continue
        tally = _run_seed(seed, steps, mutant)
        if tally.violations:
            return tally.violations[0]
    return None


def shrink(
    schedule: Schedule, violation: Violation, mutant: str | None = None, *, tries: int = _MOST_TRIES
) -> tuple[Schedule, Violation]:
    """A schedule of fewer steps, and of fewer counters, that breaks the same rule; found in at most so many `tries`."""
    left = tries

    def breaks(candidate: Schedule) -> Violation | None:
        nonlocal left
        left -= 1
        found = run_schedule(candidate, mutant).violations
        return found[0] if found and found[0].invariant == violation.invariant else None

    best, seen = schedule.with_steps(schedule.steps[: violation.step + 1]), violation
    found = breaks(best)
    if found is None:  # it takes the quiet at the end
        best, found = schedule, breaks(schedule)
    if found is None:
        return schedule, violation
    seen = found
    size = max(1, len(best.steps) // 2)
    while size and left > 0:
        start, is_shorter = 0, False
        while start < len(best.steps) and left > 0:
            rest = (*best.steps[:start], *best.steps[start + size :])
            found = breaks(best.with_steps(rest))
            if found is None:
                start += size
            else:
                best, seen, is_shorter = best.with_steps(rest), found, True
        if size == 1 and not is_shorter:
            break
        size = max(1, size // 2) if size > 1 or is_shorter else 0
    for counters in range(1, best.counters):
        fewer = Schedule(best.seed, counters, best.is_eager, best.snapshot_rows, best.steps)
        found = breaks(fewer)
        if found is not None:
            return fewer, found
    return best, seen


def words(steps: Iterable[Step]) -> list[str]:
    """A schedule to be read by people."""
    return [f"{n:3} {step.name} at counter {step.till} ({step.a}, {step.b}, {step.c})" for n, step in enumerate(steps)]
