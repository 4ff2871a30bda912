"""What was used twice put together with the window: a dialog over the close of a month, for managers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from guidedesk.ui import i18n
from guidedesk.ui.desk import Desk
from guidedesk.ui.main_window import MainWindow
from guidedesk.ui.presenters.double_uses import DoubleUsesPresenter, DoubleUsesState

if TYPE_CHECKING:
    from guidedesk.ui.views.double_uses import DoubleUsesDialog


class CounterDoubleUses(QObject):
    """Opens the dialog, leads what is decided there to head office, and says that it is."""

    def __init__(self, desk: Desk, window: MainWindow, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk, self._window = desk, window
        self._dialog: DoubleUsesDialog | None = None
        self.presenter = DoubleUsesPresenter(desk, self)
        self.presenter.state_changed.connect(self._render)
        self.presenter.told.connect(self._tell)

    @property
    def is_allowed(self) -> bool:
        """Whether whoever is signed in decides about these."""
        return self._desk.may("double_use.rule")

    def open(self) -> None:
        """Show what waits; head office is asked again."""
        if not self.is_allowed:
            return
        from guidedesk.ui.views.double_uses import DoubleUsesDialog  # late: a window takes a scan first

        dialog, presenter = DoubleUsesDialog(), self.presenter
        dialog.chosen.connect(presenter.choose)
        dialog.decided.connect(presenter.decide)
        dialog.reason_typed.connect(presenter.type_reason)
        dialog.pin_typed.connect(presenter.type_pin)
        dialog.ruled.connect(presenter.rule)
        dialog.retried.connect(presenter.reload)
        dialog.closed.connect(self._left)
        dialog.render_state(presenter.state)
        self._dialog = dialog
        self._window.open_dialog(dialog)
        presenter.reload()

    def leave(self) -> None:
        """Something else comes first."""
        self._dialog = None

    def _left(self) -> None:
        if self._dialog is not None:
            self._dialog = None
            self._window.overlays.close()

    def _render(self, state: DoubleUsesState) -> None:
        if self._dialog is not None:
            self._dialog.render_state(state)

    def _tell(self, key: str) -> None:
        self._window.toast(i18n.t(key))
