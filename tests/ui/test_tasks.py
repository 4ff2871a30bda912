"""The tasks screen: grouped, emptied by keys, words copied and never sent, a result asked for once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QObject, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from guidedesk.domain.channels import HOSTS, is_listed
from guidedesk.domain.contact_limits import ContactPolicy
from guidedesk.domain.time import DAY_MS
from guidedesk.models.entities import store_rows
from guidedesk.services.member_models import TaskList
from guidedesk.services.queries.follow_ups import list_follow_ups
from guidedesk.ui.external import open_external
from guidedesk.ui.fixtures.tasks import MANY, STATES
from guidedesk.ui.fixtures.tasks import QIN as QIN_ITEM
from guidedesk.ui.presenters.care_feed import CareFeed
from guidedesk.ui.presenters.task_groups import counts
from guidedesk.ui.presenters.tasks import Asked, TasksPresenter
from guidedesk.ui.screens import settle
from guidedesk.ui.views.scripts import ScriptsPage
from guidedesk.ui.views.tasks import TasksPage
from tests.helpers.shop import LAKESIDE, LIN, NOW, QIN, SHEN, full
from tests.services.test_care import agrees, owns
from tests.ui.member_desk import MemberDesk, heard, make_desk, session_of
from tests.ui.whole_window import Shop

HOUR_MS = 60 * 60_000
MIDNIGHT_MS = NOW - (10 * 60 + 42) * 60_000


@pytest.fixture
def desk() -> MemberDesk:
    """Lin promised Qin something for the day before yesterday; it is Shen's birthday tomorrow."""
    made = make_desk(signed_in=False)
    with made.counter.shop.engine.begin() as conn:
        store_rows(conn, "binding", [owns(SHEN), owns(QIN)])
        store_rows(conn, "consent", [agrees(SHEN), agrees(QIN)])
        store_rows(conn, "member", [full("member", scope_id=LAKESIDE, id=SHEN, name="沈知微", pinyin="shenzhiwei",
                                         initials="szw", tier="super", birthday="11-22",
                                         joined_at_ms=NOW - 860 * DAY_MS, is_incomplete=0)])  # fmt: skip
        store_rows(conn, "follow_up", [full("follow_up", scope_id=LAKESIDE, id=QIN, member_id=QIN, associate_id=LIN,
                                            due_date="2026-11-19", reason="promised", text="问大衣", state="open",
                                            created_at_ms=NOW - 5 * DAY_MS)])  # fmt: skip
    return made


class Screen:
    """The presenter behind the page, and what it said."""

    def __init__(self, desk: MemberDesk) -> None:
        self.desk = desk
        self.care = CareFeed(desk)
        self.tasks = TasksPresenter(desk, self.care)
        desk.set_session(session_of())
        self.copied, self.noticed = heard(self.tasks.copied), heard(self.tasks.noticed)
        self.members, self.logs = heard(self.tasks.member_opened), heard(self.tasks.log_wanted)
        self.tasks.open()

    def asked(self) -> Asked | None:
        return self.tasks.state.asked

    def names(self) -> list[str]:
        return [item.member_name for item in self.tasks.state.items]


@pytest.fixture
def screen(desk: MemberDesk) -> Screen:
    return Screen(desk)


def test_overdue_stands_first_and_what_writes_itself_below(screen: Screen) -> None:
    assert screen.names() == ["秦之恒", "沈知微"]
    assert screen.tasks.state.chosen_id == QIN
    assert screen.care.state.due == 2
    found = screen.tasks.state.counts
    assert (found["today"], found["overdue"], found["birthday"], found["tomorrow"]) == (2, 1, 1, 0)
    screen.tasks.choose_group("birthday")
    assert screen.names() == ["沈知微"]
    assert screen.tasks.state.facts is not None
    assert screen.tasks.state.facts.card.member_id == SHEN


def test_done_leads_to_the_next_one_and_can_be_taken_back(screen: Screen) -> None:
    screen.tasks.complete(QIN)
    assert screen.names() == ["沈知微"]
    assert screen.tasks.state.chosen is not None
    assert screen.tasks.state.chosen.member_id == SHEN
    screen.tasks.complete(screen.tasks.state.chosen_id)
    assert screen.names() == []
    assert screen.care.state.due == 0
    screen.desk.record(*screen.noticed[-1].undo)
    assert screen.names() == ["沈知微"]
    screen.tasks.choose_group("done")
    assert screen.names() == ["秦之恒"]


def test_a_day_later_is_tomorrow_and_undo_brings_it_back(screen: Screen) -> None:
    screen.tasks.snooze(QIN)
    assert screen.names() == ["沈知微"]
    screen.tasks.choose_group("tomorrow")
    assert screen.names() == ["秦之恒"]
    screen.desk.record(*screen.noticed[-1].undo)
    screen.tasks.choose_group("overdue")
    assert screen.names() == ["秦之恒"]


def test_words_are_copied_and_the_result_is_asked_for_once(screen: Screen) -> None:
    screen.tasks.act("秦先生您好")
    assert [(one.words, one.channel) for one in screen.copied] == [("秦先生您好", "wechat")]
    assert screen.copied[0].url == "https://web.wechat.com/"
    assert screen.asked() is None  # not while she is at it
    screen.tasks.rest()
    screen.tasks.open()
    asked = screen.asked()
    assert asked is not None
    assert (asked.name, asked.follow_up_id) == ("秦之恒", QIN)
    screen.tasks.rest()
    screen.tasks.open()
    assert screen.asked() is None  # once


def test_a_result_told_before_leaving_is_not_asked_for(screen: Screen) -> None:
    screen.tasks.act("您好")
    screen.tasks.complete(QIN)
    screen.tasks.rest()
    screen.tasks.open()
    assert screen.asked() is None


def test_what_was_begun_is_asked_for_after_a_lock_and_only_of_her(screen: Screen) -> None:
    screen.tasks.act("您好")
    screen.desk.set_session(None)
    screen.desk.set_session(session_of(QIN, "A099", "别人"))
    screen.tasks.open()
    assert screen.asked() is None
    screen.desk.set_session(session_of())
    screen.tasks.open()
    assert screen.asked() is not None


def test_in_quiet_hours_nothing_is_copied(screen: Screen) -> None:
    screen.desk.counter.at_ms = NOW + 11 * HOUR_MS
    screen.tasks.open()
    assert screen.tasks.state.refusal == "quiet"
    screen.tasks.act("您好")
    assert screen.copied == []


_MINUTE = st.integers(0, 1439)


@settings(max_examples=40, deadline=None)
@given(_MINUTE, _MINUTE, _MINUTE, st.sampled_from(["wechat", "sms", "phone", None]))
def test_nothing_is_ever_copied_in_quiet_hours_or_without_a_channel(
    minute: int, begins: int, ends: int, channel: str | None
) -> None:
    policy = ContactPolicy(
        quiet_from=time(begins // 60, begins % 60), quiet_to=time(ends // 60, ends % 60)
    )
    plain = STATES["plain"]
    assert plain.facts is not None
    item = replace(QIN_ITEM, channel=channel, refusal="" if channel else "no_consent")
    state = replace(
        plain, now_ms=MIDNIGHT_MS + minute * 60_000, tasks=TaskList(date(2026, 11, 21), (item,)),
        facts=replace(plain.facts, settings=replace(plain.facts.settings, contact_policy=policy)),
    )  # fmt: skip
    desk = make_desk(signed_in=False)
    presenter = TasksPresenter(desk, CareFeed(desk))
    copied = heard(presenter.copied)
    presenter.state = state
    presenter.act("您好")
    is_night = begins <= minute < ends if begins <= ends else minute >= begins or minute < ends
    assert bool(copied) is (channel is not None and not is_night)


def test_without_consent_the_card_opens_instead(screen: Screen, desk: MemberDesk) -> None:
    with desk.counter.shop.engine.begin() as conn:
        store_rows(conn, "consent", [agrees(QIN) | {"is_given": 0, "withdrawn_at_ms": NOW}])
    screen.tasks.reload()
    assert screen.tasks.state.refusal == "no_consent"
    screen.tasks.act("您好")
    assert (screen.copied, screen.members) == ([], [QIN])


def test_who_may_do_no_tasks_is_told_who_can(desk: MemberDesk) -> None:
    presenter = TasksPresenter(desk, CareFeed(desk))
    presenter.open()
    assert presenter.state.is_forbidden


def test_four_hundred_tasks_are_counted_and_grouped() -> None:
    found = counts(MANY)
    assert found["today"] == 400
    assert found["overdue"] + len([i for i in MANY.open if i.days_overdue == 0]) == 400


@pytest.fixture
def page(show: Callable[..., QWidget]) -> TasksPage:
    made = TasksPage()
    made.render_state(STATES["plain"])
    show(made)
    made.tasks.view.setFocus()
    return made


def test_the_list_is_worked_by_keys_and_heads_are_stepped_over(page: TasksPage) -> None:
    opened, ticked, later = heard(page.item_opened), heard(page.item_ticked), heard(page.item_snoozed)
    chosen = heard(page.item_chosen)
    view = page.tasks.view
    assert view.chosen_id() == "follow-1"
    QTest.keyClick(view, Qt.Key.Key_Down)
    assert view.chosen_id() == "follow-2"  # not the head between them
    QTest.keyClick(view, Qt.Key.Key_Up)
    QTest.keyClick(view, Qt.Key.Key_Return)
    QTest.keyClick(view, Qt.Key.Key_Space)
    QTest.keyClick(view, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    assert (opened, ticked, later) == (["follow-1"], ["follow-1"], ["follow-1"])
    assert chosen[-1] == "follow-1"
    QTest.keyClick(view, Qt.Key.Key_End)
    assert view.chosen_id() == "follow-8"
    QTest.keyClick(view, Qt.Key.Key_Home)
    assert view.chosen_id() == "follow-1"


def test_the_box_is_ticked_with_the_mouse(page: TasksPage) -> None:
    ticked, view = heard(page.item_ticked), page.tasks.view
    number = page.tasks.model.number_of("follow-2")
    rect = view.visualRect(page.tasks.model.index(number, 0))
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view._painter.tick_rect(rect).center())
    assert ticked == ["follow-2"]


def test_the_words_can_be_changed_and_are_what_is_copied(page: TasksPage) -> None:
    acted, changed = heard(page.acted), heard(page.script_changed)
    page.drawer.script.setFocus()
    page.drawer.script.setPlainText("换一种说法")
    assert changed == ["换一种说法"]
    assert page.handle_command("main_action")
    assert acted == ["换一种说法"]


def test_the_filter_narrows_and_escape_ends_it(page: TasksPage) -> None:
    typed = heard(page.text_typed)
    assert page.handle_command("filter")
    QTest.keyClicks(page.tasks.field, "qin")
    assert typed[-1] == "qin"
    assert page.handle_command("close")
    assert typed[-1] == ""
    assert not page.tasks.is_filtering


# --- the whole window -----------------------------------------------------------------------------


class Browser(QObject):
    """Stands in for the system's browser: addresses come here instead."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []

    @Slot(QUrl)
    def open(self, url: QUrl) -> None:
        self.opened.append(url.toString())


@pytest.fixture
def browser() -> Iterator[Browser]:
    made = Browser()
    for scheme in ("https", "http", "file", "javascript"):
        QDesktopServices.setUrlHandler(scheme, made, "open")  # type: ignore[arg-type]  # the stub says bytes, Qt takes text
    yield made
    for scheme in ("https", "http", "file", "javascript"):
        QDesktopServices.unsetUrlHandler(scheme)


@pytest.mark.parametrize(
    "url",
    ["http://web.wechat.com/", "https://web.wechat.com.evil.example/", "https://x@web.wechat.com/", "file:///etc/passwd",
     "javascript:alert(1)", "//evil/share", "https://web.wechat.com:8443/", "https://evil.example/https://wx.qq.com",
     "https://web.wechat.com\\@evil.example/", "ms-msdt:/id", ""],
)  # fmt: skip
def test_nothing_but_a_listed_https_host_is_opened(browser: Browser, url: str) -> None:
    assert not open_external(url)
    assert browser.opened == []


def test_every_listed_host_is_opened(browser: Browser) -> None:
    for host in sorted(HOSTS):
        assert is_listed(f"https://{host}/")
        assert open_external(f"https://{host}/")
    assert len(browser.opened) == len(HOSTS)


@pytest.fixture
def shop(desk: MemberDesk, dressed: Any) -> Shop:
    made = Shop(desk)
    made.ui.window.resize(1366, 768)
    made.ui.window.show()
    settle()
    return made


def test_f7_copies_and_opens_the_channel_and_sends_nothing(shop: Shop, browser: Browser) -> None:
    shop.ui.window.run_command("tasks")
    settle()
    assert shop.page == "tasks"
    button = shop.ui.window.rail.button("tasks")
    assert button is not None
    assert "2" in button.accessibleName()
    shop.ui.window.run_command("main_action")
    settle()
    assert QGuiApplication.clipboard().text().startswith("秦之恒您好")
    assert browser.opened == ["https://web.wechat.com/"]
    assert shop.desk.counter.types() == []  # nothing is recorded as said: a person says what came of it


def test_f4_on_a_task_logs_the_result_and_ends_the_task(shop: Shop) -> None:
    shop.ui.window.run_command("tasks")
    settle()
    shop.ui.window.run_command("log")
    settle()
    log = shop.ui.log
    assert log.state.task is not None
    assert log.state.kind == "wechat"
    log.choose_outcome("not_interested")
    log.save()
    settle()
    assert shop.desk.counter.types() == ["interaction", "follow_up_done"]
    with shop.desk.counter.read() as connection:
        assert list_follow_ups(connection, NOW, "Asia/Shanghai", member_id=QIN) == ()


def test_taking_back_a_logged_result_brings_the_birthday_back(shop: Shop) -> None:
    shop.ui.window.run_command("tasks")
    tasks, log = shop.ui.tasks.presenter, shop.ui.log
    tasks.choose_group("birthday")
    before = tasks.state.chosen_id
    tasks.log(before)
    log.choose_outcome("not_interested")
    log.save()
    settle()
    assert shop.desk.counter.types() == ["interaction", "follow_up", "follow_up_done"]
    assert tasks.state.counts["birthday"] == 0
    shop.ui.window.run_command("undo")
    settle()
    tasks.choose_group("today")
    assert before in {item.id for item in tasks.state.items}


def test_del_hands_over_what_wrote_itself(shop: Shop) -> None:
    shop.ui.window.run_command("tasks")
    tasks = shop.ui.tasks.presenter
    tasks.choose_group("birthday")
    tasks.change(tasks.state.chosen_id)
    form = shop.ui.actions.follow_up
    assert form.state.item is not None
    assert form.state.item.reason == "birthday"
    form.choose_way("hand_over")
    form.choose_colleague(form.state.colleagues[0].id)
    form.save()
    settle()
    assert shop.desk.counter.types() == ["follow_up", "follow_up_reassign"]
    assert tasks.state.items == ()


def test_scripts_are_found_by_typing_and_copied_with_one_key(shop: Shop) -> None:
    shop.ui.window.run_command("tasks")
    settle()
    shop.child(TasksPage).tasks.scripts.click()
    settle()
    assert shop.page == "scripts"
    page = shop.child(ScriptsPage)
    QTest.keyClicks(page.field, "x")
    settle()
    assert shop.ui.tasks.scripts.state.found == ()
    page.field.clear()
    page.field.insert("生日祝福")
    shop.ui.tasks.scripts.search("生日祝福")
    settle()
    assert "〔姓名〕您好，我是湖滨店的林晓夏" in page.words.text()
    shop.ui.window.run_command("main_action")
    assert QGuiApplication.clipboard().text() == page.words.text()
    shop.ui.window.run_command("back")
    assert shop.page == "tasks"


def test_arrows_move_over_the_scripts_while_words_are_typed(shop: Shop) -> None:
    shop.ui.tasks.show_scripts()
    settle()
    page = shop.child(ScriptsPage)
    first = shop.ui.tasks.scripts.state.chosen
    page.field.setFocus()
    QTest.keyClick(page.field, Qt.Key.Key_Down)
    second = shop.ui.tasks.scripts.state.chosen
    assert first is not None
    assert second is not None
    assert second.key == shop.ui.tasks.scripts.state.found[1].key != first.key
