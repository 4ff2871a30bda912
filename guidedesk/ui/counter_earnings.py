"""The earnings screen put together with the window: figures, ticker, dispute, statement, and what leads on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import shiboken6
from PySide6.QtCore import QObject, Signal

from guidedesk.domain.access import Permission
from guidedesk.domain.errors import GuideDeskError
from guidedesk.ui import i18n, messages
from guidedesk.ui.counter_figures import CounterFigures
from guidedesk.ui.desk import Desk
from guidedesk.ui.main_window import MainWindow
from guidedesk.ui.presenters.earnings import EarningsPresenter, EarningsState, Panel
from guidedesk.ui.presenters.earnings_feed import EarningsFeed, FeedState
from guidedesk.ui.theme import look
from guidedesk.ui.views.earnings_ticker import ticker
from guidedesk.ui.when_shown import WhenShown

# What is drawn is imported where it is made: a window takes a scan before anybody asks for her month.
if TYPE_CHECKING:
    from guidedesk.ui.views.dispute import DisputeDialog

EARNINGS: Final = "earnings"
HOME: Final = "home"


class CounterEarnings(QObject):
    """`history_wanted(member id)` and `member_wanted(member id)` lead on."""

    history_wanted = Signal(str)
    member_wanted = Signal(str)
    figures_changed = Signal(object, bool)  # FeedState, and whether they are hidden

    def __init__(
        self, desk: Desk, window: MainWindow, is_allowed: Callable[[Permission], bool], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._window, self._is_allowed = window, is_allowed
        self._dialog: DisputeDialog | None = None
        self._is_hidden = False
        self.feed = EarningsFeed(desk, self)
        self.presenter = EarningsPresenter(desk, self.feed, self)
        self.export = CounterFigures(desk, window, "earn.export_title", self)
        self.feed.state_changed.connect(self._tell_figures)
        window.page_shown.connect(self._page_shown)
        look().retranslated.connect(self._retell)
        desk.session_changed.connect(self._forget)

    def add_page(self) -> None:
        """Put the page into the window."""
        from guidedesk.ui.views.earnings import EarningsPage

        page, presenter = EarningsPage(), self.presenter
        presenter.state_changed.connect(WhenShown(page, page.render_state).take)
        presenter.order_wanted.connect(self.history_wanted)
        presenter.disputed.connect(self._tell_disputed)
        presenter.dispute_failed.connect(self._dispute_failed)
        presenter.acknowledged.connect(self._tell_seen)
        presenter.opened.connect(self.show_page)
        page.filtered.connect(presenter.filter)
        page.text_typed.connect(presenter.search)
        page.line_chosen.connect(presenter.choose)
        page.month_stepped.connect(self._step)
        page.panel_wanted.connect(self._show_panel)
        page.loosened.connect(presenter.loosen)
        page.retried.connect(presenter.reload)
        page.dispute_started.connect(self._open_dispute)
        page.order_opened.connect(presenter.show_order)
        page.export_started.connect(self._export)
        page.acknowledged.connect(presenter.acknowledge)
        page.member_opened.connect(self.member_wanted)
        page.why_not_asked.connect(presenter.ask_why_not)
        page.render_state(presenter.state)
        self._window.add_page(EARNINGS, page)

    def show_page(self) -> None:
        """Bring it to the front (F8)."""
        if self._is_allowed("commission.own") and self._window.current != EARNINGS:
            self._window.show_page(EARNINGS)

    def why_not(self, order_no: str) -> None:
        """Why an order is not hers, asked where she saw it."""
        if self._is_allowed("commission.own"):
            self._window.page(EARNINGS)  # it listens from the moment it is made
            self.presenter.open_why_not(order_no)

    def leave(self) -> None:
        """Something else comes first: nothing half typed is sent."""
        self._dialog = None
        self.export.leave()

    def hide_figures(self, is_hidden: bool) -> None:
        """The eye on the home card: the customer may be looking."""
        self._is_hidden = is_hidden
        self._tell_figures(self.feed.state)

    def _tell_figures(self, state: FeedState) -> None:
        # The look, and an answer under way, outlive a window that was closed.
        if shiboken6.isValid(self._window):
            self._show_ticker(state)
            self.figures_changed.emit(state, self._is_hidden)

    def _page_shown(self, name: str) -> None:
        self._show_ticker(self.feed.state)
        if name == EARNINGS:
            self.presenter.open()

    def _show_ticker(self, state: FeedState) -> None:
        """Own sums on the counter page only; hidden while a card or a search is open (DESIGN-UI.md 10)."""
        data, top = state.data, self._window.top
        if data is None or self._window.current == EARNINGS:
            top.set_earnings(())
        elif self._window.current != HOME or self._is_hidden:
            top.set_earnings((), hidden=True)
        else:
            top.set_earnings(ticker(state))

    def _retell(self) -> None:
        self._tell_figures(self.feed.state)

    def _forget(self, _session: object) -> None:
        self._is_hidden = False
        self._dialog = None

    def _step(self, by: str) -> None:
        self.presenter.step(int(by))

    def _show_panel(self, name: str) -> None:
        panels: dict[str, Panel] = {"line": "line", "changes": "changes", "expiring": "expiring", "why_not": "why_not"}
        self.presenter.show_panel(panels.get(name, "line"))

    def _open_dispute(self) -> None:
        state: EarningsState = self.presenter.state
        if state.line is None or state.why_no_dispute:
            return
        from guidedesk.ui.views.dispute import DisputeDialog

        dialog = DisputeDialog(state.line)
        dialog.sent.connect(self.presenter.dispute)
        dialog.closed.connect(self._close_dispute)
        self._dialog = dialog
        self._window.open_dialog(dialog)

    def _close_dispute(self) -> None:
        self._dialog = None
        self._window.overlays.close()

    def _tell_disputed(self) -> None:
        if self._dialog is not None:
            self._close_dispute()
        self._window.toast(i18n.t("earn.dispute_sent"))

    def _dispute_failed(self, error: object) -> None:
        if isinstance(error, GuideDeskError) and self._dialog is not None:
            self._dialog.show_problem(error)
        elif isinstance(error, Exception):
            self._window.toast(messages.message_for(error).text)

    def _tell_seen(self) -> None:
        self._window.toast(i18n.t("earn.acknowledged"))

    def _export(self) -> None:
        if self.presenter.state.data is not None:
            self.export.open(self.presenter.state.data)
