"""Tasks (20): groups, whom to contact, and what is needed to speak to the chosen one."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.tasks import TasksState
from guidedesk.ui.shell.keymap import KeyCue
from guidedesk.ui.shell.page import Page
from guidedesk.ui.theme import look
from guidedesk.ui.views.tasks_drawer import TaskDrawer
from guidedesk.ui.views.tasks_parts import AskedNote, GroupsCard, TasksCard
from guidedesk.ui.widgets.columns import ColumnsPane, Pane
from guidedesk.ui.widgets.layouts import column, holder
from guidedesk.ui.widgets.states import no_permission_state

CUES = (
    KeyCue("F2", "keys.search"), KeyCue("F4", "keys.log"), KeyCue("F5", "keys.sync"), KeyCue("F6", "keys.pane"),
    KeyCue("Ctrl Enter", "tasks.key_act"), KeyCue("Ctrl F", "tasks.filter"), KeyCue("Ctrl =", "tasks.new"),
    KeyCue("F9", "keys.lock"),
)  # fmt: skip


class TasksPage(Page):
    """Emits what the person did; ids are those of follow-ups. `acted(words)`: copy them and open the channel;
    `phone_wanted(id)`: the whole number of this member."""

    group_chosen = Signal(str)
    text_typed = Signal(str)
    item_chosen = Signal(str)
    item_opened = Signal(str)
    item_ticked = Signal(str)
    item_snoozed = Signal(str)
    item_changed = Signal(str)
    item_dismissed = Signal(str)
    item_logged = Signal(str)
    acted = Signal(str)
    mode_chosen = Signal(str)
    script_changed = Signal(str)
    another_wanted = Signal()
    asked_answered = Signal(str)
    scripts_wanted = Signal()
    new_wanted = Signal()
    phone_wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._state: TasksState | None = None
        self.asked = AskedNote()
        self.asked.hide()
        self.groups = GroupsCard()
        self.tasks = TasksCard()
        self.drawer = TaskDrawer()
        middle = column(self.asked, self.tasks, gap=3)
        middle.setStretch(1, 1)
        self.columns = ColumnsPane(
            Pane(self.groups, "tasks.groups", "pane_groups"), Pane(holder(middle), "tasks.list"),
            Pane(self.drawer, "tasks.drawer", "pane_drawer"),
        )  # fmt: skip
        self._no_right = no_permission_state()
        self._no_right.hide()
        self.body.put(self.columns, self._no_right)
        self.columns.show_pane(1)
        self._connect()
        self.retranslate()

    def _connect(self) -> None:
        self.groups.chosen.connect(self._choose_group)
        self.tasks.typed.connect(self.text_typed)
        self.tasks.scripts.clicked.connect(self.scripts_wanted)
        self.tasks.new.clicked.connect(self.new_wanted)
        view = self.tasks.view
        self.tasks.chosen.connect(self.item_chosen)
        view.row_opened.connect(self.item_opened)
        view.row_ticked.connect(self.item_ticked)
        view.row_snoozed.connect(self.item_snoozed)
        view.row_removed.connect(self.item_changed)
        view.action_chosen.connect(self._show_drawer)
        drawer = self.drawer
        drawer.acted.connect(self.acted)
        drawer.mode_chosen.connect(self.mode_chosen)
        drawer.script_changed.connect(self.script_changed)
        drawer.another_wanted.connect(self.another_wanted)
        drawer.snoozed.connect(self._snooze)
        drawer.logged.connect(self._log)
        drawer.changed.connect(self._change)
        drawer.dismissed.connect(self._dismiss)
        self.asked.answered.connect(self.asked_answered)
        self.tasks.emptied.connect(self._show_today)
        self.columns.became_tabs.connect(self._refold)

    def render_state(self, state: TasksState) -> None:
        """Show a state."""
        self._state = state
        self.columns.setVisible(not state.is_forbidden)
        self._no_right.setVisible(state.is_forbidden)
        self._no_right.show_text(t("tasks.forbidden"), t("tasks.forbidden_text"))
        if state.is_forbidden:
            return
        is_short = self.window().height() < look().m.page_short
        self.groups.show_state(state)
        self.tasks.show_state(state, compact=self.columns.is_tabbed)
        self.drawer.show_state(state, short=is_short)
        self.asked.setVisible(state.asked is not None)
        if state.asked is not None:
            self.asked.show_asked(state.asked)

    def retranslate(self) -> None:
        if self._state is not None:
            self.render_state(self._state)

    def first_focus(self) -> QWidget | None:
        return self.tasks.view if self._state is not None and self._state.items else self.groups.first_focus()

    def panes(self) -> list[QWidget]:
        return [self.groups, self.tasks, self.drawer]

    def key_cues(self) -> tuple[KeyCue, ...]:
        return CUES

    def handle_command(self, name: str) -> bool:
        chosen = self._state.chosen_id if self._state is not None else ""
        if name == "main_action":
            self.drawer.act()
        elif name == "filter":
            self.tasks.begin_filter()
        elif name == "reveal_phone" and self._state is not None and self._state.chosen is not None:
            self.phone_wanted.emit(self._state.chosen.member_id)
        elif name == "add_condition":
            self.new_wanted.emit()
        elif name == "log" and chosen:
            self._log()
        elif name == "close" and self.tasks.is_filtering:
            self.tasks.end_filter()
        else:
            return False
        return True

    def memento(self) -> object:
        return self._state.group if self._state is not None else None

    def restore(self, memento: object) -> None:
        if isinstance(memento, str):
            self.group_chosen.emit(memento)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.retranslate()

    def _refold(self, _is_tabbed: bool) -> None:
        self.retranslate()

    def _choose_group(self, group: str) -> None:
        self.group_chosen.emit(group)
        self.columns.show_pane(1)

    def _show_today(self) -> None:
        self.group_chosen.emit("today")

    def _show_drawer(self, follow_up_id: str) -> None:
        self.item_chosen.emit(follow_up_id)
        self.columns.show_pane(2)

    def _chosen(self) -> str:
        return self._state.chosen_id if self._state is not None else ""

    def _snooze(self) -> None:
        self.item_snoozed.emit(self._chosen())

    def _log(self) -> None:
        self.item_logged.emit(self._chosen())

    def _change(self) -> None:
        self.item_changed.emit(self._chosen())

    def _dismiss(self) -> None:
        self.item_dismissed.emit(self._chosen())
