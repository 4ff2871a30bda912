"""How often a PIN may be tried (SECURITY.md D-9): pure rules over states that the journal keeps.

The order that makes kill -9 useless to a thief: ask, `begin`, **commit both states**, check the PIN, and only
then `succeed` and commit again. A try that never got an answer stays counted as a failure.

Waits hold what is left, not when they end. They shrink by `elapse` alone, fed with the running program's
monotonic clock and saved each `SAVE_EVERY_MS`; so a restart, a crash or a changed clock never shortens one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MINUTE_MS: Final = 60_000
SAVE_EVERY_MS: Final = 5_000
FIRST_WAIT_AT: Final = 5
LONGEST_WAIT_MS: Final = 60 * MINUTE_MS
OFFLINE_ENDS_AT: Final = 10
DEVICE_TRIES: Final = 30
DEVICE_PERIOD_MS: Final = 60 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class StaffLock:
    """Failures of one staff number since its last success, known or unknown, and the wait left in ms."""

    failures: int = 0
    wait_left_ms: int = 0


@dataclass(frozen=True, slots=True)
class DeviceLock:
    """For each failure of the last hour on this device, the ms until it no longer counts; oldest first."""

    expires_in_ms: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Locks:
    """The two states an attempt touches; kept in one commit."""

    staff: StaffLock = StaffLock()
    device: DeviceLock = DeviceLock()


class Barrier(StrEnum):
    """What stands in the way of an attempt."""

    NONE = "none"
    STAFF_WAIT = "staff_wait"
    DEVICE_WAIT = "device_wait"
    ONLINE_OR_MANAGER = "online_or_manager"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a PIN may be tried now; `wait_ms` is set for the two waits."""

    barrier: Barrier
    wait_ms: int = 0

    @property
    def is_allowed(self) -> bool:
        return self.barrier is Barrier.NONE


def ask(locks: Locks, *, online: bool) -> Verdict:
    """May this staff number try a PIN on this device now? `online`: the server does the check."""
    staff, device = locks.staff, locks.device
    if staff.failures >= OFFLINE_ENDS_AT and not online:
        return Verdict(Barrier.ONLINE_OR_MANAGER)
    waits = (
        Verdict(Barrier.STAFF_WAIT, staff.wait_left_ms),
        Verdict(Barrier.DEVICE_WAIT, _device_wait_ms(device)),
    )
    longest = max(waits, key=lambda verdict: verdict.wait_ms)
    return longest if longest.wait_ms > 0 else Verdict(Barrier.NONE)


def begin(locks: Locks, *, online: bool) -> Locks:
    """The states to commit *before* the check, in which this attempt already counts as failed."""
    if not ask(locks, online=online).is_allowed:
        raise ValueError("an attempt needs an allowed verdict")
    failures = locks.staff.failures + 1
    staff = StaffLock(failures, wait_after_ms(failures))
    return Locks(staff, DeviceLock((*locks.device.expires_in_ms, DEVICE_PERIOD_MS)))


def succeed(locks: Locks) -> Locks:
    """The states after the PIN of a begun attempt was right: it no longer counts, here nor on the device."""
    return Locks(StaffLock(), DeviceLock(locks.device.expires_in_ms[:-1]))


def tries_left(staff: StaffLock) -> int:
    """Tries until the next wait or barrier, for "4 tries left"; one after each wait, then none."""
    if staff.failures < FIRST_WAIT_AT:
        return FIRST_WAIT_AT - staff.failures
    return 1 if staff.failures < OFFLINE_ENDS_AT else 0


def release(staff: StaffLock) -> StaffLock:
    """A manager vouches for the person: the failures end, the device's hour stays as it is."""
    return StaffLock() if staff.failures else staff


def elapse_staff(staff: StaffLock, elapsed_ms: int) -> StaffLock:
    """The state after the program ran `elapsed_ms` longer; a clock that went back counts as nothing."""
    return StaffLock(staff.failures, max(0, staff.wait_left_ms - max(0, elapsed_ms)))


def elapse_device(device: DeviceLock, elapsed_ms: int) -> DeviceLock:
    """As `elapse_staff`; failures older than an hour of running time drop out."""
    passed = max(0, elapsed_ms)
    return DeviceLock(tuple(left - passed for left in device.expires_in_ms if left > passed))


def elapse(locks: Locks, elapsed_ms: int) -> Locks:
    """Both states after the program ran `elapsed_ms` longer."""
    return Locks(elapse_staff(locks.staff, elapsed_ms), elapse_device(locks.device, elapsed_ms))


def wait_after_ms(failures: int) -> int:
    """The wait that follows this many failures: none, then 1 minute at the fifth, doubling to 60."""
    if failures < FIRST_WAIT_AT:
        return 0
    doublings = min(failures - FIRST_WAIT_AT, LONGEST_WAIT_MS.bit_length())
    return int(min(MINUTE_MS << doublings, LONGEST_WAIT_MS))


def _device_wait_ms(device: DeviceLock) -> int:
    """Until the failure that makes the hour's count drop below the limit has left it."""
    surplus = len(device.expires_in_ms) - DEVICE_TRIES
    return device.expires_in_ms[surplus] if surplus >= 0 else 0
