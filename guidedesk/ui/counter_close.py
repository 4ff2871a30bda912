"""The close of a month put together with the window: a manager's page, and the PIN before she decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject

from guidedesk.domain.access import Permission
from guidedesk.ui import i18n
from guidedesk.ui.counter_double_uses import CounterDoubleUses
from guidedesk.ui.counter_figures import CounterFigures
from guidedesk.ui.desk import Desk
from guidedesk.ui.main_window import MainWindow
from guidedesk.ui.presenters.close import ClosePresenter, CloseState
from guidedesk.ui.safe_text import person_name
from guidedesk.ui.when_shown import WhenShown

if TYPE_CHECKING:
    from guidedesk.ui.views.close_parts import PinDialog


CLOSE: Final = "close"


class CounterClose(QObject):
    """An associate finds no way here: the rail has no entry for her, and head office answers her nothing."""

    def __init__(
        self, desk: Desk, window: MainWindow, is_allowed: Callable[[Permission], bool], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._window, self._is_allowed = window, is_allowed
        self._dialog: PinDialog | None = None
        self.presenter = ClosePresenter(desk, self)
        self.double_uses = CounterDoubleUses(desk, window, self)
        self.export = CounterFigures(desk, window, "close.export", self)
        window.page_shown.connect(self._page_shown)

    def add_page(self) -> None:
        """Put the page into the window."""
        from guidedesk.ui.views.close import ClosePage  # late: a window takes a scan first

        page, presenter = ClosePage(), self.presenter
        presenter.state_changed.connect(WhenShown(page, page.render_state).take)
        presenter.state_changed.connect(self._show_step)
        presenter.pin_wanted.connect(self._ask_pin)
        presenter.told.connect(self._tell)
        page.month_stepped.connect(self._step)
        page.tab_chosen.connect(presenter.show_tab)
        page.dispute_chosen.connect(presenter.choose)
        page.decided.connect(presenter.decide)
        page.amount_typed.connect(presenter.type_amount)
        page.sentence_typed.connect(presenter.type_sentence)
        page.ruled.connect(presenter.rule)
        page.second_decided.connect(presenter.decide_second)
        page.reviewed.connect(presenter.review)
        page.person_chosen.connect(presenter.choose_person)
        page.proposed.connect(presenter.propose)
        page.confirmed.connect(presenter.confirm)
        page.closed.connect(presenter.close_it)
        page.forced.connect(presenter.force)
        page.retried.connect(presenter.reload)
        page.twice_wanted.connect(self.double_uses.open)
        self.double_uses.presenter.state_changed.connect(WhenShown(page, page.render_double_uses).take)
        page.export_started.connect(self._export)
        page.render_state(presenter.state)
        self._window.add_page(CLOSE, page)

    def leave(self) -> None:
        """Something else comes first: no PIN is kept."""
        self.double_uses.leave()
        if self._dialog is not None:
            self._dialog = None
            self.presenter.leave()
        self.export.leave()

    def _export(self) -> None:
        if self.presenter.state.data is not None:
            self.export.open(self.presenter.state.data)

    def _page_shown(self, name: str) -> None:
        if name == CLOSE and self._is_allowed("commission.others"):
            self.presenter.open()
            self.double_uses.presenter.reload()

    def _step(self, by: str) -> None:
        self.presenter.step(int(by))

    def _ask_pin(self, step: str) -> None:
        data = self.presenter.state.data
        if data is None:
            return
        from guidedesk.ui.views.close_parts import PinDialog

        person = next((each for each in data.associates if each.id == self.presenter.state.person), None)
        dialog = PinDialog(step, data.period, "" if person is None else person_name(person.name.pick(i18n.language())))
        dialog.proved.connect(self.presenter.prove)
        dialog.amount_typed.connect(self.presenter.type_amount)
        dialog.closed.connect(self._left)
        self._dialog = dialog
        self._window.open_dialog(dialog)

    def _left(self) -> None:
        if self._dialog is not None:
            self._dialog = None
            self._window.overlays.close()
            self.presenter.leave()

    def _show_step(self, state: object) -> None:
        if isinstance(state, CloseState) and self._dialog is not None:
            self._dialog.show_state(state.step_problem, is_deciding=state.is_deciding)

    def _tell(self, key: str) -> None:
        if self._dialog is not None:
            self._dialog = None
            self._window.overlays.close()
        self._window.toast(i18n.t(key))
