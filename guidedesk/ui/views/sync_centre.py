"""The sync centre (13, 13b): nothing is lost, and why something was not accepted."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from guidedesk.ui.presenters.sync_centre import SyncState
from guidedesk.ui.shell.keymap import KeyCue
from guidedesk.ui.shell.page import Page
from guidedesk.ui.theme import look
from guidedesk.ui.views.sync_parts import HeadCard, KpiRow, OutageRow, RecordDrawer, RecordsCard
from guidedesk.ui.widgets.layouts import column, holder, row

CUES = (
    KeyCue("F5", "keys.sync"), KeyCue("F2", "keys.search"), KeyCue("F6", "keys.pane"), KeyCue("Enter", "sync.details"),
    KeyCue("Ctrl Enter", "sync.seen"), KeyCue("Ctrl E", "sync.diagnostics"), KeyCue("Ctrl S", "sync.unsent"),
    KeyCue("F9", "keys.lock"),
)


class SyncPage(Page):
    """Emits what the person did; ids are those of operations and members."""

    tab_chosen = Signal(str)
    row_chosen = Signal(str)
    seen = Signal(str)
    retried = Signal(str)
    diagnostics_wanted = Signal()
    unsent_wanted = Signal()
    sync_wanted = Signal()
    member_opened = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._state: SyncState | None = None
        self._is_drawer_open = False
        self.head = HeadCard()
        self.kpis = KpiRow()
        self.outage = OutageRow()
        self.records = RecordsCard()
        self.drawer = RecordDrawer()
        main = column(self.head, self.kpis, self.outage, self.records, gap=3)
        main.setStretch(3, 1)
        self._main = holder(main)
        line = row(self._main, self.drawer, gap=4)
        line.setStretch(0, 1)
        self.body.addLayout(line, 1)
        self._connect()

    def _connect(self) -> None:
        self.head.sync.clicked.connect(self.sync_wanted)
        self.head.diagnostics.clicked.connect(self.diagnostics_wanted)
        self.head.unsent.clicked.connect(self.unsent_wanted)
        self.drawer.retried.connect(self.retried)
        self.records.tab_chosen.connect(self.tab_chosen)
        self.records.chosen.connect(self.row_chosen)
        self.records.opened.connect(self._open_row)
        self.drawer.seen.connect(self.seen)
        self.drawer.member_opened.connect(self.member_opened)
        self.drawer.closed.connect(self._close_drawer)

    def render_state(self, state: SyncState) -> None:
        """Show a state."""
        self._state = state
        narrow = self.width() < look().m.page_narrow
        has_row = state.chosen_row is not None
        short = self.window().height() < look().m.page_short
        is_drawn = has_row and (self._is_drawer_open or not narrow)
        room = self.width() - (look().m.pane_drawer if is_drawn else 0)
        drawers = room // look().m.pane_drawer
        self.head.render_state(state, compact=narrow, roomy=drawers >= 2, wide=drawers >= 3)
        self.kpis.render_state(state)
        self.outage.render_state(state)
        self.kpis.setVisible(not narrow and not short and not state.is_offline)
        self.outage.setVisible(not narrow and not short and state.is_offline)
        self.records.render_state(state, compact=narrow)
        self.drawer.render_state(state)
        self.drawer.setVisible(is_drawn)
        self._main.setVisible(not (narrow and has_row and self._is_drawer_open))
        if narrow:
            self.drawer.setMinimumWidth(0)
            self.drawer.setMaximumWidth(look().m.page_max_w * 4)
        else:
            self.drawer.setFixedWidth(look().m.pane_drawer)

    def retranslate(self) -> None:
        if self._state is not None:
            self.render_state(self._state)

    def first_focus(self) -> QWidget | None:
        if self._state is None or not self._state.rows(self._state.tab):
            return self.records.tabs
        return self.records.tables[self._state.tab]

    def panes(self) -> list[QWidget]:
        return [self.head, self.records, self.drawer]

    def key_cues(self) -> tuple[KeyCue, ...]:
        return CUES

    def handle_command(self, name: str) -> bool:
        if name == "sync_now":
            self.sync_wanted.emit()
        elif name == "export":
            self.diagnostics_wanted.emit()
        elif name == "save_png":
            self.unsent_wanted.emit()
        elif name == "return" and self.drawer.isVisible():
            self.drawer.retry()
        elif name == "main_action" and self.drawer.isVisible():
            self.drawer.mark()
        elif name == "close" and self._is_drawer_open:
            self._close_drawer()
        else:
            return False
        return True

    def _open_row(self, op_id: str) -> None:
        self._is_drawer_open = True
        self.row_chosen.emit(op_id)
        self.retranslate()

    def _close_drawer(self) -> None:
        self._is_drawer_open = False
        self.row_chosen.emit("")
        self.retranslate()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.retranslate()
