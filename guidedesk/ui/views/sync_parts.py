"""Cards and drawer of the sync centre."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QSizePolicy, QStackedWidget, QWidget

from guidedesk.sync.status import OperationInfo
from guidedesk.ui import formats, i18n, operation_words, spans
from guidedesk.ui.link_blocks import link_picture
from guidedesk.ui.presenters.sync_centre import TABS, SyncState, Tab, is_parked_here
from guidedesk.ui.tables.model import RowsModel
from guidedesk.ui.views import sync_words
from guidedesk.ui.widgets.banner import Banner
from guidedesk.ui.widgets.bars import Bar, Part, permille
from guidedesk.ui.widgets.buttons import Button, icon_button
from guidedesk.ui.widgets.cards import Card
from guidedesk.ui.widgets.chips import Chip, IconBox, IconLabel
from guidedesk.ui.widgets.choices import Choice, ChoiceGroup
from guidedesk.ui.widgets.columns import ScrollColumn
from guidedesk.ui.widgets.facts import Fact, FactLines
from guidedesk.ui.widgets.flow import flow
from guidedesk.ui.widgets.labels import Label, untrusted
from guidedesk.ui.widgets.layouts import Box, clear, column, holder, row, rule
from guidedesk.ui.widgets.link_strip import LinkStrip
from guidedesk.ui.widgets.listview import TableView
from guidedesk.ui.widgets.states import empty_state

LOW = QSizePolicy.Policy.Maximum
WIDE = QSizePolicy.Policy.Preferred

# Who recorded it gives way first at large text; the drawer says it too.
BY_COLUMN: Final = 2

class HeadCard(Card):
    """What is going on, and the one button."""

    def __init__(self) -> None:
        super().__init__(pad=3)
        self._icon = IconBox("cloud", large=True)
        self._title = Label("", "title", wrap=True)
        self._detail = Label("", "label", "text2", wrap=True)
        self.bar = Bar()
        self.diagnostics = Button("", icon="download").say("sync.diagnostics")
        self.unsent = Button("", icon="lock").say("sync.unsent")
        self.sync = Button("", "primary", icon="sync", key="F5").say("sync.now")
        words = column(None, self._title, self._detail, self.bar, None, gap=1)
        line = row(self._icon, words, self.diagnostics, self.unsent, self.sync, gap=4)
        line.setStretch(1, 1)
        self.body.addLayout(line)
        self.setSizePolicy(WIDE, WIDE)  # as high as its sentences need

    def render_state(self, state: SyncState, *, compact: bool, roomy: bool, wide: bool) -> None:
        """The headline; the detail goes where room is short, and before it the other buttons."""
        head = sync_words.headline(state)
        self._icon.show_icon(head.icon, head.tone)
        self._title.set_text(head.title)
        brief = sync_words.brief(state) if compact else ""
        self._detail.set_text(brief or head.detail)
        self._detail.setVisible(bool(brief) or not compact)
        # Work that waits is worth more than how this PC is; their keys stay.
        waits = state.is_offline and state.status is not None and state.status.waiting > 0
        self.unsent.setVisible(waits and roomy and not compact)
        self.diagnostics.setVisible((wide if waits else roomy) and not compact)
        loading = state.status.loading if state.status is not None else None
        self.bar.setVisible(loading is not None)
        if loading is not None:
            self.bar.show_parts((Part(permille(*loading), "accent"),), head.title)
        self.sync.say("sync.retry" if state.is_offline else "sync.now")


class KpiCard(Card):
    """One figure with its label and remark."""

    def __init__(self) -> None:
        super().__init__(pad=3)
        self._icon = IconBox("cloud")
        self._label = Label("", "caption", "text3", lines=1)
        self._value = Label("", "heading", lines=1)
        self._note = Label("", "caption", "text3", lines=1)
        line = row(self._icon, column(self._label, self._value, self._note, gap=0), gap=3)
        line.setStretch(1, 1)
        self.body.addLayout(line)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, LOW)

    def show_kpi(self, kpi: sync_words.Kpi) -> None:
        """Fill in the figure."""
        self._icon.show_icon(kpi.icon, kpi.tone)
        self._label.set_text(kpi.label)
        self._value.set_text(kpi.value)
        self._value.setAccessibleName(f"{kpi.label} {kpi.value}")
        self._note.set_text(kpi.note)


class KpiRow(QWidget):
    """Four figures side by side."""

    def __init__(self) -> None:
        super().__init__()
        self._cards = tuple(KpiCard() for _ in range(4))
        line = row(*self._cards, gap=3)
        for number in range(len(self._cards)):
            line.setStretch(number, 1)
        self.setLayout(line)
        self.setSizePolicy(WIDE, LOW)

    def render_state(self, state: SyncState) -> None:
        """Show the figures."""
        for card, kpi in zip(self._cards, sync_words.kpis(state), strict=True):
            card.show_kpi(kpi)


class OutageRow(QWidget):
    """While offline: when the line stood, the likely cause, and what goes on working."""

    CAN = (("check", "success", "sync.can_scan"), ("check", "success", "sync.can_log"),
           ("alert", "warning", "sync.can_done"), ("x", "danger", "sync.cannot"))
    RECORDS = ("sync.can_log", "sync.can_done")  # what a PC that may hold no more does not

    def __init__(self) -> None:
        super().__init__()
        self._contact = Label("", "caption", "text3", lines=1)
        self._strip = LinkStrip()
        self._from, self._to = Label("", "caption", "text3"), Label("", "caption", "text3").say("sync.link_now")
        self._cause = Label("", "label", "text2", wrap=True)
        self._chips: Box = row(gap=2)
        network = Card(
            row(Label("", "body_strong").say("sync.link_title"), None, self._contact, gap=3), self._strip,
            row(self._from, None, self._to), holder(self._chips), self._cause, None, gap=1,
        )  # fmt: skip
        can = Card(Label("", "body_strong").say("sync.can_title"), gap=1)
        self._marks = {key: IconLabel(icon, ink, "iconSmall") for icon, ink, key in self.CAN}
        for key, mark in self._marks.items():
            line = row(mark, Label("", "label", "text2", wrap=True).say(key), gap=2)
            line.setStretch(1, 1)
            can.body.addLayout(line)
        can.body.put(None)
        self._line = row(network, can, gap=3)
        self._line.setStretch(0, 1)
        self._line.setStretch(1, 1)
        self.setLayout(self._line)
        self.setSizePolicy(WIDE, LOW)

    def render_state(self, state: SyncState) -> None:
        """Show the line, the cause, last contact, next try and the limit."""
        status = state.status
        if status is None or not state.is_offline:
            return
        for icon, ink, key in self.CAN:
            works = key not in self.RECORDS or status.fullness != "full"
            self._marks[key].show_icon(*((icon, ink) if works else ("x", "danger")))
        self._contact.set_text(sync_words.contact_line(status))
        picture = link_picture(status.links, state.now_ms)
        self._strip.show_blocks(picture.blocks, sync_words.link_summary(picture))
        self._from.set_text(formats.time_text(picture.from_ms))
        self._cause.set_text(sync_words.cause_text(status))
        clear(self._chips)
        self._chips.put(*(Chip(text, tone, icon=icon) for text, tone, icon in sync_words.cause_chips(status)), None)


class RecordsCard(QFrame):
    """The four lists."""

    tab_chosen = Signal(str)
    chosen = Signal(str)
    opened = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self.tabs = ChoiceGroup("sync.tabs", style="tab", breaks=True)
        self.tabs.chosen.connect(self.tab_chosen)
        self._order = Label("", "caption", "text3", lines=1).say("sync.order")
        head = row(self.tabs, None, self._order, gap=3, pad=(2, 4, 2, 3))
        self._pages = QStackedWidget()
        self._models: dict[Tab, RowsModel] = {}
        self.tables: dict[Tab, TableView] = {}
        for tab in TABS:
            self._models[tab] = RowsModel(sync_words.columns(tab), sync_words.cells_of)
            table = TableView(self._models[tab], "sync.list")
            table.fold(BY_COLUMN)
            table.row_chosen.connect(self.chosen)
            table.row_opened.connect(self.opened)
            self.tables[tab] = table
            self._pages.addWidget(table)
        self._drawn: object = None
        self._empty = empty_state("cloud-check")
        self._pages.addWidget(ScrollColumn(self._empty))
        self._foot_words = Label("", "caption", "text3", lines=1)
        self._foot = holder(column(rule(), row(self._foot_words, pad=(2, 4, 2, 4)), gap=0))
        box = column(holder(head), rule(), self._pages, self._foot, gap=0)
        box.setStretch(2, 1)
        self.setLayout(box)

    def render_state(self, state: SyncState, *, compact: bool) -> None:
        """Counts, rows, and what is chosen."""
        choices = [Choice(tab, i18n.t(f"sync.tab_{tab}"), count=sync_words.tab_count(state, tab))
                   for tab in TABS]
        self.tabs.show_choices(choices, state.tab)
        rows = state.rows(state.tab)
        # The page is drawn every second for its clock; the rows change only with what stands in them.
        drawn = (i18n.language(), state.tab, state.operations, state.names, state.is_offline,
                 state.now_ms // spans.MINUTE_MS, state.chosen)  # fmt: skip
        if drawn != self._drawn:
            self._drawn = drawn
            self._fill(state, rows)
        self._empty.show_text(i18n.t(f"sync.empty_{state.tab}"), i18n.t(f"sync.empty_{state.tab}_detail"))
        self._pages.setCurrentIndex(TABS.index(state.tab) if rows else len(TABS))
        self._order.setVisible(state.tab == "queued" and not compact)
        self._foot_words.set_text(sync_words.foot(state))
        self._foot.setVisible(not compact)


    def _fill(self, state: SyncState, rows: tuple[OperationInfo, ...]) -> None:
        table, model = self.tables[state.tab], self._models[state.tab]
        model.set_columns(sync_words.columns(state.tab))
        was_blocked = table.blockSignals(True)
        model.set_rows([sync_words.table_row(operation, state.tab, state) for operation in rows])
        table.choose(state.chosen)
        table.blockSignals(was_blocked)


class RecordDrawer(QFrame):
    """One operation: what, who, why not, and that it was read."""

    seen = Signal(str)
    retried = Signal(str)
    member_opened = Signal(str)
    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "drawer")
        self._op_id = self._member_id = ""
        self._title = Label("", "heading", wrap=True)
        self._chip = Chip("")
        close = icon_button("x", "drawer.close", size="s")
        close.clicked.connect(self.closed)
        self._recorded = Label("", "caption", "text3", wrap=True)
        head = row(self._title, close, gap=2)
        head.setStretch(0, 1)
        top = column(head, row(self._chip, None), self._recorded, gap=1, pad=4)
        self._why = Banner("danger", "x-circle", closable=False)
        self._why.setSizePolicy(WIDE, WIDE)  # as high as its sentence needs at this width
        self._facts = FactLines()
        self._help = Label("", "caption", "text3", wrap=True)
        self._next = Label("", "label", "text2", wrap=True)
        self._ahead = holder(column(Label("", "body_strong").say("sync.next"), self._next, gap=1))
        middle = holder(column(self._why, self._facts, self._help, self._ahead, None, gap=3, pad=4))
        self.done = Button("", "primary", key="Ctrl Enter").say("sync.seen")
        self.member = Button("").say("sync.open_member")
        self.again = Button("", icon="refill", key="Alt R").say("sync.try_again")
        self._note = Label("", "caption", "text3", wrap=True).say("sync.seen_note")
        buttons = flow(self.member, self.again, self.done, gap=2)
        self._foot = holder(column(rule(), column(buttons, self._note, gap=2, pad=4), gap=0))
        box = column(top, rule(), ScrollColumn(middle), self._foot, gap=0)
        box.setStretch(2, 1)
        self.setLayout(box)
        self.done.clicked.connect(self._mark)
        self.member.clicked.connect(self._open_member)
        self.again.clicked.connect(self.retry)

    def render_state(self, state: SyncState) -> None:
        """Show the chosen operation."""
        operation = state.chosen_row
        if operation is None:
            return
        self._op_id, self._member_id = operation.op_id, operation.member_id or ""
        self._title.set_text(untrusted(operation_words.what_about(operation)))
        tone = operation_words.tone_of(operation)
        self._chip.show_state(operation_words.state_word(operation), tone)
        self._recorded.set_text(sync_words.recorded_words(operation, state))
        why = operation_words.why(operation, state.names, state.now_ms)
        self._why.set_tone(tone, sync_words.STATE_ICONS.get(operation.state, "alert"))
        self._why.show_text("", why)
        self._why.setVisible(bool(why))
        facts = []
        if operation_words.rule(operation):
            facts.append(Fact(i18n.t("sync.col_rule"), operation_words.rule(operation)))
        if operation.settled_at_ms is not None:
            facts.append(Fact(i18n.t("sync.settled_at"), formats.moment_text(operation.settled_at_ms, state.now_ms)))
        self._facts.show_facts(tuple(facts))
        self._help.set_text(operation_words.rule_help(operation))
        self._help.setVisible(bool(self._help.text()))
        self._next.set_text(sync_words.next_words(operation))
        self._ahead.setHidden(operation.state in sync_words.OVER)
        needs, parked = state.tab == "needs", is_parked_here(operation)
        # At most two ways on: that it was read, and the one that helps.
        self.done.setVisible(needs)
        self._note.setVisible(needs)
        self._note.say("sync.seen_note" if operation.state == "rejected" else "sync.seen_note_held")
        self.again.setVisible(parked)
        existing = operation.params.get("member_id") if operation.reason == "same_phone" else None
        if isinstance(existing, str):
            self._member_id = existing
        self.member.say("sync.open_existing" if existing else "sync.open_member")
        self.member.setVisible(bool(self._member_id) and not parked)
        self._foot.setVisible(needs or parked or bool(self._member_id))

    def mark(self) -> None:
        """Ctrl Enter."""
        if not self.done.isHidden():
            self._mark()

    def retry(self) -> None:
        """Alt R."""
        if not self.again.isHidden():
            self.retried.emit(self._op_id)

    def _mark(self) -> None:
        self.seen.emit(self._op_id)

    def _open_member(self) -> None:
        self.member_opened.emit(self._member_id)
