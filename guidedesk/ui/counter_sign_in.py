"""Signing in put together with the window: the page that covers everything while nobody is signed in."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, Signal

from guidedesk.ui.desk import Desk
from guidedesk.ui.main_window import MainWindow
from guidedesk.ui.presenters.sign_in import SignInPresenter
from guidedesk.ui.views.sign_in import SignInPage

SIGN_IN: Final = "sign_in"


class CounterSignIn(QObject):
    """`language_chosen(code)` and `theme_chosen(name)` on the page itself."""

    language_chosen = Signal(str)
    theme_chosen = Signal(str)

    def __init__(self, desk: Desk, window: MainWindow, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._window = window
        self.presenter = SignInPresenter(desk, self)

    def add_page(self) -> SignInPage:
        """Put the page into the window; the page."""
        page, presenter = SignInPage(), self.presenter
        presenter.state_changed.connect(page.render_state)
        page.person_chosen.connect(presenter.choose)
        page.cursor_moved.connect(presenter.move)
        page.cursor_taken.connect(presenter.take_cursor)
        page.digit_pressed.connect(presenter.press_digit)
        page.number_wanted.connect(presenter.ask_number)
        page.number_submitted.connect(presenter.submit_number)
        page.typing_begun.connect(presenter.begin_typing)
        page.pin_entered.connect(presenter.enter_pin)
        page.left.connect(presenter.back)
        page.language_chosen.connect(self.language_chosen)
        page.theme_chosen.connect(self.theme_chosen)
        page.render_state(presenter.state)
        self._window.add_page(SIGN_IN, page, full=True)
        return page
