"""The list behind an audience put together with the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from guidedesk.ui.desk import Desk
from guidedesk.ui.main_window import MainWindow
from guidedesk.ui.presenters.segment_list import SegmentListPresenter, SegmentListState

if TYPE_CHECKING:
    from guidedesk.ui.views.segment_list import SegmentListDialog


class CounterSegmentList(QObject):
    """Opens with the presenter's `opened`; a line leads to a card by its `member_wanted`."""

    def __init__(self, desk: Desk, window: MainWindow, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._window = window
        self._dialog: SegmentListDialog | None = None
        self.presenter = SegmentListPresenter(desk, self)
        self.presenter.opened.connect(self._open)
        self.presenter.state_changed.connect(self._show_list)

    def leave(self) -> None:
        """Something else comes first."""
        if self._dialog is not None:
            self._dialog = None
            self._window.overlays.close()
            self.presenter.leave()

    def _open(self) -> None:
        from guidedesk.ui.views.segment_list import SegmentListDialog  # late: a window takes a scan first

        dialog = SegmentListDialog()
        dialog.member_opened.connect(self._open_member)
        dialog.closed.connect(self.leave)
        dialog.render_state(self.presenter.state)
        self._dialog = dialog
        self._window.open_dialog(dialog)

    def _show_list(self, state: object) -> None:
        if isinstance(state, SegmentListState) and self._dialog is not None:
            self._dialog.render_state(state)

    def _open_member(self, member_id: str) -> None:
        self._dialog = None
        self._window.overlays.close()
        self.presenter.open_member(member_id)
