"""The groups of the settings that are lists from head office: counters, people, the log (mockup 14)."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from guidedesk.domain.errors import GuideDeskError
from guidedesk.services.store_desk import LOG_KINDS
from guidedesk.ui import formats, i18n, messages
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.accounts import AccountsState
from guidedesk.ui.presenters.store_counters import CountersState
from guidedesk.ui.presenters.store_log import StoreLogState
from guidedesk.ui.tables.model import RowsModel
from guidedesk.ui.theme import look
from guidedesk.ui.views import settings_rows as rows
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.cards import Card
from guidedesk.ui.widgets.chips import Chip
from guidedesk.ui.widgets.choices import Choice
from guidedesk.ui.widgets.fields import SearchField
from guidedesk.ui.widgets.filters import FilterButton
from guidedesk.ui.widgets.flow import flow
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import Item, column, rule
from guidedesk.ui.widgets.listview import TableView
from guidedesk.ui.widgets.states import empty_state, error_state

_LIST, _EMPTY, _ERROR = 0, 1, 2
_TALL: Final = 6  # rows


class ListPanel(QWidget):
    """A title with buttons, a table in a card; what is wrong or missing in its place. `retried()`."""

    retried = Signal()

    def __init__(self, name: str, table: TableView, icon: str, *buttons: QWidget, above: Item = None) -> None:
        super().__init__()
        self._name = name
        self.table = table
        self._title = Label("", "title", lines=1).say(f"settings.{name}")
        head = flow(self._title, *buttons, gap=2)
        self._empty, self._error = empty_state(icon), error_state()
        self._pages = QStackedWidget()
        for page in (table, self._empty, self._error):
            self._pages.addWidget(page)
        self._foot = Label("", "caption", "text3", lines=1)
        card = Card(pad=0, gap=0)
        # The head of a table would paint over the card's round corners.
        card.body.put(column(pad=(1, 0)) if above is None else above)
        if above is not None:
            card.body.put(rule())
        card.body.put(self._pages, rule(), column(self._foot, pad=(2, 4)))
        card.body.setStretch(card.body.indexOf(self._pages), 1)
        whole = column(head, card, gap=3)
        whole.setStretch(1, 1)
        self.setLayout(whole)
        self._error.acted.connect(self.retried)

    def first_focus(self) -> QWidget | None:
        """The list."""
        return self.table

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # In a low window at large text the list matters more; the tab says the name.
        self._title.setVisible(self.height() >= look().m.row_timeline * _TALL)

    def show_rows(self, count: int, problem: GuideDeskError | None, *, is_asking: bool, foot: str) -> None:
        """The list, or why there is none."""
        self._foot.set_text(foot)
        if problem is not None and not count:
            told = messages.message_for(problem).text
            self._error.show_text(t("settings.no_list"), told, (t("earn.try_again"),))
        elif not count:
            key = "settings.asking" if is_asking else f"settings.{self._name}_none"
            self._empty.show_text(t(key), t("settings.asking_text") if is_asking else "")
        self._pages.setCurrentIndex(_LIST if count else _ERROR if problem is not None else _EMPTY)


class CountersPanel(ListPanel):
    """`chosen(id)`, `adding_wanted`, `taking_off_wanted`."""

    chosen = Signal(str)
    adding_wanted = Signal()
    taking_off_wanted = Signal()

    def __init__(self) -> None:
        self.model = RowsModel(rows.counter_columns(), rows.counter_cells)
        table = TableView(self.model, "settings.counters", row_metric="row_agenda_short")
        table.fold(2, 3)
        self.add = Button("", "primary", icon="plus").say("counters.add")
        self.take_off = Button("", "danger", icon="shield-x").say("counters.take_off")
        super().__init__("counters", table, "device", self.add, self.take_off)
        table.row_chosen.connect(self.chosen)
        self.add.clicked.connect(self.adding_wanted)
        self.take_off.clicked.connect(self.taking_off_wanted)

    def render_state(self, state: CountersState) -> None:
        """Rows, and what may be done with the chosen one."""
        data = state.data
        found = () if data is None else data.counters
        was = self.table.blockSignals(True)
        self.model.set_columns(rows.counter_columns())
        self.model.set_rows([rows.CounterRow(one.id, one, data.as_of_ms if data else 0) for one in found])
        if state.counter is not None:
            self.table.choose(state.counter.id)
        self.table.blockSignals(was)
        time = formats.time_text(data.as_of_ms) if data else ""
        foot = t("settings.as_of", time=time) if data else ""
        self.show_rows(len(found), state.problem, is_asking=state.is_asking, foot=foot)
        self.add.allow(not state.is_offline, t("associate.why.offline"))
        reason = state.why_not_off
        self.take_off.allow(not reason, t(reason) if reason else "")


class AccountsPanel(ListPanel):
    """`chosen(id)`, `opened(id)`: her page; `pin_wanted`, `adding_wanted`."""

    chosen = Signal(str)
    opened = Signal(str)
    pin_wanted = Signal()
    adding_wanted = Signal()

    def __init__(self) -> None:
        self.model = RowsModel(rows.account_columns(), rows.account_cells)
        table = TableView(self.model, "settings.people", row_metric="row_agenda_short")
        table.fold(4, 1)
        self.open = Button("", icon="users").say("accounts.open")
        self.new_pin = Button("", icon="key").say("accounts.pin")
        self.add = Button("", "primary", icon="user-plus").say("accounts.add")
        super().__init__("people", table, "users", self.add, self.open, self.new_pin)
        table.row_chosen.connect(self.chosen)
        table.row_opened.connect(self.opened)
        self.open.clicked.connect(self._open)
        self.new_pin.clicked.connect(self.pin_wanted)
        self.add.clicked.connect(self.adding_wanted)

    def render_state(self, state: AccountsState) -> None:
        """Rows, and what may be done with the chosen account."""
        data = state.data
        found = () if data is None else data.people
        was = self.table.blockSignals(True)
        self.model.set_columns(rows.account_columns())
        self.model.set_rows([rows.AccountRow(one.id, one, data.as_of_ms if data else 0) for one in found])
        if state.account is not None:
            self.table.choose(state.account.id)
        self.table.blockSignals(was)
        time = formats.time_text(data.as_of_ms) if data else ""
        foot = t("settings.as_of", time=time) if data else ""
        self.show_rows(len(found), state.problem, is_asking=state.is_asking, foot=foot)
        offline = t("associate.why.offline")
        self.add.allow(not state.is_offline, offline)
        self.open.allow(state.account is not None and not state.is_offline, offline)
        reason = state.why_not_pin
        self.new_pin.allow(not reason, t(reason) if reason else "")

    def _open(self) -> None:
        if self.table.chosen_id():
            self.opened.emit(self.table.chosen_id())


class LogPanel(ListPanel):
    """`filtered(kind)`, `searched(text)`, `end_near`, `proof_wanted`."""

    filtered = Signal(str)
    searched = Signal(str)
    end_near = Signal()
    proof_wanted = Signal()

    def __init__(self) -> None:
        self.model = RowsModel(rows.log_columns(), rows.log_cells)
        table = TableView(self.model, "settings.log", row_metric="row_table")
        table.fold(3, 2)
        self.kind = FilterButton("store_log.kind")
        self.search = SearchField("store_log.search", "store_log.search_short")
        self.prove = Button("", size="s", icon="shield-check").say("store_log.prove")
        self._proof = Chip()
        self._proof.hide()
        above = column(flow(self.search, self.kind, self.prove, self._proof, gap=2), pad=(2, 4))
        super().__init__("log", table, "history", above=above)
        self.kind.chosen.connect(self.filtered)
        self.search.submitted.connect(self.searched)
        self.search.escaped.connect(self._emptied)
        self.prove.clicked.connect(self.proof_wanted)
        table.verticalScrollBar().valueChanged.connect(self._scrolled)

    def first_focus(self) -> QWidget | None:
        return self.search.line

    def render_state(self, state: StoreLogState) -> None:
        """Entries that match."""
        self.kind.show_choices([Choice(word, t(f"store_log.kind.{word}")) for word in LOG_KINDS], state.kind)
        self.model.set_columns(rows.log_columns())
        lang = i18n.language()
        self.model.show_more(
            [rows.LogRow(f"{one.at_ms}:{one.action}:{one.n}", one, state.now_ms, lang) for one in state.entries]
        )
        proof = state.proof
        self._proof.setVisible(proof is not None)
        foot = t("store_log.more") if state.next else t("store_log.end")
        if proof is not None:
            is_good = proof.first_bad is None
            key = "good" if is_good else "bad"
            words = t(f"store_log.proof.{key}", at=proof.first_bad or 0)
            self._proof.show_state(
                words, "success" if is_good else "danger", "shield-check" if is_good else "shield-x"
            )
            foot = t(f"store_log.proof_{key}", n=proof.rows, at=proof.first_bad or 0)
        self.show_rows(
            len(state.entries), state.problem, is_asking=state.is_asking and not state.is_read,
            foot=foot if state.entries else "",
        )  # fmt: skip
        self.prove.allow(not state.is_offline, t("associate.why.offline"))

    def _emptied(self) -> None:
        self.searched.emit("")

    def _scrolled(self, value: int) -> None:
        if value >= self.table.verticalScrollBar().maximum() - _NEAR:
            self.end_near.emit()


_NEAR: Final = 200
