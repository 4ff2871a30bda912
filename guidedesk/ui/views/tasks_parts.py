"""The groups and the list of the tasks screen, and the question after a contact that nobody told the result of."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QStackedWidget, QWidget

from guidedesk.ui import formats, task_words
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.task_groups import GROUPS, section_of
from guidedesk.ui.presenters.tasks import Asked, TasksState
from guidedesk.ui.tables.task_rows import TaskModel, TaskRow
from guidedesk.ui.theme import look
from guidedesk.ui.widgets.banner import Banner
from guidedesk.ui.widgets.bars import Bar, Part, permille
from guidedesk.ui.widgets.buttons import Button, icon_button
from guidedesk.ui.widgets.cards import TitledCard
from guidedesk.ui.widgets.chips import KeyHint
from guidedesk.ui.widgets.columns import ScrollColumn
from guidedesk.ui.widgets.fitting import FittingButtons, FittingRow
from guidedesk.ui.widgets.group_list import GroupEntry, GroupList
from guidedesk.ui.widgets.labels import Label, person_name
from guidedesk.ui.widgets.layouts import column, holder, row, rule
from guidedesk.ui.widgets.states import StaleChip, empty_state
from guidedesk.ui.widgets.task_list import TaskListView

_HUNDRED: Final = 100


class GroupsCard(TitledCard):
    """Groups with counts, and how this week was kept. `chosen(group)`."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__("tasks.title")
        self.title.setProperty("type", "title")
        self.groups = GroupList("tasks.groups")
        self._week = Label("", "label", "text2").say("tasks.on_time")
        self._share = Label("", "body_strong")
        self._bar = Bar()
        self._none = Label("", "caption", "text3", wrap=True).say("tasks.on_time_none")
        line = row(self._week, None, self._share, gap=2)
        self._kept = holder(column(rule(), column(line, self._bar, self._none, gap=2, pad=4), gap=0))
        self.body.put(ScrollColumn(holder(column(self.groups, None, gap=0))), self._kept)
        self.body.setStretch(0, 1)
        self.groups.chosen.connect(self.chosen)

    def show_state(self, state: TasksState) -> None:
        """Counts and the share of promises that were kept by their day."""
        counts = state.counts
        self.groups.show_groups(
            [
                GroupEntry(group, t(f"tasks.group.{group}"), formats.count(counts[group]) if group != "done" else "")
                for group in GROUPS
            ],
            state.group,
        )
        tasks = state.tasks
        has = tasks is not None and tasks.counted > 0
        for widget in (self._share, self._bar):
            widget.setVisible(has)
        self._none.setVisible(not has)
        if tasks is not None and has:
            share = (tasks.on_time * _HUNDRED * 2 + tasks.counted) // (2 * tasks.counted)
            self._share.set_text(f"{share}%")
            spoken = t("tasks.on_time_spoken", share=share, kept=tasks.on_time, total=tasks.counted)
            self._bar.show_parts((Part(permille(tasks.on_time, tasks.counted), "chart2"),), spoken)

    def first_focus(self) -> QWidget | None:
        """The chosen group."""
        return self.groups.current()


class TasksCard(TitledCard):
    """The list of a group. `chosen(id)` when a person moved to a row; `typed(text)` narrows it; `emptied()` leads back
    to today."""

    chosen = Signal(str)
    typed = Signal(str)
    emptied = Signal()

    def __init__(self) -> None:
        super().__init__(divided=True)
        self.model = TaskModel()
        self.view = TaskListView(self.model, "tasks.list")
        self._stale = StaleChip()
        self._stale.hide()
        self._filter = Button("", size="s", icon="filter", key="Ctrl F").say("tasks.filter")
        self._filter.clicked.connect(self.begin_filter)
        self.field = QLineEdit()
        self.field.textEdited.connect(self.typed)
        close = icon_button("x", "field.clear", size="s")
        close.clicked.connect(self.end_filter)
        self._field_row = holder(row(self.field, close, gap=1, pad=(2, 4, 2, 4)))
        self._field_row.hide()
        self.scripts = Button("", size="s", icon="script").say("scripts.open")
        self.new = Button("", size="s", icon="plus", key="Ctrl =").say("tasks.new")
        self.aside(self._stale, FittingButtons(self._filter, self.scripts, self.new))
        self._empty = empty_state("tasks")
        self._empty.acted.connect(self._leave_group)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.view)
        self._pages.addWidget(ScrollColumn(self._empty))
        self.body.put(self._field_row, self._pages)
        self.body.setStretch(1, 1)
        self._quiet = Label("", "caption", "text3", wrap=True)
        self._space = KeyHint("")
        keys = ((self._space, "keys.done"), (KeyHint("Ctrl →"), "tasks.key_snooze"), (KeyHint("Enter"), "keys.open"))
        self._keys = FittingRow(*((key, Label("", "caption", "text3").say(word)) for key, word in keys), gap=1)
        foot = self.foot(self._quiet, self._keys)
        foot.setStretch(0, 1)
        self._shown: object = None
        self._is_filling = False
        self.view.row_chosen.connect(self._row_chosen)

    @property
    def is_filtering(self) -> bool:
        """Whether the filter is open."""
        return not self._field_row.isHidden()

    def begin_filter(self) -> None:
        """Type what the member's name or the task has in it."""
        self._field_row.show()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def end_filter(self) -> None:
        """Show everybody again."""
        self._field_row.hide()
        self.field.clear()
        self.typed.emit("")
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_state(self, state: TasksState, *, compact: bool) -> None:
        """Entries under their heads, or what an empty group means."""
        self._compact = compact
        self.title.set_text(t(f"tasks.group.{state.group}"))
        self.field.setPlaceholderText(t("tasks.filter_hint"))
        self.field.setAccessibleName(t("tasks.filter_hint"))
        if self.field.text() != state.text and not self.field.hasFocus():
            self.field.setText(state.text)
        self._space.set_text(t("home.key_done"))
        tasks, items = state.tasks, state.items
        self._fit_head(state)
        self._stale.show_time(formats.time_text(state.as_of_ms) if state.as_of_ms is not None else "")
        wanted = (items, state.group, tasks.today if tasks is not None else None, t("tasks.title"))
        if wanted != self._shown and tasks is not None:
            self._shown = wanted
            by_id, today = {item.id: item for item in items}, tasks.today
            heads = [("" if state.group == "done" else section_of(item), item.id) for item in items]

            def make(follow_up_id: str) -> TaskRow | None:
                item = by_id.get(follow_up_id)
                return None if item is None else task_words.task_row(item, today)

            self._is_filling = True
            self.model.show_tasks(heads, make, lambda name: t(f"tasks.section.{name}"))
            self._is_filling = False
        if state.chosen_id and self.view.chosen_id() != state.chosen_id:
            self._is_filling = True
            self.view.choose(state.chosen_id)
            self._is_filling = False
        self._pages.setCurrentIndex(0 if items or tasks is None else 1)
        self._say_empty(state)
        policy = state.facts.settings.contact_policy if state.facts is not None else None
        self._quiet.set_text(
            t("tasks.quiet", start=f"{policy.quiet_from:%H:%M}", end=f"{policy.quiet_to:%H:%M}") if policy else ""
        )
        self._keys.setVisible(bool(items) and not compact)

    def _row_chosen(self, follow_up_id: str) -> None:
        if not self._is_filling:
            self.chosen.emit(follow_up_id)

    def _fit_head(self, state: TasksState) -> None:
        day = formats.weekday_date(formats.local_day(state.now_ms))
        tasks = state.tasks
        done = sum(formats.local_day(item.done_at_ms or 0) == tasks.today for item in tasks.done) if tasks else 0
        total = done + state.counts["today"]
        parts = [day, t("tasks.done_of", done=done, total=total)] if state.group == "today" and tasks else [day]
        self.set_note("" if self._compact else " · ".join(parts))
        # What is old says since when; its key is in the list of all keys.
        self._filter.show_key(not self._compact and state.as_of_ms is None)
        self.new.show_key(False)  # the key bar says it
        self.scripts.setVisible(not self._compact)

    def _say_empty(self, state: TasksState) -> None:
        if state.text:
            words = (t("tasks.empty_filter"), t("tasks.empty_filter_text"))
            self._empty.show_text(*words, (t("tasks.show_all"),))
        elif state.is_loading:
            self._empty.show_text(t("home.loading"), t("home.loading_detail"))
        elif state.group == "today":
            self._empty.show_text(t("tasks.empty_today"), t("tasks.empty_today_text"))
        else:
            self._empty.show_text(t("tasks.empty_group"), t("tasks.empty_group_text"), (t("tasks.show_today"),))

    def _leave_group(self, _number: int) -> None:
        if self.field.text():
            self.end_filter()
        else:
            self.emptied.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_wide = self.width() >= look().m.pane_min + look().m.pane_groups
        self.note.setVisible(is_wide and bool(self.note.text()))


class AskedNote(Banner):
    """What came of it? Asked once. `answered(done | log | later)`."""

    answered = Signal(str)

    def __init__(self) -> None:
        super().__init__("accent", "chat")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)  # as high as its words need
        self.acted.connect(self._log)
        self.closed.connect(self._later)

    def show_asked(self, asked: Asked) -> None:
        """Name her."""
        name = person_name(asked.name)
        self.show_text(t("tasks.asked", name=name), t("tasks.asked_text"), t("tasks.asked_log"))

    def _log(self) -> None:
        self.answered.emit("log")

    def _later(self) -> None:
        self.answered.emit("later")
