"""Three days without head office: nothing grows slower, nothing is dropped, and the end comes as a sentence."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event

from guidedesk.domain import outbox
from guidedesk.domain.errors import Refused
from guidedesk.domain.time import DAY_MS
from guidedesk.services.operations import LogInteraction, RecordVisit
from guidedesk.sync.counter import Counter
from guidedesk.sync.protocol import MAX_OPS
from guidedesk.sync.status import chip_state
from tests.helpers.counter_parts import log, register
from tests.helpers.fixtures import sqlite_only  # noqa: F401
from tests.helpers.world import Till, settle

A_THREE_DAYS = 5_000
START_MOST_MS = 5_000
HOUR_MS = 3_600_000
A_BATCH = 300  # more than the next batch takes, and than a page of the sync centre
_STRIDE = 20  # instructions of SQLite's machine between two counts


@contextmanager
def work_of(counter: Counter) -> Iterator[list[int]]:
    """How much SQLite does in both files: counted, not timed, so it is the same on every PC."""
    counted = [0]

    def count() -> int:
        counted[0] += _STRIDE
        return 0

    seen: list[Any] = []

    def watch(connection: Any, _entry: Any, _proxy: Any) -> None:
        connection.set_progress_handler(count, _STRIDE)
        seen.append(connection)

    engines = (counter.journal.db.engine, counter.cache._db.engine)
    for engine in engines:
        event.listen(engine, "checkout", watch)
    try:
        yield counted
    finally:
        for engine in engines:
            event.remove(engine, "checkout", watch)
        # Left where it is, it would run in every statement of the test: and be where a signal finds it.
        for connection in seen:
            connection.set_progress_handler(None, 0)


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


def daily_work(till: Till, member: str) -> dict[str, int]:
    """What is done at a counter again and again, and what SQLite does for it."""
    counter, actor = till.counter, till.actor("a1")

    def cost(action: Callable[[], object]) -> int:
        action()  # what is asked for the first time is read and compiled
        with work_of(counter) as counted:
            action()
        return counted[0]

    visit = lambda: RecordVisit(visit_id=counter.new_id(), member_id=member)  # noqa: E731
    return {
        "scan": cost(lambda: counter.record_operations([visit()], actor, 2)),
        "log": cost(lambda: log(counter, member, "看了大衣", actor=actor)),
        "chip": cost(counter.status),
        "sync centre": cost(lambda: counter.records.latest(50)),
        "next batch": cost(lambda: counter.engine._pusher._next_batch()),
    }


def same(few: dict[str, int], many: dict[str, int]) -> bool:
    """At most two hundred steps of SQLite more: the depth of its trees."""
    return all(0 < many[name] <= few[name] * 1.1 + 200 for name in few)


def test_daily_work_costs_the_same_after_a_week_without_a_line(till: Till) -> None:
    members = [register(till.counter, actor=till.actor("a1"), name=f"王{n}") for n in range(30)]
    other = register(till.counter, actor=till.actor("a1"), name="沈")
    settle(till)
    till.wire.is_cut = True
    fill(till, members, A_BATCH)
    before = daily_work(till, other)
    fill(till, members, 600)
    after = daily_work(till, other)
    assert same(before, after), (before, after)


def start_after_a_crash(till: Till) -> int:
    """Milliseconds of a core from nothing to what the chip shows, on the files as they lie there now."""
    died = replace(till, folder=till.world.folder / "died", _counter=None)
    shutil.copytree(till.folder, died.folder)
    waiting = till.counter.status().waiting
    begun = time.process_time_ns()
    assert died.counter.status().waiting == waiting
    took_ms = (time.process_time_ns() - begun) // 1_000_000
    died.close()
    shutil.rmtree(died.folder)
    return took_ms


@pytest.mark.long
@pytest.mark.timeout(3_600)
def test_three_days_of_work_without_a_line_arrive_whole(till: Till) -> None:
    """Five thousand records over 72 hours, which is more than twice what a busy counter makes."""
    members = [register(till.counter, actor=till.actor("a1"), name=f"王{n}") for n in range(300)]
    settle(till)
    known = len(till.world.recorded())
    till.wire.is_cut = True
    for _ in range(72):
        fill(till, members, A_THREE_DAYS // 72 + 1)
        till.world.clock.tick(HOUR_MS)
        assert till.counter.engine.step().error is not None
    waiting = till.counter.status().waiting
    assert waiting >= A_THREE_DAYS
    start_ms = start_after_a_crash(till)
    assert start_ms < START_MOST_MS
    till.wire.is_cut = False
    settle(till)
    decided = till.world.recorded()
    assert (len(decided), set(decided.values())) == (known + waiting, {"accepted"})
    assert all(check.is_equal for check in till.counter.engine.check())
    sys.stdout.write(f"\n72 hours, {waiting} operations, each accepted; a start before took {start_ms} ms of a core\n")


@pytest.mark.long
@pytest.mark.timeout(3_600)
def test_with_fifty_thousand_that_wait_nothing_is_slower_and_all_of_it_arrives(till: Till) -> None:
    members = [register(till.counter, actor=till.actor("a1"), name=f"王{n}") for n in range(300)]
    other = register(till.counter, actor=till.actor("a1"), name="沈")
    settle(till)
    till.wire.is_cut = True
    known = len(till.world.recorded())
    fill(till, members, A_BATCH)
    before = daily_work(till, other)
    fill(till, members, outbox.MOST_UNSENT - A_BATCH - 20)
    after = daily_work(till, other)
    assert same(before, after), (before, after)
    waiting = till.counter.status().waiting
    assert waiting > outbox.MOST_UNSENT - 50
    start_ms = start_after_a_crash(till)
    assert start_ms < START_MOST_MS

    batches: list[tuple[int, int]] = []
    push = till.counter.engine._pusher._push

    def counted_push(batch: Any) -> int:
        with work_of(till.counter) as counted:
            answered = push(batch)
        batches.append((len(batch.entries), counted[0]))
        return answered

    till.counter.engine._pusher._push = counted_push  # type: ignore[method-assign]
    till.wire.is_cut = False
    settle(till)
    assert till.counter.status().waiting == 0
    decided = till.world.recorded()
    assert (len(decided), set(decided.values())) == (known + waiting, {"accepted"})
    # A batch at the end takes what one near the beginning took.
    full = [cost for size, cost in batches if size == MAX_OPS]
    assert max(full[-10:]) <= max(full[:10]) * 1.2, full
    sys.stdout.write(f"\n{waiting} operations, each accepted; a start before took {start_ms} ms of a core\n")


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
