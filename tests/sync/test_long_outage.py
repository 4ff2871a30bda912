"""Three days without head office: nothing grows slower, nothing is dropped, and the end comes as a sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from guidedesk.domain import outbox
from guidedesk.domain.errors import Refused
from guidedesk.domain.time import DAY_MS
from guidedesk.services.operations import LogInteraction, RecordVisit
from guidedesk.sync.counter import Counter
from guidedesk.sync.status import chip_state
from tests.helpers.counter_parts import log, register
from tests.helpers.fixtures import sqlite_only  # noqa: F401
from tests.helpers.world import Till, settle

_STRIDE = 20  # instructions of SQLite's machine between two counts


@contextmanager
def work_of(counter: Counter) -> Iterator[list[int]]:
    """How much SQLite does in both files: counted, not timed, so it is the same on every PC."""
    counted = [0]

    def count() -> int:
        counted[0] += _STRIDE
        return 0

    def watch(connection: Any, _entry: Any, _proxy: Any) -> None:
        connection.set_progress_handler(count, _STRIDE)

    engines = (counter.journal.db.engine, counter.cache._db.engine)
    for engine in engines:
        event.listen(engine, "checkout", watch)
    yield counted
    for engine in engines:
        event.remove(engine, "checkout", watch)


def fill(till: Till, members: list[str], count: int) -> None:
    """Record `count` talks, many at a time."""
    actor = till.actor("a1")
    for first in range(0, count, 100):
        operations = [
            LogInteraction(
                interaction_id=till.counter.new_id(), member_id=members[n % len(members)], kind="visit",
                outcome="tried", note=f"{n}",
            )
            for n in range(first, min(count, first + 100))
        ]  # fmt: skip
        till.counter.record_operations(operations, actor, 1)


def test_a_scan_and_a_log_cost_the_same_after_a_week_of_work(till: Till) -> None:
    """Fewer than fifty steps of SQLite more for ten times as many records that wait: the depth of its trees."""
    members = [register(till.counter, actor=till.actor("a1"), name=f"王{n}") for n in range(30)]
    other = register(till.counter, actor=till.actor("a1"), name="沈")
    settle(till)
    till.wire.is_cut = True

    def scan() -> None:
        till.counter.record_operations(
            [RecordVisit(visit_id=till.counter.new_id(), member_id=other)], till.actor("a1"), 2
        )

    def write() -> None:
        log(till.counter, other, "看了大衣", actor=till.actor("a1"))

    def cost(action: Callable[[], None]) -> int:
        action()  # what is asked for the first time is read and compiled
        with work_of(till.counter) as counted:
            action()
        return counted[0]

    fill(till, members, 60)
    before = cost(scan), cost(write)
    fill(till, members, 600)
    after = cost(scan), cost(write)
    assert all(0 < late <= early * 1.1 + 200 for early, late in zip(before, after, strict=True)), (before, after)


def test_a_row_that_comes_meanwhile_takes_up_its_own_lane_only(till: Till) -> None:
    members = [register(till.counter, actor=till.actor("a1"), name=f"王{n}") for n in range(30)]
    settle(till)
    other = till.world.till()
    settle(other)
    till.wire.is_cut = True
    fill(till, members, 60)

    def pulled() -> int:
        log(other.counter, members[0], "别处", actor=other.actor("a2"))
        settle(other)
        till.counter.engine._puller._client._transport = till.wire.inner  # type: ignore[assignment]
        with work_of(till.counter) as counted:
            till.counter.engine._puller.pull_changes(lambda: True)
        return counted[0]

    pulled()
    few = pulled()
    fill(till, members[1:], 600)
    assert pulled() <= few * 1.5 + 2_000


@pytest.fixture
def twenty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit that a test reaches."""
    monkeypatch.setattr(outbox, "MOST_UNSENT", 20)
    monkeypatch.setattr(outbox, "NEARLY_FULL", 12)


@pytest.mark.usefixtures("twenty")
def test_at_the_limit_a_record_is_refused_and_nothing_is_lost(till: Till) -> None:
    counter = till.counter
    member = register(counter, actor=till.actor("a1"))
    settle(till)
    till.wire.is_cut = True
    fill(till, [member], 11)
    assert counter.status().fullness == "room"
    fill(till, [member], 9)
    assert (counter.status().fullness, chip_state(counter.status())) == ("full", "outbox_full")
    for count in (1, 3):
        with pytest.raises(Refused) as refused:
            fill(till, [member], count)
        assert refused.value.code == "journal_full"
    assert counter.journal.count_unsent() == 20
    till.world.clock.tick(3 * DAY_MS)
    assert till.counter.journal.count_unsent() == 20  # three days on, and nothing has expired
    till.wire.is_cut = False
    settle(till)
    log(till.counter, member, "又能记了", actor=till.actor("a1"))
    settle(till)
    assert till.counter.status().waiting == 0
    assert len(till.world.recorded()) == 1 + 20 + 1


@pytest.mark.usefixtures("twenty")
def test_from_sixty_percent_on_the_chip_warns(till: Till) -> None:
    member = register(till.counter, actor=till.actor("a1"))
    settle(till)
    till.wire.is_cut = True
    fill(till, [member], 12)
    assert chip_state(till.counter.status()) == "outbox_filling"
    with pytest.raises(Refused):
        fill(till, [member], 9)  # together they would be one too many: none of them is kept
    assert till.counter.journal.count_unsent() == 12
