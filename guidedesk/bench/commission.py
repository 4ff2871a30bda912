"""commission: everything reckoned anew, one new event on that history, and the close of a month"""

from __future__ import annotations

import argparse
import gc
import importlib
import importlib.util
import time
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Final

from guidedesk.bench.commission_data import Doc, History, Shape, history
from guidedesk.bench.figures import rss_mb, summary, timed
from guidedesk.domain.commission.engine import Prepared, Result, evaluate, prepare
from guidedesk.domain.commission.families import Ground, Stored, shared_events
from guidedesk.domain.commission.incremental import Months, advance
from guidedesk.domain.commission.memory_shelf import MemoryShelf
from guidedesk.domain.commission.timeline import read_event

LINES: Final = 1_000_000
EVENTS: Final = 1000
_WARM_UP: Final = 20
_CLOSE: Final = "guidedesk.bench.commission_close"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Size of the history."""
    parser.add_argument("--lines", type=int, default=LINES, metavar="N", help="order lines of the month")
    parser.add_argument("--associates", type=int, default=2000, metavar="N", help="associates who earn")
    parser.add_argument("--months", type=int, default=1, metavar="N", help="months the lines are spread over")
    parser.add_argument("--events", type=int, default=EVENTS, metavar="N", help="events that arrive one by one")
    parser.add_argument("--check", action="store_true", help="also hold what the events made against a full run")
    parser.add_argument("--no-close", action="store_true", help="leave out closing a month into PostgreSQL")
    parser.add_argument("--close-lines", type=int, metavar="N", help="order lines of the month closed, if others")


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """A made-up history through the engine; no other process helps."""
    made = history(Shape(args.lines, args.months, args.associates))
    late = made.events[len(made.events) - args.events - _WARM_UP :]
    floor, floor_cpu = _loop_lines_per_s(made.events)
    gc.collect()
    gc.disable()  # as the server does while it reckons: nothing here is garbage before the end
    try:
        began, began_cpu = time.perf_counter(), time.process_time()
        prepared = _read(made, made.events[: len(made.events) - len(late)])
        result = evaluate(prepared)
        cold_s, cold_cpu_s = time.perf_counter() - began, time.process_time() - began_cpu
        memory = rss_mb()
        lines = sum(len(event.get("lines", ())) for event in made.events if event["type"] == "order")
        lines -= sum(len(event.get("lines", ())) for event in late if event["type"] == "order")
        took, took_cpu, shelf = _one_by_one(prepared, result, late)
        holds = not args.check or _is_the_same(made, shelf)
    finally:
        gc.enable()
    event = summary(took)
    figures: dict[str, Any] = {
        "cold_lines_per_s": round(lines / cold_s),
        "cold_cpu_lines_per_s": round(lines / cold_cpu_s),
        "cold_s": round(cold_s, 1),
        "event_p50_ms": event["p50_ms"],
        "event_p95_ms": event["p95_ms"],
        "event_p99_ms": event["p99_ms"],
        "event_cpu_p95_ms": summary(took_cpu)["p95_ms"],
        "rss_mb": memory,
    }
    del prepared, result, shelf, made
    gc.collect()
    if not args.no_close and importlib.util.find_spec(_CLOSE) is not None:
        closed = Shape(args.close_lines or args.lines, 1, args.associates)
        figures |= importlib.import_module(_CLOSE).close_figures(closed)
    return {
        "params": {"lines": lines, "months": args.months, "associates": args.associates, "events": args.events},
        "figures": figures,
        "floor": {"loop_lines_per_s": round(floor), "loop_cpu_lines_per_s": round(floor_cpu)},
        "ratios": {
            "cold": round(floor / figures["cold_lines_per_s"], 1),
            "cold_cpu": round(floor_cpu / figures["cold_cpu_lines_per_s"], 1),
        },
        "holds": holds,
    }


def _read(made: History, events: Sequence[Doc]) -> Prepared:
    return prepare(events, config=made.config, plans=made.plans, staff=made.staff)


def _one_by_one(
    prepared: Prepared, result: Result, late: Sequence[Doc]
) -> tuple[list[float], list[float], MemoryShelf]:
    """How long each of the last events takes from its document to the lines, sums, flags and owners it changes.

    By the clock, and of the process's own time.
    """
    world, stream = prepared.world, prepared.stream
    flags = {(code, subject) for code, _, subject in (flag.partition(":") for flag in result.flags)}
    shelf = MemoryShelf.of(world, stream, result.lines, flags, result.explanations.postings.values())
    ground = Ground(world, [Stored(event.document, event.posting) for event in shared_events(stream.events)])
    months = Months(ground, shelf)
    took: list[float] = []
    took_cpu: list[float] = []
    for document in late:
        with timed(took), timed(took_cpu, time.process_time):
            arrived = read_event(document, "event", world.history, world.calendar, last_closed=ground.last_closed)
            new = Stored(document, arrived.posting)
            change = advance(ground, shelf, new, months)
            if change is not None:
                shelf.apply(new, change)
                months.apply(change)
    return took[_WARM_UP:], took_cpu[_WARM_UP:], shelf


def _is_the_same(made: History, shelf: MemoryShelf) -> bool:
    found = evaluate(_read(made, made.events))
    flags = sorted(f"{code}:{subject}" for code, subject in shelf.flags)
    return shelf.lines() == list(found.lines) and flags == found.flags


def _loop_lines_per_s(events: Sequence[Doc]) -> tuple[float, float]:
    """The floor: a bare loop that takes tax off, pays a rate, halves it and adds up, and knows nothing else.

    By the clock, and by the process's own time: that of a PC which does nothing else.
    """
    rate, totals = Fraction("325.5"), dict[str, int]()
    numerator, denominator = rate.numerator, 10_000 * rate.denominator
    count = 0
    began, began_cpu = time.perf_counter(), time.process_time()
    for event in events:
        if event["type"] != "order":
            continue
        seller = event.get("seller", "")
        for line in event["lines"]:
            count += 1
            base = (2 * line["amount"] * 10_000 + 11_300) // 22_600
            pot = (2 * base * numerator + denominator) // (2 * denominator)
            first = pot * 3000 // 10_000
            totals[seller] = totals.get(seller, 0) + pot - first
            totals["owner"] = totals.get("owner", 0) + first
    return count / (time.perf_counter() - began), count / (time.process_time() - began_cpu)
