"""The story of one line of commission, seen in the window of the associate who earns it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication
from pytest_bdd import given, scenarios, then, when

from guidedesk.domain.time import DAY_MS, local_date
from guidedesk.server.commission_close import close_period
from guidedesk.server.commission_rules import publish_plan
from guidedesk.server.order_types import LineIn, OrderIn, ReturnIn, ReturnLineIn
from guidedesk.server.orders import record_order, record_return
from guidedesk.services.operations import RecordVisit, RegisterMember, ServedNoPurchase
from guidedesk.services.read_models import Bilingual, StaffInfo
from guidedesk.services.session import Session
from guidedesk.ui import formats
from guidedesk.ui.audit import accessible_texts
from guidedesk.ui.counter_window import CounterWindow
from guidedesk.ui.desk import Desk
from guidedesk.ui.i18n import t
from guidedesk.ui.screens import close_screen
from guidedesk.ui.tasks import InlineTasks
from guidedesk.ui.theme import start_look
from tests.helpers.world import Till, World, open_world, settle

pytestmark = pytest.mark.timeout(240)
scenarios("earnings.feature")
PLAN = {
    "plan": "sales", "version": 1, "effective_from": "2026-01-01",
    "components": [{"id": "sales", "kind": "line_rate", "rules": [{"match": {}, "rate_bp": 1000}]}],
}  # fmt: skip
NAME = "方若溪"
ZONE = "Asia/Shanghai"


@dataclass
class Story:
    """One counter of a real server, its real window, and what the story remembers."""

    world: World
    till: Till
    window: CounterWindow
    folder: Path
    memory: dict[str, Any] = field(default_factory=dict)

    def said(self) -> str:
        """Everything a screen reader finds in the window."""
        for _ in range(4):
            QApplication.processEvents()
        return "\n".join(accessible_texts(self.window.window))

    def record(self, *operations: Any) -> None:
        self.window.desk.record(*operations, assurance=2)
        settle(self.till)

    def look(self) -> str:
        """F8, and ask head office anew."""
        self.window.window.run_command("earnings")
        self.window.earnings.presenter.reload()
        return self.said()

    def day(self, days: int = 0) -> str:
        """A day from now on, as the window writes it."""
        today = local_date(self.world.clock.wall_ms(), ZONE)
        return formats.day_text(today + timedelta(days=days), today)


@pytest.fixture
def story(tmp_path: Path, qapp: QApplication) -> Iterator[Story]:
    start_look(qapp, "light", 1.0, "zh_CN")
    QAccessible.setActive(True)  # as with a screen reader attached: lists tell it when their rows change
    world = open_world(tmp_path)
    publish_plan(world.database, PLAN, actor=None, now_ms=world.clock.wall_ms())
    till = world.till()
    settle(till)
    window = CounterWindow(Desk(till.counter, InlineTasks()))
    window.window.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    window.window.resize(1366, 768)
    window.window.show()
    window.open()
    yield Story(world, till, window, tmp_path)
    close_screen(window.window)
    world.close()
    QAccessible.setActive(False)


@given("a counter whose associate looks at her earnings", target_fixture="her")
def _(story: Story) -> Story:
    store_id, name = story.till.store_id, Bilingual("林晓夏", "Lin Xiaoxia")
    info = StaffInfo(story.world.staff["a1"], "a1", name, "associate", store_id)
    session = Session(story.till.counter.new_id(), info, store_id, True, story.world.clock.wall_ms())
    story.till.counter.resume(session)
    story.window.desk.set_session(session)
    assert t("earn.empty") in story.look()
    return story


@given("somebody whose window of fifteen days has run out")
def _(her: Story) -> None:
    member_id, code = her.till.counter.new_id(), her.till.counter.codes.take_blank()
    assert code is not None
    her.record(
        RegisterMember(
            member_id=member_id, code_digits=code[0], code_typed=code[1], name=NAME, consents=(("service", True),)
        )
    )
    her.memory["member"] = member_id
    her.world.clock.tick(20 * DAY_MS)
    settle(her.till)


@when("she serves them and they buy nothing")
def _(her: Story) -> None:
    new_id, member = her.till.counter.new_id, her.memory["member"]
    her.record(RecordVisit(visit_id=new_id(), member_id=member))
    her.record(ServedNoPurchase(interaction_id=new_id(), member_id=member))


@when("two days later they buy online")
def _(her: Story) -> None:
    clock = her.world.clock
    clock.tick(2 * DAY_MS)
    order = OrderIn(
        source="shop", external_id="SY-1", channel="online", paid_at_ms=clock.wall_ms(), currency="CNY",
        lines=(LineIn(1, "S", "羊绒围巾", 2, 20_000),), member_id=her.memory["member"], store_id=her.world.store_id,
    )  # fmt: skip
    record_order(her.world.database, order, now_ms=clock.wall_ms())
    settle(her.till)


@then("she sees her share as provisional, with the day it confirms")
def _(her: Story) -> None:
    said = her.look()
    her.memory["confirms"] = her.day(7)
    for words in (NAME, "+¥20.00", t("earn.provisional"), her.memory["confirms"], "10%", "SY-1"):
        assert words in said, words


@then("the reason names the served visit, the window and the order")
def _(her: Story) -> None:
    said = her.said()
    for words in (
        t("earn.why", amount="¥20.00"), t("earn.event.served.me"), t("earn.window", n=15), "¥200.00",
        t("earn.event.order", channel=t("history.channel.online")), t("earn.sum.mine"),
    ):  # fmt: skip
        assert words in said, words


@when("one of the two pieces comes back")
def _(her: Story) -> None:
    her.world.clock.tick(DAY_MS)
    back = ReturnIn(
        source="shop", external_id="R-1", order_external_id="SY-1", returned_at_ms=her.world.clock.wall_ms(),
        currency="CNY", lines=(ReturnLineIn(line_no=1, qty=1, amount_minor=10_000),),
    )  # fmt: skip
    record_return(her.world.database, back, now_ms=her.world.clock.wall_ms())
    settle(her.till)


@then("her share is half of it, and she is told what changed and why")
def _(her: Story) -> None:
    said = her.look()
    assert "+¥10.00" in said
    assert "+¥20.00" not in said
    assert t("earn.sum.returned", n=1, qty=2) in said
    her.window.window.run_command("choice_1")
    said = her.said()
    assert t("earn.changes.line", before="¥20.00", after="¥10.00") in said
    assert t("earn.cause.return") in said
    her.window.window.run_command("main_action")
    assert t("earn.news.changes", n=1) not in her.said()


@then("without contact she sees the same figures with their time")
def _(her: Story) -> None:
    at = formats.time_text(her.world.clock.wall_ms())
    her.till.wire.is_cut = True
    her.world.clock.tick(3_600_000)
    said = her.look()
    her.till.wire.is_cut = False
    assert "+¥10.00" in said
    assert t("state.as_of", time=at) in said


@when("head office has closed the month")
def _(her: Story) -> None:
    clock = her.world.clock
    her.memory["month"] = f"{local_date(clock.wall_ms(), ZONE):%Y-%m}"
    clock.tick(40 * DAY_MS)
    her.till.counter.engine.step()
    close_period(her.world.database, her.memory["month"], actor=None, now_ms=clock.wall_ms(), forced_reason="store")
    settle(her.till)


@then("the line is confirmed and the month is sealed")
def _(her: Story) -> None:
    her.look()
    her.window.earnings.presenter.show_month(her.memory["month"])
    said = her.said()
    assert t("earn.state.confirmed") in said
    assert t("earn.period.closed") in said
    assert t("earn.closed_on", date=t("date.today")) in said
    assert "+¥10.00" in said


@then("the statement she saves holds that line")
def _(her: Story) -> None:
    export = her.window.earnings.export
    her.window.window.run_command("export")
    path = her.folder / "statement.csv"
    export.presenter.choose_form("csv")
    export.presenter.choose_path(str(path))
    export.presenter.submit()
    text = path.read_text(encoding="utf-8-sig")
    assert "SY-1" in text
    assert "10.00" in text
    assert t("earn.sum.mine") in text
