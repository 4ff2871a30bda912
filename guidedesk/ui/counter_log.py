"""Logging a talk put together with the window: the dialog of whoever's card is in front."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from guidedesk.ui.desk import Desk
from guidedesk.ui.main_window import MainWindow
from guidedesk.ui.presenters.log_interaction import LogPresenter, LogState
from guidedesk.ui.presenters.undo import Notice

# What is drawn is imported where it is made: a window takes a scan before anybody writes about a talk.
if TYPE_CHECKING:
    from guidedesk.ui.views.log_interaction import LogDialog


class CounterLog(QObject):
    """`told(Notice)` once it is on record."""

    told = Signal(object)

    def __init__(self, desk: Desk, window: MainWindow, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._window = window
        self._dialog: LogDialog | None = None
        self.presenter = LogPresenter(desk, self)
        self.presenter.opened.connect(self._open)
        self.presenter.state_changed.connect(self._render)
        self.presenter.saved.connect(self._saved)
        self.presenter.left.connect(self._close)

    def _open(self) -> None:
        from guidedesk.ui.views.log_interaction import LogDialog

        dialog, presenter = LogDialog(), self.presenter
        dialog.kind_chosen.connect(presenter.choose_kind)
        dialog.outcome_chosen.connect(presenter.choose_outcome)
        dialog.note_written.connect(presenter.write)
        dialog.slot_chosen.connect(presenter.choose_slot)
        dialog.date_chosen.connect(presenter.choose_date)
        dialog.time_chosen.connect(presenter.choose_time)
        dialog.text_written.connect(presenter.write_follow_up)
        dialog.saved.connect(presenter.save)
        dialog.closed.connect(presenter.leave)
        dialog.render_state(presenter.state)
        self._dialog = dialog
        self._window.open_dialog(dialog)

    def _render(self, state: LogState) -> None:
        # A dialog that is about to go keeps what it shows: emptied, its fields would tell that they were edited.
        if self._dialog is not None and state.data is not None:
            self._dialog.render_state(state)

    def _saved(self, notice: Notice) -> None:
        self._close()
        self.told.emit(notice)

    def _close(self) -> None:
        self._dialog = None
        self._window.overlays.close()
