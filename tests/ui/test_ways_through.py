"""The ways through the whole window: scan, search, log, history, new member, and back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from guidedesk.ui.counter_window import HISTORY, MEMBERS, NEW_MEMBER, SCAN_RESULT
from guidedesk.ui.views.new_member import NewMemberPage
from guidedesk.ui.views.scan_result import ScanResultPage
from guidedesk.ui.views.search import SearchPanel
from tests.helpers.shop import LIN, SHEN
from tests.ui.member_desk import make_desk
from tests.ui.whole_window import Shop


@pytest.fixture
def shop(show: Callable[..., QWidget]) -> Shop:
    made = Shop(make_desk(signed_in=False))
    made.ui.window.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    show(made.ui.window)
    return made


def test_a_scan_shows_the_card(shop: Shop) -> None:
    shop.scan()
    assert (shop.page, shop.ui.member.state.how) == (MEMBERS, "scanned")
    assert shop.desk.counter.types() == ["visit"]


def test_an_unusual_scan_shows_its_sentence_and_back_leads_back(shop: Shop) -> None:
    shop.scan()
    shop.scan("6901234567892")
    assert shop.page == SCAN_RESULT
    assert shop.child(ScanResultPage).sentence.text() == "这是商品条码"
    shop.ui.window.run_command("back")
    assert shop.page == MEMBERS


def test_a_scan_while_logging_keeps_the_draft_and_moves_on(shop: Shop) -> None:
    shop.scan()
    shop.ui.member.log()
    shop.ui.log.write("写到一半")
    shop.scan("6901234567892")
    assert shop.ui.window.overlays.dialog is None
    assert shop.desk.counter.drafts[(LIN, "log", SHEN)]["note"] == "写到一半"


def test_a_scan_while_a_member_is_typed_keeps_the_draft(shop: Shop) -> None:
    shop.ui.window.run_command("new_member")
    assert shop.page == NEW_MEMBER
    shop.ui.new_member.type_name("方女士")
    shop.scan()
    assert shop.page == MEMBERS
    assert shop.desk.counter.drafts[(LIN, "register", "")]["name"] == "方女士"
    assert shop.child(NewMemberPage).name.text() == ""
    shop.ui.window.run_command("new_member")
    assert (shop.page, shop.child(NewMemberPage).name.text()) == (NEW_MEMBER, "方女士")


def test_search_opens_a_card_and_scanning_replaces_the_search(shop: Shop) -> None:
    line = shop.ui.window.top.search.line
    QTest.keyClicks(line, "szw")
    assert shop.child(SearchPanel).isVisible()
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert (shop.page, shop.ui.member.state.how, line.text()) == (MEMBERS, "searched", "")
    QTest.keyClicks(line, "2746")
    shop.scan()
    assert (line.text(), shop.child(SearchPanel).isVisible()) == ("", False)


def test_esc_leaves_the_search_and_not_the_page(shop: Shop) -> None:
    """The window's own Esc goes back a page: the search has it first."""
    shop.scan()
    line = shop.ui.window.top.search.line
    line.setFocus()
    QTest.keyClicks(line, "szw")
    # as Qt asks before it gives a key to a shortcut
    asked = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_Escape.value, Qt.KeyboardModifier.NoModifier)
    asked.ignore()
    QApplication.sendEvent(line, asked)
    assert asked.isAccepted()
    QTest.keyClick(line, Qt.Key.Key_Escape)
    assert (shop.page, line.text(), shop.child(SearchPanel).isVisible()) == (MEMBERS, "", False)


def test_a_page_that_is_opened_is_not_covered_by_a_search(shop: Shop) -> None:
    line = shop.ui.window.top.search.line
    QTest.keyClicks(line, "szw")
    shop.ui.window.run_command("new_member")
    assert (shop.page, line.text(), shop.child(SearchPanel).isVisible()) == (NEW_MEMBER, "", False)


def test_a_letter_on_the_home_begins_a_search(shop: Shop) -> None:
    home = shop.ui.window.page("home").first_focus()
    assert home is not None
    QTest.keyClick(home, Qt.Key.Key_S)
    assert shop.ui.window.top.search.text() == "s"
    assert shop.ui.search.state.text == "s"


def test_a_created_member_s_card_opens_and_back_skips_the_form(shop: Shop) -> None:
    shop.ui.window.run_command("new_member")
    new = shop.ui.new_member
    new.type_name("方女士")
    new.answer("service", True)
    shop.ui.window.run_command("main_action")
    assert shop.page == MEMBERS
    assert shop.ui.member.state.card is not None
    assert shop.ui.member.state.card.name == "方女士"
    shop.ui.window.run_command("back")
    assert shop.page != NEW_MEMBER


def test_history_and_back_show_the_same_member(shop: Shop) -> None:
    shop.scan()
    shop.ui.window.run_command("history")
    assert shop.page == HISTORY
    shop.ui.window.run_command("close")
    assert shop.page == MEMBERS
    assert shop.ui.member.state.card is not None
    assert shop.ui.member.state.card.member_id == SHEN


def test_a_lock_leaves_no_customer_behind(shop: Shop) -> None:
    shop.scan()
    QTest.keyClicks(shop.ui.window.top.search.line, "szw")
    shop.desk.set_session(None)
    assert shop.ui.member.state.card is None
    assert not shop.ui.search.state.is_open
    assert shop.ui.window.top.search.text() == ""


def test_ctrl_z_takes_back_what_the_toast_names(shop: Shop) -> None:
    shop.scan()
    shop.ui.member.add_tag("羊绒控")
    assert shop.ui.window.overlays.toast is not None
    shop.desk.counter.at_ms += 2000
    shop.ui.window.run_command("undo")
    assert shop.ui.member.state.card is not None
    assert "羊绒控" not in shop.ui.member.state.card.tags
    assert not shop.ui.window.overlays.toast.has_undo
