"""Turning the screen to the customer put together with the window: one page over everything (DESIGN-UI.md 10)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, Signal

from guidedesk.ui import i18n
from guidedesk.ui.desk import Desk
from guidedesk.ui.main_window import MainWindow
from guidedesk.ui.presenters.turn import TurnPresenter, TurnState
from guidedesk.ui.widgets.access import announce

TURNED: Final = "turned"


class CounterTurn(QObject):
    """`person_in_front()` says whose card may be turned. `lock_wanted()` is F9. `own_page` is the member card's: that
    it shows somebody is told by her card, not as news."""

    lock_wanted = Signal()

    def __init__(
        self, desk: Desk, window: MainWindow, person_in_front: Callable[[], str], own_page: str,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._desk, self._window, self._own_page = desk, window, own_page
        self._person_in_front = person_in_front
        self.presenter = TurnPresenter(desk, self)
        self.presenter.state_changed.connect(self._turned)
        window.add_page_later(TURNED, self._add_page)
        window.came_behind.connect(self._came_behind)

    def turn(self) -> None:
        """Ctrl Shift H: there. The page itself has the way back."""
        self.presenter.turn(self._person_in_front())

    def _turned(self, state: TurnState) -> None:
        if state.is_on and not self._window.is_covered:
            self._window.cover(TURNED)
            announce(self._window.page(TURNED), i18n.t("turned.on"))
        elif not state.is_on and self._window.is_covered and self._desk.session is not None:
            # Without a session the sign-in page is about to cover everything: the associate's page must not show up
            # in between.
            self._window.uncover()
            announce(self._window, i18n.t("turned.off"))

    def _came_behind(self, page: str) -> None:
        if page != self._own_page:
            self.presenter.tell_news()

    def _add_page(self) -> None:
        from guidedesk.ui.views.turned import TurnedPage  # late: a window takes a scan first

        page, presenter = TurnedPage(), self.presenter
        presenter.state_changed.connect(page.render_state)
        page.turned_back.connect(presenter.turn_back)
        page.locked.connect(self.lock_wanted)
        page.more_wanted.connect(presenter.more_wanted)
        page.render_state(presenter.state)
        self._window.add_page(TURNED, page, full=True)
