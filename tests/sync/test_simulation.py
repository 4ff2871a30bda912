"""Counters and a server under one seed, with everything that goes wrong between them (SYNC.md 7 and 8.1)."""

from __future__ import annotations

from pathlib import Path

import pytest

from guidedesk.bench.simulation.mutants import MUTANTS
from guidedesk.bench.simulation.runner import run_schedule, shrink
from guidedesk.bench.simulation.schedule import Schedule, make_schedule

# Which seed finds a planted bug within so many steps.
_STEPS = 60
_FOUND_BY = {"no_dedup": 1}


def test_a_seed_makes_the_same_world_each_time() -> None:
    first: list[str] = []
    again: list[str] = []
    run_schedule(make_schedule(3, _STEPS), trace=first.append)
    run_schedule(make_schedule(3, _STEPS), trace=again.append)
    assert len(first) == _STEPS + 1
    assert first == again


@pytest.mark.parametrize("name", sorted(MUTANTS))
def test_a_planted_bug_is_found(name: str) -> None:
    seed = _FOUND_BY[name]
    assert run_schedule(make_schedule(seed, _STEPS), name).violations
    assert run_schedule(make_schedule(seed, _STEPS)).violations == []


def test_a_schedule_that_fails_is_made_shorter_and_kept(tmp_path: Path) -> None:
    schedule = make_schedule(_FOUND_BY["no_dedup"], _STEPS)
    (violation,) = run_schedule(schedule, "no_dedup").violations
    shorter, seen = shrink(schedule, violation, "no_dedup")
    assert len(shorter.steps) < _STEPS // 2
    assert seen.invariant == violation.invariant
    shorter.save(tmp_path / "kept.json")
    assert Schedule.load(tmp_path / "kept.json") == shorter
    assert run_schedule(shorter, "no_dedup").violations == [seen]
