"""Figures of commission into a file, put together with the window: the dialog, and the word that it is there."""

from __future__ import annotations

from PySide6.QtCore import QObject

from guidedesk.services.earnings import CloseMonth, Earnings
from guidedesk.ui import i18n
from guidedesk.ui.desk import Desk
from guidedesk.ui.main_window import MainWindow
from guidedesk.ui.presenters.figures_export import FiguresExportPresenter
from guidedesk.ui.safe_text import untrusted


class CounterFigures(QObject):
    """One way out for figures; `title_key` names what goes out."""

    def __init__(self, desk: Desk, window: MainWindow, title_key: str, parent: QObject) -> None:
        super().__init__(parent)
        self._window, self._title = window, title_key
        self.presenter = FiguresExportPresenter(desk, self)
        self.presenter.opened.connect(self._open)
        self.presenter.saved.connect(self._tell)
        self.presenter.left.connect(window.overlays.close)

    def open(self, data: Earnings | CloseMonth) -> None:
        """Ask where to put them."""
        self.presenter.open(data)

    def leave(self) -> None:
        """Something else comes first."""
        self.presenter.leave()

    def _open(self) -> None:
        from guidedesk.ui.views.figures_export import FiguresExportDialog  # late: a window takes a scan first

        dialog, presenter = FiguresExportDialog(self._title), self.presenter
        dialog.form_chosen.connect(presenter.choose_form)
        dialog.path_chosen.connect(presenter.choose_path)
        dialog.submitted.connect(presenter.submit)
        dialog.left.connect(presenter.leave)
        presenter.state_changed.connect(dialog.render_state)
        dialog.render_state(presenter.state)
        self._window.open_dialog(dialog)

    def _tell(self, name: str) -> None:
        self._window.overlays.close()
        self._window.toast(i18n.t("export.saved", name=untrusted(name)))
