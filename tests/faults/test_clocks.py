"""Clocks that are years off, go back or stand still: what counts goes by the server's time (D-5)."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import select

from guidedesk.domain.errors import Refused
from guidedesk.domain.lockout import SAVE_EVERY_MS
from guidedesk.domain.time import DAY_MS
from guidedesk.models import server_tables as tables
from guidedesk.models.entities import load_rows
from guidedesk.services.operations import EditMember
from guidedesk.sync.clock import ServerClock
from guidedesk.sync.system import SystemClock
from tests.helpers.counter_parts import ManualClock, log, record, register
from tests.helpers.postgres import SQLITE
from tests.helpers.world import Till, World, open_world, settle

YEAR_MS = 365 * DAY_MS
HOUR_MS = 3_600_000
OFF = [10 * YEAR_MS, -10 * YEAR_MS, -HOUR_MS]


@dataclass
class PcClock(ManualClock):
    """A PC beside the server's clock: its wall clock may be wrong, and its monotonic one may have stood still."""

    world: ManualClock = field(default_factory=ManualClock)
    slept_ms: int = 0

    def wall_ms(self) -> int:
        return self.world.wall_ms() + self.wall_error_ms

    def mono_ms(self) -> int:
        return self.world.mono_ms() - self.slept_ms


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = open_world(tmp_path, backend=SQLITE)
    yield made
    made.close()


@pytest.fixture
def pc(world: World) -> tuple[Till, PcClock]:
    """A counter that knows the server's time, and its PC's clock."""
    till, clock = world.till(), PcClock(world=world.clock)
    till.close()
    till.clock = clock
    settle(till)
    return till, clock


def occurred(world: World) -> list[int]:
    o = tables.op_log.c
    with world.database.read() as conn:
        return list(conn.execute(select(o.occurred_at_ms).order_by(o.device_seq)).scalars())


@pytest.mark.parametrize("off_ms", OFF)
def test_a_wall_clock_set_to_anything_changes_nothing(world: World, pc: tuple[Till, PcClock], off_ms: int) -> None:
    till, clock = pc
    till.wire.is_cut = True
    member = register(till.counter, actor=till.actor("a1"))
    true = [world.clock.wall_ms()]
    for restarted in (False, True):
        clock.wall_error_ms += off_ms
        world.clock.tick(HOUR_MS)
        if restarted:
            till.close()
        log(till.counter, member, actor=till.actor("a1"))
        true.append(world.clock.wall_ms())
    till.wire.is_cut = False
    settle(till)
    assert occurred(world) == true
    assert set(world.recorded().values()) == {"accepted"}


@pytest.mark.parametrize("off_ms", OFF)
def test_after_a_reboot_no_clock_goes_before_the_last_contact(pc: tuple[Till, PcClock], off_ms: int) -> None:
    """The wall clock is the only hint then; one that went back is seen, and what it says is not believed."""
    till, clock = pc
    contact = till.counter.now_ms()
    till.close()
    clock.world.tick(HOUR_MS)
    clock.boot, clock.wall_error_ms = "boot-2", off_ms
    till.wire.is_cut = True
    now = till.counter.clock.now()
    assert now.at_ms >= contact
    assert (now.confidence == "suspect") == (contact + HOUR_MS + off_ms < contact)
    till.wire.is_cut = False
    settle(till)
    assert till.counter.now_ms() == clock.world.wall_ms()
    assert till.counter.clock.now().confidence == "good"


def test_under_a_clock_that_is_held_the_order_is_that_of_the_work(world: World, pc: tuple[Till, PcClock]) -> None:
    """A PC without a battery: no time before the last contact, and none after it that could be known."""
    till, clock = pc
    till.wire.is_cut = True
    clock.world.tick(HOUR_MS)
    member = register(till.counter, "A", actor=till.actor("a1"))  # an hour after the contact, which is known
    till.close()
    clock.boot, clock.wall_error_ms = "boot-2", -10 * YEAR_MS
    names = [f"沈{n}" for n in range(6)]
    for name in names:
        clock.world.tick(1_000)
        edit = EditMember(member_id=member, fields=("name",), name=name)
        record(till.counter, edit, actor=till.actor("a1"))
    with till.counter.read() as conn:
        assert load_rows(conn, "member", till.store_id, [member])[0]["name"] == names[-1]
    till.wire.is_cut = False
    settle(till)
    at_ms = occurred(world)
    assert at_ms == sorted(set(at_ms))
    assert at_ms[-1] <= world.clock.wall_ms()
    assert set(world.recorded().values()) == {"accepted"}
    with till.counter.read() as conn:
        assert load_rows(conn, "member", till.store_id, [member])[0]["name"] == names[-1]


@pytest.mark.parametrize("boot", ["boot-2", "boot-3"])
def test_a_clock_put_back_where_there_is_no_other_turns_no_order_round(
    world: World, pc: tuple[Till, PcClock], boot: str
) -> None:
    """Booted without contact and then put back to a time after the last contact: by fifteen days, or before the next
    start by three. In one boot the monotonic clock still tells how much time went by."""
    till, clock = pc
    till.close()
    clock.boot = "boot-2"
    clock.world.tick(20 * DAY_MS)
    till.wire.is_cut = True
    member = register(till.counter, "A", actor=till.actor("a1"))
    true = [world.clock.wall_ms()]
    if boot != clock.boot:
        till.close()
    clock.wall_error_ms = (-15 if boot == clock.boot else -3) * DAY_MS
    clock.boot = boot
    for name in ("沈一", "沈二"):
        clock.world.tick(HOUR_MS)
        edit = EditMember(member_id=member, fields=("name",), name=name)
        record(till.counter, edit, actor=till.actor("a1"))
        true.append(world.clock.wall_ms())
    till.wire.is_cut = False
    settle(till)
    at_ms = occurred(world)
    assert at_ms == (true if boot == "boot-2" else [true[0], true[0] + 1, true[0] + 1 + HOUR_MS])
    assert set(world.recorded().values()) == {"accepted"}
    with till.counter.read() as conn:
        assert load_rows(conn, "member", till.store_id, [member])[0]["name"] == "沈二"


def test_a_clock_put_right_after_years_is_believed(world: World, pc: tuple[Till, PcClock]) -> None:
    """What was recorded under the wrong one may not take the work after it along."""
    till, clock = pc
    till.close()
    clock.boot, clock.wall_error_ms = "boot-2", 10 * YEAR_MS
    till.wire.is_cut = True
    member = register(till.counter, actor=till.actor("a1"))
    clock.wall_error_ms = 0
    clock.world.tick(HOUR_MS)
    log(till.counter, member, actor=till.actor("a1"))
    true = world.clock.wall_ms()
    till.wire.is_cut = False
    clock.world.tick(HOUR_MS)
    settle(till)
    assert occurred(world)[1] == true


@pytest.mark.parametrize("years", [10, -10])
def test_what_was_done_on_a_pc_years_off_takes_effect_or_waits_for_a_manager(
    world: World, pc: tuple[Till, PcClock], years: int
) -> None:
    """Booted without contact: nothing it did is dropped, and nothing is booked in another year unseen."""
    till, clock = pc
    till.close()
    clock.boot, clock.wall_error_ms = "boot-2", years * YEAR_MS
    till.wire.is_cut = True
    log(till.counter, register(till.counter, actor=till.actor("a1")), actor=till.actor("a1"))
    till.wire.is_cut = False
    for _ in range(3):
        till.counter.engine.step()
    states = set(world.recorded().values())
    assert len(world.recorded()) == 2
    assert states <= {"accepted", "quarantined"}
    if states == {"accepted"}:
        assert all(at_ms <= world.clock.wall_ms() for at_ms in occurred(world))


def test_a_laptop_closed_overnight_knows_the_day(pc: tuple[Till, PcClock]) -> None:
    till, clock = pc
    clock.world.tick(14 * HOUR_MS)
    now = till.counter.clock.now()
    assert (now.at_ms, now.confidence) == (clock.world.wall_ms(), "good")


def test_a_paused_machine_is_right_again_with_the_first_answer(pc: tuple[Till, PcClock]) -> None:
    """Its monotonic clock stood still; the quick answers from before must not outvote the new one."""
    till, clock = pc
    server = till.counter.clock
    for _ in range(40):
        clock.world.tick(1_000)
        server.observe(clock.mono_ms() - 2, clock.mono_ms(), clock.world.wall_ms() - 1)
    clock.world.tick(8 * HOUR_MS)
    clock.slept_ms += 8 * HOUR_MS
    assert server.now().confidence == "suspect"
    server.observe(clock.mono_ms() - 300, clock.mono_ms(), clock.world.wall_ms() - 150)
    assert server.now_ms() == clock.world.wall_ms()
    assert server.now().confidence == "good"


def test_a_slow_answer_alone_moves_nothing(pc: tuple[Till, PcClock]) -> None:
    till, clock = pc
    server: ServerClock = till.counter.clock
    for _ in range(10):
        server.observe(clock.mono_ms() - 2, clock.mono_ms(), clock.world.wall_ms() - 1)
    server.observe(clock.mono_ms() - 20_000, clock.mono_ms(), clock.world.wall_ms())
    assert server.now_ms() == clock.world.wall_ms()


@pytest.mark.skipif(sys.platform != "linux", reason="what Linux leaves out of its monotonic clock")
def test_the_pcs_own_clock_counts_sleep() -> None:
    before = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000
    read = SystemClock().mono_ms()
    assert before <= read <= time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


@pytest.mark.parametrize("off_ms", OFF)
def test_no_clock_shortens_a_wait_after_wrong_pins(pc: tuple[Till, PcClock], off_ms: int) -> None:
    till, clock = pc
    for _ in range(5):
        till.counter.locks.begin("a1")
    with pytest.raises(Refused) as refused:
        till.counter.locks.begin("a1")
    wait_s = refused.value.params["wait_s"]
    clock.wall_error_ms += off_ms
    assert till.counter.locks.tries("a1").wait_s == wait_s
    till.close()
    clock.boot = "boot-2"
    clock.wall_error_ms += off_ms
    assert till.counter.locks.tries("a1").wait_s == wait_s
    clock.world.tick(SAVE_EVERY_MS)
    assert till.counter.locks.tries("a1").wait_s == int(str(wait_s)) - SAVE_EVERY_MS // 1000
