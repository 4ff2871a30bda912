"""The manager's week: a real window over a real counter and the real server application, worked by keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytest_bdd import given, parsers, scenarios, then, when
from sqlalchemy import func, select

from guidedesk.demo.eyes import wait_for
from guidedesk.domain.enrolment import fingerprint
from guidedesk.domain.errors import GuideDeskError
from guidedesk.domain.time import DAY_MS
from guidedesk.models.people import binding
from guidedesk.server.commission_documents import read_earnings
from guidedesk.server.commission_rules import publish_plan
from guidedesk.server.database import ScopeWrite
from guidedesk.server.enrolment import ask_enrolment, enrolment_grant, find_enrolment
from guidedesk.server.order_types import LineIn, OrderIn
from guidedesk.server.orders import record_order
from guidedesk.server.rows import put_row
from guidedesk.server.staff import set_pins
from guidedesk.services.operations import RegisterMember
from guidedesk.ui.audit import accessible_texts
from guidedesk.ui.counter_window import CounterWindow
from guidedesk.ui.desk import Desk
from guidedesk.ui.i18n import t
from guidedesk.ui.screens import close_screen
from guidedesk.ui.tasks import InlineTasks
from guidedesk.ui.theme import start_look
from guidedesk.ui.views.associate import AssociatePage
from guidedesk.ui.views.hand_over import HandOverDialog
from guidedesk.ui.views.settings import SettingsPage
from guidedesk.ui.views.settings_dialogs import PinDialog, RevokeDialog
from tests.features.test_earnings import PLAN
from tests.helpers.world import Till, World, open_world, settle
from tests.server.test_month import CHEAP, PIN

pytestmark = pytest.mark.timeout(240)
scenarios("managers_week.feature")
NEW_PIN = "735182"
GROUPS = ("counters", "people", "log")
_KEYS = {"Tab": Qt.Key.Key_Tab, "Space": Qt.Key.Key_Space, "Down": Qt.Key.Key_Down, "Up": Qt.Key.Key_Up,
         "Return": Qt.Key.Key_Return, "F6": Qt.Key.Key_F6}  # fmt: skip


@dataclass
class Story:
    """One window, two counters of a real server, and what the story remembers."""

    world: World
    till: Till
    lost: Till
    window: CounterWindow
    told: list[str] = field(default_factory=list)  # what toasts said: on a busy PC they are gone before one looks
    members: list[str] = field(default_factory=list)
    memory: dict[str, Any] = field(default_factory=dict)

    def said(self) -> str:
        """Everything a screen reader finds in the window."""
        for _ in range(4):
            QApplication.processEvents()
        return "\n".join(accessible_texts(self.window.window))

    def press(self, *names: str) -> None:
        """Keys, one after another, where the keyboard is."""
        for name in names:
            *held, last = name.split("+")
            modifiers = Qt.KeyboardModifier.NoModifier
            for one in held:
                modifiers |= {"Ctrl": Qt.KeyboardModifier.ControlModifier,
                              "Shift": Qt.KeyboardModifier.ShiftModifier}[one]  # fmt: skip
            at = QApplication.focusWidget() or self.window.window
            QTest.keyClick(at, _KEYS.get(last) or ord(last.upper()), modifiers)
            QApplication.processEvents()

    def type(self, words: str) -> None:
        QTest.keyClicks(QApplication.focusWidget() or self.window.window, words)

    def reach(self, widget: QWidget) -> None:
        """Go there by Tab alone."""
        for _ in range(60):
            focus = QApplication.focusWidget()
            if focus is not None and (focus is widget or widget.isAncestorOf(focus)):
                return
            self.press("Tab")
        stops = [type(one).__name__ for one in self.window.window.tab_order()]
        raise AssertionError(f"the keyboard does not get to {widget}: {self.window.window.current}, {stops}")

    def sign_in(self, number: str, pin: str = PIN) -> None:
        self.window.desk.set_session(None)
        self.window.desk.set_session(self.till.counter.sign_in(number, pin))

    def settings(self, group: str) -> SettingsPage:
        """Ctrl ',' and the arrows to a group."""
        self.press("Ctrl+,")
        page = self.window.window.page("settings")
        assert isinstance(page, SettingsPage)
        groups = self.window.settings.presenter.state.groups
        self.reach(page.nav)
        for _ in groups:
            if self.window.settings.presenter.state.group == group:
                return page
            self.press("Down")
        raise AssertionError(group)

    def dialog(self) -> Any:
        return self.window.window.overlays.dialog

    def buy(self, number: str, member: str) -> None:
        now_ms = self.world.clock.wall_ms()
        order = OrderIn(
            source="till", external_id=number, channel="online", store_id=self.till.store_id, currency="CNY",
            paid_at_ms=now_ms, lines=(LineIn(1, "S", "衫", 2, 20_000),), member_id=member,
        )  # fmt: skip
        record_order(self.world.database, order, now_ms=now_ms)

    def earned(self, name: str) -> set[str]:
        lines = read_earnings(self.world.database, self.world.staff[name], None, self.world.clock.wall_ms()).lines
        return {line.sale.order_no for line in lines if line.sale is not None and line.amount_minor}

    def owners(self) -> dict[str, int]:
        names = {staff_id: name for name, staff_id in self.world.staff.items()}
        query = select(binding.c.owner_id, func.count()).group_by(binding.c.owner_id)
        with self.world.database.read() as conn:
            return {names.get(row[0], "pool"): row[1] for row in conn.execute(query)}


@pytest.fixture
def story(tmp_path: Path, qapp: QApplication) -> Iterator[Story]:
    start_look(qapp, "light", 1.0, "zh_CN")
    QAccessible.setActive(True)
    world = open_world(tmp_path)
    publish_plan(world.database, PLAN, actor=None, now_ms=world.clock.wall_ms())

    def name_them(opened: ScopeWrite) -> None:
        for name, staff_id in world.staff.items():
            put_row(opened, "staff", {"id": staff_id, "number": name.upper()})

    world.database.write(world.chain_id, name_them)
    context = world.context
    numbers = [(name.upper(), PIN) for name in world.staff]
    set_pins(world.database, context.secrets, context.random, world.clock.wall_ms(), numbers, CHEAP)
    till, lost = world.till(), world.till()
    settle(till, lost)
    window = CounterWindow(Desk(till.counter, InlineTasks()))
    window.window.resize(1366, 768)
    window.window.show()
    window.open()
    window.window.activateWindow()
    assert wait_for(lambda: QApplication.activeWindow() is window.window)
    made = Story(world, till, lost, window)
    toast = window.window.toast

    def keep(text: str, *, undo: bool = False) -> Any:
        made.told.append(text)
        return toast(text, undo=undo)

    window.window.toast = keep  # type: ignore[method-assign]
    yield made
    close_screen(window.window)
    world.close()
    QAccessible.setActive(False)


@given(
    parsers.parse("a manager at her counter in {language}, and an associate with three members"), target_fixture="her"
)
def _(story: Story, language: str, qapp: QApplication) -> Story:
    start_look(qapp, "light", 1.0, language)
    for n in range(3):
        code, member = story.till.counter.codes.take_blank(), story.till.counter.new_id()
        assert code is not None
        operation = RegisterMember(
            member_id=member, code_digits=code[0], code_typed=code[1], name=f"会员{n}", consents=(("service", True),)
        )
        story.till.counter.record_operations([operation], story.till.actor("a1"), 2)
        story.members.append(member)
        story.world.clock.tick(60_000)
        settle(story.till)
    story.buy("BEFORE", story.members[0])
    story.world.clock.tick(DAY_MS)
    settle(story.till)
    story.sign_in("M1")
    return story


@when("she types the code that a new counter shows")
def _(her: Story) -> None:
    public = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    context = her.world.context
    asked = ask_enrolment(
        her.world.database, context.secrets, context.random, public_key=public, host="POS-3", label="",
        now_ms=her.world.clock.wall_ms(),
    )  # fmt: skip
    her.memory |= {"code": asked.code, "numbers": fingerprint(public).split()}
    page = her.settings("counters")
    her.reach(page.counters.add)
    her.press("Space")
    her.type(asked.code.lower())
    her.press("Ctrl+Return")


@then("she sees the numbers to compare, and lets it in with her PIN")
def _(her: Story) -> None:
    shown = her.said()
    for words in (*her.memory["numbers"], "POS-3", t("counters.same")):
        assert words in shown, words
    her.reach(her.dialog().pin)
    her.type(PIN)
    her.press("Ctrl+Return")
    assert her.dialog() is None
    assert "POS-3" in her.said()
    context = her.world.context
    row = find_enrolment(her.world.database, context.secrets, her.memory["code"], her.world.clock.wall_ms())
    assert enrolment_grant(her.world.database, context.secrets, row) is not None


def open_page(her: Story) -> AssociatePage:
    """From the people of the settings to the first associate's page."""
    page = her.settings("people")
    her.reach(page.people.table)
    her.press("Return")
    found = her.window.window.page("associate")
    assert isinstance(found, AssociatePage)
    assert her.window.window.current == "associate"
    return found


@when("she gives two of the members to a colleague")
def _(her: Story) -> None:
    page = open_page(her)
    her.reach(page.table)
    her.press("Space", "Shift+Down")
    page.panel.to.chosen.emit(her.world.staff["a2"])  # a menu is a window of its own
    shown = her.said()
    for words in (t("associate.reassign_n", n=2), "+2", "¥20.00"):
        assert words in shown, words
    her.press("Ctrl+Return")
    assert t("associate.told.done", n=2, taker="a2") in her.told
    assert her.owners() == {"a1": 1, "a2": 2}


@then("the next sale is the colleague's, and what was sold before stays")
def _(her: Story) -> None:
    settle(her.till)
    her.window.open_member(her.members[0])
    history = her.said()
    assert t("timeline.given", giver="m1", name="a2") in history, "her history says who gave her to whom"
    assert t("associate.reason.leaves") in history, "and why"
    her.window.window.run_command("back")
    her.world.clock.tick(60_000)
    her.buy("AFTER", her.members[0])
    assert (her.earned("a1"), her.earned("a2")) == ({"BEFORE"}, {"AFTER"})


@when("she takes it back with one key")
def _(her: Story) -> None:
    her.press("Ctrl+Z")
    assert t("associate.told.undone", n=2, giver="a1") in her.told


@then("both members are where they were, and so is the sale")
def _(her: Story) -> None:
    assert her.owners() == {"a1": 3}
    assert (her.earned("a1"), her.earned("a2")) == ({"BEFORE", "AFTER"}, set())


@then("the colleague is told at her next sign-in")
def _(her: Story) -> None:
    her.sign_in("A2")
    assert t("associate.told.came_back", by="m1", n=2, giver="a1") in her.told
    her.sign_in("M1")


@when("she gives the associate a new PIN")
def _(her: Story) -> None:
    page = her.settings("people")
    her.reach(page.people.new_pin)
    her.press("Space")
    dialog = her.dialog()
    assert isinstance(dialog, PinDialog)
    for place, words in ((dialog.new, NEW_PIN), (dialog.again, NEW_PIN), (dialog.pin, PIN)):
        her.reach(place)
        her.type(words)
    her.press("Ctrl+Return")
    assert t("accounts.told.pin") in her.told


@then("the associate signs in with it and not with the old one")
def _(her: Story) -> None:
    with pytest.raises(GuideDeskError, match="wrong_pin"):
        her.sign_in("A1")
    her.sign_in("A1", NEW_PIN)
    her.sign_in("M1")


@when("she takes the lost counter off at once with a reason")
def _(her: Story) -> None:
    page = her.settings("counters")
    her.reach(page.counters.table)
    for _ in range(5):
        counter = her.window.settings.counters.state.counter
        if counter is not None and counter.id == her.lost.device_id:
            break
        her.press("Down")
    page.counters.take_off.setFocus()  # Shift Tab from the table
    her.press("Space")
    dialog = her.dialog()
    assert isinstance(dialog, RevokeDialog)
    her.reach(dialog.mode)
    her.press("2")
    her.reach(dialog.reason)
    her.type("stolen")
    her.reach(dialog.pin)
    her.type(PIN)
    her.press("Ctrl+Return")
    assert t("counters.told.now") in her.told


@then("the counter is told so at its next contact")
def _(her: Story) -> None:
    her.lost.counter.engine.step()
    order = her.lost.counter.engine.order
    assert order is not None
    assert order.mode == "now"


@when("the associate leaves and her members are shared")
def _(her: Story) -> None:
    page = open_page(her)
    her.reach(page.hand_over)
    her.press("Space")
    dialog = her.dialog()
    assert isinstance(dialog, HandOverDialog)
    assert t("hand_over.title", name="a1") in her.said()
    her.reach(dialog.pin)
    her.type(PIN)
    her.press("Ctrl+Return")
    assert t("hand_over.told.leave", name="a1") in her.told


@then("nobody signs in as her, and her members have a colleague")
def _(her: Story) -> None:
    assert her.owners() == {"a2": 3}
    with pytest.raises(GuideDeskError, match="wrong_pin"):
        her.till.counter.sign_in("A1", NEW_PIN)
    her.sign_in("M1")


@then("the log tells all of it and its chain is whole")
def _(her: Story) -> None:
    page = her.settings("log")
    shown = her.said()
    for action in ("device.approved", "members.reassigned", "members.reassign_undone", "staff.pin_set",
                   "device.revoked", "staff.left"):  # fmt: skip
        assert t(f"store_log.action.{action}") in shown, action
    her.reach(page.log.prove)
    her.press("Space")
    assert t("store_log.proof.good") in her.said()


@when("the associate signs in instead")
def _(her: Story) -> None:
    her.sign_in("A1")


@then("she finds no counters, no people, no log and no way to a colleague's page")
def _(her: Story) -> None:
    her.press("Ctrl+,")
    shown = her.said().splitlines()
    for name in GROUPS:
        assert t(f"settings.{name}") not in shown, name
    her.window.show_associate(her.world.staff["a2"])
    assert her.window.window.current != "associate"
    for ask in (her.till.counter.office.counters, her.till.counter.office.accounts):
        with pytest.raises(GuideDeskError, match="forbidden"):
            ask()
    with pytest.raises(GuideDeskError, match="forbidden"):
        her.till.counter.office.associate(her.world.staff["a2"])
