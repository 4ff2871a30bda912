"""SIGKILL at every commit, rename and removal, before any statement and at any moment, on both sides (SYNC.md 8.4).

The gate kills once at each place; `GUIDEDESK_FAULT_ROUNDS` says how often the long tests kill (docs/reliability.md).
"""

from __future__ import annotations

import os
from collections import Counter as Tally
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from threading import Timer
from typing import Final

import pytest

from guidedesk.server.context import SystemRandom
from guidedesk.server.secrets import new_secrets, write_secrets
from tests.faults.crash_points import STATEMENT, CrashPlan, When
from tests.faults.forked import KILLED, Child, ForkServer
from tests.faults.office import Desk, Office, check_exactly_once, count_up, open_desk, open_office
from tests.helpers.postgres import BACKENDS, Backend
from tests.helpers.world import open_world

ROUNDS: Final = int(os.environ.get("GUIDEDESK_FAULT_ROUNDS", "1000"))
A_CHAPTER: Final = 100
BOTH: Final[tuple[When, When]] = ("before", "after")
# What is killed at without fail: renamed in the product, the test says so instead of passing over it.
ACTS: Final[Mapping[str, frozenset[str]]] = {
    "shift": frozenset(
        {
            "commit sync.journal.append",
            "commit sync.recorder.record",
            "commit sync.push.take_answers",
            "commit sync.journal.settle",
        }
    ),
    "clean_up": frozenset({"commit sync.journal.prune"}),
    "first_sync": frozenset(
        {
            "commit sync.cache.rebuild",
            "commit sync.pull._pull_scope",
            "commit sync.snapshot_load._check",
            "remove sync.files.move",
            "rename sync.files.move",
        }
    ),
    "upgrade": frozenset({"commit models.migrations.upgrade_journal"}),
}
SERVER_POINTS: Final = frozenset({"commit server.push._decide"})

every = pytest.mark.parametrize(
    ("backend", "is_every"),
    [("sqlite", False), *(pytest.param(kind, True, marks=pytest.mark.long) for kind in sorted(BACKENDS))],
    indirect=["backend"],
)


@pytest.fixture
def desk(office: Office, counter_forks: ForkServer) -> Desk:
    """A counter that has everything, head office being open."""
    office.open()
    office.wait_until_open()
    opened = open_desk(office, counter_forks)
    opened.live("shift")
    return opened


def reached_by(child: Child) -> dict[str, int]:
    """Point -> how often it was come to in a life that nobody ended."""
    (found,) = child.all("reached")
    return dict(found)


@every
def test_a_counter_killed_at_each_commit_loses_and_doubles_nothing(desk: Desk, is_every: bool) -> None:
    known: set[str] = set()
    for act, wanted in ACTS.items():
        reached = reached_by(desk.live(act))
        assert wanted <= reached.keys()
        for point in sorted((reached.keys() if is_every else wanted) - known - {STATEMENT}):
            known.add(point)
            codes = {desk.live(act, CrashPlan(point, when)).code for when in BOTH if can_be(point, when)}
            assert codes == {KILLED} or point not in wanted, (act, point)
    desk.settle()
    assert check_exactly_once(desk.office, desk) >= len(known)


def can_be(point: str, when: When) -> bool:
    """A file that is gone is told of before it goes."""
    return when == "before" or point.startswith("commit")


@every
def test_a_server_killed_at_each_commit_answers_as_before(desk: Desk, is_every: bool) -> None:
    office = desk.office
    for point in server_points(desk) if is_every else sorted(SERVER_POINTS):
        for when in BOTH:
            assert serve_until_killed(desk, CrashPlan(point, when)) or point not in SERVER_POINTS, (point, when)
    office.open()
    office.wait_until_open()
    desk.settle()
    check_exactly_once(office, desk)


def server_points(desk: Desk) -> list[str]:
    """Where a server commits while a counter works."""
    office = desk.office
    office.kill()
    server = office.open()
    office.wait_until_open()
    desk.live("shift", turns=6)
    reached = reached_by(office.stop())
    assert server.code == 0
    assert reached.keys() >= SERVER_POINTS
    return sorted(reached.keys() - {STATEMENT})


def serve_until_killed(desk: Desk, plan: CrashPlan | None, after_s: float | None = None, lives: int = 1) -> bool:
    """One life of a server with up to so many of a counter; whether it died before we ended it."""
    office = desk.office
    office.kill()
    server = office.open(plan)
    timer = None if after_s is None else Timer(after_s, server.strike)
    if timer is not None:
        timer.start()
    for _ in server.listen():
        if "says" in server.told[-1]:
            break
    else:
        return True  # it died while it started
    for _ in range(lives):
        desk.live("shift")
        if server.is_dead():
            break
    if timer is not None:
        timer.join()
    is_dead = server.is_dead()
    office.kill()
    return is_dead


LONG = (pytest.mark.long, pytest.mark.timeout(3_600))  # two starts for each of hundreds of statements


@pytest.mark.parametrize("share", [pytest.param(70, id="some"), pytest.param(1, marks=LONG, id="every")])
def test_a_server_killed_while_it_makes_its_schema_can_be_started_again(
    tmp_path: Path, server_forks: ForkServer, share: int
) -> None:
    """At every seventieth statement in the gate, at each one in the long tests."""
    secrets = tmp_path / "secrets.json"
    write_secrets(secrets, new_secrets(SystemRandom()))
    told = {"secrets": str(secrets), "listen": "127.0.0.1:0", "more": ["--init"]}
    killed = 0
    for nth in range(1, 10_000, share):
        database = f"sqlite:///{tmp_path}/{nth}.db"
        plan = {"point": STATEMENT, "when": "before", "nth": nth}
        if open_and_stop(server_forks.start(database=database, plan=plan, **told)) != KILLED:
            break
        killed += 1
        assert open_and_stop(server_forks.start(database=database, plan=None, **told)) == 0
    assert killed > 200 / share


def open_and_stop(server: Child) -> int:
    """Its exit code; asked to end as soon as it listens."""
    for said in server.listen():
        if "says" in said:
            server.stop()
    return 1 if server.all("code") not in ([0], []) else server.end()


@pytest.fixture
def chapters(
    tmp_path: Path, backend: Backend, counter_forks: ForkServer, server_forks: ForkServer
) -> Iterator[Iterator[tuple[Desk, int]]]:
    """(a counter of a store of its own, how often something is killed there), until it is `ROUNDS` times.

    What a first sync brings and a check reads grows with all that was done, and what it could find does not.
    """
    with ExitStack() as opened:
        yield _chapters(tmp_path, backend, counter_forks, server_forks, opened)


def _chapters(
    folder: Path, backend: Backend, counter_forks: ForkServer, server_forks: ForkServer, opened: ExitStack
) -> Iterator[tuple[Desk, int]]:
    for first in range(0, ROUNDS, A_CHAPTER):
        place = folder / f"{first}"
        place.mkdir()
        world = open_world(place, backend=backend)
        opened.callback(world.close)
        office = open_office(world, server_forks)
        opened.callback(office.kill)
        office.open()
        office.wait_until_open()
        desk = open_desk(office, counter_forks)
        desk.live("shift")
        yield desk, min(A_CHAPTER, ROUNDS - first)
        opened.close()


@dataclass
class Count:
    """What a long test did."""

    killed: Tally[str] = field(default_factory=Tally)
    lives: int = 0
    operations: int = 0
    saved: int = 0

    def ended(self, desk: Desk) -> None:
        """A chapter is over: everything is there, once."""
        desk.office.kill()
        desk.office.open()
        desk.office.wait_until_open()
        desk.settle()
        self.operations += check_exactly_once(desk.office, desk)
        self.saved += len(desk.saved)

    def tell(self, who: str) -> None:
        """So that a run says what it proved."""
        assert self.operations >= self.saved > ROUNDS / 2
        done = f"{self.killed.total()} kills ({dict(self.killed)}) in {self.lives} lives"
        count_up(f"{who}: {done}, {self.saved} operations told as saved, {self.operations} at head office, each once")


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_a_counter_killed_many_times(chapters: Iterator[tuple[Desk, int]], backend: Backend) -> None:
    random, count = Random(20_261_129), Count()
    for desk, wanted in chapters:
        reached = {act: reached_by(desk.live(act)) for act in ACTS}
        until = count.killed.total() + wanted
        while count.killed.total() < until:
            act = random.choice(list(ACTS))
            plan, after_s, kind = some_death(random, reached[act])
            child = desk.begin(act, plan)
            timer = Timer(after_s or 0, child.strike)
            if after_s is not None:
                timer.start()
            count.lives += 1
            if desk.finish(child).code == KILLED:
                count.killed[kind] += 1
            timer.cancel()
        count.ended(desk)
    count.tell(f"counter, {backend.name}")


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_a_server_killed_many_times(chapters: Iterator[tuple[Desk, int]], backend: Backend) -> None:
    random, count = Random(29_112_026), Count()
    for desk, wanted in chapters:
        points = dict.fromkeys(server_points(desk), 3) | {STATEMENT: 150}
        until = count.killed.total() + wanted
        while count.killed.total() < until:
            plan, after_s, kind = some_death(random, points)
            count.lives += 1
            if serve_until_killed(desk, plan, after_s, lives=4):
                count.killed[kind] += 1
        count.ended(desk)
    count.tell(f"server, {backend.name}")


def some_death(random: Random, reached: Mapping[str, int]) -> tuple[CrashPlan | None, float | None, str]:
    """(plan, seconds, kind): at a named place, before some statement, or whenever the time has come."""
    chance = random.random()
    if chance < 0.4:
        point = random.choice(sorted(reached.keys() - {STATEMENT}))
        when = random.choice(BOTH) if can_be(point, "after") else "before"
        return CrashPlan(point, when, random.randint(1, min(3, reached[point]))), None, "at a place"
    if chance < 0.8:
        return CrashPlan(STATEMENT, "before", random.randint(1, reached[STATEMENT])), None, "before a statement"
    return None, random.uniform(0.01, 0.2), "at a moment"
