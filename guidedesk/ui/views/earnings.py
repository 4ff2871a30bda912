"""My earnings (mockup 09): sums, lines with their states, and at the side why each is what it is."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from guidedesk.ui import formats
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.earnings import EarningsState
from guidedesk.ui.shell.keymap import KeyCue
from guidedesk.ui.shell.page import Page
from guidedesk.ui.theme import look
from guidedesk.ui.views.earnings_drawer import EarningsDrawer
from guidedesk.ui.views.earnings_parts import LinesCard, MonthHead, NewsCard, SumsCard
from guidedesk.ui.widgets.banner import Banner
from guidedesk.ui.widgets.columns import ColumnsPane, Pane
from guidedesk.ui.widgets.layouts import column, holder

CUES = (
    KeyCue("F2", "keys.search"), KeyCue("Enter", "earn.key.why"), KeyCue("Alt D", "earn.key.dispute"),
    KeyCue("Ctrl F", "history.key.filter_list"), KeyCue("Ctrl E", "export.open"), KeyCue("F5", "keys.sync"),
    KeyCue("F6", "keys.pane"), KeyCue("F9", "keys.lock"),
)  # fmt: skip


PANEL_KEYS = {"choice_1": "changes", "choice_2": "expiring", "choice_3": "why_not"}


class EarningsPage(Page):
    """Emits what the person did; ids are those of lines and members."""

    filtered = Signal(str)
    text_typed = Signal(str)
    line_chosen = Signal(str)
    month_stepped = Signal(str)
    panel_wanted = Signal(str)
    loosened = Signal()
    retried = Signal()
    dispute_started = Signal()
    order_opened = Signal()
    export_started = Signal()
    acknowledged = Signal()
    member_opened = Signal(str)
    why_not_asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._state: EarningsState | None = None
        self.head, self.sums, self.news, self.lines = MonthHead(), SumsCard(), NewsCard(), LinesCard()
        self.banner = Banner(closable=False)
        self.banner.hide()
        self.drawer = EarningsDrawer()
        main = column(self.head, self.banner, self.sums, self.news, self.lines, gap=3)
        main.setStretch(4, 1)
        self.columns = ColumnsPane(
            Pane(holder(main), "earn.pane_lines"), Pane(self.drawer, "earn.pane_why", "pane_drawer"),
            least="home_main_min",
        )
        self.body.addWidget(self.columns, 1)
        self._connect()

    def _connect(self) -> None:
        self.head.stepped.connect(self.month_stepped)
        self.head.exported.connect(self.export_started)
        self.news.panel_wanted.connect(self._open_panel)
        lines, drawer = self.lines, self.drawer
        lines.filtered.connect(self.filtered)
        lines.text_typed.connect(self.text_typed)
        lines.chosen.connect(self.line_chosen)
        lines.opened.connect(self._open_line)
        lines.loosened.connect(self.loosened)
        lines.retried.connect(self.retried)
        drawer.line.disputed.connect(self.dispute_started)
        drawer.line.order_opened.connect(self.order_opened)
        drawer.changes.acknowledged.connect(self.acknowledged)
        drawer.expiring.member_opened.connect(self.member_opened)
        drawer.why_not.asked.connect(self.why_not_asked)
        for panel in (drawer.line, drawer.changes, drawer.expiring, drawer.why_not):
            panel.closed.connect(self._close_panel)
        self.columns.became_tabs.connect(self._refold)

    def render_state(self, state: EarningsState) -> None:
        """Show a state."""
        before, self._state = self._state, state
        today, compact = formats.local_day(state.now_ms), self.columns.is_tabbed
        data = state.data
        self.head.render_state(state, today, compact=compact)
        small = compact or self.height() < look().m.page_short * 3 // 4
        self.sums.setVisible(data is not None and not (compact and small_height(self)))
        if data is not None:
            self.sums.show_month(data, today)
        self.news.setVisible(data is not None and not small)
        self.news.render_state(state)
        self.lines.render_state(state, today, compact=compact)
        self.drawer.line.close_button.setVisible(compact)
        self.drawer.render_state(state, today)
        self._show_banner(state, compact=compact)
        if before is None or before.panel != state.panel:
            self.columns.show_pane(1 if state.panel != "line" else 0)

    def _show_banner(self, state: EarningsState, *, compact: bool) -> None:
        data = state.data
        is_old = state.source.is_old and data is not None
        self.banner.setVisible(is_old and state.feed.is_offline and not compact)
        if data is not None:
            waiting = state.feed.waiting
            text = t("earn.offline_waiting", n=waiting) if waiting else t("earn.offline_text")
            title = t("earn.offline_title", time=formats.moment_text(data.as_of_ms, state.now_ms))
            self.banner.show_text(title, text)

    def retranslate(self) -> None:
        if self._state is not None:
            self.render_state(self._state)

    def first_focus(self) -> QWidget | None:
        return self.lines.table

    def panes(self) -> list[QWidget]:
        return [self.lines.tabs, self.lines.table, self.drawer]

    def key_cues(self) -> tuple[KeyCue, ...]:
        return CUES

    def handle_command(self, name: str) -> bool:
        state = self._state
        panel = state.panel if state is not None else "line"
        if name == "dispute":
            if panel == "line" and self.drawer.line.dispute.isEnabled():
                self.dispute_started.emit()
        elif name == "export":
            if self.head.export.isEnabled():
                self.export_started.emit()
        elif name == "filter":
            self.columns.show_pane(0)
            self.lines.search.line.setFocus()
            self.lines.search.line.selectAll()
        elif name in PANEL_KEYS and state is not None and state.data is not None:
            self._open_panel(PANEL_KEYS[name])
        elif name == "main_action" and panel == "changes":
            if self.drawer.changes.seen.isEnabled():
                self.acknowledged.emit()
        elif name == "main_action" and panel == "why_not":
            self.drawer.why_not.send()
        elif name in ("close", "back") and (panel != "line" or (self.columns.is_tabbed and self.drawer.isVisible())):
            self._close_panel()
        else:
            return False
        return True

    def _open_panel(self, panel: str) -> None:
        self.panel_wanted.emit(panel)
        self.columns.show_pane(1)
        if panel == "why_not":
            self.drawer.why_not.number.setFocus()

    def _open_line(self, line_id: str) -> None:
        self.line_chosen.emit(line_id)
        self.columns.show_pane(1)

    def _close_panel(self) -> None:
        self.panel_wanted.emit("line")
        self.columns.show_pane(0)
        self.lines.table.setFocus()

    def _refold(self, _tabbed: bool) -> None:
        self.retranslate()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.retranslate()


def small_height(page: QWidget) -> bool:
    """Whether sums would leave no room for the lines below them."""
    return page.height() < look().m.page_short
