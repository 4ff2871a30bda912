"""A window too low for its words: the page scrolls instead of cutting them, and who works by keys is taken along."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QScrollBar, QWidget

from guidedesk.texts import PSEUDO
from guidedesk.ui import i18n
from guidedesk.ui.main_window import MainWindow
from guidedesk.ui.screens import close_screen, open_screen, settle
from guidedesk.ui.shell.page import Page
from guidedesk.ui.tables.model import Cell, ColumnSpec, RowsModel
from guidedesk.ui.theme import look
from guidedesk.ui.widgets.columns import ScrollColumn
from guidedesk.ui.widgets.listview import TableView
from guidedesk.ui.widgets.rows import LineRow

LEAST = (1280, 680)
Opens = Callable[[str, str, str, float], MainWindow]


@pytest.fixture
def opens() -> Iterator[Opens]:
    """Opens screens in the least window; they are closed after the test."""
    windows: list[QWidget] = []

    def open_one(name: str, state: str, lang: str, scale: float) -> MainWindow:
        window = open_screen(name, state, lang, "light", scale, LEAST)
        windows.append(window)
        window.activateWindow()
        settle()
        assert isinstance(window, MainWindow)
        return window

    yield open_one
    for window in windows:
        close_screen(window)
    i18n.use_language("zh_CN")


@pytest.mark.parametrize("lang", ["zh_CN", "en"])
@pytest.mark.parametrize(("name", "state"), [("home", "plain"), ("member", "other"), ("sync", "outage")])
def test_no_page_scrolls_at_the_usual_text_size(opens, name, state, lang):
    assert _bar(opens(name, state, lang, 1.0)).maximum() == 0


def test_tab_and_f6_show_what_they_come_to_in_a_page_that_scrolls(opens):
    window = opens("sync", "outage", PSEUDO, 2.0)
    bar, page = _bar(window), _page(window)
    assert bar.maximum() > 0
    for _ in window.tab_order():
        window.focusNextPrevChild(True)
        assert _is_whole(_focused())
    page.setFocus()
    page.body.addSpacing(page.height() // 2)  # to have more out of view
    settle()
    bar.setValue(bar.maximum())
    window.run_command("next_pane")
    assert page.panes()[0].isAncestorOf(_focused())
    assert _is_whole(_focused())


def test_a_page_that_comes_back_begins_at_its_top(opens):
    window = opens("sync", "outage", PSEUDO, 2.0)
    bar = _bar(window)
    bar.setValue(bar.maximum())
    assert bar.value() > 0
    _page(window).hide()
    _page(window).show()
    settle()
    assert bar.value() == 0


def _page(window: MainWindow) -> Page:
    return window.page(window.current)


def _bar(window: MainWindow) -> QScrollBar:
    """The scroll bar of the page itself."""
    areas = _page(window).findChildren(ScrollColumn, options=Qt.FindChildOption.FindDirectChildrenOnly)
    assert len(areas) == 1
    return areas[0].verticalScrollBar()


def _focused() -> QWidget:
    focus = QApplication.focusWidget()
    assert focus is not None
    return focus


def _is_whole(widget: QWidget) -> bool:
    return widget.visibleRegion().boundingRect() == widget.rect()


def test_a_table_that_was_too_low_for_two_rows_begins_at_its_top_once_there_is_room(show):
    model = RowsModel((ColumnSpec("", 0),), lambda row: (Cell(row.title),))
    model.set_rows([LineRow(name, "bag", "accent", name, "") for name in "abcd"])
    table = TableView(model, "parts.table")
    head, row = look().m.row_head, look().m.row_table
    show(table, 600, head + row // 2)
    table.choose("b")
    assert table.verticalScrollBar().value() > 0
    table.resize(600, head + row * 3)
    settle()
    assert (table.verticalScrollBar().value(), table.chosen_id()) == (0, "b")
