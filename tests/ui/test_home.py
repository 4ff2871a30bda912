"""The counter home: the right people in the right order, done by one key, and an outage told once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from guidedesk.domain.ids import derived_id
from guidedesk.domain.time import DAY_MS
from guidedesk.models.entities import store_rows
from guidedesk.services.operations import RecordVisit
from guidedesk.services.queries.follow_ups import list_follow_ups
from guidedesk.sync.status import SyncStatus
from guidedesk.ui import formats
from guidedesk.ui.audit import accessible_texts, audit
from guidedesk.ui.fixtures.home import STATES
from guidedesk.ui.presenters.care_feed import CareFeed
from guidedesk.ui.presenters.home import HomePresenter
from guidedesk.ui.screens import close_screen, open_screen, settle
from guidedesk.ui.views.home import HomePage
from guidedesk.ui.views.home_words import agenda_row
from tests.helpers.shop import GAO, LAKESIDE, LIN, NOW, QIN, SHEN, full
from tests.ui.shop_desk import ShopDesk

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")
LOOKS = (("zh_CN", "light", 1.0), ("en", "dark", 1.15), ("en", "light", 1.5), ("zh_CN", "dark", 2.0))
PROMISES = (
    ("a", QIN, "2026-11-19", "promised", "羊绒大衣是否合适"),
    ("b", SHEN, "2026-11-21", "birthday", ""),
)


def add_promises(shop: ShopDesk) -> None:
    rows = [
        full("follow_up", scope_id=LAKESIDE, id=derived_id("promise", key), member_id=member, associate_id=LIN,
             due_date=due, reason=reason, text=text, state="open", created_at_ms=NOW - 5 * DAY_MS)
        for key, member, due, reason, text in PROMISES
    ]  # fmt: skip
    with shop.counter.read() as connection:
        store_rows(connection, "follow_up", rows)


def opened(shop: ShopDesk) -> HomePresenter:
    presenter = HomePresenter(shop.desk)
    presenter.open()
    return presenter


def names(presenter: HomePresenter) -> list[str]:
    return [item.member_name for item in presenter.state.items]


def test_overdue_people_come_first_and_a_reason_filters(shop: ShopDesk) -> None:
    add_promises(shop)
    presenter = opened(shop)
    assert names(presenter) == ["秦之恒", "沈知微"]
    presenter.filter("birthday")
    assert names(presenter) == ["沈知微"]


def test_space_completes_the_follow_up_and_enter_opens_the_member(
    shop: ShopDesk, show: Callable[..., QWidget]
) -> None:
    add_promises(shop)
    presenter, page = opened(shop), HomePage()
    opened_members: list[str] = []
    done: list[str] = []
    presenter.member_opened.connect(opened_members.append)
    presenter.noticed.connect(lambda notice: done.append(notice.name))
    presenter.state_changed.connect(page.render_state)
    page.item_opened.connect(presenter.open_item)
    page.item_ticked.connect(presenter.complete)
    page.render_state(presenter.state)
    show(page)
    page.agenda.list.setFocus()
    QTest.keyClick(page.agenda.list, Qt.Key.Key_Return)
    QTest.keyClick(page.agenda.list, Qt.Key.Key_Space)
    settle()
    assert opened_members == [QIN]
    assert done == ["秦之恒"]
    assert names(presenter) == ["沈知微"]
    with shop.counter.read() as connection:
        still_open = list_follow_ups(connection, NOW, "Asia/Shanghai", member_id=QIN)
    assert still_open == ()


def test_a_letter_begins_a_search_and_a_digit_does_not(show: Callable[..., QWidget]) -> None:
    page = HomePage()
    page.render_state(STATES["plain"])
    typed: list[str] = []
    page.search_begun.connect(typed.append)
    show(page)
    page.agenda.list.setFocus()
    QTest.keyClicks(page.agenda.list, "5l")
    QTest.keyClick(page.agenda.list, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    assert typed == ["l"]
    QTest.keyClick(page.agenda.list, Qt.Key.Key_Down)
    assert page.agenda.list.chosen_id() == "follow-2"


def test_a_scan_counts_at_once_in_shift_and_last_scan(shop: ShopDesk) -> None:
    presenter = opened(shop)
    shop.desk.record(RecordVisit(visit_id=derived_id("visit", 1), member_id=SHEN), assurance=1)
    assert presenter.state.data is not None
    assert presenter.state.data.shift.visits == 1
    assert presenter.state.data.last_scan is not None
    assert presenter.state.data.last_scan.member_name == "沈知微"


def test_an_outage_is_told_once(shop: ShopDesk) -> None:
    presenter = opened(shop)
    banners: list[bool] = []

    def hear(status: SyncStatus) -> None:
        shop.desk.status_changed.emit(status)
        banners.append(presenter.state.has_banner)

    first = SyncStatus(NOW, offline_since_ms=NOW - 60_000)
    hear(replace(first, offline_since_ms=NOW - 5_000))  # amber only after ten seconds
    hear(first)
    presenter.close_banner()
    hear(replace(first, now_ms=NOW + 60_000))
    hear(SyncStatus(NOW + 90_000, last_contact_ms=NOW + 90_000))
    hear(SyncStatus(NOW + 300_000, offline_since_ms=NOW + 200_000))
    assert banners == [False, True, False, False, True]


def test_the_next_person_sees_nothing_of_the_one_before(shop: ShopDesk) -> None:
    add_promises(shop)
    presenter = opened(shop)
    shop.desk.set_session(None)
    assert presenter.state.data is None
    shop.sign_in(GAO)
    assert names(presenter) == []


def test_a_new_day_brings_a_new_agenda(shop: ShopDesk) -> None:
    rows = [full("follow_up", scope_id=LAKESIDE, id=derived_id("promise", "c"), member_id=SHEN, associate_id=LIN,
                 due_date="2026-11-22", reason="visit", text="", state="open", created_at_ms=NOW)]  # fmt: skip
    with shop.counter.read() as connection:
        store_rows(connection, "follow_up", rows)
    presenter = opened(shop)
    assert names(presenter) == []
    shop.counter.at_ms += DAY_MS
    presenter.tick()
    assert names(presenter) == ["沈知微"]


@pytest.mark.parametrize("state", list(STATES))
@pytest.mark.parametrize(("lang", "theme", "scale"), LOOKS)
def test_every_state_passes_the_audit(state: str, lang: str, theme: str, scale: float) -> None:
    widget = open_screen("home", state, lang, theme, scale)
    problems = audit(widget)
    close_screen(widget)
    assert problems == []


@pytest.mark.parametrize(
    ("lang", "wanted"),
    [
        ("zh_CN", ("可以扫码了", "今天要联系的人", "离线 · 7 条待上传", "秦之恒", "微信", "下次自动重试", "26 秒后")),
        ("en", ("Ready to scan", "People to contact today", "Offline · 7 waiting", "秦之恒", "WeChat", "in 26 s")),
    ],
)
def test_the_offline_home_says_what_it_must(lang: str, wanted: tuple[str, ...]) -> None:
    widget = open_screen("home", "offline", lang)
    texts = " | ".join(accessible_texts(widget))
    close_screen(widget)
    assert [words for words in wanted if words not in texts] == []


def test_the_agenda_has_what_writes_itself_beside_what_was_promised(shop: ShopDesk) -> None:
    add_promises(shop)
    with shop.counter.read() as connection:
        store_rows(connection, "member", [
            full("member", scope_id=LAKESIDE, id=derived_id("member", "ye"), name="叶青禾", pinyin="yeqinghe",
                 initials="yqh", tier="ordinary", birthday="11-21", joined_at_ms=NOW, is_incomplete=0),
        ])
        store_rows(connection, "binding", [
            full("binding", scope_id=LAKESIDE, id=derived_id("member", "ye"), owner_id=LIN, bound_at_ms=NOW,
                 last_touch_ms=NOW, cause="scanned"),
        ])
    care = CareFeed(shop.desk)
    care.reload()
    presenter = HomePresenter(shop.desk, care=care)
    presenter.open()
    assert names(presenter) == ["秦之恒", "沈知微", "叶青禾"]
    told = presenter.state.items[-1]
    assert agenda_row(told, formats.local_day(NOW)).reason == "今天生日，没有同意联系，见面时祝福就好"
    presenter.filter("birthday")
    assert names(presenter) == ["沈知微", "叶青禾"]
    presenter.complete(told.id)
    assert names(presenter) == ["沈知微"]
    assert care.state.due == 2
