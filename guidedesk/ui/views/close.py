"""Closing a month (mockup 11b): gates, sums, disputes and trial balance; at the side a dispute with its ruling."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QWidget

from guidedesk.ui import close_words, formats
from guidedesk.ui import earnings_words as words
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.close import CloseState
from guidedesk.ui.presenters.double_uses import DoubleUsesState
from guidedesk.ui.shell.keymap import KeyCue
from guidedesk.ui.shell.page import Page
from guidedesk.ui.theme import look
from guidedesk.ui.views.close_flags import FlagPanel
from guidedesk.ui.views.close_parts import DisputePanel, GatesCard, TotalsCard
from guidedesk.ui.views.close_second import AdjustmentPanel
from guidedesk.ui.views.close_tables import TablesCard
from guidedesk.ui.widgets.buttons import Button, icon_button
from guidedesk.ui.widgets.chips import Chip
from guidedesk.ui.widgets.columns import ColumnsPane, Pane
from guidedesk.ui.widgets.flow import flow
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import column, holder, row
from guidedesk.ui.widgets.pages import Pages

CUES = (
    KeyCue("F2", "keys.search"), KeyCue("Ctrl Enter", "close.key.rule"), KeyCue("F5", "keys.sync"),
    KeyCue("F6", "keys.pane"), KeyCue("F8", "keys.earnings"), KeyCue("F9", "keys.lock"),
)  # fmt: skip


class ClosePage(Page):
    """Emits what the manager did; ids are those of disputes."""

    month_stepped = Signal(str)
    tab_chosen = Signal(str)
    dispute_chosen = Signal(str)
    decided = Signal(str)
    amount_typed = Signal(str)
    sentence_typed = Signal(str)
    ruled = Signal()
    second_decided = Signal(str)
    reviewed = Signal(str)
    person_chosen = Signal(str)
    proposed = Signal()
    confirmed = Signal()
    closed = Signal()
    forced = Signal()
    retried = Signal()
    twice_wanted = Signal()
    export_started = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._state: CloseState | None = None
        self._title = Label("", "title")
        self.before, self.after = icon_button("chevron-left", "earn.before"), icon_button("chevron-right", "earn.after")
        self._chip = Chip()
        self.confirm = Button("").say("close.confirm")
        self.force = Button("", "quiet").say("close.force")
        self.close_it = Button("", "primary", icon="lock").say("close.close")
        ways = (self.force, self.confirm, self.close_it)
        place = holder(row(self.before, self._title, self.after, self._chip, gap=2))
        head = flow(place, holder(row(*ways, gap=2)), align="apart")
        self.gates, self.totals, self.tables = GatesCard(), TotalsCard(), TablesCard()
        self.panel, self.second, self.flag = DisputePanel(), AdjustmentPanel(), FlagPanel()
        self._side = Pages()
        for panel in (self.panel, self.second, self.flag):
            self._side.add(panel)
        side = QFrame()
        side.setProperty("kind", "card")
        side.setLayout(column(self._side, gap=0))
        main = column(head, self.gates, self.totals, self.tables, gap=3)
        main.setStretch(3, 1)
        self.columns = ColumnsPane(
            Pane(holder(main), "close.pane_month"), Pane(side, "close.pane_dispute", "pane_drawer_wide"),
            least="home_main_min",
        )
        self.body.addWidget(self.columns, 1)
        self._connect()

    def _connect(self) -> None:
        self.before.clicked.connect(self._back)
        self.after.clicked.connect(self._forward)
        self.confirm.clicked.connect(self.confirmed)
        self.close_it.clicked.connect(self.closed)
        self.force.clicked.connect(self.forced)
        self.tables.twice.clicked.connect(self.twice_wanted)
        self.tables.tab_chosen.connect(self.tab_chosen)
        self.tables.chosen.connect(self.dispute_chosen)
        self.tables.retried.connect(self.retried)
        self.tables.export.clicked.connect(self.export_started)
        self.tables.people.row_chosen.connect(self.person_chosen)
        self.tables.propose.clicked.connect(self.proposed)
        self.panel.decided.connect(self.decided)
        self.panel.amount_typed.connect(self.amount_typed)
        self.panel.sentence_typed.connect(self.sentence_typed)
        self.panel.ruled.connect(self.ruled)
        self.second.decided.connect(self.second_decided)
        self.flag.sentence_typed.connect(self.sentence_typed)
        self.flag.reviewed.connect(self.reviewed)
        self.columns.became_tabs.connect(self._refold)

    def render_state(self, state: CloseState) -> None:
        """Show a state."""
        self._state = state
        data, today = state.data, formats.local_day(state.now_ms)
        compact = self.columns.is_tabbed
        low = compact or self.height() < look().m.page_short * 3 // 4
        self._title.set_text(t("close.title", month=words.period_text(data.period)) if data else t("close.title_plain"))
        for button, by in ((self.before, -1), (self.after, 1)):
            button.allow(state.month(by) is not None, t("earn.no_month"))
        self._chip.setVisible(data is not None and not compact)
        if data is not None:
            if data.state == "closed":
                day = formats.day_text(formats.local_day(data.closed_at_ms), today) if data.closed_at_ms else ""
                self._chip.show_state(t("earn.closed_on", date=day), "success", "check")
            else:
                self._chip.show_state(close_words.blocked_text(data), "warning" if state.blocked_by else "success",
                                      "hourglass" if state.blocked_by else "check")
            self.gates.show_gates(data, today)
            self.totals.show_totals(data)
        self.gates.setVisible(data is not None and not compact)
        self.totals.setVisible(data is not None and not low)
        self.tables.render_state(state, compact=low)
        self.panel.show_dispute(state, today)
        self.second.show_adjustment(state, today)
        self.flag.show_flag(state, today)
        self._side.show_page({"second": self.second, "flags": self.flag}.get(state.tab, self.panel))
        self._show_buttons(state)

    def render_double_uses(self, state: DoubleUsesState) -> None:
        """How many codes that were used twice wait; the way there stands once head office answered."""
        self.tables.show_twice(None if state.data is None else state.data.waiting)

    def _show_buttons(self, state: CloseState) -> None:
        data = state.data
        is_open = data is not None and data.state == "open"
        gates = {} if data is None else {gate.name: gate for gate in data.gates}
        blocked = state.blocked_by
        may_confirm = is_open and not gates["confirm"].is_done and not gates["confirm"].at_ms
        self.confirm.setVisible(may_confirm)
        self.confirm.allow(not state.is_offline, t("close.offline"))
        self.close_it.setVisible(is_open)
        reason = t("close.offline") if state.is_offline else ""
        if blocked is not None and data is not None:
            note = close_words.gate_note(blocked, data, formats.local_day(state.now_ms))
            reason = reason or t("close.locked", gate=t(f"close.gate.{blocked.name}"), note=note)
        self.close_it.allow(not reason, reason)
        can_force = is_open and blocked is not None and blocked.name in ("returns", "disputes", "confirm")
        self.force.setVisible(can_force and not self.columns.is_tabbed)
        self.force.allow(not state.is_offline, t("close.offline"))

    def retranslate(self) -> None:
        if self._state is not None:
            self.render_state(self._state)

    def first_focus(self) -> QWidget | None:
        return self.tables.disputes

    def panes(self) -> list[QWidget]:
        tables = self.tables
        return [self.gates, tables.disputes, tables.seconds, tables.flags, tables.people, self._side]

    def key_cues(self) -> tuple[KeyCue, ...]:
        return CUES

    def handle_command(self, name: str) -> bool:
        if name == "main_action":
            if self.panel.rule_it.isVisible() and self.panel.rule_it.isEnabled():
                self.ruled.emit()
            elif self.second.approve.isVisible() and self.second.approve.isEnabled():
                self.second_decided.emit("approve")
            elif self.flag.accept.isVisible() and self.flag.accept.isEnabled():
                self.reviewed.emit("accept")
            elif self.close_it.isVisible() and self.close_it.isEnabled() and self._no_dispute():
                self.closed.emit()
            return True
        if name == "export":
            if self.tables.export.isVisible() and self.tables.export.isEnabled():
                self.export_started.emit()
            return True
        if name in ("close", "back") and self.columns.is_tabbed and self._side.isVisible():
            self.columns.show_pane(0)
            return True
        return False

    def _no_dispute(self) -> bool:
        state = self._state
        return state is not None and not (state.dispute or state.adjustment or state.flag)

    def _back(self) -> None:
        self.month_stepped.emit("-1")

    def _forward(self) -> None:
        self.month_stepped.emit("1")

    def _refold(self, _tabbed: bool) -> None:
        self.retranslate()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.retranslate()
