"""Search as typed: local hits, preview, keys that stay in the field, nothing kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QVBoxLayout, QWidget

from guidedesk.ui.presenters.search import SearchPresenter
from guidedesk.ui.views.search import SearchOverlay
from guidedesk.ui.widgets.fields import SearchField
from tests.helpers.shop import QIN, SHEN
from tests.ui.member_desk import MemberDesk, heard, make_desk


@pytest.fixture
def desk() -> MemberDesk:
    return make_desk()


@pytest.fixture
def search(desk: MemberDesk) -> SearchPresenter:
    return SearchPresenter(desk)


@pytest.mark.parametrize("text", ["沈", "szw", "shenzhi", "2746沈", "883000002746", "138 0000 2746"])
def test_a_member_is_found_by_what_a_customer_says(search: SearchPresenter, text: str) -> None:
    search.type(text)
    assert [hit.member_id for hit in search.state.hits] == [SHEN]
    assert search.state.preview is not None
    assert search.state.preview.member_id == SHEN


def test_a_phone_tail_finds_everybody_who_has_it(search: SearchPresenter) -> None:
    search.type("2746")
    assert {hit.member_id for hit in search.state.hits} == {SHEN, QIN}


def test_enter_opens_the_chosen_member_and_forgets_the_query(search: SearchPresenter) -> None:
    opened = heard(search.member_chosen)
    search.type("szw")
    search.open()
    assert opened == [SHEN]
    assert search.state.text == ""


def test_nobody_found_offers_a_new_member_with_what_was_typed(search: SearchPresenter) -> None:
    wanted = heard(search.new_member_requested)
    search.type("欧阳")
    search.open()
    assert (search.state.hits, search.state.is_answered) == ((), True)
    search.add()
    assert wanted == ["欧阳"]


def test_a_choice_stays_while_more_is_typed(search: SearchPresenter) -> None:
    search.type("2746")
    search.choose(QIN)
    search.type("2746")
    assert search.state.chosen_id == QIN


def test_without_a_session_nothing_is_searched(desk: MemberDesk, search: SearchPresenter) -> None:
    search.type("szw")
    desk.set_session(None)
    assert not search.state.is_open
    search.type("szw")
    assert search.state.hits == ()


@pytest.mark.parametrize("text", ["%", "_", "'", '"; drop table member; --', "\ud83d\ude00", "#", "  "])
def test_any_text_is_only_text(search: SearchPresenter, text: str) -> None:
    search.type(text)
    assert search.state.hits == ()


@pytest.fixture
def field(search: SearchPresenter, show: Callable[..., QWidget]) -> SearchField:
    window, ground, line = QWidget(), QWidget(), SearchField("top.search")
    lines = QVBoxLayout(window)
    lines.addWidget(line)
    lines.addWidget(ground, 1)
    lines.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)
    overlay = SearchOverlay(line, ground)
    overlay.typed.connect(search.type)
    overlay.row_chosen.connect(search.choose)
    overlay.row_opened.connect(search.open)
    overlay.log_started.connect(search.log)
    overlay.new_member_started.connect(search.add)
    overlay.left.connect(search.close)
    search.state_changed.connect(overlay.render_state)
    QAbstractItemModelTester(overlay.panel.model, QAbstractItemModelTester.FailureReportingMode.Fatal, overlay)
    show(window, 1290, 740)
    line.line.setFocus()
    line.setProperty("overlay", overlay)
    return line


def overlay_of(field: SearchField) -> SearchOverlay:
    found = field.property("overlay")
    assert isinstance(found, SearchOverlay)
    return found


def test_typing_opens_the_panel_and_the_keyboard_stays_in_the_field(field: SearchField) -> None:
    QTest.keyClicks(field.line, "szw")
    assert overlay_of(field).panel.isVisible()
    assert field.line.hasFocus()


def test_arrows_choose_and_enter_opens(search: SearchPresenter, field: SearchField) -> None:
    opened = heard(search.member_chosen)
    QTest.keyClicks(field.line, "2746")
    first = search.state.chosen_id
    QTest.keyClick(field.line, Qt.Key.Key_Down)
    assert search.state.chosen_id != first
    second = search.state.chosen_id
    QTest.keyClick(field.line, Qt.Key.Key_Return)
    assert opened == [second]
    assert not overlay_of(field).panel.isVisible()


def test_ctrl_enter_logs_and_ctrl_n_adds(search: SearchPresenter, field: SearchField) -> None:
    logged, added = heard(search.log_requested), heard(search.new_member_requested)
    QTest.keyClicks(field.line, "szw")
    QTest.keyClick(field.line, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(field.line, "szw")
    QTest.keyClick(field.line, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    assert (logged, added) == ([SHEN], ["szw"])


def test_escape_closes_and_empties(search: SearchPresenter, field: SearchField) -> None:
    QTest.keyClicks(field.line, "szw")
    QTest.keyClick(field.line, Qt.Key.Key_Escape)
    assert (field.text(), overlay_of(field).panel.isVisible(), search.state.is_open) == ("", False, False)
