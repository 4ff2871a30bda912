"""Stories of an associate's list: a birthday call and a reorder, by keys alone, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from PySide6.QtGui import QAccessible, QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QApplication
from pytest_bdd import given, parsers, scenarios, then, when

from guidedesk.demo.eyes import ServerEyes
from guidedesk.demo.world import ZONE, build_world
from guidedesk.domain.ids import derived_id, to_bytes
from guidedesk.domain.time import DAY_MS, local_date
from guidedesk.server.database import open_server
from guidedesk.server.order_types import LineIn, OrderIn
from guidedesk.server.orders import record_order
from guidedesk.server.rows import put_row
from guidedesk.server.settings import write_settings
from guidedesk.services.operations import RegisterMember
from guidedesk.ui.i18n import t
from guidedesk.ui.theme import look, start_look
from tests.features.windows import Windows
from tests.ui.test_tasks import Browser

pytestmark = pytest.mark.timeout(240)
scenarios("tasks.feature")
SOCKS = {"zh_CN": "羊毛袜", "en": "wool socks"}


@pytest.fixture(scope="module")
def windows(tmp_path_factory: pytest.TempPathFactory, qapp: QApplication) -> Iterator[Windows]:
    """One chain for all stories: each brings a member of its own."""
    start_look(qapp, "light", 1.0, "zh_CN")
    QAccessible.setActive(True)
    folder = tmp_path_factory.mktemp("tasks")
    world = build_world(folder / "world", data="sample", members=20, say=lambda _text: None)
    database = open_server(world.database_url)
    # A story runs at any hour of the day.
    write_settings(database, {"quiet_from": "00:00", "quiet_to": "00:00"})
    database.close()
    browser = Browser()
    QDesktopServices.setUrlHandler("https", browser, "open")  # type: ignore[arg-type]  # the stub says bytes
    made = Windows(world, ServerEyes(world.database_url))
    made.memory["browser"] = browser
    try:
        yield made
    finally:
        made.close()
        QDesktopServices.unsetUrlHandler("https")
        QAccessible.setActive(False)


def _open(windows: Windows, language: str) -> Windows:
    number, pin = windows.world.pins[0]
    for name in ("A", "B"):
        if name not in windows.apps:
            windows.add(name, number, pin)
    look().apply(language=language)
    windows.memory["language"] = language
    return windows


def _join(shop: Windows, name: str, birthday: str | None) -> None:
    """She joins at counter A, and is its associate's."""
    counter, desk = shop.apps["A"].counter, shop.apps["A"].desk
    code = counter.codes.take_blank()
    assert code is not None
    member_id = counter.new_id()
    desk.record(
        RegisterMember(
            member_id=member_id, code_digits=code[0], code_typed=code[1], name=name, birthday=birthday,
            consents=(("service", True), ("wechat", True)),
        )
    )  # fmt: skip
    shop.memory |= {"member": member_id, "name": name}
    owned = "select count(*) from binding where id=:m and owner_id is not null"
    assert shop.within(lambda: shop.eyes.one(owned, m=to_bytes(member_id)))
    assert shop.settled("A")


@given(
    parsers.parse("her counter in {language} and a member of hers who agreed to WeChat and has her birthday tomorrow"),
    target_fixture="shop",
)
def _(windows: Windows, language: str) -> Windows:
    shop = _open(windows, language)
    tomorrow = local_date(shop.apps["A"].counter.now_ms(), ZONE) + timedelta(days=1)
    _join(shop, "顾明月" if language == "zh_CN" else "Mei Gu", f"{tomorrow:%m-%d}")
    return shop


@given(
    parsers.parse(
        "her counter in {language} and a member of hers who buys socks every two months and last did 55 days ago"
    ),
    target_fixture="shop",
)
def _(windows: Windows, language: str) -> Windows:
    shop = _open(windows, language)
    _join(shop, "许嘉木" if language == "zh_CN" else "Jia Xu", None)
    now_ms = shop.apps["A"].counter.now_ms()
    database = open_server(shop.world.database_url)
    for ago in (235, 175, 115, 55):
        line = LineIn(1, "SOCK", "羊毛袜", 1, 9_900, "Wool socks", SOCKS["zh_CN"], SOCKS["en"])
        order = OrderIn(
            source="till", external_id=f"{language}-{ago}", channel="store", paid_at_ms=now_ms - ago * DAY_MS,
            currency="CNY", lines=(line,), member_id=shop.memory["member"], store_id=shop.world.store_id,
        )  # fmt: skip
        record_order(database, order, now_ms=now_ms)
    database.close()
    return shop


@when("she opens her tasks and goes to the member")
def _(shop: Windows) -> None:
    shop.apps["A"].sync.nudge()
    shop.press("A", "F7")
    assert shop.within(lambda: shop.memory["name"] in shop.says("A")), shop.says("A")
    shop.press("A", "Ctrl+F")
    shop.type("A", shop.memory["name"])
    tasks = shop.apps["A"].window.tasks.presenter
    assert shop.within(lambda: tasks.state.facts and tasks.state.facts.card.member_id == shop.memory["member"])
    shop.memory["task"] = tasks.state.chosen_id


@then("the list says whose birthday it is, and when")
def _(shop: Windows) -> None:
    assert shop.shows("A", shop.memory["name"], t("tasks.why.birthday_tomorrow"), t("tasks.act.wechat")), shop.says("A")


@then("the list says what was bought when, and how often")
def _(shop: Windows) -> None:
    socks = SOCKS[shop.memory["language"]]
    assert shop.shows("A", t("tasks.why.reorder", n=55, category=socks, pace=60)), shop.says("A")


@when("she copies the words")
def _(shop: Windows) -> None:
    shop.memory["browser"].opened.clear()
    shop.memory["said"] = shop.eyes.one("select count(*) from interaction")
    shop.press("A", "Ctrl+Return")


@then("they are in the clipboard with the member's name, and nothing is recorded as said")
def _(shop: Windows) -> None:
    assert shop.memory["name"] in QGuiApplication.clipboard().text()
    assert shop.memory["browser"].opened == ["https://web.wechat.com/"]
    assert shop.settled("A")
    assert shop.eyes.one("select count(*) from interaction") == shop.memory["said"]


@when("she logs what came of it")
def _(shop: Windows) -> None:
    shop.press("A", "F4")
    assert shop.shows("A", t("log.save"))
    shop.press("A", "Tab", "4", "Ctrl+Return")
    assert shop.within(lambda: shop.apps["A"].window.window.overlays.dialog is None)


@then("the birthday is done, here and at head office, and is gone from her list")
def _(shop: Windows) -> None:
    assert _done(shop)
    talks = "select kind, outcome from interaction where member_id=:m"
    assert shop.eyes.rows(talks, m=to_bytes(shop.memory["member"])) == [("wechat", "not_interested")]
    tasks = shop.apps["A"].window.tasks.presenter
    assert shop.within(lambda: shop.memory["task"] not in _open_ids(shop))
    shop.press("A", "Esc")
    assert shop.within(lambda: tasks.state.text == "")


@when("she is through with it in one key")
def _(shop: Windows) -> None:
    shop.press("A", "Tab", "Tab", "Space")
    assert _done(shop)
    shop.press("A", "Esc")


@then("at another counter where she signs in it is done, too")
def _(shop: Windows) -> None:
    shop.apps["B"].sync.nudge()
    shop.press("B", "F7")
    tasks = shop.apps["B"].window.tasks.presenter

    def is_told() -> bool:
        found = tasks.state.tasks
        return found is not None and any(one.id == shop.memory["task"] for one in found.done)

    assert shop.within(is_told)
    assert tasks.state.tasks is not None
    assert all(one.id != shop.memory["task"] for one in tasks.state.tasks.open)
    look().apply(language="zh_CN")


def _open_ids(shop: Windows) -> set[str]:
    found = shop.apps["A"].window.tasks.presenter.state.tasks
    return {one.id for one in found.open} if found is not None else set()


def _done(shop: Windows) -> bool:
    """Whether head office has this very occasion as one follow-up that is done."""
    rows = "select state from follow_up where id=:f"
    return bool(shop.within(lambda: shop.eyes.rows(rows, f=to_bytes(shop.memory["task"])) == [("done",)]))


@given(parsers.parse("her counter in {language} and a member of hers who is looking for a coat"), target_fixture="shop")
def _(windows: Windows, language: str) -> Windows:
    shop = _open(windows, language)
    _join(shop, "Wen Gu", None)
    return shop


@when("she notes the wish by keys")
def _(shop: Windows) -> None:
    shop.apps["A"].window.open_member(shop.memory["member"])
    assert shop.shows("A", shop.memory["name"], t("member.timeline"))
    shop.press("A", "Alt+6")
    assert shop.shows("A", t("wish.words"))
    shop.type("A", "Camel coat")
    shop.press("A", "Ctrl+Return")
    assert shop.within(lambda: shop.apps["A"].window.window.overlays.dialog is None)


@then("the card says it at once, and at the other counter a moment later")
def _(shop: Windows) -> None:
    assert shop.shows("A", t("wish.card"), "Camel coat"), shop.says("A")
    assert shop.settled("A")
    shop.apps["B"].sync.nudge()
    wished = "select count(*) from wish where member_id=:m"
    assert shop.within(lambda: _held(shop, "B", wished) == 1)
    shop.apps["B"].window.open_member(shop.memory["member"])
    assert shop.shows("B", t("wish.card"), "Camel coat"), shop.says("B")


@when("such a coat is counted into the shop")
def _(shop: Windows) -> None:
    database = open_server(shop.world.database_url)
    article = {"id": derived_id("product", "CC-1"), "sku": "CC-1", "name": "驼色大衣", "name_en": "Camel coat",
               "category": "外套", "category_en": "Coats"}  # fmt: skip
    counted = {"id": derived_id("stock", "CC-1"), "sku": "CC-1", "quantity": 1, "shelf": "B2",
               "as_of_ms": shop.apps["A"].counter.now_ms()}  # fmt: skip
    database.write(database.chain_id(), lambda opened: put_row(opened, "product", article))
    database.write(shop.world.store_id, lambda opened: put_row(opened, "stock", counted))
    database.close()


@then("her list says that it is here")
def _(shop: Windows) -> None:
    shop.apps["A"].sync.nudge()
    shop.press("A", "F7", "Ctrl+F")
    shop.type("A", shop.memory["name"])
    assert shop.shows("A", t("tasks.why.arrival", item="Camel coat")), shop.says("A")
    look().apply(language="zh_CN")


def _held(shop: Windows, name: str, query: str) -> int:
    """A number from a counter's own copy."""
    with shop.apps[name].counter.read() as conn:
        found: int = conn.exec_driver_sql(query.replace(":m", "?"), (to_bytes(shop.memory["member"]),)).scalar_one()
    return found
