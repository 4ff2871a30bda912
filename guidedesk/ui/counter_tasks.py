"""The tasks screen put together with the window: copied words, opened channels, and what leads on from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication

from guidedesk.ui import i18n
from guidedesk.ui.desk import Desk
from guidedesk.ui.external import open_external
from guidedesk.ui.main_window import MainWindow
from guidedesk.ui.presenters.care_feed import CareFeed
from guidedesk.ui.presenters.scripts import ScriptsPresenter
from guidedesk.ui.presenters.tasks import Copied, TasksPresenter
from guidedesk.ui.when_shown import WhenShown

# What is drawn is imported where it is made: a window takes a scan before anybody looks at tasks.
if TYPE_CHECKING:
    from guidedesk.ui.views.tasks import TasksPage

TASKS: Final = "tasks"
SCRIPTS: Final = "scripts"


class TaskBadge(QObject):
    """How many people wait today, at the rail's entry. Lives and goes with the window."""

    def __init__(self, window: MainWindow, care: CareFeed) -> None:
        super().__init__(window)
        self._window, self._care = window, care
        care.state_changed.connect(self.show_count)

    def show_count(self, _state: object = None) -> None:
        """Put the number there; asked again when the rail was made anew."""
        button = self._window.rail.button(TASKS)
        if button is not None:
            button.set_count(self._care.state.due)


class CounterTasks(QObject):
    """`told(Notice)`; `member_wanted(id)`, `log_wanted(FollowUpInfo)`, `change_wanted(FollowUpRef)` lead on;
    `new_wanted()`: a task by hand; `phone_wanted(id)`: a member's whole number."""

    told = Signal(object)
    member_wanted = Signal(str)
    log_wanted = Signal(object)
    change_wanted = Signal(object)
    new_wanted = Signal()
    phone_wanted = Signal(str)

    def __init__(self, desk: Desk, window: MainWindow, care: CareFeed, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._window = window
        self._page: TasksPage | None = None
        self.presenter = TasksPresenter(desk, care, self)
        self.presenter.noticed.connect(self.told)
        self.presenter.member_opened.connect(self.member_wanted)
        self.presenter.log_wanted.connect(self.log_wanted)
        self.presenter.change_wanted.connect(self.change_wanted)
        self.presenter.copied.connect(self._copy)
        self.scripts = ScriptsPresenter(desk, self)
        self.scripts.copied.connect(self._copy)
        window.add_page_later(SCRIPTS, self._add_scripts)
        self.badge = TaskBadge(window, care)

    def add_page(self) -> None:
        """Put the page into the window."""
        from guidedesk.ui.views.tasks import TasksPage

        page, presenter = TasksPage(), self.presenter
        presenter.state_changed.connect(WhenShown(page, page.render_state).take)
        page.group_chosen.connect(presenter.choose_group)
        page.text_typed.connect(presenter.narrow)
        page.item_chosen.connect(presenter.choose)
        page.item_opened.connect(presenter.open_item)
        page.item_ticked.connect(presenter.complete)
        page.item_snoozed.connect(presenter.snooze)
        page.item_changed.connect(presenter.change)
        page.item_dismissed.connect(presenter.dismiss)
        page.item_logged.connect(presenter.log)
        page.acted.connect(presenter.act)
        page.mode_chosen.connect(presenter.choose_mode)
        page.script_changed.connect(presenter.adapt)
        page.another_wanted.connect(presenter.another_script)
        page.asked_answered.connect(presenter.answer_asked)
        page.scripts_wanted.connect(self.show_scripts)
        page.new_wanted.connect(self.new_wanted)
        page.phone_wanted.connect(self.phone_wanted)
        page.render_state(presenter.state)
        self._page = page
        self._window.add_page(TASKS, page)

    def _add_scripts(self) -> None:
        from guidedesk.ui.views.scripts import ScriptsPage

        page = ScriptsPage()
        self.scripts.state_changed.connect(WhenShown(page, page.render_state).take)
        page.typed.connect(self.scripts.search)
        page.chosen.connect(self.scripts.choose)
        page.copied.connect(self.scripts.copy)
        page.left.connect(self._window.back)
        page.render_state(self.scripts.state)
        self._window.add_page(SCRIPTS, page)

    def show_scripts(self) -> None:
        """All that could be said."""
        self._window.show_page(SCRIPTS)

    def show_page(self) -> None:
        """F7."""
        self._window.show_page(TASKS)

    def shown(self, name: str) -> None:
        """Which page is in front now."""
        if name == TASKS:
            self.presenter.open()
        else:
            self.presenter.rest()
        if name == SCRIPTS:
            self.scripts.open()

    def _copy(self, copied: Copied) -> None:
        """The words are in the clipboard; opening their channel is all that is done with them: a person sends."""
        QGuiApplication.clipboard().setText(copied.words)
        channel = i18n.t(f"talk.{copied.channel}") if i18n.has(f"talk.{copied.channel}") else ""
        if copied.channel == "phone":
            said = i18n.t("tasks.copied_phone")
        elif not copied.url:
            said = i18n.t("tasks.copied")
        else:
            said = i18n.t("tasks.copied_open" if open_external(copied.url) else "tasks.not_opened", channel=channel)
        self._window.toast(said)
