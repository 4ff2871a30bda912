"""Stories at two real windows: a sale offline, an answer about consent on both sides, an associate's code."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication
from pytest_bdd import given, scenarios, then, when

from guidedesk.demo.eyes import ServerEyes
from guidedesk.demo.world import build_world
from guidedesk.domain.ids import to_bytes
from guidedesk.services.operations import RegisterMember
from guidedesk.ui.i18n import t
from guidedesk.ui.theme import start_look
from tests.features.windows import Windows

pytestmark = pytest.mark.timeout(240)
scenarios("counter_actions.feature")
NAME = "方若溪"


@pytest.fixture(scope="module")
def windows(tmp_path_factory: pytest.TempPathFactory, qapp: QApplication) -> Iterator[Windows]:
    """One chain for all stories: each brings a member of its own."""
    start_look(qapp, "light", 1.0, "zh_CN")
    QAccessible.setActive(True)  # as with a screen reader attached: lists tell it when their rows change
    folder = tmp_path_factory.mktemp("counter-actions")
    world = build_world(folder / "world", data="sample", members=20, say=lambda _text: None)
    made = Windows(world, ServerEyes(world.database_url))
    try:
        yield made
    finally:
        made.close()
        QAccessible.setActive(False)


@given("two counters of one store with their windows open", target_fixture="shop")
def _(windows: Windows) -> Windows:
    for name, (number, pin) in zip(("A", "B"), windows.world.pins, strict=False):
        if name not in windows.apps:
            windows.add(name, number, pin)
    windows.memory.clear()
    return windows


@given("a member whose phone consent was never asked")
def _(shop: Windows) -> None:
    counter, desk = shop.apps["A"].counter, shop.apps["A"].desk
    code = counter.codes.take_blank()
    assert code is not None
    member_id = counter.new_id()
    desk.record(
        RegisterMember(
            member_id=member_id, code_digits=code[0], code_typed=code[1], name=NAME, consents=(("service", True),)
        )
    )
    shop.memory |= {"member": member_id, "code": code[0]}
    assert shop.within(lambda: shop.eyes.one("select count(*) from member where id=:m", m=to_bytes(member_id)))
    shop.apps["B"].sync.nudge()
    assert shop.within(lambda: _known_at(shop, "B"))


@given("her card is open at counter A")
def _(shop: Windows) -> None:
    shop.scan("A", shop.memory["code"])
    assert shop.shows("A", NAME)


@when("the line is down")
def _(shop: Windows) -> None:
    shop.world.server.stop()


@when("the line is back")
def _(shop: Windows) -> None:
    shop.world.server.start()
    for app in shop.apps.values():
        app.sync.nudge()
    assert shop.settled("A", "B")
    for app in shop.apps.values():
        app.sync.nudge()


@when("at counter A her card is scanned and a sale of 1284.60 is recorded by keys alone")
def _(shop: Windows) -> None:
    shop.scan("A", shop.memory["code"])
    assert shop.shows("A", NAME)
    shop.press("A", "Alt+4")
    assert shop.shows("A", t("sale.amount"))
    shop.type("A", "1284.60")
    shop.press("A", "Tab")
    shop.type("A", "HB-0107")
    shop.press("A", "Ctrl+Return")


@then("counter A shows the sale at once, as waiting")
def _(shop: Windows) -> None:
    assert shop.shows("A", "HB-0107", "¥1,284.60", t("member.waiting")), shop.says("A")


@then("counter B shows the sale on her card")
def _(shop: Windows) -> None:
    shop.apps["B"].window.open_member(shop.memory["member"])
    assert shop.shows("B", NAME, "HB-0107"), shop.says("B")
    assert t("member.waiting") not in shop.says("B")
    assert "1,284.60" not in shop.says("B")  # a colleague's protected member: no sums


@then("head office has the sale exactly once")
def _(shop: Windows) -> None:
    rows = shop.eyes.rows("select total_minor, currency from purchase where order_no='HB-0107'")
    assert rows == [(128_460, "CNY")]


@when("at counter A she does not want to be called")
def _(shop: Windows) -> None:
    _answer(shop, "A", "2")


@when("a moment later at counter B she says she may be called")
def _(shop: Windows) -> None:
    _answer(shop, "B", "1")


@then("both counters say that she must not be called")
def _(shop: Windows) -> None:
    for name in ("A", "B"):
        assert shop.shows(name, t("consent.phone.no")), shop.says(name)


@when("the code of the associate of counter B is scanned at counter A while the line is down")
def _(shop: Windows) -> None:
    shop.world.server.stop()
    of_number = "select c.digits from staff_code c join staff s on s.id=c.staff_id where s.number=:n"
    digits = shop.eyes.one(of_number, n=shop.world.pins[1][0])
    shop.scan("A", digits)


@then("counter A says that it is saved and head office decides")
def _(shop: Windows) -> None:
    assert shop.shows("A", t("bind.result.pending_text"))


@then("counter A says that she stays whose member she was, and why")
def _(shop: Windows) -> None:
    name = _associate(shop)
    assert shop.shows("A", t("bind.result.stays", owner=name), t("bind.why.protected", owner=name)), shop.says("A")


@then("counter B shows the same associate as the owner")
def _(shop: Windows) -> None:
    shop.apps["B"].window.open_member(shop.memory["member"])
    assert shop.shows("B", NAME, _associate(shop))


@when("at counter A a receipt is scanned into the claim and saved")
def _(shop: Windows) -> None:
    shop.memory["visits"] = shop.eyes.one("select count(*) from visit")
    shop.press("A", "Alt+5")
    assert shop.shows("A", t("claim.how"))
    shop.scan("A", "HB-261121-0093")
    assert shop.shows("A", t("claim.unknown_title", number="HB-261121-0093")), shop.says("A")
    shop.press("A", "Ctrl+Return")


@then("head office waits for the sale of that receipt")
def _(shop: Windows) -> None:
    claim = "select state from sale_claim where receipt_no='HB-261121-0093' and member_id=:m"
    assert shop.within(lambda: shop.eyes.one(claim, m=to_bytes(shop.memory["member"]))) == "open"


@then("no visit of somebody else came of the scan")
def _(shop: Windows) -> None:
    assert shop.eyes.one("select count(*) from visit") <= shop.memory["visits"] + 1  # her own, still on its way


def _answer(shop: Windows, name: str, digit: str) -> None:
    shop.scan(name, shop.memory["code"])
    assert shop.shows(name, NAME)
    shop.press(name, "Alt+2")
    assert shop.shows(name, t("consents.how"))
    shop.press(name, "Tab", "Tab", digit, "Ctrl+Return")
    assert shop.within(lambda: shop.apps[name].window.window.overlays.dialog is None)


def _known_at(shop: Windows, name: str) -> bool:
    with shop.apps[name].counter.read() as conn:
        found = conn.exec_driver_sql("select count(*) from member where id=?", (to_bytes(shop.memory["member"]),))
        return bool(found.scalar())


def _associate(shop: Windows) -> str:
    return str(shop.eyes.one("select name from staff where number=:n", n=shop.world.pins[0][0]))
