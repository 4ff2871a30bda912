"""Locking at the end of a day tells how it was and holds nobody up; signing in tells what is new, once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from guidedesk.domain.day import DayEnd, DayWork, NewsAbout, Since
from guidedesk.domain.errors import TransportError
from guidedesk.services.changes import Changes
from guidedesk.services.earnings import EarnedSince, Figure
from guidedesk.sync.status import SyncStatus
from guidedesk.ui.counter_window import CounterWindow
from guidedesk.ui.i18n import t
from guidedesk.ui.theme import look
from guidedesk.ui.views.sign_in import SignInPage
from tests.helpers.shop import HE, LIN, NOW, QIN, SHEN
from tests.ui.shop_desk import PIN, ShopDesk
from tests.ui.whole_window import drawn_window, said

pytestmark = pytest.mark.qt_log_ignore("does not support (propagateSizeHints|raise)")
HOUR = 3_600_000
EVENING = DayEnd(
    at_ms=NOW, work=DayWork(saved=64, confirmed=64, served=23, new_members=3, kept=4), left=6, is_evening=True
)
SHEN_IS_NEW = NewsAbout(member_id=SHEN, name="沈知微", at_ms=NOW - HOUR)
QIN_IS_NEW = NewsAbout(member_id=QIN, name="秦之恒", at_ms=NOW - HOUR)
NEWS = Since(left_ms=NOW - 12 * HOUR, members=(SHEN_IS_NEW,), tasks=("t1", "t2"), refused=1)
EARNED = EarnedSince(NOW, LIN, NEWS.left_ms, "CNY", Figure(12_640, 4), 1)


@pytest.fixture
def window(shop: ShopDesk, dressed: object) -> CounterWindow:
    made = drawn_window(shop.desk)
    shop.sign_in()
    QApplication.processEvents()
    return made


def sign_in_page(window: CounterWindow) -> SignInPage:
    page = window.window.page("sign_in")
    assert isinstance(page, SignInPage)
    return page


def kinds(window: CounterWindow) -> list[str]:
    """What is told as news."""
    return [line.kind for line in window.day.since.state.lines]


def press(window: CounterWindow, key: Qt.Key) -> None:
    """A key to whatever has the keyboard in the window."""
    QTest.keyClick(window.window.focusWidget(), key)
    QApplication.processEvents()


def test_a_lock_in_the_evening_tells_the_day_and_esc_puts_it_away(shop: ShopDesk, window: CounterWindow) -> None:
    shop.counter.day.ends = EVENING
    window.window.run_command("lock")
    told = said(window)
    assert shop.desk.session is None
    for words in (t("day.saved", n=64, confirmed=64), t("day.all_sent"), f"{t('day.served')} 23", f"{t('day.left')} 6"):
        assert words in told
    assert shop.counter.day.left == [LIN]
    window.window.run_command("close")
    assert t("day.title") not in said(window)
    page = sign_in_page(window)
    assert page.first_focus() is page.card.cells, "only the card went away"
    window.window.run_command("close")
    assert page.first_focus() is not page.card.cells


def test_enter_puts_it_away_too_and_a_pin_is_typed_over_it(shop: ShopDesk, window: CounterWindow) -> None:
    shop.counter.day.ends = EVENING
    window.window.run_command("lock")
    press(window, Qt.Key.Key_Return)
    assert t("day.title") not in said(window)
    shop.sign_in()
    window.window.run_command("lock")
    assert t("day.title") in said(window)
    for digit in PIN:
        press(window, Qt.Key(ord(digit)))
        assert t("day.title") not in said(window), "the first digit is the PIN's already"
    assert shop.desk.session is not None


def test_where_the_card_hides_the_cells_the_first_digit_is_the_pins_all_the_same(
    shop: ShopDesk, window: CounterWindow
) -> None:
    shop.counter.day.ends = EVENING
    window.window.resize(1280, 680)
    look().apply(scale=2.0)
    window.window.run_command("lock")
    QApplication.processEvents()
    page = sign_in_page(window)
    assert not page.card.isVisible()
    assert page.day.isVisible()
    for digit in PIN:
        press(window, Qt.Key(ord(digit)))
    assert shop.desk.session is not None


def test_during_the_day_a_lock_is_only_a_lock(shop: ShopDesk, window: CounterWindow) -> None:
    shop.counter.day.ends = replace(EVENING, is_evening=False)
    window.window.run_command("lock")
    assert t("day.title") not in said(window)
    shop.sign_in()
    shop.counter.day.ends = replace(EVENING, work=DayWork())
    window.window.run_command("lock")
    assert t("day.title") not in said(window), "who did nothing here is told nothing"


def test_her_menu_ends_a_day_at_any_hour(shop: ShopDesk, window: CounterWindow) -> None:
    shop.counter.day.ends = replace(EVENING, is_evening=False, work=DayWork())
    window.window.run_command("close_day")
    assert shop.desk.session is None
    assert t("day.nothing") in said(window)
    shop.sign_in(HE)
    window.window.run_command("lock")
    assert t("day.title") not in said(window), "that was one day's end, not every lock's"


def test_what_waits_is_said_to_be_safe_and_counted_down(shop: ShopDesk, window: CounterWindow) -> None:
    offline = SyncStatus(NOW, offline_since_ms=NOW - HOUR, waiting=7)
    shop.desk.status_changed.emit(offline)
    shop.counter.day.ends = replace(EVENING, work=DayWork(saved=64, confirmed=56, waiting=7, refused=1))
    window.window.run_command("lock")
    told = said(window)
    for words in (t("day.saved", n=64, confirmed=56), t("day.waiting_offline", n=7), t("day.refused", n=1)):
        assert words in told
    shop.counter.day.ends = EVENING
    shop.desk.status_changed.emit(SyncStatus(NOW, last_contact_ms=NOW))
    assert t("day.all_sent") in said(window)


def test_a_colleague_who_takes_the_counter_over_does_not_see_it(shop: ShopDesk, window: CounterWindow) -> None:
    shop.counter.day.ends = EVENING
    window._switch_user(shop.counter.people[HE])
    assert t("day.title") not in said(window)


def test_news_is_told_at_home_and_each_line_leads_to_its_list(shop: ShopDesk, window: CounterWindow) -> None:
    shop.counter.day.news, shop.counter.commission.news = NEWS, EARNED
    shop.sign_in()
    told = said(window)
    for words in (
        t("since.refused", n=1), t("since.members", n=1), t("since.tasks", n=2), t("since.rulings", n=1),
        t("since.sales", n=4, amount="+¥126.40"),
    ):  # fmt: skip
        assert words in told
    home, since = window._home_page, window.day.since
    button = home.since.first_button()
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)
    assert window.window.current == "sync"
    for kind, page in (("members", "members"), ("sales", "earnings"), ("rulings", "earnings")):
        since.open(kind)
        assert window.window.current == page
    assert kinds(window) == ["tasks"], "what was opened is seen"
    assert shop.counter.day.left == []
    since.open("tasks")
    assert window.window.current == "tasks"
    assert shop.counter.day.left == [LIN], "all of it is seen"


def test_several_members_are_listed_and_enter_opens_a_card(shop: ShopDesk, window: CounterWindow) -> None:
    shop.counter.day.news = Since(left_ms=NOW - HOUR, members=(SHEN_IS_NEW, QIN_IS_NEW))
    shop.sign_in()
    window.day.since.open("members")
    assert "秦之恒" in said(window)
    assert window.window.current == "home"
    press(window, Qt.Key.Key_Down)
    press(window, Qt.Key.Key_Return)
    assert window.window.current == "members"
    assert window.member.workable_id == QIN


def test_put_away_it_does_not_come_back(shop: ShopDesk, window: CounterWindow) -> None:
    shop.counter.day.news = NEWS
    shop.sign_in()
    home = window._home_page
    home.since.seen.click()
    assert not home.since.isVisible()
    assert shop.counter.day.left == [LIN]
    shop.desk.tasks.announce(Changes(frozenset({"follow_up"})))
    assert not home.since.isVisible()


def test_where_text_is_large_what_there_is_no_room_for_follows(shop: ShopDesk, window: CounterWindow) -> None:
    shop.counter.day.news, shop.counter.commission.news = NEWS, EARNED
    window.window.resize(1280, 680)
    look().apply(scale=2.0)
    shop.sign_in()
    QApplication.processEvents()
    home = window._home_page
    assert not home.agenda.isVisible()
    home.since.seen.click()
    assert kinds(window) == ["tasks"]
    assert home.since.isVisible()
    home.since.seen.click()
    assert shop.counter.day.left == [LIN]
    assert home.agenda.isVisible()


def test_nothing_new_is_nothing_shown_and_nobody_sees_anothers(shop: ShopDesk, window: CounterWindow) -> None:
    shop.counter.day.news = Since(left_ms=NOW - HOUR)
    shop.sign_in()
    assert not window._home_page.since.isVisible()
    shop.counter.day.news = NEWS
    shop.sign_in()
    assert window._home_page.since.isVisible()
    shop.counter.day.news = None
    shop.sign_in(HE)
    assert not window._home_page.since.isVisible()


def test_what_comes_with_the_first_exchange_is_news_and_her_own_work_is_not(
    shop: ShopDesk, window: CounterWindow
) -> None:
    shop.counter.day.news = Since(left_ms=NOW - HOUR)
    shop.sign_in()
    shop.counter.day.news = NEWS
    shop.desk.tasks.announce(Changes(frozenset({"follow_up"}), op_ids=("op1",)))
    assert kinds(window) == []
    shop.desk.tasks.announce(Changes(frozenset({"follow_up"})))
    assert kinds(window) == ["refused", "members", "tasks"]


def test_without_contact_the_sales_are_told_once_it_is_back(shop: ShopDesk, window: CounterWindow) -> None:
    shop.counter.day.news, shop.counter.commission.news = NEWS, EARNED
    shop.counter.commission.refusal = TransportError("unreachable")
    shop.sign_in()
    assert "sales" not in kinds(window)
    shop.counter.commission.refusal = None
    shop.desk.status_changed.emit(SyncStatus(NOW, last_contact_ms=NOW))
    assert "sales" in kinds(window)


