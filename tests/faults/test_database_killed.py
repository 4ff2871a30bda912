"""PostgreSQL dies in the middle of a push: before, at and after each commit everything is decided exactly once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from guidedesk.bench.local_postgres import LocalPostgres
from guidedesk.domain.errors import GuideDeskError
from guidedesk.server.database import ServerDatabase
from guidedesk.services.operations import RecordVisit, SetTag
from tests.faults.office import count_up
from tests.faults.own_postgres import OwnPostgres
from tests.helpers.counter_parts import log, record, register
from tests.helpers.world import Till, World, open_world, settle


@pytest.fixture(scope="module")
def mortal() -> Iterator[OwnPostgres]:
    with LocalPostgres(is_durable=True) as local:
        yield OwnPostgres(local)


@pytest.fixture
def mortal_world(tmp_path: Path, mortal: OwnPostgres) -> Iterator[World]:
    opened = open_world(tmp_path, backend=mortal)
    yield opened
    opened.close()


def a_morning(till: Till, member: str) -> None:
    """Facts, a tag, and somebody new: what needs a directory, other scopes and one's own."""
    actor = till.actor("a1")
    for n in range(6):
        log(till.counter, member, f"{n}", actor=actor)
    visit = RecordVisit(visit_id=till.counter.new_id(), member_id=member)
    record(till.counter, visit, SetTag(member_id=member, is_on=True, tag="丝绸"), actor=actor)
    register(till.counter, "新客", actor=actor)


def pushed_under(world: World, till: Till, arm: Callable[[Callable[[], None]], Callable[[], None]]) -> int:
    """Push while `arm` lets the database die; how often it did."""
    deaths = 0

    def die() -> None:
        nonlocal deaths
        deaths += 1
        world.backend.local.crash()  # type: ignore[attr-defined]

    disarm = arm(die)
    try:
        for _ in range(12):
            try:
                till.counter.engine.step()
            except GuideDeskError:
                pytest.fail("a step never raises")
            world.clock.tick(400_000)
            if not till.counter.journal.has_unsent():
                break
    finally:
        disarm()
    return deaths


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_database_that_dies_at_a_commit_loses_and_doubles_nothing(
    mortal_world: World, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    world = mortal_world
    till, other = world.till(), world.till()
    member = register(till.counter, actor=till.actor("a1"))
    settle(till, other)
    place = 0
    known = len(world.recorded())
    while True:  # at the first commit of a push, at the second ... until a push has no more
        a_morning(till, member)
        place += 1
        seen = count(1)

        def at_commit(die: Callable[[], None], seen: Iterator[int] = seen, wanted: int = place) -> Callable[[], None]:
            def before(_conn: Any) -> None:
                if next(seen) == wanted:
                    die()

            if moment == "before":
                event.listen(world.database.engine, "commit", before)
                return lambda: event.remove(world.database.engine, "commit", before)
            whole = ServerDatabase.write

            def write(self: ServerDatabase, scope_id: str, work: Any) -> Any:
                result = whole(self, scope_id, work)
                if next(seen) == wanted:
                    die()
                return result

            monkeypatch.setattr(ServerDatabase, "write", write)
            return lambda: monkeypatch.setattr(ServerDatabase, "write", whole)

        deaths = pushed_under(world, till, at_commit)
        known += 9
        decided = world.recorded()
        assert (len(decided), set(decided.values())) == (known, {"accepted"}), place
        assert till.counter.status().waiting == 0
        if not deaths:
            break
    assert place > 2
    settle(till, other)
    for one in (till, other):
        assert all(check.is_equal for check in one.counter.engine.check())
    count_up(f"PostgreSQL killed {moment} each of {place - 1} commits of a push; {known} operations, each once")
