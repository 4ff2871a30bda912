"""The second sheet of parts: lists, table, PIN, banner and states (mockups 01, 04 and 18)."""

from __future__ import annotations

from datetime import date

from PySide6.QtWidgets import QWidget

from guidedesk.ui import formats
from guidedesk.ui.i18n import t
from guidedesk.ui.screens import register
from guidedesk.ui.shell.page import Page
from guidedesk.ui.tables.model import Cell, ColumnSpec, RowsModel
from guidedesk.ui.theme import look
from guidedesk.ui.widgets.banner import Banner
from guidedesk.ui.widgets.cards import Card, TitledCard
from guidedesk.ui.widgets.columns import ColumnsPane, Pane, ScrollColumn
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import column
from guidedesk.ui.widgets.listview import ListView, TableView
from guidedesk.ui.widgets.pin import PinCells, PinPad
from guidedesk.ui.widgets.rows import AgendaDelegate, AgendaRow, LineDelegate, LineRow
from guidedesk.ui.widgets.states import StatePanel, empty_state

PAID_MINOR = 129800
RETURNED_MINOR = -45900
TYPED = "135"


class ListsPage(Page):
    """One of each list, a PIN entry and an empty state."""

    def __init__(self) -> None:
        super().__init__()
        banner = Banner()
        banner.show_text(t("parts.offline_title"), t("parts.offline_text"), t("parts.offline_act"))
        self.columns = ColumnsPane(
            Pane(_pin(), "parts.pin", "pane_left"), Pane(_lists(), "parts.timeline"),
            Pane(_empty(), "parts.agenda", "pane_right"),
        )
        self.body.put(Label("", "title").say("parts.lists_title"), banner, self.columns)
        self.body.setStretch(2, 1)


def _pin() -> QWidget:
    cells = PinCells()
    for digit in TYPED:
        cells.add(digit)
    return ScrollColumn(Card(Label("", "label", "text2").say("parts.pin"), cells, PinPad(cells), None, gap=3))


def _lists() -> QWidget:
    inside = QWidget()
    inside.setLayout(column(_agenda(), _timeline(), _table(), gap=3))
    return inside


def _timeline() -> TitledCard:
    model = RowsModel()
    model.set_rows((
        LineRow("1", "bag", "accent", t("parts.bought"), t("parts.where"), formats.money(PAID_MINOR),
                t("earn.provisional"), "warning"),
        LineRow("2", "scan", "neutral", t("parts.visited"), t("parts.where")),
    ))
    view = ListView(model, LineDelegate(), "parts.timeline", round_bottom=True)
    view.setMinimumHeight(look().m.row_timeline)
    card = TitledCard("parts.timeline")
    card.body.put(view)
    return card


def _agenda() -> TitledCard:
    model = RowsModel()
    model.set_rows((
        AgendaRow("1", "clock", "danger", "秦之恒", t("tier.super"), "gold", t("parts.reason"), True,
                  t("parts.wechat")),
        AgendaRow("2", "cake", "gold", "叶青禾", t("tier.ordinary"), "info", t("parts.birthday"), False,
                  t("parts.phone_call")),
    ))
    view = ListView(model, AgendaDelegate(), "parts.agenda", round_bottom=True)
    view.setMinimumHeight(look().m.row_agenda)
    view.choose("1")
    card = TitledCard("parts.agenda")
    card.set_note(formats.weekday_date(date(2026, 11, 21)))
    card.body.put(view)
    return card


def _table() -> TitledCard:
    columns = (
        ColumnSpec(t("parts.date"), 112, sorted="down"), ColumnSpec(t("parts.item"), 0),
        ColumnSpec(t("parts.channel"), 110), ColumnSpec(t("parts.paid"), 120, right=True),
        ColumnSpec(t("parts.status"), 112),
    )
    model = RowsModel(columns, _cells)
    model.set_rows((
        LineRow("1", "store", "success", t("parts.bought"), t("parts.store"), formats.money(PAID_MINOR),
                t("parts.final")),
        LineRow("2", "store", "danger", t("parts.bought"), t("parts.store"), formats.money(RETURNED_MINOR),
                t("parts.returned")),
    ))
    view = TableView(model, "parts.table")
    view.setMinimumHeight(look().m.row_head + 2 * look().m.row_table)
    card = TitledCard("parts.table", divided=False)
    card.body.put(view)
    return card


def _cells(row: LineRow) -> tuple[Cell, ...]:
    return (
        Cell(formats.month_day(11, 21), ink="text2"), Cell(row.title, strong=True),
        Cell(row.detail, icon=row.icon, ink="text2"), Cell(row.amount, strong=True), Cell(row.state, tone=row.tone),
    )


def _empty() -> QWidget:
    panel: StatePanel = empty_state("tasks")
    panel.show_text(t("parts.empty_title"), t("parts.empty_text"), (t("parts.empty_act"),))
    return ScrollColumn(Card(panel, pad=0))


register("components", "lists", ListsPage)
