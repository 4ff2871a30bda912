from __future__ import annotations

from dataclasses import dataclass

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest

from guidedesk.ui.audit import accessible_texts
from guidedesk.ui.screens import settle
from guidedesk.ui.tables.model import PAGE, PAGES_KEPT, Cell, ColumnSpec, PagedModel, RowsModel
from guidedesk.ui.theme import look
from guidedesk.ui.widgets.listview import ListView, TableView
from guidedesk.ui.widgets.rows import AgendaDelegate, AgendaRow, LineDelegate, LineRow


@dataclass(frozen=True, slots=True)
class Numbered:
    row_id: str

    @property
    def spoken(self) -> str:
        return f"row {self.row_id}"


class Shelf:
    """Rows by id, and which ids were asked for."""

    def __init__(self, count: int) -> None:
        self.ids = [str(number) for number in range(count)]
        self.asked: list[int] = []

    def load(self, ids):
        self.asked.append(len(ids))
        return {row_id: Numbered(row_id) for row_id in ids}


def lines(count: int) -> list[LineRow]:
    return [LineRow(str(n), "bag", "accent", f"门店购买 {n}", "今天 10:42", "¥1.00", "待确认", "warning")
            for n in range(count)]


def ids_of(model: PagedModel) -> list[str]:
    return [row.row_id for row in map(model.row_at, range(model.rowCount())) if row is not None]


def test_ten_thousand_rows_are_read_in_pages_and_only_what_is_looked_at(qtmodeltester):
    shelf = Shelf(10_000)
    model = PagedModel(shelf.load)
    model.set_ids(shelf.ids)
    assert model.rowCount() == 10_000
    assert shelf.asked == []
    last = model.row_at(9_999)
    assert last is not None
    assert last.row_id == "9999"
    assert shelf.asked == [10_000 % PAGE]
    for number in range(0, 10_000, PAGE):
        model.row_at(number)
    assert len(model._pages) == PAGES_KEPT


def test_models_keep_qts_contract(qtmodeltester):
    shelf = Shelf(200)
    model = PagedModel(shelf.load)
    model.set_ids(shelf.ids)
    qtmodeltester.check(model)
    table = RowsModel((ColumnSpec("日期", 100), ColumnSpec("实付", 0, right=True)), lambda row: (Cell("a"), Cell("b")))
    table.set_rows(lines(5))
    qtmodeltester.check(table)


def test_a_row_that_is_gone_stays_blank():
    model = PagedModel(lambda ids: {})
    model.set_ids(["a"])
    assert model.row_at(0) is None
    assert model.index(0, 0).data() is None
    assert model.row_at(7) is None


def test_later_results_are_added_below_and_move_nothing():
    shelf = Shelf(3)
    model = PagedModel(shelf.load)
    model.set_ids(["a", "b"])
    assert ids_of(model) == ["a", "b"]
    model.append_ids(["b", "c"])
    assert list(model.ids) == ["a", "b", "c"]
    assert ids_of(model) == ["a", "b", "c"]


@pytest.fixture
def timeline(show):
    model = RowsModel()
    model.set_rows(lines(30))
    view = ListView(model, LineDelegate(), "parts.timeline")
    show(view, 600, 300)
    return view, model


def test_keys_move_open_and_tick(timeline, qtbot):
    view, _ = timeline
    view.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(view, Qt.Key.Key_Down)
    assert view.chosen_id() == "1"
    with qtbot.waitSignal(view.row_opened) as opened:
        QTest.keyClick(view, Qt.Key.Key_Return)
    with qtbot.waitSignal(view.row_ticked) as ticked:
        QTest.keyClick(view, Qt.Key.Key_Space)
    assert opened.args == ticked.args == ["1"]
    QTest.keyClick(view, Qt.Key.Key_End)
    assert view.chosen_id() == "29"


def test_a_reload_keeps_the_row_a_person_is_on(timeline):
    view, model = timeline
    view.choose("5")
    model.set_rows([LineRow("new", "scan", "neutral", "扫码", "刚刚"), *lines(30)])
    assert view.chosen_id() == "5"


def test_rows_are_read_aloud_and_the_list_has_a_name(timeline):
    view, _ = timeline
    texts = accessible_texts(view)
    assert "往来记录" in texts
    assert "门店购买 3, 今天 10:42, ¥1.00, 待确认" in texts
    assert QAccessible.queryAccessibleInterface(view).role() == QAccessible.Role.List


def test_the_chosen_row_is_marked_in_the_theme(timeline):
    view, _ = timeline
    view.choose("0")
    settle()
    image = view.grab().toImage()
    assert image.pixelColor(1, 20).rgb() == look().q("accent").rgb()
    assert image.pixelColor(300, 5).rgb() == look().q("accent_soft").rgb()


def test_the_button_of_a_row_acts_and_the_rest_of_it_does_not(show, qtbot):
    model = RowsModel()
    model.set_rows([AgendaRow("7", "cake", "gold", "叶青禾", "普通会员", "info", "今天生日", False, "发券")])
    delegate = AgendaDelegate()
    view = ListView(model, delegate, "parts.agenda")
    show(view, 700, 200)
    with qtbot.assertNotEmitted(view.action_chosen):
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(200, 20))
    button = delegate.action_rect(view.visualRect(model.index(0, 0)), model.row_at(0))
    with qtbot.waitSignal(view.action_chosen) as caught:
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=button.center())
    assert caught.args == ["7"]


def test_a_table_has_headers_and_one_column_takes_the_rest(show, qtbot):
    columns = (ColumnSpec("日期", 100, sorted="down"), ColumnSpec("商品", 0), ColumnSpec("实付", 120, right=True))
    model = RowsModel(columns, lambda row: (Cell("11 月 21 日"), Cell(row.title), Cell(row.amount, strong=True)))
    model.set_rows(lines(3))
    view = TableView(model, "parts.table")
    show(view, 800, 300)
    assert [view.columnWidth(number) for number in range(3)] == [100, 580, 120]
    texts = accessible_texts(view)
    assert {"日期 ↓", "商品", "实付", "门店购买 2"} <= set(texts)
    with qtbot.waitSignal(view.header_chosen) as caught:
        head = view.horizontalHeader()
        QTest.mouseClick(head.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(300, 10))
    assert caught.args == [1]
    view.choose("1")
    with qtbot.waitSignal(view.row_opened) as opened:
        QTest.keyClick(view, Qt.Key.Key_Return)
    assert opened.args == ["1"]


@pytest.mark.parametrize(("window_height", "row_height"), [(760, 56), (600, 44)])
def test_rows_are_lower_in_a_low_window(show, window_height, row_height):
    model = RowsModel()
    model.set_rows([AgendaRow("7", "cake", "gold", "叶青禾", "普通会员", "info", "今天生日", False, "发券")])
    view = ListView(model, AgendaDelegate(), "parts.agenda")
    show(view, 700, window_height)
    assert view.visualRect(model.index(0, 0)).height() == row_height


def test_a_row_shows_whole_in_its_tool_tip_and_never_as_html():
    model = RowsModel()
    names = ("<b>沈</b>", "沈知微")
    model.set_rows([LineRow(name, "bag", "accent", name, "昨天") for name in names])
    tips = [model.index(number, 0).data(Qt.ItemDataRole.ToolTipRole) for number in range(2)]
    assert tips == ["<qt>&lt;b&gt;沈&lt;/b&gt;, 昨天</qt>", "沈知微, 昨天"]


def test_a_list_that_opens_focused_shows_its_ring_with_the_first_key(timeline):
    view, _ = timeline
    view.choose("0")
    view.setFocus(Qt.FocusReason.OtherFocusReason)
    settle()
    assert view.grab().toImage().pixelColor(300, 2).rgb() == look().q("accent_soft").rgb()
    QTest.keyClick(view, Qt.Key.Key_Home)
    settle()
    assert view.grab().toImage().pixelColor(300, 2).rgb() == look().q("focus").rgb()
