"""What was used twice, in a manager's window: both uses, a reason, and what head office says to it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from guidedesk.domain.errors import Refused
from guidedesk.ui import i18n
from guidedesk.ui.counter_window import CounterWindow
from guidedesk.ui.fixtures.close import MONTH
from guidedesk.ui.fixtures.double_uses import CODE, COUPON, QUEUE
from guidedesk.ui.i18n import t
from guidedesk.ui.theme import look
from guidedesk.ui.views.close import ClosePage
from guidedesk.ui.views.double_uses import DoubleUsesDialog
from tests.helpers.shop import GAO
from tests.ui.shop_desk import ShopDesk, open_desk
from tests.ui.whole_window import drawn_window, said

PIN = "271828"


@pytest.fixture
def shop() -> ShopDesk:
    made = open_desk()
    made.counter.commission.close = MONTH
    made.counter.codes.twice = QUEUE
    return made


@pytest.fixture
def window(shop: ShopDesk) -> CounterWindow:
    made = drawn_window(shop.desk)
    shop.sign_in(GAO, "manager")
    made.window.run_command("rail_8")
    QApplication.processEvents()
    return made


def opened(window: CounterWindow) -> DoubleUsesDialog:
    page = window.window.page("close")
    assert isinstance(page, ClosePage)
    assert (page.tables.twice.isVisible(), page.tables.twice.text()) == (True, t("twice.open", n=3))
    page.tables.twice.click()
    QApplication.processEvents()
    dialog = window.window.overlays.dialog
    assert isinstance(dialog, DoubleUsesDialog)
    return dialog


def test_both_uses_are_shown_and_her_word_goes_to_head_office(window: CounterWindow, shop: ShopDesk) -> None:
    dialog = opened(window)
    shown = said(window)
    for words in (t("twice.head.coupon", name="沈知微"), "杭州西溪店", "周牧", "林晓夏", "¥200.00"):
        assert words in shown, words
    assert not dialog.rule_it.isEnabled()
    assert t("twice.why.choose") in shown
    dialog.panel.choices.choose("keep")
    dialog.decided.emit("keep")
    window.window.run_command("main_action")
    assert shop.counter.codes.office_asked == [], "without a reason nothing is decided"
    dialog.panel.reason.line.setFocus()
    QTest.keyClicks(dialog.panel.reason.line, "offline")
    window.window.run_command("main_action")
    assert shop.counter.codes.office_asked == [], "nor without her PIN"
    assert t("twice.why.pin") in said(window)
    dialog.panel.pin.line.setFocus()
    QTest.keyClicks(dialog.panel.pin.line, PIN)
    assert PIN not in repr(window.close.double_uses.presenter.state)
    QTest.keyClick(dialog.panel.pin.line, Qt.Key.Key_Return)
    assert shop.counter.codes.office_asked == [(COUPON.id, "keep", "offline", PIN)]
    assert t("twice.told.keep") in said(window)
    page = window.window.page("close")
    assert isinstance(page, ClosePage)
    assert page.tables.twice.text() == t("twice.open", n=2)


def test_what_head_office_refuses_keeps_the_words(window: CounterWindow, shop: ShopDesk) -> None:
    dialog = opened(window)
    presenter = window.close.double_uses.presenter
    presenter.choose(CODE.id)
    presenter.decide("refuse")
    presenter.type_reason("截图")
    presenter.type_pin(PIN)
    shop.counter.codes.office_error = Refused("not_open", what="double_use")
    window.window.run_command("main_action")
    assert t("error.not_open") in said(window)
    assert (dialog.panel.reason.text(), dialog.panel.pin.text()) == ("截图", "")
    presenter.choose(COUPON.id)
    assert (presenter.state.decision, presenter.state.reason) == ("", "")


def test_her_own_use_and_a_cut_line_decide_nothing(window: CounterWindow, shop: ShopDesk) -> None:
    shop.counter.codes.twice = replace(QUEUE, items=(replace(COUPON, is_own=True), CODE, *QUEUE.items[2:]))
    presenter = window.close.double_uses.presenter
    opened(window)
    presenter.decide("keep")
    presenter.type_reason("是我自己")
    presenter.type_pin(PIN)
    window.window.run_command("main_action")
    assert t("twice.why.own") in said(window)
    presenter.choose(CODE.id)
    presenter.decide("keep")
    presenter.type_reason("同一位")
    presenter.type_pin(PIN)
    shop.desk.status_changed.emit(replace(shop.counter.status(), offline_since_ms=1))
    window.window.run_command("main_action")
    assert t("twice.why.offline") in said(window)
    assert shop.counter.codes.office_asked == []


def test_an_associate_finds_no_way_there_and_locking_leaves_no_name_behind(
    window: CounterWindow, shop: ShopDesk
) -> None:
    opened(window)
    shop.desk.set_session(None)
    assert "沈知微" not in said(window)
    assert window.close.double_uses.presenter.state.data is None
    shop.sign_in()
    window.close.double_uses.open()
    assert window.window.overlays.dialog is None


def test_the_list_follows_the_language(window: CounterWindow) -> None:
    opened(window)
    i18n.use_language("en")
    look().retranslated.emit()
    assert "Changing code" in said(window)
