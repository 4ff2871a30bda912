"""PIN tries of this counter in its journal: counted before a check, waits that only running time shortens (D-9)."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Final

from sqlalchemy import Connection, delete, select

from guidedesk.domain import lockout as rules
from guidedesk.domain.errors import Refused
from guidedesk.domain.lockout import Barrier, DeviceLock, Locks, StaffLock
from guidedesk.domain.ports import Clock
from guidedesk.models import counter_tables as t
from guidedesk.models.database import Database
from guidedesk.models.entities import upsert
from guidedesk.sync.file_lock import FileLock

_DEVICE: Final = "device"
_STAFF: Final = "staff:"
_FILE: Final = "lockout.lock"
_CODES: Final = {
    Barrier.STAFF_WAIT: "staff_wait",
    Barrier.DEVICE_WAIT: "device_wait",
    Barrier.ONLINE_OR_MANAGER: "online_or_manager",
}


@dataclass(frozen=True, slots=True)
class Tries:
    """What a sign-in tile shows: tries until the next wait, seconds of the wait that runs."""

    left: int
    wait_s: int


def refusal(verdict: rules.Verdict) -> Refused:
    """The sentence's code for a barrier, with `wait_s` where a wait ends it."""
    return Refused(_CODES[verdict.barrier], wait_s=_seconds(verdict.wait_ms))


class LockoutStore:
    """Locks of one counter; each change is one committed transaction. Safe between threads and processes.

    One process counts the waits down (whoever holds the lock file), so ten copies of the program do not
    count ten times as fast; a process that does not hold it shortens nothing.
    """

    def __init__(self, db: Database, clock: Clock, folder: Path) -> None:
        self._db = db
        self._clock = clock
        self._file = FileLock(folder / _FILE)
        self._held = ExitStack()
        self._is_counting = False
        self._last_ms = clock.mono_ms()
        self._guard = Lock()

    def begin(self, number: str) -> Locks:
        """Counts a try as failed, on disk when this returns; gives the locks before it.

        Raises `staff_wait` or `device_wait` (wait_s). What an offline try needs beyond that is asked of the
        returned locks, once it is known that there is no contact.
        """
        with self._guard, self._db.write() as conn:
            before = self._count_down(conn, number)
            verdict = rules.ask(before, online=True)
            if verdict.is_allowed:
                _write(conn, number, rules.begin(before, online=True))
        # Refused after the commit, so that the counting down is kept.
        if not verdict.is_allowed:
            raise refusal(verdict)
        return before

    def succeed(self, number: str) -> None:
        """The PIN of the begun try was right."""
        with self._guard, self._db.write() as conn:
            _write(conn, number, rules.succeed(self._count_down(conn, number)))

    def take_back(self, number: str, before: Locks) -> None:
        """The begun try never looked at a PIN: it does not count."""
        with self._guard, self._db.write() as conn:
            now = self._count_down(conn, number)
            _write(conn, number, Locks(before.staff, DeviceLock(now.device.expires_in_ms[:-1])))

    def release(self, number: str) -> None:
        """A manager vouches for the person."""
        with self._guard, self._db.write() as conn:
            now = self._count_down(conn, number)
            _write(conn, number, Locks(rules.release(now.staff), now.device))

    def tries(self, number: str) -> Tries:
        """How many tries are left, and the wait that runs."""
        with self._guard, self._db.read() as conn:
            locks = rules.elapse(_read(conn, number), self._elapsed_ms())
        verdict = rules.ask(locks, online=True)
        return Tries(rules.tries_left(locks.staff), _seconds(verdict.wait_ms))

    def save(self) -> None:
        """Keep how far the waits have run; called every `domain.lockout.SAVE_EVERY_MS` by whoever has a timer.

        Without it a crash makes a wait longer, never shorter.
        """
        with self._guard:
            if self._elapsed_ms() < rules.SAVE_EVERY_MS:
                return
            with self._db.read() as conn:
                is_running = any(_runs(state) for state in _states(conn).values())
            if not is_running:
                self._last_ms = self._clock.mono_ms()
                return
            with self._db.write() as conn:
                self._count_down(conn, None)

    def close(self) -> None:
        """Let another process count."""
        self._held.close()
        self._is_counting = False

    def _elapsed_ms(self) -> int:
        now_ms = self._clock.mono_ms()
        if not self._is_counting:
            attempt = ExitStack()
            self._is_counting = attempt.enter_context(self._file.try_hold())
            if self._is_counting:
                self._held = attempt
            else:
                attempt.close()
            self._last_ms = now_ms
        return max(0, now_ms - self._last_ms)

    def _count_down(self, conn: Connection, number: str | None) -> Locks:
        """Takes the time that ran off every wait, and gives the locks of a number (or of none)."""
        elapsed = self._elapsed_ms()
        self._last_ms += elapsed
        for subject, state in _states(conn).items():
            if subject == _DEVICE:
                old_device = _device(state)
                device = rules.elapse_device(old_device, elapsed)
                if device != old_device:
                    _put(conn, _DEVICE, {"expires_in_ms": list(device.expires_in_ms)})
            else:
                staff = rules.elapse_staff(_staff(state), elapsed)
                if staff != _staff(state):
                    _put(conn, subject, _staff_state(staff))
        return Locks() if number is None else _read(conn, number)


def _states(conn: Connection) -> dict[str, dict[str, Any]]:
    rows = conn.execute(select(t.lockout.c.subject, t.lockout.c.json)).all()
    return {row.subject: json.loads(row.json) for row in rows}


def _runs(state: dict[str, Any]) -> bool:
    """Whether time still changes this state."""
    return bool(state.get("wait_left_ms") or state.get("expires_in_ms"))


def _read(conn: Connection, number: str) -> Locks:
    wanted = (_STAFF + number, _DEVICE)
    rows = conn.execute(select(t.lockout.c.subject, t.lockout.c.json).where(t.lockout.c.subject.in_(wanted)))
    found = {subject: json.loads(text) for subject, text in rows}
    return Locks(_staff(found.get(_STAFF + number, {})), _device(found.get(_DEVICE, {})))


def _write(conn: Connection, number: str, locks: Locks) -> None:
    if locks.staff == StaffLock():
        conn.execute(delete(t.lockout).where(t.lockout.c.subject == _STAFF + number))
    else:
        _put(conn, _STAFF + number, _staff_state(locks.staff))
    _put(conn, _DEVICE, {"expires_in_ms": list(locks.device.expires_in_ms)})


def _put(conn: Connection, subject: str, state: dict[str, Any]) -> None:
    upsert(conn, t.lockout, [{"subject": subject, "json": json.dumps(state)}])


def _staff(state: dict[str, Any]) -> StaffLock:
    return StaffLock(state.get("failures", 0), state.get("wait_left_ms", 0))


def _staff_state(staff: StaffLock) -> dict[str, Any]:
    return {"failures": staff.failures, "wait_left_ms": staff.wait_left_ms}


def _device(state: dict[str, Any]) -> DeviceLock:
    return DeviceLock(tuple(state.get("expires_in_ms", ())))


def _seconds(wait_ms: int) -> int:
    return -(-wait_ms // 1000)
