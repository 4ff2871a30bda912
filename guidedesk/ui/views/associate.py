"""An associate and giving members away (mockup 11): figures, the list of members to tick, and the panel at the side."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from guidedesk.ui import formats, i18n, messages
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.associate import AssociateState
from guidedesk.ui.safe_text import person_name
from guidedesk.ui.shell.keymap import KeyCue
from guidedesk.ui.shell.page import Page
from guidedesk.ui.tables.model import RowsModel
from guidedesk.ui.theme import look
from guidedesk.ui.views.associate_parts import FiguresCard, ReassignPanel
from guidedesk.ui.views.associate_rows import AssociateRow, cells, columns
from guidedesk.ui.widgets.avatar import Avatar
from guidedesk.ui.widgets.buttons import Button, icon_button
from guidedesk.ui.widgets.cards import Card
from guidedesk.ui.widgets.chips import Chip, KeyHint
from guidedesk.ui.widgets.choices import Choice
from guidedesk.ui.widgets.columns import ColumnsPane, Pane
from guidedesk.ui.widgets.filters import FilterButton, FilterToggle
from guidedesk.ui.widgets.flow import flow
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import column, holder, row, rule
from guidedesk.ui.widgets.states import empty_state, error_state
from guidedesk.ui.widgets.tick_table import TickTable

CUES: Final = (
    KeyCue("F2", "keys.search"), KeyCue("Ctrl M", "associate.key.reassign"), KeyCue("Ctrl Enter", "associate.key.go"),
    KeyCue("F5", "keys.sync"), KeyCue("F6", "keys.pane"), KeyCue("F9", "keys.lock"),
)  # fmt: skip
_TIERS: Final = ("casual", "ordinary", "super")


class AssociatePage(Page):
    """`filtered(name, value)`, `ticked(id)`, `range_ticked(ids)`, `all_ticked`, `end_near`, `member_opened(id)`,
    `taker_chosen(id)`, `reason_chosen(word)`, `reassigned`, `undone(batch id)`, `hand_over_started`, `retried`,
    `returned(id)` when Back leads here again, `left`."""

    filtered = Signal(str, str)
    ticked = Signal(str)
    range_ticked = Signal(object)
    all_ticked = Signal()
    end_near = Signal()
    member_opened = Signal(str)
    taker_chosen = Signal(str)
    reason_chosen = Signal(str)
    reassigned = Signal()
    undone = Signal(str)
    hand_over_started = Signal()
    retried = Signal()
    returned = Signal(str)
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._state: AssociateState | None = None
        self._drawn: object = None
        self._back = icon_button("arrow-left", "back")
        self._avatar, self._name = Avatar("", "m"), Label("", "title", lines=1)
        self._what, self._gone = Label("", "caption", "text3", lines=1), Chip()
        self.hand_over = Button("", icon="user-swap").say("hand_over.open")
        who = column(self._name, self._what, gap=0)
        head = row(self._back, self._avatar, who, self._gone, None, self.hand_over, gap=3)
        self.figures, self.panel = FiguresCard(), ReassignPanel()
        main = column(holder(head), self.figures, self._list_card(), gap=3)
        main.setStretch(2, 1)
        self.columns = ColumnsPane(
            Pane(holder(main), "associate.pane_members"), Pane(self.panel, "associate.reassign", "pane_drawer"),
            least="home_main_min",
        )
        self.body.addWidget(self.columns, 1)
        self._connect()
        self.retranslate()

    def _list_card(self) -> QWidget:
        self._count = Label("", "body_strong")
        self.open_only, self.due_only = FilterToggle("associate.only_open"), FilterToggle("associate.only_due")
        self.tier = FilterButton("associate.tier")
        self._chosen = Label("", "label", "accent")
        self.every = Button("", size="s")
        filters = flow(self._count, self.open_only, self.tier, self.due_only, gap=2)
        top = row(filters, self._chosen, self.every, gap=2, pad=(2, 4))
        top.setStretch(0, 1)
        self.model = RowsModel(columns(), cells)
        self.table = TickTable(self.model, "associate.members")
        self.table.fold(5, 4, 6, 2)
        self._none, self._error = empty_state("users"), error_state()
        self._lists = QStackedWidget()
        for page in (self.table, self._none, self._error):
            self._lists.addWidget(page)
        keys = ((("Space",), "tick"), (("Shift", "↓"), "range"), (("Ctrl M",), "reassign"))
        hints = [
            row(*(KeyHint(cap) for cap in caps), Label("", "caption", "text3").say(f"associate.key.{name}"), gap=1)
            for caps, name in keys
        ]
        self._hints = holder(row(*hints, gap=2))
        foot = row(Label("", "caption", "text3", lines=1).say("associate.sorted"), self._hints, gap=3, pad=(2, 4))
        foot.setStretch(0, 1)
        self._foot = holder(column(rule(), foot, gap=0))
        card = Card(pad=0, gap=0)
        card.body.put(top, rule(), self._lists, self._foot)
        card.body.setStretch(2, 1)
        return card

    def _connect(self) -> None:
        self._back.clicked.connect(self.left)
        self.hand_over.clicked.connect(self.hand_over_started)
        self.open_only.switched.connect(self._switch_open)
        self.due_only.switched.connect(self._switch_due)
        self.tier.chosen.connect(self._choose_tier)
        self.every.clicked.connect(self.all_ticked)
        self.table.ticked.connect(self.ticked)
        self.table.range_ticked.connect(self.range_ticked)
        self.table.all_ticked.connect(self.all_ticked)
        self.table.row_opened.connect(self.member_opened)
        self.table.end_near.connect(self.end_near)
        self.panel.taker_chosen.connect(self.taker_chosen)
        self.panel.reason_chosen.connect(self.reason_chosen)
        self.panel.reassigned.connect(self.reassigned)
        self.panel.undone.connect(self.undone)
        self._error.acted.connect(self.retried)
        self._none.acted.connect(self._loosen)
        self.columns.became_tabs.connect(self._refold)

    def render_state(self, state: AssociateState) -> None:
        """Show a state."""
        self._state = state
        data, lang = state.data, i18n.language()
        low = self.columns.is_tabbed or self.height() < look().m.page_short * 3 // 4
        self.figures.setVisible(data is not None and not low)
        self._hints.setVisible(not self.columns.is_tabbed)
        if data is not None:
            name = person_name(data.person.name.pick(lang))
            self._name.set_text(name)
            self._avatar.show_name(data.person.name.zh or name)
            role = t(f"role.{data.person.role}")
            self._what.set_text(f"{role} · {data.person.number} · {t('associate.as_of', time=_time(data.as_of_ms))}")
            self.figures.show_associate(data)
        self._gone.setVisible(data is not None and not data.is_active)
        self._gone.show_state(t("associate.has_left"), "warning", "clock")
        reason = _why_no_hand_over(state)
        self.hand_over.allow(not reason, reason)
        self._show_list(state)
        self.panel.render_state(state)

    def _show_list(self, state: AssociateState) -> None:
        self._count.set_text(t("associate.count", n=state.matching))
        self.open_only.setChecked(state.only_open)
        self.due_only.setChecked(state.only_due)
        tiers = [Choice("", t("associate.tier_all")), *(Choice(name, t(f"tier.{name}")) for name in _TIERS)]
        self.tier.show_choices(tiers, state.tier)
        count = len(state.ticked)
        self._chosen.set_text(t("associate.selected", n=count) if count else "")
        self._chosen.setVisible(bool(count) and not self.columns.is_tabbed)  # the panel's tab says it too
        is_all = bool(count) and count >= state.matching
        self.every.set_text(t("associate.untick") if is_all else t("associate.tick_all", n=state.matching))
        self.every.setVisible(state.matching > 0)
        drawn = (state.members, state.ticked, state.data is None, i18n.language())
        if drawn != self._drawn:
            self._drawn = drawn
            ticked, today = frozenset(state.ticked), formats.local_day(state.now_ms)
            currency, days = (state.data.currency, state.data.window_days) if state.data else ("CNY", 0)
            self.model.set_columns(columns())
            self.model.show_more(
                [AssociateRow(one.id, one, one.id in ticked, today, currency, days) for one in state.members]
            )
        if state.members:
            self._lists.setCurrentIndex(0)
        elif state.problem is not None:
            told = messages.message_for(state.problem).text
            self._error.show_text(t("associate.error"), told, (t("earn.try_again"),))
            self._lists.setCurrentIndex(2)
        else:
            reading = state.is_reading or state.is_asking
            filtered = bool(state.only_open or state.only_due or state.tier)
            title = "associate.loading" if reading else "associate.none"
            text = "associate.none_filtered" if filtered else "associate.none_text"
            text = "associate.loading_text" if reading else text
            loosen = (t("associate.show_all"),) if filtered and not reading else ()
            self._none.show_text(t(title), t(text), loosen)
            self._lists.setCurrentIndex(1)

    def _switch_open(self, on: bool) -> None:
        self.filtered.emit("open", "1" if on else "")

    def _switch_due(self, on: bool) -> None:
        self.filtered.emit("due", "1" if on else "")

    def _choose_tier(self, value: str) -> None:
        self.filtered.emit("tier", value)

    def _loosen(self, _number: int) -> None:
        state = self._state
        for name, is_on in () if state is None else (("tier", state.tier), ("due", state.only_due)):
            if is_on:
                self.filtered.emit(name, "")
                return
        self.filtered.emit("open", "")

    def retranslate(self) -> None:
        self.model.set_columns(columns())
        if self._state is not None:
            self.render_state(self._state)

    def first_focus(self) -> QWidget | None:
        return self.table

    def panes(self) -> list[QWidget]:
        return [self.table, self.panel]

    def key_cues(self) -> tuple[KeyCue, ...]:
        return CUES

    def handle_command(self, name: str) -> bool:
        if name == "reassign":
            self.columns.show_pane(1)
            (self.panel.to if self.panel.to.isVisible() else self.table).setFocus()
            return True
        if name == "main_action":
            if self.panel.go.isEnabled() and self._state is not None and self._state.ticked:
                self.reassigned.emit()
            return True
        if name in ("close", "back") and self.columns.is_tabbed and self.panel.isVisible():
            self.columns.show_pane(0)
            return True
        return False

    def memento(self) -> object:
        return "" if self._state is None else self._state.associate_id

    def restore(self, memento: object) -> None:
        shown = "" if self._state is None else self._state.associate_id
        if isinstance(memento, str) and memento and memento != shown:
            self.returned.emit(memento)

    def _refold(self, _tabbed: bool) -> None:
        self.retranslate()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._state is not None:
            self.render_state(self._state)


def _time(at_ms: int) -> str:
    return formats.time_text(at_ms)


def _why_no_hand_over(state: AssociateState) -> str:
    if state.data is None or state.is_offline:
        return t("associate.why.offline" if state.is_offline else "associate.why.asking")
    return "" if state.data.is_active else t("associate.has_left")
