"""Figures of commission into a file, put together with the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from guidedesk.services.earnings import CloseMonth, Earnings
from guidedesk.ui.counter_files import CounterFile
from guidedesk.ui.desk import Desk
from guidedesk.ui.main_window import MainWindow
from guidedesk.ui.presenters.figures_export import FiguresExportPresenter

if TYPE_CHECKING:
    from guidedesk.ui.views.figures_export import FiguresExportDialog


class CounterFigures(QObject):
    """One way out for figures; `title_key` names what goes out."""

    def __init__(self, desk: Desk, window: MainWindow, title_key: str, parent: QObject) -> None:
        super().__init__(parent)
        self._title = title_key
        self.presenter = FiguresExportPresenter(desk, self)
        CounterFile(window, self.presenter, self._dialog, self)

    def open(self, data: Earnings | CloseMonth) -> None:
        """Ask where to put them."""
        self.presenter.open(data)

    def leave(self) -> None:
        """Something else comes first."""
        self.presenter.leave()

    def _dialog(self) -> FiguresExportDialog:
        from guidedesk.ui.views.figures_export import FiguresExportDialog  # late: a window takes a scan first

        return FiguresExportDialog(self._title)
