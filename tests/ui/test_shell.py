"""The shell around the pages: what the rail offers, lock and switch, and a scanner at a locked counter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtWidgets import QMenu, QWidget

from guidedesk.sync.status import SyncStatus
from guidedesk.ui.audit import accessible_texts
from guidedesk.ui.fixtures.home import STATES
from guidedesk.ui.main_window import MainWindow
from guidedesk.ui.presenters.shell import ShellPresenter
from guidedesk.ui.presenters.sign_in import SignInPresenter
from guidedesk.ui.scanner import ScannerInput
from guidedesk.ui.screens import settle
from guidedesk.ui.shell.keybar import spoken_keys
from guidedesk.ui.theme import look
from guidedesk.ui.views.home import HomePage
from guidedesk.ui.views.shell import ShellBinder
from guidedesk.ui.views.sign_in import SignInPage
from tests.helpers.shop import NOW
from tests.scanner.keyboard import Desk, FakeClock
from tests.ui.shop_desk import ShopDesk

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")
Show = Callable[..., QWidget]


@pytest.fixture
def window(shop: ShopDesk, show: Show) -> MainWindow:
    made = MainWindow()
    presenter = ShellPresenter(shop.desk, made)
    ShellBinder(made, presenter)
    page = HomePage()
    page.render_state(STATES["plain"])
    made.add_page("home", page)
    made.show_page("home")
    presenter.open()
    shop.sign_in()
    show(made)
    return made


def test_the_rail_offers_only_what_exists(window: MainWindow) -> None:
    assert [(b.item.page, b.item.key) for b in window.rail.buttons] == [
        ("home", "Ctrl 1"), ("members", "Ctrl 2"), ("codes", "Ctrl 3"), ("tasks", "Ctrl 4"), ("earnings", "Ctrl 5"),
        ("sync", "Ctrl 9"), ("settings", "Ctrl ,"),
    ]  # fmt: skip
    assert "F3" in spoken_keys(window.page("home").key_cues())


def test_who_may_not_see_members_finds_no_way_to_them(window: MainWindow, shop: ShopDesk) -> None:
    shop.sign_in(role="admin")
    assert [button.item.page for button in window.rail.buttons] == ["close", "sync", "settings"]  # head office closes
    assert not shop.desk.may("member.view")


def test_top_bar_and_key_bar_follow_the_language(window: MainWindow) -> None:
    assert window.top.user.accessibleName() == "林晓夏, 导购 · A017"
    assert window.top.sync.accessibleName() == "已同步 10:41"
    look().apply(language="en")
    settle()
    assert window.top.user.accessibleName() == "Lin Xiaoxia, Associate · A017"
    assert window.top.sync.accessibleName() == "Synced 10:41"


def test_f9_ends_the_session_and_f5_asks_for_a_sync(window: MainWindow, shop: ShopDesk) -> None:
    asked: list[bool] = []
    shop.desk.sync_wanted.connect(lambda: asked.append(True))
    window.run_command("sync_now")
    window.run_command("lock")
    assert asked == [True]
    assert shop.desk.session is None
    assert shop.counter.signed_out == ["session-1"]


@pytest.mark.qt_log_ignore("does not support (raise|grabbing the keyboard)")
def test_the_user_menu_offers_lock_and_switch(window: MainWindow, shop: ShopDesk) -> None:
    window.top.user_opened.emit()
    settle()
    menu = window.findChild(QMenu)
    assert menu is not None
    menu.actions()[0].trigger()
    menu.close()
    assert shop.desk.session is None


def test_the_rail_counts_what_waits_while_offline(window: MainWindow, shop: ShopDesk) -> None:
    button = window.rail.button("sync")
    assert button is not None
    status = SyncStatus(NOW, offline_since_ms=NOW - 20_000, waiting=7)
    shop.desk.status_changed.emit(status)
    assert button.accessibleName() == "同步, 7 件待办"
    shop.desk.status_changed.emit(replace(status, offline_since_ms=None, last_contact_ms=NOW))
    assert button.accessibleName() == "同步"


def test_a_customers_code_at_a_locked_counter_types_no_pin_and_signs_nobody_in(shop: ShopDesk, show: Show) -> None:
    shop.desk.set_session(None)
    presenter, page = SignInPresenter(shop.desk), SignInPage()
    presenter.state_changed.connect(page.render_state)
    page.pin_entered.connect(presenter.enter_pin)
    page.number_wanted.connect(presenter.ask_number)
    page.digit_pressed.connect(presenter.press_digit)
    show(page)
    presenter.open()
    clock = FakeClock()
    scanner = ScannerInput(clock, platform="offscreen")
    scanner.scanned.connect(presenter.on_scanned)
    scanner.start()
    at = Desk(page, scanner, clock)
    try:
        page.card.cells.setFocus()
        at.scan()
        presenter.back()
        settle()
        at.pass_time(3_000)
        at.scan()
    finally:
        scanner.stop()
    assert len(at.texts) == 2
    assert shop.counter.asked == []
    assert presenter.state.mode == "choose"
    assert any("请先登录" in text for text in accessible_texts(page))
