"""Choosing a member for something else than her card: the search finds her, whoever waits gets her."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from guidedesk.ui.presenters.search import SearchPresenter, SearchState
from guidedesk.ui.widgets.fields import SearchField


class MemberPick(QObject):
    """`opened(id)` for a member whose card is wanted, `picked(id)` after `begin`; once, and only in the search that
    `begin` is about."""

    opened = Signal(str)
    picked = Signal(str)

    def __init__(self, search: SearchPresenter, field: SearchField, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._is_waiting = self._was_waiting = False
        search.state_changed.connect(self._follow)
        search.member_chosen.connect(self._take)
        field.entered.connect(self.forget)

    def begin(self) -> None:
        """The next member found is for whoever asked; call it once the keyboard is in the search field."""
        self._is_waiting = True

    def forget(self) -> None:
        """Another search, or none."""
        self._is_waiting = self._was_waiting = False

    def _follow(self, state: SearchState) -> None:
        # The search closes before it tells whom it found.
        if state.is_open:
            self._was_waiting = False
        else:
            self._was_waiting, self._is_waiting = self._is_waiting or self._was_waiting, False

    def _take(self, member_id: str) -> None:
        is_picked = self._is_waiting or self._was_waiting
        self.forget()
        (self.picked if is_picked else self.opened).emit(member_id)
