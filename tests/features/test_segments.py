"""The story of an outreach, in a manager's and an associate's real windows over a real server, by keys alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytest_bdd import given, parsers, scenarios, then, when

from guidedesk.demo.eyes import ServerEyes
from guidedesk.demo.world import build_world
from guidedesk.domain.ids import to_bytes
from guidedesk.server.database import open_server
from guidedesk.server.settings import write_settings
from guidedesk.services.operations import RegisterMember, SetTag
from guidedesk.ui import formats
from guidedesk.ui.i18n import t
from guidedesk.ui.theme import look, start_look
from tests.features.windows import Windows

pytestmark = [
    pytest.mark.timeout(240),
    # What the platform that draws on no screen says of every menu.
    pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing the keyboard)"),
]
scenarios("segments.feature")
NAMES = {"zh_CN": ("顾青禾", "许南星"), "en": ("Qing Gu", "Nan Xu")}
TAG = {"zh_CN": "试衣夜", "en": "fitting night"}


@pytest.fixture(scope="module")
def windows(tmp_path_factory: pytest.TempPathFactory, qapp: QApplication) -> Iterator[Windows]:
    """One chain for both languages: each brings members of its own."""
    start_look(qapp, "light", 1.0, "zh_CN")
    QAccessible.setActive(True)
    folder = tmp_path_factory.mktemp("segments")
    world = build_world(folder / "world", data="sample", members=20, say=lambda _text: None)
    database = open_server(world.database_url)
    write_settings(database, {"quiet_from": "00:00", "quiet_to": "00:00"})
    database.close()
    made = Windows(world, ServerEyes(world.database_url))
    role = "select role from staff where number=:n"
    roles = {number: made.eyes.one(role, n=number) for number, _ in world.pins}
    for name, wanted in (("M", "manager"), ("A", "associate")):
        made.add(name, *next(pair for pair in world.pins if roles[pair[0]] == wanted))
    try:
        yield made
    finally:
        made.close()
        QAccessible.setActive(False)


def under_keyboard(menu: QMenu) -> str:
    """The words of the action that Enter would take; none at first."""
    action: QAction | None = menu.activeAction()
    return "" if action is None else action.text()


def pick(shop: Windows, name: str, words: str) -> None:
    """Choose from the menu that is open, by the arrow keys."""
    menu = shop.within(lambda: QApplication.activePopupWidget())
    assert isinstance(menu, QMenu)
    for _ in range(len(menu.actions())):
        if under_keyboard(menu) == words:
            break
        QTest.keyClick(menu, Qt.Key.Key_Down)
    assert under_keyboard(menu) == words
    QTest.keyClick(menu, Qt.Key.Key_Return)
    assert shop.within(lambda: QApplication.activePopupWidget() is None)


def join(shop: Windows, name: str, tag: str, *, agrees: bool) -> str:
    """She joins at the associate's counter, is hers, and gets the tag."""
    counter, desk = shop.apps["A"].counter, shop.apps["A"].desk
    code = counter.codes.take_blank()
    assert code is not None
    member_id = counter.new_id()
    consents = (("service", True), ("wechat", True)) if agrees else (("service", True),)
    desk.record(
        RegisterMember(
            member_id=member_id, code_digits=code[0], code_typed=code[1], name=name, consents=consents
        ),
        SetTag(member_id=member_id, is_on=True, tag=tag),
    )  # fmt: skip
    owned = "select count(*) from binding where id=:m and owner_id is not null"
    assert shop.within(lambda: shop.eyes.one(owned, m=to_bytes(member_id)))
    assert shop.settled("A")
    return member_id


@given(
    parsers.parse(
        "a manager and an associate at their counters in {language}, and two members of hers, one without consent"
    ),
    target_fixture="shop",
)
def _(windows: Windows, language: str) -> Windows:
    look().apply(language=language)
    tag, names = TAG[language], NAMES[language]
    members = [join(windows, name, tag, agrees=not at) for at, name in enumerate(names)]
    windows.memory |= {"tag": tag, "names": names, "members": members}
    return windows


@when("the manager makes an audience of the members with their tag, by keys alone")
def _(shop: Windows) -> None:
    shop.press("M", "Ctrl+7")
    assert shop.shows("M", t("seg.title")), shop.says("M")
    page = shop.apps["M"].window.window.page("segments")
    page.list.add.setFocus()  # type: ignore[attr-defined]
    shop.press("M", "Space")
    pick(shop, "M", t("seg.preset.empty"))
    assert shop.shows("M", t("seg.everybody"))
    shop.press("M", "Ctrl+=")
    pick(shop, "M", t("seg.add.tag"))
    slot = shop.within(lambda: page.build.conditions.rows[0].slots["words"])  # type: ignore[attr-defined]
    if slot.text() != shop.memory["tag"]:
        # Another tag came first: this one is added, the other taken away.
        first = slot.text()
        for words in (shop.memory["tag"], first):
            slot.setFocus()
            shop.press("M", "Space")
            pick(shop, "M", words)
    assert shop.within(lambda: slot.text() == shop.memory["tag"])


@then("it says that two are meant and one can be contacted, and why not the other")
def _(shop: Windows) -> None:
    assert shop.shows("M", t("seg.reach.title", reachable="1", matched="2")), shop.says("M")
    assert shop.shows("M", f"1 {t('seg.reach.no_consent.wechat')}"), shop.says("M")
    kept = "select count(*) from segment where audience like :tag"
    is_kept = shop.within(lambda: shop.eyes.one(kept, tag=f"%{shop.memory['tag']}%"))
    assert is_kept  # saved by itself


@when("she looks at the case and hands the task out")
def _(shop: Windows) -> None:
    due = shop.apps["M"].window.window.page("segments").outreach.due  # type: ignore[attr-defined]
    shop.at("M")
    due.setFocus()
    shop.press("M", "Space")
    today = shop.apps["M"].window.segments.presenter.state.today
    pick(shop, "M", formats.day_text(today, today))
    shop.press("M", "Ctrl+Return")
    name = shop.memory["names"][0]
    assert shop.shows("M", t("seg.preview.title", n=1), name), shop.says("M")
    shop.press("M", "Ctrl+Return")
    assert shop.shows("M", t("seg.told.sent", n=1)), shop.says("M")


@then("the associate finds it among her tasks, in the words of the preview")
def _(shop: Windows) -> None:
    shop.apps["A"].sync.nudge()
    mine = "select text from follow_up where member_id=:m and reason='outreach' and state='open'"
    text = shop.within(lambda: shop.eyes.one(mine, m=to_bytes(shop.memory["members"][0])))
    assert shop.memory["names"][0] in text
    shop.press("A", "F7")
    assert shop.shows("A", shop.memory["names"][0], text), shop.says("A")
    assert shop.memory["names"][1] not in shop.says("A")


@when("the associate is through with it")
def _(shop: Windows) -> None:
    shop.at("A").focus_page()
    shop.press("A", "Space")
    done = "select count(*) from follow_up where member_id=:m and reason='outreach' and state='done'"
    assert shop.within(lambda: shop.eyes.one(done, m=to_bytes(shop.memory["members"][0]))), shop.says("A")


@then("the manager reads that it was done on time")
def _(shop: Windows) -> None:
    shop.at("M")
    shop.apps["M"].window.segments.presenter.reload()
    assert shop.shows("M", t("seg.last_result", done=1, on_time=1, came=0, bought=0)), shop.says("M")


@when("she hands out another one and takes it back")
def _(shop: Windows) -> None:
    shop.press("M", "Ctrl+Return")
    assert shop.shows("M", t("seg.preview.title", n=1)), shop.says("M")
    shop.press("M", "Ctrl+Return")
    waiting = "select count(*) from follow_up where member_id=:m and reason='outreach' and state='open'"
    assert shop.within(lambda: shop.eyes.one(waiting, m=to_bytes(shop.memory["members"][0])))
    page = shop.apps["M"].window.window.page("segments")
    recall = page.outreach.recent.recall  # type: ignore[attr-defined]
    assert shop.within(lambda: recall.isVisible() and recall.isEnabled())
    recall.setFocus()
    shop.press("M", "Space")
    assert shop.shows("M", t("seg.told.recalled", n=1)), shop.says("M")


@then("nothing is left of it at the associate's counter")
def _(shop: Windows) -> None:
    shop.apps["A"].sync.nudge()
    waiting = "select count(*) from follow_up where member_id=:m and reason='outreach' and state='open'"
    assert shop.eyes.one(waiting, m=to_bytes(shop.memory["members"][0])) == 0
    shop.press("A", "F7")
    assert shop.within(lambda: shop.memory["names"][0] not in shop.says("A")), shop.says("A")


@then("the associate finds no way to the audiences")
def _(shop: Windows) -> None:
    shop.press("A", "Ctrl+7")
    assert shop.apps["A"].window.window.current == "tasks"
    assert t("rail.segments") not in shop.says("A")
    shop.press("A", "Ctrl+1")
