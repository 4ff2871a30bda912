"""The members whoever is signed in looks after, kept up to date for every screen that tells her whom to contact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from PySide6.QtCore import QObject, QTimer

from guidedesk.services.care_book import CareBook
from guidedesk.services.changes import Changes
from guidedesk.services.queries.care import CareMember
from guidedesk.services.queries.follow_ups import get_agenda
from guidedesk.services.queries.reference import get_settings
from guidedesk.services.session import Session
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.state_presenter import StatePresenter

HOUR_MS: Final = 60 * 60_000  # a new day is noticed within this time, also on a page nobody touches


@dataclass(frozen=True, slots=True)
class CareState:
    """Her members, and how many of them wait for her today."""

    people: tuple[CareMember, ...] = ()
    due: int = 0


class CareFeed(StatePresenter[CareState]):
    """`state_changed(CareState)` when what writes itself, or the count of today, is another."""

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(CareState(), parent)
        self._desk = desk
        self._book = CareBook()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.reload)
        desk.session_changed.connect(self._take_session)
        desk.tasks.committed.connect(self._committed)

    def reload(self) -> None:
        """Read what changed of her members, and count."""
        session = self._desk.session
        if session is None or not self._desk.may("follow_up.complete"):
            return

        def taken(state: CareState) -> None:
            if self._desk.session is session:
                self._show_state(state)

        self._desk.read(self._read, session.staff.id, self._desk.now_ms(), done=taken, latest="care.feed")

    def _read(self, connection: Any, staff_id: str, now_ms: int) -> CareState:
        settings = get_settings(connection)
        people = self._book.refresh(connection, staff_id, settings, now_ms)
        return CareState(people, len(get_agenda(connection, staff_id, now_ms, settings.zone, people).items))

    def _committed(self, changes: object) -> None:
        if isinstance(changes, Changes) and self._book.touch(changes):
            self.reload()

    def _take_session(self, session: Session | None) -> None:
        # Nobody's members may stay behind the next one's back.
        self._show_state(CareState())
        self._timer.stop()
        if session is not None:
            self._timer.start(HOUR_MS)
            self.reload()
