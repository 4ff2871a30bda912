"""Signing in: by digits alone, wrong and locked, offline, and nothing of the PIN kept."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from guidedesk.domain.errors import Refused, TransportError
from guidedesk.ui.audit import accessible_texts, audit
from guidedesk.ui.desk import Desk
from guidedesk.ui.fixtures.sign_in import STATES, make_page
from guidedesk.ui.presenters.sign_in import SignInPresenter
from guidedesk.ui.scan_source import Scan
from guidedesk.ui.screens import close_screen, open_screen, settle
from guidedesk.ui.tasks import Tasks
from guidedesk.ui.theme import look
from guidedesk.ui.views.sign_in import SignInPage
from tests.ui.shop_desk import PIN, ShopDesk

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")

LOOKS = (("zh_CN", "light", 1.0), ("en", "dark", 1.0), ("en", "light", 2.0))


def presenter_of(shop: ShopDesk) -> SignInPresenter:
    shop.desk.set_session(None)
    presenter = SignInPresenter(shop.desk)
    presenter.open()
    return presenter


def page_of(presenter: SignInPresenter) -> SignInPage:
    page = SignInPage()
    page.person_chosen.connect(presenter.choose)
    page.cursor_moved.connect(presenter.move)
    page.cursor_taken.connect(presenter.take_cursor)
    page.digit_pressed.connect(presenter.press_digit)
    page.number_wanted.connect(presenter.ask_number)
    page.number_submitted.connect(presenter.submit_number)
    page.typing_begun.connect(presenter.begin_typing)
    page.pin_entered.connect(presenter.enter_pin)
    page.left.connect(presenter.back)
    presenter.state_changed.connect(page.render_state)
    page.render_state(presenter.state)
    return page


def press(text: str) -> None:
    for char in text:
        focused = QApplication.focusWidget()
        assert focused is not None
        QTest.keyClicks(focused, char)


def test_the_last_user_only_types_her_pin(shop: ShopDesk, show: Callable[..., QWidget]) -> None:
    presenter = presenter_of(shop)
    show(page_of(presenter))
    press(PIN)
    settle()
    assert shop.counter.asked == [("A017", PIN)]
    assert shop.desk.session is not None
    assert shop.desk.session.staff.number == "A017"


def test_another_person_by_escape_digit_and_pin(shop: ShopDesk, show: Callable[..., QWidget]) -> None:
    presenter = presenter_of(shop)
    page = page_of(presenter)
    show(page)
    page.handle_command("close")
    press("3" + PIN)
    settle()
    assert shop.counter.asked == [("M002", PIN)]


def test_arrows_move_among_the_tiles_and_enter_takes(shop: ShopDesk, show: Callable[..., QWidget]) -> None:
    presenter = presenter_of(shop)
    page = page_of(presenter)
    show(page)
    page.handle_command("close")
    tile = page.people.cursor_tile()
    assert tile is not None
    QTest.keyClick(tile, Qt.Key.Key_Right)
    settle()
    assert (presenter.state.at, presenter.state.mode) == (1, "choose")
    second = page.people.cursor_tile()
    assert second is not None
    QTest.keyClick(second, Qt.Key.Key_Return)
    settle()
    assert (presenter.state.at, presenter.state.mode) == (1, "pin")


def test_at_double_size_the_cursor_is_scrolled_to(show: Callable[..., QWidget]) -> None:
    look().apply(scale=2.0)
    page = make_page("choose")
    assert isinstance(page, SignInPage)
    show(page)
    page.render_state(replace(STATES["choose"], at=5))
    settle()
    tile = page.people.cursor_tile()
    assert tile is not None
    assert tile.visibleRegion().boundingRect().height() == tile.height()


def test_somebody_without_a_tile_types_her_number(shop: ShopDesk) -> None:
    presenter = presenter_of(shop)
    presenter.ask_number()
    presenter.submit_number(" b 900 ")
    assert (presenter.state.number, presenter.state.mode) == ("B900", "pin")
    presenter.enter_pin(PIN)
    assert shop.counter.asked == [("B900", PIN)]


def test_a_known_number_goes_to_its_tile(shop: ShopDesk) -> None:
    presenter = presenter_of(shop)
    presenter.ask_number()
    presenter.submit_number("a021")
    assert presenter.state.at == 1
    assert presenter.state.number == ""


def test_a_wrong_pin_says_how_many_tries_are_left(shop: ShopDesk) -> None:
    presenter = presenter_of(shop)
    shop.counter.tiles[0] = replace(shop.counter.tiles[0], tries_left=4)
    presenter.enter_pin("111111")
    assert presenter.state.fault == "wrong_pin"
    assert presenter.state.tries_left == 4
    assert presenter.state.may_type
    presenter.begin_typing()
    assert not presenter.state.fault


def test_a_wait_counts_down_and_takes_no_pin_meanwhile(shop: ShopDesk) -> None:
    presenter = presenter_of(shop)
    shop.counter.refusals = [Refused("staff_wait", wait_s=60)]
    shop.counter.tiles[0] = replace(shop.counter.tiles[0], tries_left=0, wait_s=60)
    presenter.enter_pin("111111")
    presenter.enter_pin(PIN)
    assert len(shop.counter.asked) == 1
    shop.counter.at_ms += 58_000
    presenter.tick()
    assert presenter.state.wait_s == 2
    shop.counter.tiles[0] = replace(shop.counter.tiles[0], tries_left=1, wait_s=0)
    shop.counter.at_ms += 3_000
    presenter.tick()
    presenter.enter_pin(PIN)
    assert len(shop.counter.asked) == 2


def test_the_cells_have_the_keyboard_again_when_a_wait_ends(shop: ShopDesk, show: Callable[..., QWidget]) -> None:
    presenter = presenter_of(shop)
    page = page_of(presenter)
    show(page)
    shop.counter.refusals = [Refused("staff_wait", wait_s=60)]
    shop.counter.tiles[0] = replace(shop.counter.tiles[0], tries_left=0, wait_s=60)
    press("111222")
    settle()
    assert (presenter.state.wait_s, page.card.cells.hasFocus()) == (60, False)
    shop.counter.tiles[0] = replace(shop.counter.tiles[0], tries_left=1, wait_s=0)
    shop.counter.at_ms += 61_000
    presenter.tick()
    settle()
    press(PIN)
    settle()
    assert shop.counter.asked[-1] == ("A017", PIN)


def test_the_counter_may_prolong_a_wait_that_the_screen_thought_over(shop: ShopDesk) -> None:
    shop.counter.tiles[0] = replace(shop.counter.tiles[0], wait_s=5)
    presenter = presenter_of(shop)
    shop.counter.tiles[0] = replace(shop.counter.tiles[0], wait_s=7)
    shop.counter.at_ms += 3_600_000  # somebody moved the clock
    presenter.tick()
    assert presenter.state.wait_s == 7


def test_a_scan_before_sign_in_is_refused_kindly_and_recorded_nowhere(shop: ShopDesk) -> None:
    presenter = presenter_of(shop)
    presenter.on_scanned(Scan("1" + "0" * 21, shop.counter.at_ms, "wedge", False))
    assert presenter.state.is_scan_early
    assert shop.counter.made == 0
    assert shop.desk.session is None


def test_signing_in_does_not_wait_for_a_sync_step_that_hangs(shop: ShopDesk, qtbot: QtBot) -> None:
    tasks, line = Tasks(), threading.Event()
    desk = Desk(shop.counter, tasks)
    tasks.network(line.wait, 60)
    presenter = SignInPresenter(desk)
    presenter.ask_number()
    presenter.submit_number("A017")
    with qtbot.waitSignal(desk.session_changed, timeout=10_000):
        presenter.enter_pin(PIN)
    line.set()
    presenter.close()
    tasks.close()
    settle()
    assert desk.session is not None


def test_the_pin_is_in_no_state(shop: ShopDesk) -> None:
    presenter = presenter_of(shop)
    shop.counter.refusals = [TransportError("timeout")]
    presenter.enter_pin(PIN)
    assert PIN not in repr(presenter.state)
    assert PIN not in repr(vars(presenter))


def test_nobody_known_here_begins_with_the_number(shop: ShopDesk) -> None:
    shop.counter.tiles = []
    presenter = presenter_of(shop)
    assert presenter.state.mode == "number"


def test_buttons_change_language_and_theme_at_once(show: Callable[..., QWidget]) -> None:
    page = make_page("")
    show(page)
    assert isinstance(page, SignInPage)
    page.bar._language.click()
    settle()
    assert "Lin Xiaoxia" in " ".join(accessible_texts(page))
    page.bar._theme.click()
    settle()
    assert audit(page) == []


@pytest.mark.parametrize("state", [name or "plain" for name in STATES])
@pytest.mark.parametrize(("lang", "theme", "scale"), LOOKS)
def test_every_state_passes_the_audit(state: str, lang: str, theme: str, scale: float) -> None:
    widget = open_screen("signin", state, lang, theme, scale)
    problems = audit(widget)
    close_screen(widget)
    assert problems == []


def test_no_customer_and_no_figure_on_the_screen() -> None:
    widget = open_screen("signin", "offline", "zh_CN")
    texts = " ".join(accessible_texts(widget))
    close_screen(widget)
    assert "¥" not in texts
    assert "待上传" in texts
