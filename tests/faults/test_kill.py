"""SIGKILL at every commit, rename and removal, before any statement and at any moment, on both sides (SYNC.md 8.4).

The gate kills once at each place; `GUIDEDESK_FAULT_ROUNDS` says how often the long tests kill (docs/reliability.md).
"""

from __future__ import annotations

import os
from collections import Counter as Tally
from collections.abc import Mapping
from pathlib import Path
from random import Random
from threading import Timer
from typing import Final

import pytest

from guidedesk.server.context import SystemRandom
from guidedesk.server.secrets import new_secrets, write_secrets
from tests.faults.crash_points import STATEMENT, CrashPlan, When
from tests.faults.forked import KILLED, Child, ForkServer
from tests.faults.office import Desk, Office, check_exactly_once, count_up, open_desk
from tests.helpers.postgres import BACKENDS

ROUNDS: Final = int(os.environ.get("GUIDEDESK_FAULT_ROUNDS", "1000"))
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


def serve_until_killed(desk: Desk, plan: CrashPlan | None, after_s: float | None = None) -> bool:
    """One life of a server with a counter at it; whether it died before we ended it."""
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
    desk.live("shift")
    if timer is not None:
        timer.join()
    is_dead = server.is_dead()
    office.kill()
    return is_dead


@pytest.mark.parametrize("share", [pytest.param(70, id="some"), pytest.param(1, marks=pytest.mark.long, id="every")])
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


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_a_counter_killed_many_times(desk: Desk) -> None:
    random = Random(20_261_129)
    reached = {act: reached_by(desk.live(act)) for act in ACTS}
    killed: Tally[str] = Tally()
    lives = 0
    while killed.total() < ROUNDS:
        act = random.choice(list(ACTS))
        plan, after_s, kind = some_death(random, reached[act])
        child = desk.begin(act, plan)
        if after_s is not None:
            Timer(after_s, child.strike).start()
        lives += 1
        if desk.finish(child).code == KILLED:
            killed[kind] += 1
    desk.settle()
    operations = check_exactly_once(desk.office, desk)
    assert operations >= len(desk.saved) > ROUNDS / 2
    count_up(f"{killed.total()} kills ({dict(killed)}) in {lives} lives, {operations} operations, each once")


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_a_server_killed_many_times(desk: Desk) -> None:
    random = Random(29_112_026)
    points = dict.fromkeys(server_points(desk), 3) | {STATEMENT: 150}
    killed: Tally[str] = Tally()
    lives = 0
    while killed.total() < ROUNDS:
        plan, after_s, kind = some_death(random, points)
        lives += 1
        if serve_until_killed(desk, plan, after_s):
            killed[kind] += 1
    desk.office.kill()
    desk.office.open()
    desk.office.wait_until_open()
    desk.settle()
    operations = check_exactly_once(desk.office, desk)
    assert operations >= len(desk.saved) > ROUNDS / 2
    count_up(f"{killed.total()} kills ({dict(killed)}) in {lives} lives, {operations} operations, each once")


def some_death(random: Random, reached: Mapping[str, int]) -> tuple[CrashPlan | None, float | None, str]:
    """(plan, seconds, kind): at a named place, before some statement, or whenever the time has come."""
    chance = random.random()
    if chance < 0.4:
        point = random.choice(sorted(reached.keys() - {STATEMENT}))
        when = random.choice(BOTH) if can_be(point, "after") else "before"
        return CrashPlan(point, when, random.randint(1, min(3, reached[point]))), None, "at a place"
    if chance < 0.8:
        return CrashPlan(STATEMENT, "before", random.randint(1, reached[STATEMENT])), None, "before a statement"
    return None, random.uniform(0.01, 0.25), "at a moment"
