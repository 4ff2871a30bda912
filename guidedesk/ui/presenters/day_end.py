"""The end of somebody's day: what she did and whether it is safe, told over the locked screen.

The lock never waits for it: the counts are read beside the window, and a PIN may be typed while they are shown.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject

from guidedesk.domain.day import DayEnd
from guidedesk.services.queries.care import CareMember
from guidedesk.services.session import Session
from guidedesk.sync.status import SyncStatus
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.care_feed import CareFeed
from guidedesk.ui.presenters.state_presenter import StatePresenter


@dataclass(frozen=True, slots=True)
class DayEndState:
    """`end` is None while nothing is told. Names nobody: the screen is locked, and anybody may look at it."""

    end: DayEnd | None = None
    is_offline: bool = False


class DayEndPresenter(StatePresenter[DayEndState]):
    """`state_changed(DayEndState)`."""

    def __init__(self, desk: Desk, care: CareFeed, parent: QObject | None = None) -> None:
        super().__init__(DayEndState(), parent)
        self._desk, self._care = desk, care
        self._staff_id = ""
        self._people: tuple[CareMember, ...] = ()
        self._is_wanted = False
        self._waiting = 0
        desk.session_ending.connect(self._end)
        desk.session_changed.connect(self._take_session)
        desk.status_changed.connect(self._take_status)

    def want(self) -> None:
        """She said herself that her day ends with the lock that follows, whatever the hour."""
        self._is_wanted = True

    def close(self) -> None:
        """Esc, Enter, or the first digit of a PIN; also when a colleague takes the counter over."""
        self._is_wanted = False
        self._staff_id, self._people = "", ()
        self._desk.tasks.forget("day.end")
        self._show(end=None)

    def _end(self, session: Session) -> None:
        self._staff_id, self._people = session.staff.id, self._care.state.people
        self._desk.tasks.write(self._desk.counter.day.leave, session.staff.id, failed=self._no_matter)
        self._read()

    def _read(self) -> None:
        self._desk.tasks.read(
            self._desk.counter.day.today, self._staff_id, self._people, done=self._take, failed=self._no_matter,
            latest="day.end",
        )  # fmt: skip

    def _take(self, end: DayEnd) -> None:
        if self._is_wanted or (end.is_evening and end.work.saved):
            self._show(end=end)
        else:
            self._staff_id, self._people = "", ()

    def _no_matter(self, _error: Exception) -> None:
        """She may go without it: what is recorded is recorded."""

    def _take_session(self, session: Session | None) -> None:
        if session is not None:
            self.close()

    def _take_status(self, status: SyncStatus) -> None:
        self._show(is_offline=status.is_offline)
        if status.waiting != self._waiting:
            self._waiting = status.waiting
            if self.state.end is not None:
                self._read()
