"""No crash, restart or clock trick gives a thief one more try at a PIN (D-9)."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guidedesk.domain.lockout import (
    DEVICE_PERIOD_MS,
    DEVICE_TRIES,
    MINUTE_MS,
    SAVE_EVERY_MS,
    Barrier,
    DeviceLock,
    Locks,
    StaffLock,
    ask,
    begin,
    elapse,
    elapse_device,
    elapse_staff,
    release,
    succeed,
    tries_left,
    wait_after_ms,
)

DAY_MS = 24 * 60 * MINUTE_MS
TEN_YEARS_MS = 3650 * DAY_MS


def test_waits_begin_at_the_fifth_failure_and_double_to_an_hour() -> None:
    minutes = [wait_after_ms(failures) // MINUTE_MS for failures in range(13)]
    assert minutes == [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60]
    assert wait_after_ms(10**9) == 60 * MINUTE_MS


def test_the_screen_can_say_how_many_tries_are_left() -> None:
    assert [tries_left(StaffLock(failures)) for failures in range(12)] == [5, 4, 3, 2, 1, 1, 1, 1, 1, 1, 0, 0]


def fail_times(count: int, *, online: bool = False) -> Locks:
    locks = Locks()
    for _ in range(count):
        locks = elapse_staff_only(begin(locks, online=online))
    return locks


def elapse_staff_only(locks: Locks) -> Locks:
    return Locks(elapse_staff(locks.staff, 60 * MINUTE_MS), locks.device)


def test_four_mistakes_cost_nothing_and_the_right_pin_forgets_them() -> None:
    locks = Locks()
    for _ in range(4):
        locks = begin(locks, online=False)
        assert ask(locks, online=False).is_allowed
    locks = succeed(begin(locks, online=False))
    assert locks.staff == StaffLock()
    assert len(locks.device.expires_in_ms) == 4


def test_the_fifth_failure_waits_a_minute_of_running_time() -> None:
    locks = Locks()
    for _ in range(5):
        locks = begin(locks, online=False)
    verdict = ask(locks, online=True)
    assert (verdict.barrier, verdict.wait_ms) == (Barrier.STAFF_WAIT, MINUTE_MS)
    assert not ask(elapse(locks, MINUTE_MS - 1), online=False).is_allowed
    assert ask(elapse(locks, MINUTE_MS), online=False).is_allowed


def test_ten_failures_need_the_server_or_a_manager() -> None:
    locks = fail_times(10)
    assert ask(locks, online=False).barrier is Barrier.ONLINE_OR_MANAGER
    assert ask(elapse(locks, TEN_YEARS_MS), online=False).barrier is Barrier.ONLINE_OR_MANAGER
    assert ask(locks, online=True).is_allowed
    with pytest.raises(ValueError, match="allowed verdict"):
        begin(locks, online=False)
    vouched = Locks(release(locks.staff), locks.device)
    assert ask(vouched, online=False).is_allowed


def test_a_device_gets_thirty_failures_an_hour_over_all_staff() -> None:
    device = DeviceLock()
    for _ in range(DEVICE_TRIES):
        device = elapse_device(begin(Locks(StaffLock(), device), online=False).device, MINUTE_MS)
    verdict = ask(Locks(StaffLock(), device), online=True)
    assert (verdict.barrier, verdict.wait_ms) == (Barrier.DEVICE_WAIT, 30 * MINUTE_MS)
    assert ask(Locks(StaffLock(), elapse_device(device, 30 * MINUTE_MS)), online=False).is_allowed
    assert elapse_device(device, DEVICE_PERIOD_MS) == DeviceLock()


def test_a_right_pin_does_not_use_up_the_devices_hour() -> None:
    locks = Locks()
    for _ in range(3 * DEVICE_TRIES):
        locks = succeed(begin(locks, online=False))
    assert locks == Locks()


@given(st.integers(0, 10**9), st.integers(-TEN_YEARS_MS, 0))
def test_a_clock_that_goes_back_shortens_nothing(left: int, elapsed: int) -> None:
    locks = Locks(StaffLock(7, left), DeviceLock((left,) if left else ()))
    assert elapse(locks, elapsed) == locks


@dataclass
class Counter:
    """A counter program as it treats the locks: commits, ticks, dies, starts again."""

    saved: Locks = field(default_factory=Locks)
    running: Locks = field(default_factory=Locks)
    unsaved_ms: int = 0
    checked: int = 0

    def run_for(self, mono_ms: int) -> None:
        self.running = elapse(self.running, mono_ms)
        self.unsaved_ms += mono_ms
        if self.unsaved_ms >= SAVE_EVERY_MS:
            self.commit()

    def commit(self) -> None:
        self.saved, self.unsaved_ms = self.running, 0

    def attempt(self, die: str) -> None:
        """`die`: '' or the point at which the process is killed."""
        if not ask(self.running, online=False).is_allowed:
            return
        self.running = begin(self.running, online=False)
        if die != "before_commit":
            self.commit()
            self.checked += 1
        if die:
            self.restart()

    def restart(self) -> None:
        self.running, self.unsaved_ms = self.saved, 0


STEP = st.one_of(
    st.tuples(st.just("attempt"), st.sampled_from(["", "before_commit", "after_commit"])),
    st.tuples(st.just("run"), st.sampled_from([200, 1_000, SAVE_EVERY_MS])),
    st.tuples(st.just("restart"), st.just("")),
    st.tuples(st.just("wall_clock"), st.sampled_from([-TEN_YEARS_MS, TEN_YEARS_MS])),
)


def allowed_by_rule(run_ms: int) -> int:
    """The most checks an offline thief may get on one number in so much running time."""
    count, needed = 0, 0
    while count < 10:
        needed += wait_after_ms(count)
        if needed > run_ms:
            break
        count += 1
    return count


@settings(max_examples=300)
@given(st.lists(STEP, max_size=150))
def test_killing_and_restarting_never_gives_an_extra_try(steps: list[tuple[str, object]]) -> None:
    counter, run_ms = Counter(), 0
    for kind, value in steps:
        if kind == "attempt":
            assert isinstance(value, str)
            counter.attempt(value)
        elif kind == "run":
            assert isinstance(value, int)
            counter.run_for(value)
            run_ms += value
        elif kind == "restart":
            before = counter.running.staff.wait_left_ms
            counter.restart()
            assert counter.running.staff.wait_left_ms >= before
        # A change of the wall clock reaches nothing here: no rule takes a time of day.
        assert counter.checked <= allowed_by_rule(run_ms)
        assert counter.checked <= counter.saved.staff.failures


def test_a_thousand_kills_during_attempts_give_ten_checks_at_most() -> None:
    counter = Counter()
    for number in range(1_000):
        counter.attempt("after_commit" if number % 3 else "before_commit")
        counter.run_for(SAVE_EVERY_MS)
        counter.restart()
    assert counter.checked == allowed_by_rule(1_000 * SAVE_EVERY_MS) == 10
