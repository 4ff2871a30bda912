"""Segments and outreach (DESIGN-UI.md 5.12, mockup 12): audiences at the left, conditions, tasks at the right."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QWidget

from guidedesk.services.segments import SegmentInfo
from guidedesk.ui import formats, messages
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.segments_state import BY_HAND, PRESETS, SegmentsState
from guidedesk.ui.safe_text import untrusted
from guidedesk.ui.shell.keymap import KeyCue
from guidedesk.ui.shell.page import Page
from guidedesk.ui.tables.model import RowsModel
from guidedesk.ui.theme import look
from guidedesk.ui.views.segments_outreach import OutreachPanel, problem_text
from guidedesk.ui.views.segments_parts import BuildCard
from guidedesk.ui.widgets.chips import IconLabel
from guidedesk.ui.widgets.columns import ColumnsPane, Pane
from guidedesk.ui.widgets.count_rows import CountDelegate, CountRow
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import ALIGN_TOP, column, holder, row, rule, settle_layouts
from guidedesk.ui.widgets.listview import ListView
from guidedesk.ui.widgets.menu_button import MenuButton, MenuItem
from guidedesk.ui.widgets.pages import Pages
from guidedesk.ui.widgets.states import Skeleton, StaleChip, StatePanel, empty_state, error_state, no_permission_state

CUES: Final = (
    KeyCue("F2", "keys.search"), KeyCue("Ctrl =", "seg.key.add"), KeyCue("Alt T", "seg.key.members"),
    KeyCue("Ctrl Enter", "seg.key.send"),
    KeyCue("F3", "keys.code"), KeyCue("F5", "keys.sync"), KeyCue("F7", "keys.tasks"), KeyCue("F8", "keys.earnings"),
    KeyCue("F9", "keys.lock"),
)  # fmt: skip
_ICONS: Final = {
    "empty": "plus", "away": "store", "birthday": "cake", "first_order": "receipt", "tried": "user-check",
    "window": "hourglass", BY_HAND: "pin",
}  # fmt: skip


class ListCard(QFrame):
    """The saved audiences with their counts. `chosen(id)`, `added(preset)`."""

    chosen = Signal(str)
    added = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        title = Label("", "title", lines=1).say("seg.title")
        items = [MenuItem(preset, f"seg.preset.{preset}", _ICONS[preset]) for preset in (*PRESETS, BY_HAND)]
        self.add = MenuButton("seg.add", items)
        self.add.set_icon("plus")
        self.add.chosen.connect(self.added)
        self.stale = StaleChip()
        self.stale.hide()
        self._model = RowsModel()
        self.list = ListView(self._model, CountDelegate(), "seg.list")
        self.list.row_chosen.connect(self._chosen)
        self._is_filling = False
        mark = IconLabel("sync", "text2", "iconSmall")
        night = row(mark, Label("", "caption", "text2", wrap=True).say("seg.night"), gap=2, pad=4)
        night.setStretch(1, 1)
        night.setAlignment(mark, ALIGN_TOP)
        names = column(title, row(self.stale, None), gap=0)
        line = row(names, self.add, gap=2, pad=(2, 3, 2, 4))
        line.setStretch(0, 1)
        head = holder(line)
        self._night = holder(column(rule(), night, gap=0))
        lines = column(head, rule(), self.list, self._night, gap=0)
        lines.setStretch(2, 1)
        self.setLayout(lines)

    def show_state(self, state: SegmentsState) -> None:
        """The list as head office told it last, and what is on show even before it is saved."""
        board, draft = state.board, state.draft
        segments = () if board is None else board.segments
        here = "" if draft is None else draft.id
        rows = [_row(each, is_chosen=each.id == here) for each in segments]
        if draft is not None and here not in {each.id for each in segments}:
            rows.append(CountRow(draft.id, untrusted(draft.name, 40), "", draft.name, is_chosen=True))
        self._is_filling = True
        self._model.set_rows(rows)
        if here:
            self.list.choose(here)
        self._is_filling = False
        locked = t(state.why_not_edited) if state.why_not_edited else ""
        self.add.allow(not locked, locked)
        time = formats.moment_text(board.as_of_ms, state.now_ms) if board is not None and state.is_offline else ""
        self.stale.show_time(time)
        self._night.setVisible(self.height() >= look().m.dialog_h * 3 // 4)

    def _chosen(self, segment_id: str) -> None:
        if not self._is_filling:
            self.chosen.emit(segment_id)


def _row(info: SegmentInfo, *, is_chosen: bool) -> CountRow:
    name, kind = untrusted(info.name, 40), t(f"seg.kind.{info.kind}")
    count = formats.count(info.members) if info.counted_at_ms else ""
    spoken = ", ".join(part for part in (name, kind, t("seg.count_first", n=info.members) if count else "") if part)
    return CountRow(info.id, name, count, spoken, is_chosen)


class SegmentsPage(Page):
    """The page tells what a person did by the signals of its parts; `added(preset)`, `retried()`."""

    added = Signal(str)
    retried = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._state: SegmentsState | None = None
        self.list, self.build, self.outreach = ListCard(), BuildCard(), OutreachPanel()
        self.list.added.connect(self.added)
        self._empty, self._error, self._closed = empty_state("segments"), error_state(), no_permission_state()
        self._loading = Skeleton()
        self._empty.acted.connect(self._acted)
        self._error.acted.connect(self._acted)
        self._middle = Pages()
        self._middle.add(self.build)
        self._framed = QFrame()
        self._framed.setProperty("kind", "card")
        self._states = Pages()
        for panel in (self._empty, self._error, self._loading):
            self._states.add(panel)
        self._framed.setLayout(column(self._states, gap=0))
        self._middle.add(self._framed)
        self.columns = ColumnsPane(
            Pane(self.list, "seg.pane_list", "pane_segments"),
            Pane(self._middle, "seg.pane_build"),
            Pane(self.outreach, "seg.pane_send", "pane_drawer"),
            least="segments_min",
        )
        self._whole = Pages()
        self._whole.add(self.columns)
        self._whole.add(self._closed)
        self.body.addWidget(self._whole, 1)
        self.columns.became_tabs.connect(self._refold)

    def render_state(self, state: SegmentsState) -> None:
        """Show a state."""
        self._state = state
        is_closed = state.problem is not None and state.problem.code == "forbidden"
        self._whole.show_page(self._closed if is_closed else self.columns)
        if is_closed:
            self._closed.show_text(t("seg.forbidden"), t("seg.forbidden_text"))
            return
        self.list.show_state(state)
        problem = problem_text(state.save_problem or state.count_problem)
        if not problem and state.count is not None and not state.count.is_whole:
            problem = t("seg.not_whole")
        self.build.show_state(state, problem, compact=self.columns.is_tabbed)
        self.outreach.show_state(state)
        self._show_middle(state)
        settle_layouts()

    def _show_middle(self, state: SegmentsState) -> None:
        panel: StatePanel | Skeleton | None = None
        if state.draft is None:
            panel = self._empty
            if state.board is None:
                panel = self._loading if state.problem is None and not state.is_offline else self._error
        if panel is None:
            self._middle.show_page(self.build)
            return
        self._middle.show_page(self._framed)
        self._states.show_page(panel)
        if panel is self._empty:
            ways = () if state.is_offline else (t("seg.none_action"),)
            self._empty.show_text(t("seg.none"), t("seg.none_text"), ways)
        elif panel is self._error:
            said = t("seg.offline") if state.problem is None else messages.message_for(state.problem).text
            self._error.show_text(t("seg.failed"), said, (t("seg.retry"),))

    def retranslate(self) -> None:
        if self._state is not None:
            self.render_state(self._state)

    def first_focus(self) -> QWidget | None:
        return self.list.list

    def panes(self) -> list[QWidget]:
        return [self.list.list, self._middle, self.outreach]

    def key_cues(self) -> tuple[KeyCue, ...]:
        return CUES

    def handle_command(self, name: str) -> bool:
        if name == "main_action":
            if self.outreach.send.isEnabled():
                self.outreach.looked.emit()
            return True
        if name == "table_view":
            if self._state is not None and self._state.count is not None:
                self.build.reach.members.clicked.emit()
            return True
        if name == "add_condition":
            if self.columns.is_tabbed:
                self.columns.show_pane(1)
            self.build.conditions.add.open_menu()
            return True
        if name in ("close", "back") and self.columns.is_tabbed and not self.list.isVisible():
            self.columns.show_pane(0)
            return True
        return False

    def _acted(self, _number: int) -> None:
        if self._states.shown() is self._empty:
            self.added.emit("empty")
        else:
            self.retried.emit()

    def _refold(self, _tabbed: bool) -> None:
        self.retranslate()
