"""Search, unusual scans and new members put into the window: the ways to a card that are not a good scan."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from guidedesk.ui.desk import Desk
from guidedesk.ui.main_window import MainWindow
from guidedesk.ui.presenters.counter import CounterPresenter, CounterState, ScanResult
from guidedesk.ui.presenters.new_member import NewMemberPresenter
from guidedesk.ui.presenters.search import SearchPresenter
from guidedesk.ui.views.new_member import NewMemberPage
from guidedesk.ui.views.scan_result import ScanResultPage
from guidedesk.ui.views.search import SearchOverlay

SCAN, REGISTER = "scan_result", "new_member"


class FindAndAdd(QObject):
    """`member_wanted(id)`, `log_wanted(id)` lead on; `interrupted()` before a scan changes the screen, so that
    whatever is being typed elsewhere becomes a draft (DESIGN-UI.md 8.3)."""

    member_wanted = Signal(str)
    log_wanted = Signal(str)
    interrupted = Signal()

    def __init__(self, desk: Desk, window: MainWindow, counter: CounterPresenter, parent: QObject) -> None:
        super().__init__(parent)
        self._window = window
        self.search = SearchPresenter(desk, self)
        self.new_member = NewMemberPresenter(desk, self)
        self.result_page = ScanResultPage()
        self.new_page = NewMemberPage()
        window.add_page(SCAN, self.result_page)
        window.add_page(REGISTER, self.new_page)
        self.overlay = SearchOverlay(window.top.search, self.result_page.parentWidget() or window)
        self._connect_search()
        self._connect_new_member()
        self.result_page.search_started.connect(self.start_search)
        self.result_page.new_member_started.connect(self.new_member.open)
        self.result_page.left.connect(window.back)
        counter.member_scanned.connect(self._scanned)
        counter.scan_failed.connect(self._failed)
        window.commanded.connect(self._commanded)

    def start_search(self) -> None:
        """Put the keyboard into the search field."""
        self._window.run_command("search")

    def begin_search(self, text: str) -> None:
        """Search for what was typed while nothing could take it."""
        self.start_search()
        self._window.top.search.line.setText(text)
        self.search.type(text)

    def _connect_search(self) -> None:
        overlay, search = self.overlay, self.search
        overlay.typed.connect(search.type)
        overlay.row_chosen.connect(search.choose)
        overlay.row_opened.connect(search.open)
        overlay.log_started.connect(search.log)
        overlay.new_member_started.connect(search.add)
        overlay.left.connect(search.close)
        search.state_changed.connect(overlay.render_state)
        search.member_chosen.connect(self.member_wanted)
        search.log_requested.connect(self.log_wanted)
        search.new_member_requested.connect(self.new_member.open)

    def _connect_new_member(self) -> None:
        page, new = self.new_page, self.new_member
        new.state_changed.connect(page.render_state)
        new.opened.connect(self._show_new_member)
        new.created.connect(self._opened_instead)
        new.existing_chosen.connect(self._opened_instead)
        page.phone_typed.connect(new.type_phone)
        page.name_typed.connect(new.type_name)
        page.birthday_typed.connect(new.type_birthday)
        page.answered.connect(self._answered)
        page.existing_chosen.connect(new.choose_existing)
        page.different_chosen.connect(new.choose_different)
        page.created.connect(new.create)
        page.left.connect(self._leave_new_member)
        page.returned.connect(new.open)

    def _show_new_member(self) -> None:
        self._window.show_page(REGISTER)

    def _leave_new_member(self) -> None:
        self.new_member.leave()
        self._window.back()

    def _opened_instead(self, member_id: str) -> None:
        # Back from the card must not lead to an emptied form.
        self._window.back()
        self.member_wanted.emit(member_id)

    def _answered(self, said: str) -> None:
        self.new_member.answer(said[:-1], said.endswith("+"))

    def _scanned(self, _state: CounterState) -> None:
        self.search.close()
        self.new_member.leave()

    def _failed(self, result: ScanResult) -> None:
        self.interrupted.emit()
        self.search.close()
        self.new_member.leave()
        self.result_page.show_result(result)
        self._window.show_page(SCAN)

    def _commanded(self, name: str) -> None:
        if name == "new_member":
            self.search.close()
            self.new_member.open()
