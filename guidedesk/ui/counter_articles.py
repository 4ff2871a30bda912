"""The product card put together with the window: a scanned label opens it, a name on it leads to a member."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, Signal

from guidedesk.ui.desk import Desk
from guidedesk.ui.main_window import MainWindow
from guidedesk.ui.presenters.article import ArticlePresenter
from guidedesk.ui.presenters.counter import ArticleScan
from guidedesk.ui.when_shown import WhenShown

ARTICLE: Final = "article"


class CounterArticles(QObject):
    """`member_wanted(id)` leads to her card; `opening()` before the page shows, so that what was typed is kept."""

    member_wanted = Signal(str)
    opening = Signal()

    def __init__(self, desk: Desk, window: MainWindow, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._window = window
        self.presenter = ArticlePresenter(desk, self)
        self.presenter.opened.connect(self._show_page)
        window.add_page_later(ARTICLE, self._add_page)

    def show_scanned(self, scan: ArticleScan) -> None:
        """A label was scanned."""
        self.presenter.show_scanned(scan.digits, scan.card)

    def _add_page(self) -> None:
        from guidedesk.ui.views.article import ArticlePage  # late: a window takes a member's scan first

        page, presenter = ArticlePage(), self.presenter
        presenter.state_changed.connect(WhenShown(page, page.render_state).take)
        page.member_opened.connect(self.member_wanted)
        page.left.connect(self._go_back)
        page.render_state(presenter.state)
        self._window.add_page(ARTICLE, page)

    def _show_page(self) -> None:
        self.opening.emit()
        if self._window.current != ARTICLE:
            self._window.show_page(ARTICLE)

    def _go_back(self) -> None:
        self._window.back()
