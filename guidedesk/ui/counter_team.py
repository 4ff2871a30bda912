"""The Team board put together with the window: a manager's page, the list behind a mark, what leaves as a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal

from guidedesk.domain.access import Permission
from guidedesk.domain.people import Tier
from guidedesk.domain.tiers import ORDER
from guidedesk.services.session import Session
from guidedesk.services.team import KPIS, TeamBoard
from guidedesk.ui.counter_files import CounterFile
from guidedesk.ui.desk import Desk
from guidedesk.ui.main_window import MainWindow
from guidedesk.ui.presenters.team import TeamPresenter, TeamState
from guidedesk.ui.presenters.team_files import TeamFilePresenter
from guidedesk.ui.when_shown import WhenShown

if TYPE_CHECKING:
    from guidedesk.ui.views.team_files import TeamFileDialog
    from guidedesk.ui.views.team_list import TeamListDialog

TEAM: Final = "team"


def _draw(board: TeamBoard, session: Session, now_ms: int) -> bytes:
    from guidedesk.ui.printing.weekly_note import Note, note_pdf

    return note_pdf(Note(board, board.period("week"), session.staff, now_ms))


class CounterTeam(QObject):
    """An associate finds no way here: the rail has no entry for her, and head office answers her nothing.

    `member_wanted(member id)` and `associate_wanted(staff id)` lead on.
    """

    member_wanted = Signal(str)
    associate_wanted = Signal(str)

    def __init__(
        self, desk: Desk, window: MainWindow, is_allowed: Callable[[Permission], bool], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._window, self._is_allowed = window, is_allowed
        self._dialog: TeamListDialog | None = None
        self.presenter = TeamPresenter(desk, self)
        self.presenter.member_wanted.connect(self.member_wanted)
        self.files = TeamFilePresenter(desk, _draw, self)
        CounterFile(window, self.files, self._file_dialog, self)
        window.page_shown.connect(self._page_shown)

    def add_page(self) -> None:
        """Put the page into the window."""
        from guidedesk.ui.views.team import TeamPage  # late: a window takes a scan first

        page, presenter = TeamPage(), self.presenter
        presenter.state_changed.connect(WhenShown(page, page.render_state).take)
        presenter.state_changed.connect(self._show_list)
        presenter.list_wanted.connect(self._open_list)
        page.period_chosen.connect(presenter.choose_period)
        page.area_chosen.connect(self._choose_area)
        page.tables_switched.connect(presenter.switch_tables)
        page.kpi_opened.connect(self._open_kpi)
        page.day_opened.connect(presenter.open_day)
        page.person_opened.connect(self._open_person)
        page.follow_ups_opened.connect(self._open_follow_ups)
        page.tier_opened.connect(self._open_tier)
        page.hour_opened.connect(presenter.open_hour)
        page.retried.connect(presenter.reload)
        page.meaning_wanted.connect(self._open_meaning)
        page.export_started.connect(self._export)
        page.note_started.connect(self._note)
        page.render_state(presenter.state)
        self._window.add_page(TEAM, page)

    def leave(self) -> None:
        """Something else comes first."""
        self.files.leave()
        if self._dialog is not None:
            self._dialog = None
            self.presenter.leave_list()

    def _export(self) -> None:
        state = self.presenter.state
        if state.board is not None:
            self.files.open_export(state.board, state.period)

    def _note(self) -> None:
        board = self.presenter.state.board
        if board is not None:
            self.files.open_note(board)

    def _file_dialog(self) -> TeamFileDialog:
        from guidedesk.ui.views.team_files import TeamFileDialog

        return TeamFileDialog("team.note_title" if self.files.state.is_note else "team.export_title")

    def _page_shown(self, name: str) -> None:
        if name == TEAM and self._is_allowed("team.view"):
            self.presenter.open()
        elif name != TEAM:
            self.presenter.rest()

    def _choose_area(self, is_area: bool) -> None:
        self.presenter.choose_area(is_area=is_area)

    def _open_kpi(self, name: str) -> None:
        found = next((kpi for kpi in KPIS if kpi == name), None)
        if found is not None:
            self.presenter.open_kpi(found)

    def _open_person(self, person_id: str) -> None:
        self.presenter.open_person(person_id)

    def _open_follow_ups(self, person_id: str) -> None:
        self.presenter.open_person(person_id, "follow_ups")

    def _open_tier(self, name: str) -> None:
        tier: Tier | None = next((tier for tier in ORDER if tier == name), None)
        if tier is not None:
            self.presenter.open_tier(tier)

    def _open_list(self) -> None:
        from guidedesk.ui.views.team_list import TeamListDialog

        dialog = TeamListDialog()
        dialog.member_opened.connect(self._open_member)
        dialog.associate_opened.connect(self._open_associate)
        dialog.closed.connect(self._left)
        dialog.render_state(self.presenter.state)
        self._dialog = dialog
        self._window.open_dialog(dialog)

    def _show_list(self, state: object) -> None:
        if isinstance(state, TeamState) and self._dialog is not None:
            self._dialog.render_state(state)

    def _open_member(self, member_id: str) -> None:
        self._dialog = None
        self._window.overlays.close()
        self.presenter.open_member(member_id)

    def _open_associate(self, staff_id: str) -> None:
        self._left()
        self.associate_wanted.emit(staff_id)

    def _left(self) -> None:
        if self._dialog is not None:
            self._dialog = None
            self._window.overlays.close()
            self.presenter.leave_list()

    def _open_meaning(self) -> None:
        from guidedesk.ui.views.team_list import MeaningDialog

        board = self.presenter.state.board
        if board is None:
            return
        dialog = MeaningDialog(board)
        dialog.closed.connect(self._window.overlays.close)
        self._window.open_dialog(dialog)
