"""Choosing a member for something else than her card: the search finds her, whoever waits gets her."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from guidedesk.domain.access import Permission
from guidedesk.services.queries.care import DUPLICATE
from guidedesk.ui import i18n
from guidedesk.ui.counter_actions import CounterActions
from guidedesk.ui.desk import Desk
from guidedesk.ui.main_window import MainWindow
from guidedesk.ui.presenters.duplicate import DuplicatePresenter
from guidedesk.ui.presenters.search import SearchPresenter, SearchState


class MemberPick(QObject):
    """`opened(id)` for a member whose card is wanted, `picked(purpose, id)` after `begin(purpose)`; once, and only in
    the search that `begin` is about."""

    opened = Signal(str)
    picked = Signal(str, str)

    def __init__(self, search: SearchPresenter, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._is_waiting = self._was_waiting = False
        self._purpose = ""
        search.state_changed.connect(self._follow)
        search.member_chosen.connect(self._take)

    def begin(self, purpose: str) -> None:
        """The next member found is for whoever asked; call it once the keyboard is in the search field."""
        self._is_waiting, self._purpose = True, purpose

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
        if is_picked:
            self.picked.emit(self._purpose, member_id)
        else:
            self.opened.emit(member_id)


class CounterPick(QObject):
    """What is begun with a search: a task by hand, and two cards that may be one person. `opened(id)` for a card,
    `told(Notice)`."""

    opened = Signal(str)
    told = Signal(object)

    def __init__(
        self, desk: Desk, window: MainWindow, search: SearchPresenter, actions: CounterActions,
        is_allowed: Callable[[Permission], bool], begin_search: Callable[[], None], parent: QObject | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._window, self._actions = window, actions
        self._is_allowed, self._begin_search = is_allowed, begin_search
        self._pick = MemberPick(search, self)
        self._pick.opened.connect(self.opened)
        self._pick.picked.connect(self._picked)
        self.duplicate = DuplicatePresenter(desk, self)
        self.duplicate.noticed.connect(self.told)
        window.top.search.entered.connect(self.forget)

    def forget(self) -> None:
        """The search is about nothing but itself."""
        self._pick.forget()

    def for_task(self) -> None:
        """Whom the new task is about."""
        self._begin("task", "plan.pick")

    def for_duplicate(self, member_id: str) -> None:
        """Which card may be the same person's."""
        self.duplicate.begin(member_id)
        self._begin(DUPLICATE, "duplicate.pick")

    def _begin(self, purpose: str, said: str) -> None:
        if self._is_allowed("follow_up.schedule"):
            self._begin_search()
            self._pick.begin(purpose)
            self._window.toast(i18n.t(said))

    def _picked(self, purpose: str, member_id: str) -> None:
        if purpose == DUPLICATE:
            self.duplicate.suggest(member_id)
        else:
            self._actions.open(purpose, member_id)
