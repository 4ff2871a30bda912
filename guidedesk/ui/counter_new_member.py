"""Taking in somebody new put together with the window: the page, and where it leads (DESIGN-UI.md 21)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, Signal

from guidedesk.domain.access import Permission
from guidedesk.ui import i18n
from guidedesk.ui.desk import Desk
from guidedesk.ui.main_window import MainWindow
from guidedesk.ui.presenters.new_member import NewMemberPresenter

NEW_MEMBER: Final = "new_member"


class CounterNewMember(QObject):
    """`member_wanted(member id)` for the card of whoever was taken in or was there already; `left()` when the page was
    in front and is done with."""

    member_wanted = Signal(str)
    left = Signal()

    def __init__(
        self, desk: Desk, window: MainWindow, is_allowed: Callable[[Permission], bool], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._window, self._is_allowed = window, is_allowed
        self.presenter = NewMemberPresenter(desk, self)
        self.presenter.opened.connect(self._show)
        self.presenter.created.connect(self._created)
        self.presenter.existing_chosen.connect(self.member_wanted)
        self.presenter.left.connect(self._left)
        window.add_page_later(NEW_MEMBER, self._add_page)

    def open(self) -> None:
        """Take in somebody new, for whoever may."""
        if self._is_allowed("member.register"):
            self.presenter.open()

    def _add_page(self) -> None:
        from guidedesk.ui.views.new_member import NewMemberPage  # late: a window takes a scan first

        page, presenter = NewMemberPage(), self.presenter
        presenter.state_changed.connect(page.render_state)
        page.phone_typed.connect(presenter.type_phone)
        page.name_typed.connect(presenter.type_name)
        page.birthday_typed.connect(presenter.type_birthday)
        page.answered.connect(self._answered)
        page.existing_chosen.connect(presenter.choose_existing)
        page.different_chosen.connect(presenter.choose_different)
        page.created.connect(presenter.create)
        page.left.connect(presenter.leave)
        page.returned.connect(self.open)
        page.render_state(presenter.state)
        self._window.add_page(NEW_MEMBER, page)

    def _show(self) -> None:
        self._window.show_page(NEW_MEMBER)

    def _created(self, member_id: str) -> None:
        self._left()  # Esc on the new card must not lead into an empty form
        self._window.toast(i18n.t("window.member_created"))
        self.member_wanted.emit(member_id)

    def _left(self) -> None:
        if self._window.current == NEW_MEMBER:
            self.left.emit()

    def _answered(self, answer: str) -> None:
        self.presenter.answer(answer[:-1], answer.endswith("+"))
