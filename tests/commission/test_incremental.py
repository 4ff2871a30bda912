"""One event at a time gives what reckoning everything gives (COMMISSION.md 8.1, invariant 14)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guidedesk.domain.commission.engine import evaluate, prepare
from guidedesk.domain.commission.families import Ground, Stored, shared_events
from guidedesk.domain.commission.incremental import Months, advance, rows_of
from guidedesk.domain.commission.memory_shelf import MemoryShelf
from guidedesk.domain.commission.settings import ENGINE_DEFAULTS, merge_config
from guidedesk.domain.commission.subjects import WIDE_TYPES
from guidedesk.domain.commission.timeline import content, read_event
from tests.commission.streams import stream
from tests.commission.support import OPEN_VECTORS, Vector, at, close, event, events, order, plan, rate, review, scan

STREAMS = st.builds(stream, seed=st.integers(0, 10**9), size=st.integers(1, 45))
some = settings(max_examples=16, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


class Desk:
    """Takes events one by one, as a server does; `wide` counts how often everything had to be reckoned again."""

    def __init__(self, vector: Vector, keeps_months: bool = False) -> None:
        self.keeps_months = keeps_months
        config = merge_config(ENGINE_DEFAULTS, vector.get("config", {}))
        self.parts: dict[str, Any] = {
            "config": config, "plans": vector.get("plans", OPEN_VECTORS["vectors"][0]["plans"]),
            "staff": vector.get("staff", []),
        }  # fmt: skip
        self.documents: list[dict[str, Any]] = []
        self.conflicts: set[str] = set()
        self.owners: dict[str, str | None] = {}
        self.wide = 0
        self.reload()

    def reload(self) -> None:
        """Everything from the start."""
        prepared = prepare(self.documents, **self.parts)
        found = evaluate(prepared)
        flags = {(flag.split(":", 1)[0], flag.split(":", 1)[1]) for flag in found.flags}
        self.world = prepared.world
        self.shelf = MemoryShelf.of(self.world, prepared.stream, found.lines, flags)
        stored = [Stored(entry.document, entry.posting) for entry in shared_events(prepared.stream.events)]
        self.ground = Ground(self.world, stored, prepared.stream.closes)
        self.owners = dict(found.owners)
        self.months = Months(self.ground, self.shelf) if self.keeps_months else None

    def take(self, document: dict[str, Any]) -> None:
        known = next((entry for entry in self.documents if entry["id"] == document["id"]), None)
        if known is not None:
            if content(known) != content(document):
                self.shelf.flags.add(("id_conflict", document["id"]))
            return
        self.documents.append(document)
        if document["type"] == "period.close":
            self.reload()
            return
        history, calendar = self.world.history, self.world.calendar
        arrived = read_event(document, "event", history, calendar, last_closed=self.ground.last_closed)
        new = Stored(document, arrived.posting)
        change = advance(self.ground, self.shelf, new, self.months)
        if change is None:
            self.wide += 1
            self.reload()
            return
        self.shelf.apply(new, change)
        if self.months is not None:
            self.months.apply(change)
        self.owners |= change.owners

    def assert_full(self) -> None:
        prepared = prepare(self.documents, **self.parts)
        found = evaluate(prepared)
        assert self.shelf.lines() == list(found.lines)
        rows = rows_of(self.world, prepared.stream)
        assert self.shelf.rows() == {(posting, key): delta for posting, key, delta in rows}
        assert self.owners == found.owners
        assert sorted(f"{code}:{subject}" for code, subject in self.shelf.flags) == [
            flag for flag in found.flags if not flag.startswith("id_conflict")
        ]


def follow(vector: Vector, *, every: int = 1, keeps_months: bool = False) -> Desk:
    desk = Desk(vector, keeps_months)
    for number, document in enumerate(vector["events"]):
        desk.take(document)
        if number % every == 0:
            desk.assert_full()
    desk.assert_full()
    return desk


@some
@given(STREAMS, st.booleans())
def test_14_event_by_event_gives_the_same_as_all_at_once(vector: Vector, keeps_months: bool) -> None:
    follow(vector, every=6, keeps_months=keeps_months)


@pytest.mark.long
@pytest.mark.timeout(7200)
@settings(max_examples=3000, deadline=None, suppress_health_check=list(HealthCheck))
@given(STREAMS, st.booleans())
def test_14_over_thousands_of_streams(vector: Vector, keeps_months: bool) -> None:
    follow(vector, every=5, keeps_months=keeps_months)


@pytest.mark.parametrize("vector", OPEN_VECTORS["vectors"], ids=[vector["id"] for vector in OPEN_VECTORS["vectors"]])
def test_the_worked_examples_event_by_event(vector: Vector) -> None:
    desk = Desk(vector)
    for document in vector["events"]:
        desk.take(document)
    prepared = prepare(desk.documents, **desk.parts)
    assert desk.shelf.lines() == list(evaluate(prepared).lines)


@pytest.mark.parametrize("kind", sorted(WIDE_TYPES - {"period.close"}))
def test_the_wide_events_are_those_named(kind: str) -> None:
    desk = Desk(events())
    base = {"id": "w", "type": kind, "at": at("03-01"), "associate": "G1", "store": "S1"}
    desk.take(base if kind != "plan.publish" else {**base, "plan": plan(rate(), version=9, start="2026-04-01")})
    desk.take(review("r", "w", "void", "03-02"))
    assert desk.wide == 2
    desk.take(scan("s", "G1", "M1", "03-02"))
    desk.take(review("r2", "s", "void", "03-03"))
    assert desk.wide == 2


def test_an_event_reads_only_its_own_family() -> None:
    """A thousand other members are not looked at."""
    others = [order(f"X{n}", "03-10", member=f"N{n}") for n in range(50)]
    desk = Desk(events())
    for document in [*others, scan("s", "G1", "M1", "03-01"), order("O1", "03-10")]:
        desk.take(document)
    asked: list[Any] = []
    naming = desk.shelf.naming

    def watched(subjects: Any) -> Any:
        found = list(naming(subjects))
        asked.extend(found)
        return found

    desk.shelf.naming = watched  # type: ignore[method-assign]
    desk.take({"id": "r", "type": "return", "order": "O1", "at": at("03-12"), "lines": [{"line": 1, "qty": 1}]})
    assert {stored.document["id"] for stored in asked} == {"s", "e-O1"}
    desk.assert_full()


def test_a_late_code_finds_the_scans_that_waited_for_it() -> None:
    waits = [event(f"s{n}", "scan", "03-02", code="c", member=f"M{n}") for n in (1, 2)]
    desk = follow(events(*waits, order("O1", "03-05"), order("O2", "03-06", member="M2")))
    assert desk.shelf.lines() == []
    desk.take(event("c", "code.issue", "03-01", code="c", associate="G1"))
    desk.assert_full()
    assert {line.ref for line in desk.shelf.lines()} == {"O1", "O2"}
    assert desk.wide == 0


def test_a_late_event_is_followed_through_every_open_month() -> None:
    desk = Desk(events())
    march, april = order("O1", "03-10"), {
        "id": "r", "type": "return", "order": "O1", "at": at("04-03"), "lines": [{"line": 1, "qty": 1}]}  # fmt: skip
    for document in (march, april, scan("s", "G1", "M1", "03-01")):
        desk.take(document)
        desk.assert_full()
    assert [(line.posting % 12 + 1, line.amount) for line in desk.shelf.lines()] == [(3, 500), (4, -500)]
    desk.take(close("2026-03"))
    desk.take(scan("s0", "G2", "M1", "02-20"))
    desk.assert_full()
