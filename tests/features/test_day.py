"""The associate's day, from opening to closing, told in both languages by keys and scanner alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QAccessible, QGuiApplication
from PySide6.QtWidgets import QApplication
from pytest_bdd import given, parsers, scenarios, then, when

from guidedesk.config import Language
from guidedesk.domain.ids import from_bytes
from guidedesk.domain.time import DAY_MS
from guidedesk.server.commission_documents import read_earnings
from guidedesk.server.commission_rules import publish_plan
from guidedesk.server.database import ScopeWrite
from guidedesk.server.order_types import LineIn, OrderIn
from guidedesk.server.orders import record_order
from guidedesk.server.rows import put_row
from guidedesk.server.staff import StaffOffice, set_pins
from guidedesk.services.operations import RegisterMember
from guidedesk.ui import formats
from guidedesk.ui.i18n import t
from guidedesk.ui.theme import look, start_look
from guidedesk.ui.views.history import HistoryPage
from tests.features.one_counter import OneCounter, open_counter
from tests.features.test_earnings import PLAN
from tests.helpers.world import World, open_world, settle
from tests.server.test_month import CHEAP

pytestmark = pytest.mark.timeout(240)
scenarios("day.feature")
LIN, HE = "A017", "A021"
PINS = {LIN: "271828", HE: "314159"}
PHONE = "13912345678"
NEW_PHONE = "19912345678"
NAMES = {
    "zh_CN": {"lin": "林晓夏", "he": "何静怡", "birthday": "顾明月", "customer": "沈知微", "second": "秦之恒",
              "new": "方若溪", "scarf": "羊绒围巾"},
    "en": {"lin": "Lin Xiaoxia", "he": "He Jingyi", "birthday": "Mei Gu", "customer": "Wei Shen",
           "second": "Heng Qin", "new": "Ruoxi Fang", "scarf": "Cashmere scarf"},
}  # fmt: skip
NOTES = {
    "zh_CN": ("试了雾蓝大衣", "想给妈妈挑条围巾"),
    "en": ("Tried the blue coat", "Looks for a scarf"),
}
BIRTHDAY = "12-09"
AT_WORK = "select p.number from staff_session s join staff p on p.id=s.staff_id where ended_at_ms is null"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    opened = open_world(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def begin(world: World, qapp: QApplication) -> Iterator[Callable[[Language], OneCounter]]:
    opened: list[OneCounter] = []

    def _begin(language: Language) -> OneCounter:
        start_look(qapp, "light", 1.0, language)
        QAccessible.setActive(True)  # as with a screen reader attached: lists tell it when their rows change
        till = world.till()
        settle(till)
        members = _members(world, language)
        settle(till)
        opened.append(open_counter(qapp, world, till, language))
        opened[0].memory |= members | {"names": NAMES[language], "notes": NOTES[language]}
        return opened[0]

    yield _begin
    for one in opened:
        one.close()
    look().apply(language="zh_CN")
    QAccessible.setActive(False)


def _members(world: World, language: str) -> dict[str, str]:
    """Three members of hers from three weeks ago, whose windows have run out since."""
    names, till = NAMES[language], world.tills[0]
    made: dict[str, str] = {}
    for who, purposes in (("birthday", ("service", "phone")), ("customer", ("service",)), ("second", ("service",))):
        code, member_id = till.counter.codes.take_blank(), till.counter.new_id()
        assert code is not None
        phone = till.counter.phone_fields(PHONE) if who == "birthday" else {}
        operation = RegisterMember(
            member_id=member_id, code_digits=code[0], code_typed=code[1], name=names[who],
            birthday=BIRTHDAY if who == "birthday" else None, consents=tuple((one, True) for one in purposes), **phone,
        )  # fmt: skip
        till.counter.record_operations([operation], till.actor("a1"), 2)
        world.clock.tick(60_000)
        made |= {who: member_id, f"{who} code": code[0]}
    settle(till)
    world.clock.tick(20 * DAY_MS)
    return made


@given(parsers.parse("a shop before it opens in {language}"), target_fixture="day")
def _(begin: Callable[[Language], OneCounter], world: World, language: Language) -> OneCounter:
    now_ms = world.clock.wall_ms
    publish_plan(world.database, PLAN, actor=None, now_ms=now_ms())

    def name_them(opened: ScopeWrite) -> None:
        for key, number, who in (("a1", LIN, "lin"), ("a2", HE, "he")):
            names = {"name": NAMES["zh_CN"][who], "name_en": NAMES["en"][who]}
            put_row(opened, "staff", {"id": world.staff[key], "number": number} | names)

    world.database.write(world.chain_id, name_them)
    context = world.context
    set_pins(world.database, context.secrets, context.random, now_ms(), list(PINS.items()), CHEAP)
    office = StaffOffice(world.database, context.secrets, context.clock, context.random, CHEAP)
    badges = {number: office.staff_badge(number) for number in PINS}
    day = begin(language)
    day.memory["badges"] = badges
    day.until(9)
    return day


@when("she opens the shop with her number and her PIN")
def _(day: OneCounter) -> None:
    day.sees(t("signin.nobody_detail"))
    day.type(LIN)
    day.press("Return")
    day.sees(t("signin.enter_pin"))
    day.type(PINS[LIN])


@then("the counter is hers, and says whose birthday it is")
def _(day: OneCounter) -> None:
    names = day.memory["names"]
    day.sees(t("home.ready"), names["lin"], names["birthday"], t("tasks.why.birthday_today"))
    day.knows(
        [(LIN,)], "select p.number from staff_session s join staff p on p.id=s.staff_id where ended_at_ms is null"
    )


@when("she calls her and writes down what came of it")
def _(day: OneCounter) -> None:
    name = day.memory["names"]["birthday"]
    day.press("F7")
    day.sees(name, t("tasks.why.birthday_today"), t("tasks.act.phone"))
    day.press("Ctrl+Return")
    day.is_told(t("tasks.copied_phone"))
    assert name in QGuiApplication.clipboard().text()
    assert day.rows("select 1 from interaction") == [], "copying is not speaking"
    day.press("Alt+P")
    day.sees(t("reveal.reason"))
    day.press("1", "Ctrl+Return")
    day.sees(formats.phone(PHONE))
    day.press("Ctrl+Return")
    assert day.within(lambda: formats.phone(PHONE) not in day.says())
    day.press("F4")
    day.sees(t("log.save"))
    day.press("Tab", "4", "Ctrl+Return")


@then("the call is done, at head office too, and so is the look at the number")
def _(day: OneCounter) -> None:
    day.knows([("done",)], "select state from follow_up where member_id=:m", who="birthday")
    day.knows([("phone", "not_interested")], "select kind, outcome from interaction where member_id=:m", who="birthday")
    day.knows([(1,)], "select count(*) from audit where action='phone.revealed'")
    day.press("Ctrl+1")
    day.sees(t("home.empty"))
    assert day.memory["names"]["birthday"] not in day.says().split(t("home.recent"))[0]


@when("somebody new joins")
def _(day: OneCounter) -> None:
    day.until(10)
    day.press("Ctrl+N")
    day.sees(t("register.title"))
    day.type(NEW_PHONE)
    day.press("Tab")
    day.type(day.memory["names"]["new"])
    day.press("Tab", "Tab", "Space", "Ctrl+Return")


@then("the card is there, the member is hers, and head office holds no plain name of it in its log")
def _(day: OneCounter) -> None:
    day.is_told(t("window.member_created"))
    name = day.memory["names"]["new"]
    day.sees(name, t("member.timeline"))
    owner = (
        "select p.number from binding b join staff p on p.id=b.owner_id join member m on m.id=b.id where m.name=:name"
    )
    day.knows([(LIN,)], owner, name=name)
    for secret in (name, NEW_PHONE):
        assert day.rows("select count(*) from op_log where body like :secret", secret=f"%{secret}%") == [(0,)]


@when("a customer's card is scanned, and the customer leaves without buying")
def _(day: OneCounter) -> None:
    day.until(11)
    day.scan(day.memory["customer code"])
    day.sees(day.memory["names"]["customer"], t("timeline.visit"))
    day.press("Ctrl+B")


@then("the card tells of the visit and that she served")
def _(day: OneCounter) -> None:
    name = day.memory["names"]["customer"]
    day.is_told(t("member.served_saved", name=name))
    day.sees(name, t("timeline.visit"), t("timeline.served"))
    day.knows([(1,)], "select count(*) from visit where member_id=:m and row_ver>0", who="customer")
    day.knows([("served_no_purchase",)], "select kind from interaction where member_id=:m", who="customer")
    day.knows([("accepted",)], "select status from op_log where type='served_no_purchase'")


@when("the counter is locked for the night and the customer buys online")
def _(day: OneCounter) -> None:
    day.until(21)
    day.press("Ctrl+1")
    _sees_shift(day, visits=1, new_members=1, interactions=2)
    day.press("F9")
    day.sees(t("signin.enter_pin"), t("day.title"), t("day.all_sent"))
    day.sees(f"{t('day.served')} 1", f"{t('day.new_members')} 1", f"{t('day.kept')} 1")
    assert not [who for who in ("customer", "new", "birthday") if day.memory["names"][who] in day.says()]
    day.knows([], AT_WORK)
    day.until(23, 40)
    order = OrderIn(
        source="shop", external_id="SY-1", channel="online", paid_at_ms=day.world.clock.wall_ms(), currency="CNY",
        lines=(LineIn(1, "S", NAMES["zh_CN"]["scarf"], 2, 20_000, NAMES["en"]["scarf"]),),
        member_id=day.memory["customer"], store_id=day.world.store_id,
    )  # fmt: skip
    record_order(day.world.database, order, now_ms=day.world.clock.wall_ms())


@then("the next morning her PIN alone opens it, and the purchase is hers, with the reason")
def _(day: OneCounter) -> None:
    day.until(9)
    day.sees(t("signin.enter_pin"), day.memory["names"]["lin"])
    day.type(PINS[LIN])
    day.sees(t("home.ready"), t("since.sales", n=1, amount="+¥20.00"))
    day.press("F8")
    day.sees(day.memory["names"]["customer"], "+¥20.00", "SY-1", t("earn.provisional"), t("earn.event.served.me"))
    day.sees(t("earn.why", amount="¥20.00"), t("earn.event.order", channel=t("history.channel.online")), "10%")
    assert _earned(day) == [("line_rate", "SY-1", 2_000)]


@when("one of the two pieces is brought back")
def _(day: OneCounter) -> None:
    day.until(10)
    day.scan(day.memory["customer code"])
    day.sees(day.memory["names"]["customer"], t("member.timeline"))
    day.press("Ctrl+H")
    day.sees("SY-1", day.memory["names"]["scarf"])
    page = day.window.page("history")
    assert isinstance(page, HistoryPage)
    assert day.within(page.giving_back.isEnabled), "once the receipt is read, beside the list"
    day.press("Alt+R")
    day.sees(t("give_back.side"))
    day.press("Space", "Tab")
    day.type("100.00")
    day.press("Ctrl+Return")
    day.is_told(t("give_back.saved", name="SY-1"))


@then("her share is half, and she is told why")
def _(day: OneCounter) -> None:
    back = "select total_minor from purchase_return where member_id=:m and row_ver>0"
    day.knows([(10_000,)], back, who="customer")
    day.press("F8")
    day.sees("+¥10.00", t("earn.sum.returned", n=1, qty=2))
    day.press("Alt+1")
    day.sees(t("earn.changes.line", before="¥20.00", after="¥10.00"), t("earn.cause.return"))
    day.press("Esc")
    assert sum(amount for _, _, amount in _earned(day)) == 1_000


@when("the line is down and another customer comes")
def _(day: OneCounter) -> None:
    day.until(15)
    day.till.wire.is_cut = True
    day.press("F5")
    day.world.clock.tick(60_000)
    day.scan(day.memory["second code"])
    day.sees(day.memory["names"]["second"], t("timeline.visit"))
    day.press("F4")
    day.sees(t("log.save"))
    day.press("Tab", "3", "Tab")
    day.type(day.memory["notes"][0])
    day.press("Ctrl+Return")


@then("all works as ever, and the counter says what waits")
def _(day: OneCounter) -> None:
    day.sees(day.memory["notes"][0])
    day.sees(t("sync.chip.offline_waiting", n=3))
    assert day.waiting() == 3, "a visit, a talk, and the promise to come back to it"
    assert day.rows("select 1 from interaction where member_id=:m", who="second") == []


@when("the line is back")
def _(day: OneCounter) -> None:
    day.until(15, 30)
    day.till.wire.is_cut = False
    day.press("F5")


@then("head office has all of it once, and nothing waits")
def _(day: OneCounter) -> None:
    talk = "select kind, outcome, note from interaction where member_id=:m"
    day.knows([("visit", "deciding", day.memory["notes"][0])], talk, who="second")
    day.knows([(1,)], "select count(*) from visit where member_id=:m and row_ver>0", who="second")
    assert day.within(lambda: not day.waiting())
    assert day.within(lambda: t("sync.chip.offline") not in day.says())


@when("her colleague's badge is scanned while she is typing")
def _(day: OneCounter) -> None:
    day.until(16)
    day.press("F4")
    day.sees(t("log.save"))
    day.press("1", "Tab", "3", "Tab")
    day.type(day.memory["notes"][1])
    day.scan(day.memory["badges"][HE])


@then("the counter is locked, and opens for the colleague with nothing of what was typed")
def _(day: OneCounter) -> None:
    names, note = day.memory["names"], day.memory["notes"][1]
    day.sees(t("signin.enter_pin"), HE)
    assert not [words for words in (names["second"], note) if words in day.says()]
    day.type(PINS[HE])
    day.sees(t("home.ready"), names["he"])
    day.until(16, 20)
    day.scan(day.memory["second code"])
    day.sees(names["second"], t("member.timeline"))
    day.press("F4")
    day.sees(t("log.save"))
    assert note not in day.says()
    day.press("Esc")
    assert day.within(lambda: day.window.overlays.dialog is None)
    day.knows([(HE,)], AT_WORK)


@when("she takes the counter back with her badge")
def _(day: OneCounter) -> None:
    day.until(17)
    day.scan(day.memory["badges"][LIN])
    day.sees(t("signin.enter_pin"), day.memory["names"]["lin"])
    day.type(PINS[LIN])
    day.sees(t("home.ready"))


@then("what she was typing is still there, and she saves it")
def _(day: OneCounter) -> None:
    note = day.memory["notes"][1]
    day.scan(day.memory["second code"])
    day.sees(day.memory["names"]["second"], t("member.timeline"))
    day.press("F4")
    day.sees(t("log.save"), note)
    day.press("Ctrl+Return")
    assert day.within(lambda: day.window.overlays.dialog is None)
    who = "select p.number from interaction i join staff p on p.id=i.associate_id where i.member_id=:m and i.note=:note"
    day.knows([(LIN,)], who, who="second", note=note)


@when("the shop closes")
def _(day: OneCounter) -> None:
    day.until(21)
    day.press("Ctrl+1", "F5")


@then("the counter tells her day, that all is sent and nobody is left to call")
def _(day: OneCounter) -> None:
    day.sees(t("home.empty"), t("sync.chip.synced", time="21:00"), day.memory["names"]["customer"], "+¥10.00")
    _sees_shift(day, visits=3, new_members=0, interactions=2)


@then("locked it keeps nothing of any customer, and head office holds the same rows")
def _(day: OneCounter) -> None:
    day.press("F9")
    day.sees(t("signin.enter_pin"))
    names = day.memory["names"]
    assert day.within(lambda: not any(names[who] in day.says() for who in ("birthday", "customer", "second", "new")))
    day.knows([], AT_WORK)
    assert day.within(lambda: not day.waiting())
    assert day.within(lambda: all(check.is_equal for check in day.till.counter.engine.check()))
    statuses = day.rows("select status, count(*) from op_log group by status")
    assert [status for status, _ in statuses] == ["accepted"], statuses
    here = {operation.op_id for operation in day.till.counter.records.latest(1_000)}
    assert {from_bytes(row[0]) for row in day.rows("select op_id from op_log")} == here
    assert day.others.opened == [], "the keyboard was the window's own all day"


def _sees_shift(day: OneCounter, **counts: int) -> None:
    """What the counter home counts of today."""
    day.sees(*(f"{t(f'home.{name}')} {count}" for name, count in counts.items()))


def _earned(day: OneCounter) -> list[tuple[str, str, int]]:
    """Kind, order and amount of her lines, as head office has them."""
    found = read_earnings(day.world.database, day.world.staff["a1"], None, day.world.clock.wall_ms())
    return [(line.kind, line.sale.order_no if line.sale else "", line.amount_minor) for line in found.lines]
