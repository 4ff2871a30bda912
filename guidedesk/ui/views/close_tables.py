"""The tables of a month's close: what waits for a manager, tab by tab, and the trial balance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

from PySide6.QtCore import Signal

from guidedesk.services.earnings import CloseMonth
from guidedesk.ui import close_words, formats, i18n, messages
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.close import CloseState
from guidedesk.ui.tables.model import Cell, ColumnSpec, RowsModel
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.cards import Card
from guidedesk.ui.widgets.choices import Choice, ChoiceGroup
from guidedesk.ui.widgets.columns import ScrollColumn
from guidedesk.ui.widgets.fitting import FittingButtons
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import column, holder, row, rule
from guidedesk.ui.widgets.listview import TableView
from guidedesk.ui.widgets.pages import Pages
from guidedesk.ui.widgets.states import Skeleton, error_state, no_permission_state

TABS: Final = ("open", "resolved", "second", "flags")


class _Named(Protocol):
    @property
    def id(self) -> str: ...


class RowList:
    """The table of one tab: hidden while it has no rows."""

    def __init__(
        self, name_key: str, columns: Callable[[], tuple[ColumnSpec, ...]], cells: Callable[[Any], tuple[Cell, ...]]
    ) -> None:
        self._columns = columns
        self._model = RowsModel(columns(), cells)
        self.table = TableView(self._model, name_key, row_metric="row_agenda_short")
        self.table.fold(2, 0)

    def show_rows(self, rows: Sequence[Any], chosen: _Named | None, is_new: bool) -> None:
        """Rows, drawn anew where they may have changed, with one of them current."""
        was = self.table.blockSignals(True)
        if is_new:
            self._model.set_columns(self._columns())
            self._model.set_rows(list(rows))
        if chosen is not None:
            self.table.choose(chosen.id)
        self.table.blockSignals(was)
        self.table.setVisible(bool(rows))


class TablesCard(Card):
    """Disputes and the trial balance: `tab_chosen`, `chosen(id)`, `retried`."""

    tab_chosen = Signal(str)
    chosen = Signal(str)
    retried = Signal()

    def __init__(self) -> None:
        super().__init__(pad=0, gap=0)
        self.tabs = ChoiceGroup("close.disputes", style="tab", breaks=True)
        self._title = Label("", "heading").say("close.disputes")
        self.twice = Button("", "quiet", icon="conflict").say("twice.open_none")
        self.twice.hide()
        head = row(self._title, None, self.twice, self.tabs, gap=3, pad=(2, 4))
        self._disputes = RowList("close.disputes", close_words.dispute_columns, close_words.dispute_cells)
        self._seconds = RowList("close.tab.second", close_words.adjustment_columns, close_words.adjustment_cells)
        self._flags = RowList("close.tab.flags", close_words.flag_columns, close_words.flag_cells)
        self._lists = (self._disputes, self._seconds, self._flags)
        self.disputes, self.seconds, self.flags = (each.table for each in self._lists)
        self._none = Label("", "body", "text2", wrap=True)
        self._none_box = holder(row(self._none, pad=4))
        self.people_model = RowsModel(close_words.person_columns(), close_words.person_cells)
        self.people = TableView(self.people_model, "close.balance")
        self.people.fold(3, 1)
        self._count = Label("", "caption", "text3")
        self.export = Button("", "quiet", icon="download", key="Ctrl E").say("close.export")
        self.propose = Button("", "quiet", icon="edit").say("close.propose")
        ways = (self._count, FittingButtons(self.propose, self.export))
        below = row(Label("", "heading").say("close.balance"), None, *ways, gap=2, pad=(1, 4))
        self._balance = (rule(), holder(below), rule(), self.people)
        tables = (each.table for each in self._lists)
        inner = column(holder(head), rule(), *tables, self._none_box, *self._balance, gap=0)
        for place in (2, 3, 4):
            inner.setStretch(place, 2)
        inner.setStretch(9, 3)
        self._main = holder(inner)
        self._locked, self._error = no_permission_state(), error_state()
        self._loading, self._pages = ScrollColumn(Skeleton()), Pages()
        for page in (self._main, self._locked, self._error, self._loading):
            self._pages.add(page)
        self.body.put(self._pages)
        self.tabs.chosen.connect(self.tab_chosen)
        for each in self._lists:
            each.table.row_chosen.connect(self.chosen)
        self._error.acted.connect(self.retried)
        self._drawn: object = None

    def show_twice(self, waiting: int | None) -> None:
        """The way to what was used twice, and how many wait there; None while head office has not said."""
        self.twice.setVisible(waiting is not None)
        if waiting:
            self.twice.say("twice.open", n=waiting)
        else:
            self.twice.say("twice.open_none")

    def render_state(self, state: CloseState, *, compact: bool) -> None:
        """Rows, or the state in their place."""
        data = state.data
        if state.is_forbidden:
            self._locked.show_text(t("close.forbidden"), t("close.forbidden_text"))
            self._pages.show_page(self._locked)
            return
        if data is None and state.problem is None and not state.is_offline:
            self._loading.setAccessibleName(f"{t('close.loading')}. {t('close.loading_text')}")
            self._pages.show_page(self._loading)
            return
        if data is None:
            self._error.show_text(t("close.error"), self._why(state), (t("earn.try_again"),))
            self._pages.show_page(self._error)
            return
        self._pages.show_page(self._main)
        is_empty = not (state.disputes or state.adjustments or state.flags)
        for part in self._balance:
            # Large text leaves room for one table: what waits, while something does.
            part.setVisible(not compact or is_empty)
        self._show_tabs(data, state.tab)
        drawn = (data, state.tab, i18n.language())
        is_new = drawn != self._drawn
        self._drawn = drawn
        people, now_ms = data.people, state.now_ms
        self._disputes.show_rows(
            [close_words.DisputeRow(each.id, each, people, now_ms) for each in state.disputes], state.dispute, is_new)
        self._seconds.show_rows(
            [close_words.AdjustmentRow(each.id, each, people, now_ms) for each in state.adjustments],
            state.adjustment, is_new)
        self._flags.show_rows(
            [close_words.FlagRow(each.id, each, people, now_ms) for each in state.flags], state.flag, is_new)
        if is_new:
            self.people_model.set_columns(close_words.person_columns())
            self.people_model.set_rows(
                [close_words.PersonRow(person.id, person, data.currency) for person in data.associates])
        # Where there is room for little, the tab's own count says it.
        self._none_box.setVisible(is_empty and not compact)
        self._none.set_text(t(f"close.none.{state.tab}"))
        self._count.set_text(t("close.people", n=len(data.associates)))
        self.export.allow(bool(data.associates), t("close.export_nothing"))
        why = t("close.offline") if state.is_offline else "" if state.whom else t("close.export_nothing")
        self.propose.allow(not why, why)

    def _show_tabs(self, data: CloseMonth, shown: str) -> None:
        counts = {tab: sum(each.state == tab for each in data.disputes) for tab in ("open", "resolved")}
        counts["second"] = sum(each.state == "open" for each in data.adjustments)
        counts["flags"] = sum(not each.verdict for each in data.flags)
        # Most months nobody needs a second person, and many have no flag: then the tab is not there.
        there = {"open", "resolved", shown}
        there |= {name for name, rows in (("second", data.adjustments), ("flags", data.flags)) if rows}
        self.tabs.show_choices(
            [Choice(tab, t(f"close.tab.{tab}"), count=formats.count(counts[tab])) for tab in TABS if tab in there],
            shown)

    def _why(self, state: CloseState) -> str:
        if state.is_offline or state.problem is None:
            return t("close.offline")
        return messages.message_for(state.problem).text
