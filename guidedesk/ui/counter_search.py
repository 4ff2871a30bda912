"""The search put together with the window: its box in the top bar, what floats under it, what it leads to."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from guidedesk.domain.access import Permission
from guidedesk.ui.desk import Desk
from guidedesk.ui.main_window import MainWindow
from guidedesk.ui.presenters.search import SearchPresenter, SearchState
from guidedesk.ui.views.search import SearchOverlay


class CounterSearch(QObject):
    """`covered(is open)` as it lies over the page; `forgotten()` when nobody waits any more for whom it finds."""

    covered = Signal(bool)
    forgotten = Signal()

    def __init__(
        self, desk: Desk, window: MainWindow, is_allowed: Callable[[Permission], bool], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._window, self._is_allowed = window, is_allowed
        self.presenter = SearchPresenter(desk, self)

    def add(self) -> None:
        """Put it into the window, over the pages."""
        presenter = self.presenter
        presenter.state_changed.connect(self._cover_pages)
        overlay = SearchOverlay(self._window.top.search, self._window.ground)
        self._overlay = overlay
        presenter.state_changed.connect(overlay.render_state)
        overlay.prepared.connect(presenter.prepare)
        overlay.typed.connect(presenter.type)
        overlay.row_chosen.connect(presenter.choose)
        overlay.row_opened.connect(presenter.open)
        overlay.log_started.connect(presenter.log)
        overlay.new_member_started.connect(presenter.add)
        overlay.office_asked.connect(presenter.ask)
        overlay.office_opened.connect(presenter.open_office)
        overlay.left.connect(self.leave)

    def begin(self, typed: str = "") -> None:
        """Put the keyboard into the search field, with the letter that began it."""
        if not self._is_allowed("member.view"):
            return
        self.forgotten.emit()
        self._window.run_command("search")
        if typed:
            self._window.top.search.set_text(typed)
            self._window.top.search.line.setCursorPosition(len(typed))
            self.presenter.type(typed)

    def _cover_pages(self, state: SearchState) -> None:
        self.covered.emit(state.is_open)

    def leave(self) -> None:
        """Close it, and give the keyboard back to the page."""
        self.forgotten.emit()
        self.presenter.close()
        self._window.focus_page()
