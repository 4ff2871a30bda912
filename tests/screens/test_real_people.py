"""Screens with what real shops bring: long and hostile names, amounts in millions, ten thousand purchases, nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from guidedesk.services.history_models import HistoryFilter
from guidedesk.ui.audit import accessible_texts, audit
from guidedesk.ui.fixtures import history, home, member
from guidedesk.ui.fixtures.frame import in_window
from guidedesk.ui.fixtures.people import NOW_MS
from guidedesk.ui.presenters.history import HistoryData, HistoryState
from guidedesk.ui.presenters.home import HomeState
from guidedesk.ui.screens import close_screen, settle
from guidedesk.ui.theme import look, start_look
from guidedesk.ui.views.history import HistoryPage
from guidedesk.ui.views.home import HomePage
from guidedesk.ui.widgets import paint
from tests.screens.real_people import screens_with

LONG = "阿卜杜热合曼·买买提艾力·库尔班江·托合提如则·阿不都沙拉木·努尔麦麦提"
UNBROKEN = "Wolfeschlegelsteinhausenbergerdorffwelchevoralternwarengewissenhaft"
PICTURE = "<img src=x onerror=alert(1)><b>沈</b>"
TURNED = "\u202e微知沈\u2066 محمد بن سلمان"
MANY = 10_000


@pytest.mark.parametrize(("name", "lang", "scale"), [
    (LONG, "zh_CN", 1.0), (LONG, "en", 2.0), (UNBROKEN, "en", 1.0), (UNBROKEN, "zh_CN", 2.0), (TURNED, "en", 1.0),
])  # fmt: skip
def test_nothing_is_cut_by_long_names_and_millions(qapp, name, lang, scale):
    start_look(qapp, "light", scale, lang)
    found = {}
    for screen, window in screens_with(name).items():
        _show(window)
        problems = audit(window)
        close_screen(window)
        if problems:
            found[screen] = problems
    assert found == {}


def test_a_name_is_never_a_picture_and_hidden_characters_are_seen():
    for screen, window in screens_with(PICTURE).items():
        _show(window)
        said = "\n".join(accessible_texts(window))
        rich = [w for w in window.findChildren(QLabel) if w.textFormat() != Qt.TextFormat.PlainText and w.text()]
        tips = [w.toolTip() for w in window.findChildren(QWidget) if "<img" in w.toolTip()]
        close_screen(window)
        assert "<img src=x" in said, screen
        assert rich == [], screen
        assert tips == [], screen
    for screen, window in screens_with(TURNED).items():
        _show(window)
        said = "\n".join(text for text in accessible_texts(window))
        close_screen(window)
        assert "⟨202E⟩" in said, screen
        assert "\u202e" not in said, screen


def test_ten_thousand_purchases_are_read_by_the_page():
    reads: list[int] = []
    refs = tuple(("store-1", f"order-{n}") for n in range(MANY))

    def load(wanted):
        reads.append(len(wanted))
        return tuple(replace(history.ROWS[0], id=key) for _, key in wanted)

    page = HistoryPage(load)
    page.render_state(replace(history.STATE, data=HistoryData(history.HEAD, refs, history.FILTERED), receipt=None))
    window = in_window("members", page)
    _show(window)
    assert page.model.rowCount() == MANY
    assert sum(reads) <= 2 * 64, "only what is seen"
    widgets = len(page.table.findChildren(QWidget))
    reads.clear()
    QTest.keyClick(page.table, Qt.Key.Key_End, Qt.KeyboardModifier.ControlModifier)
    settle()
    window.grab()
    assert page.table.currentIndex().row() == MANY - 1
    assert sum(reads) <= 2 * 64, "the last page, not all before it"
    assert len(page.table.findChildren(QWidget)) == widgets, "no widget per row"
    close_screen(window)


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_a_shop_without_anything_is_calm(qapp, scale):
    start_look(qapp, "light", scale, "en")
    nobody = replace(member.NEW_CARD, name="", card_no=None, owner=member.NOBODY_OWNS, consents=())
    bought_nothing = replace(history.HEAD, lifetime=history.NONE, channels=(), categories=())
    states = {
        "card": member.make_page(nobody),
        "home": _page(HomePage(), HomeState(now_ms=NOW_MS)),
        "history": _page(HistoryPage(history.load), HistoryState(
            NOW_MS, HistoryFilter(), HistoryData(bought_nothing, (), history.NONE))),
        "history unread": _page(HistoryPage(history.load), HistoryState(NOW_MS, HistoryFilter())),
        "agenda": _page(HomePage(), home.STATES["empty"]),
    }
    found = {}
    for name, page in states.items():
        window = in_window("home", page)
        _show(window)
        problems = audit(window)
        close_screen(window)
        if problems:
            found[name] = problems
    assert found == {}


def _page(page, state):
    page.render_state(state)
    return page


def _show(window: QWidget) -> None:
    if not window.isVisible():
        window.setMinimumSize(1366, 768)
    window.resize(1366, 768)
    window.show()
    settle()
    QApplication.processEvents()


@pytest.mark.parametrize(("lang", "scale"), [("en", 1.0), ("zh_CN", 2.0)])
def test_no_digit_of_an_amount_is_cut(qapp, lang, scale):
    start_look(qapp, "light", scale, lang)
    window: Any = screens_with(LONG)["history"]
    _show(window)
    table = window.page("members").table
    paid = next(n for n, column in enumerate(table.model().columns) if column.right)
    widest = max((table.model().index(row, paid).data() for row in range(table.model().rowCount())), key=len)
    room = table.columnWidth(paid) - 2 * look().m.row_cell_pad
    assert paint.width_of(widest, look().font("body", 600)) <= room
    close_screen(window)


def test_a_long_name_in_a_row_takes_a_second_line_and_is_whole_for_readers():
    font = look().font("body_strong")
    shown = paint.broken(LONG, font, 200, 2)
    assert len(shown) == 2
    assert shown[1].endswith("…")
    assert all(paint.width_of(part, font) <= 200 for part in shown)
    window: Any = screens_with(LONG)["home"]
    _show(window)
    assert any(LONG in text for text in accessible_texts(window))
    rows = window.page("home").agenda.list
    assert LONG in rows.model().index(0, 0).data(Qt.ItemDataRole.ToolTipRole)
    close_screen(window)


def test_a_window_that_ended_years_ago_says_the_year(qapp):
    start_look(qapp, "light", 1.0, "en")
    window = in_window("members", member.make_page(member.CARDS["open"]))
    _show(window)
    assert "Window ended 20 Jun 2024" in "\n".join(accessible_texts(window))
    close_screen(window)
