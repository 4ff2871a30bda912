"""Counters, a server and everything that goes wrong between them, under one seed: nothing lost, nothing twice.

Each seed makes a schedule of 60 to 300 steps for 3 to 6 counters; I1 to I12 of SYNC.md 7 are looked at after each
step. The engine, journal, cache and the server's routes are the product's own; clock, randomness, wire and disks are
the simulation's. A schedule that breaks a rule is made shorter and written to a file that runs it again.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from guidedesk.bench.options import positive
from guidedesk.bench.simulation.mutants import MUTANTS
from guidedesk.bench.simulation.runner import Tally, find_mutant, run_schedule, run_seeds, shrink, words
from guidedesk.bench.simulation.schedule import Schedule, make_schedule

_SEEDS: Final = 300
_MUTANT_SEEDS: Final = 200  # in which each planted bug must be found
_SHRUNK: Final = 3  # of the schedules that failed


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which seeds, and what is done with them."""
    parser.add_argument("--seeds", type=positive, default=None, metavar="N", help=f"schedules (default {_SEEDS})")
    parser.add_argument("--from", type=int, default=0, dest="first", metavar="S", help="the first seed (default 0)")
    parser.add_argument(
        "--steps", type=positive, default=None, metavar="M", help="steps each; as the seed says if left out"
    )
    parser.add_argument(
        "--jobs", type=positive, default=os.cpu_count() or 1, metavar="N", help="processes (default: cores)"
    )
    parser.add_argument("--mutant", choices=sorted(MUTANTS), help="with this bug planted into the product")
    parser.add_argument("--mutants", action="store_true", help="only look whether every planted bug is found")
    parser.add_argument("--no-mutants", action="store_true", help="leave the planted bugs out")
    parser.add_argument("--schedule", type=Path, metavar="FILE", help="run the schedule of a file instead of seeds")
    parser.add_argument("--trace", type=Path, metavar="FILE", help="write a line a step; the same for the same seed")
    parser.add_argument(
        "--keep", type=Path, default=Path(), metavar="DIR", help="where schedules that failed are written"
    )


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Run them; `holds` is False where a rule was broken or a planted bug was not found."""
    started = time.perf_counter()
    tally = Tally()
    if args.schedule is not None:
        schedule = Schedule.load(args.schedule)
        tally.add(_traced(schedule, args))
    elif not args.mutants or args.trace is not None:
        seeds = range(args.first, args.first + (args.seeds or (_SEEDS if args.trace is None else 1)))
        with _lines(args.trace) as write:
            for one in run_seeds(
                seeds,
                steps=args.steps,
                mutant=args.mutant,
                jobs=min(args.jobs, len(seeds)),
                is_traced=args.trace is not None,
            ):
                tally.add(one)
                write(one.lines)
    seconds = time.perf_counter() - started
    if args.schedule is None:
        _explain(tally, args)
    found, missed = _mutants(args, tally)
    figures: dict[str, Any] = {
        "schedules": tally.schedules,
        "steps": tally.steps,
        "operations": tally.operations,
        "schedules_a_minute": round(tally.schedules / seconds * 60) if tally.schedules else 0,
        "seconds": round(seconds, 1),
        "faults": dict(sorted(tally.faults.items())),
        "violations": [violation.to_wire() for violation in tally.violations],
        "mutants": found,
        "mutants_missed": missed,
    }
    params = {
        "seeds": tally.schedules,
        "from": args.first,
        "steps": args.steps,
        "jobs": args.jobs,
        "mutant": args.mutant,
    }
    return {"params": params, "figures": figures, "holds": not tally.violations and not missed}


def _traced(schedule: Schedule, args: argparse.Namespace) -> Tally:
    with _lines(args.trace) as write:
        return run_schedule(schedule, args.mutant, None if args.trace is None else lambda line: write([line]))


@contextmanager
def _lines(path: Path | None) -> Iterator[Callable[[Iterable[str]], None]]:
    """Where a trace is written; nowhere for None."""
    if path is None:
        yield lambda _lines: None
        return
    with path.open("w", encoding="utf-8") as file:
        yield lambda lines: file.writelines(f"{line}\n" for line in lines)


def _explain(tally: Tally, args: argparse.Namespace) -> None:
    """Say which seeds failed, and how the shortest schedule that fails as they do goes."""
    for violation in tally.violations[:_SHRUNK]:
        schedule = make_schedule(violation.seed, args.steps)
        shorter, seen = shrink(schedule, violation, args.mutant)
        args.keep.mkdir(parents=True, exist_ok=True)  # what was found must not be lost over a folder
        path = args.keep / f"schedule-{violation.seed}.json"
        shorter.save(path)
        planted = f" --mutant {args.mutant}" if args.mutant else ""
        lines = [
            f"seed {violation.seed}, step {violation.step}: {violation.invariant}: {violation.what}",
            f"in {len(shorter.steps)} steps and {shorter.counters} counters: {seen.invariant}: {seen.what}",
            *words(shorter.steps),
            f"again: guidedesk bench simulate --schedule {path}{planted}",
        ]
        sys.stderr.write("\n".join(lines) + "\n")


def _mutants(args: argparse.Namespace, tally: Tally) -> tuple[list[dict[str, Any]], list[str]]:
    """(what was found of the planted bugs, those that were not)."""
    if args.mutant is not None:
        found = [{"name": args.mutant, **violation.to_wire()} for violation in tally.violations[:1]]
        return found, [] if found else [args.mutant]
    if args.no_mutants or args.schedule is not None or args.trace is not None:
        return [], []
    found, missed = [], []
    for name in MUTANTS:
        violation = find_mutant(name, args.first, _MUTANT_SEEDS, args.steps)
        if violation is None:
            missed.append(name)
        else:
            found.append({"name": name, **violation.to_wire()})
    return found, missed
