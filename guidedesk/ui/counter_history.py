"""The history screen put together with the window: filters, the receipt, and what leads on from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal

from guidedesk.domain.access import Permission
from guidedesk.services.queries.history import Ref
from guidedesk.ui.counter_files import CounterFile
from guidedesk.ui.desk import Desk
from guidedesk.ui.main_window import MainWindow
from guidedesk.ui.presenters.export import ExportPresenter
from guidedesk.ui.presenters.history import HistoryPresenter
from guidedesk.ui.when_shown import WhenShown

# What is drawn is imported where it is made: a window takes a scan before anybody asks what was bought.
if TYPE_CHECKING:
    from guidedesk.ui.views.export import ExportDialog

HISTORY: Final = "history"


@dataclass(frozen=True, slots=True)
class ReturnWanted:
    """A purchase of a member of which something comes back."""

    member_id: str
    ref: Ref


class CounterHistory(QObject):
    """`log_wanted(member id)`, `return_wanted(ReturnWanted)` and `why_wanted(order number)` lead on."""

    log_wanted = Signal(str)
    return_wanted = Signal(object)
    why_wanted = Signal(str)

    def __init__(
        self, desk: Desk, window: MainWindow, is_allowed: Callable[[Permission], bool], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._window, self._is_allowed = window, is_allowed
        self.presenter = HistoryPresenter(desk, self)
        self.presenter.opened.connect(self._show)
        self.export = ExportPresenter(desk, self)
        CounterFile(window, self.export, self._export_dialog, self)

    def add_page(self) -> None:
        """Put the page into the window."""
        from guidedesk.ui.views.history import HistoryPage

        presenter = self.presenter
        page = HistoryPage(presenter.load_rows)
        presenter.state_changed.connect(WhenShown(page, page.render_state).take)
        page.text_typed.connect(self._narrow_text)
        page.months_chosen.connect(self._narrow_months)
        page.channel_chosen.connect(self._narrow_channel)
        page.category_chosen.connect(self._narrow_category)
        page.returns_switched.connect(self._narrow_returns)
        page.loosened.connect(presenter.loosen)
        page.order_chosen.connect(presenter.open_receipt)
        page.left.connect(self._window.back)
        page.log_started.connect(self._log)
        page.export_started.connect(self._export)
        page.return_started.connect(self._return)
        page.offer_returns()
        page.why_asked.connect(self._ask_why)
        page.returned.connect(presenter.open)
        page.render_state(presenter.state)
        self._window.add_page(HISTORY, page)

    def _show(self, _member_id: str) -> None:
        if self._window.current != HISTORY:
            self._window.show_page(HISTORY)

    def _log(self) -> None:
        data = self.presenter.state.data
        if data is not None:
            self.log_wanted.emit(data.head.member_id)

    def _return(self) -> None:
        receipt, data = self.presenter.state.receipt, self.presenter.state.data
        if receipt is not None and data is not None:
            self.return_wanted.emit(ReturnWanted(data.head.member_id, (receipt.row.scope_id, receipt.row.id)))

    def _ask_why(self) -> None:
        receipt = self.presenter.state.receipt
        if receipt is not None:
            self.why_wanted.emit(receipt.row.order_no)

    def _export(self) -> None:
        state = self.presenter.state
        if state.data is not None and self._is_allowed("history.export"):
            self.export.open(state.data.head, state.wanted, state.data.totals.orders)

    def _export_dialog(self) -> ExportDialog:
        from guidedesk.ui.views.export import ExportDialog

        dialog = ExportDialog()
        dialog.purpose_chosen.connect(self.export.choose_purpose)
        dialog.note_written.connect(self.export.write_note)
        return dialog

    def _narrow_text(self, text: str) -> None:
        self.presenter.narrow(text=text)

    def _narrow_months(self, months: str) -> None:
        self.presenter.narrow(months=int(months) if months else None)

    def _narrow_channel(self, channel: str) -> None:
        self.presenter.narrow(channel=channel or None)

    def _narrow_category(self, category: str) -> None:
        self.presenter.narrow(category=category or None)

    def _narrow_returns(self, is_on: bool) -> None:
        self.presenter.narrow(with_returns=is_on)
