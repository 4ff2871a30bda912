"""The story of a manager and her Team board, by keys, in both languages, against a real server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytest_bdd import given, parsers, scenarios, then, when

from guidedesk.domain.errors import GuideDeskError
from guidedesk.domain.people import Role
from guidedesk.domain.time import DAY_MS
from guidedesk.server.order_types import LineIn, OrderIn
from guidedesk.server.orders import record_order
from guidedesk.services.operations import RegisterMember
from guidedesk.services.read_models import Bilingual, StaffInfo
from guidedesk.services.session import Session
from guidedesk.sync.status import SyncStatus
from guidedesk.ui import formats
from guidedesk.ui.audit import accessible_texts
from guidedesk.ui.counter_window import CounterWindow
from guidedesk.ui.desk import Desk
from guidedesk.ui.i18n import t
from guidedesk.ui.screens import close_screen
from guidedesk.ui.tasks import InlineTasks
from guidedesk.ui.theme import start_look
from guidedesk.ui.views.team import TeamPage
from tests.helpers.world import Till, World, open_world, settle

pytestmark = pytest.mark.timeout(240)
scenarios("team.feature")
NAME = "方若溪"


@dataclass
class Story:
    """One counter of a real server and its real window."""

    world: World
    till: Till
    window: CounterWindow
    folder: Path
    memory: dict[str, Any] = field(default_factory=dict)

    @property
    def page(self) -> TeamPage:
        return self.window.window.findChildren(TeamPage)[0]

    def said(self) -> str:
        for _ in range(4):
            QApplication.processEvents()
        return "\n".join(accessible_texts(self.window.window))

    def sign_in(self, name: str, role: Role) -> None:
        self.window.desk.set_session(None)
        info = StaffInfo(self.world.staff[name], name, Bilingual(name, name), role, self.till.store_id)
        session = Session(self.till.counter.new_id(), info, self.till.store_id, True, self.world.clock.wall_ms())
        self.till.counter.resume(session)
        self.window.desk.set_session(session)

    def save(self, form: str) -> Path:
        path = self.folder / f"saved-{len(self.memory)}.{form}"
        self.memory[form] = path
        self.window.team.files.choose_form(form)
        self.window.team.files.choose_path(str(path))
        self.window.window.run_command("main_action")
        return path


@pytest.fixture
def opened(tmp_path: Path, qapp: QApplication) -> Iterator[Story]:
    QAccessible.setActive(True)
    world = open_world(tmp_path)
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
    start_look(qapp, "light", 1.0, "zh_CN")


@given(parsers.parse("a store in {language} whose two associates sold this week"), target_fixture="story")
def _(opened: Story, qapp: QApplication, language: str) -> Story:
    start_look(qapp, "light", 1.0, language)
    opened.sign_in("a1", "associate")
    member_id, code = opened.till.counter.new_id(), opened.till.counter.codes.take_blank()
    assert code is not None
    joins = RegisterMember(
        member_id=member_id, code_digits=code[0], code_typed=code[1], name=NAME, consents=(("service", True),)
    )
    opened.window.desk.record(joins, assurance=2)
    settle(opened.till)
    clock = opened.world.clock
    for n, (days, amount) in enumerate(((1, 30_000), (1, 50_000), (2, 20_000))):
        clock.tick(days * DAY_MS if n else 0)
        order = OrderIn(
            source="pos", external_id=f"HB-{n}", channel="store", paid_at_ms=clock.wall_ms(), currency="CNY",
            lines=(LineIn(1, "S", "羊绒围巾", 1, amount),), member_id=member_id, store_id=opened.world.store_id,
            seller_id=opened.world.staff["a2"],
        )  # fmt: skip
        record_order(opened.world.database, order, now_ms=clock.wall_ms())
    clock.tick(DAY_MS)
    settle(opened.till)
    return opened


@when("an associate looks for the board")
def _(story: Story) -> None:
    story.window.window.run_command("rail_6")


@then("she finds no way to it, and head office tells her counter nothing")
def _(story: Story) -> None:
    assert story.window.window.current == "home"
    assert t("team.kpi.sales") not in story.said()
    story.window.window.show_page("team")
    assert story.window.team.presenter.state.board is None
    with pytest.raises(GuideDeskError) as answer:
        story.till.counter.team.board(story.till.store_id)
    assert answer.value.code == "not_found"


@when("the manager opens it by keys")
def _(story: Story) -> None:
    story.sign_in("m1", "manager")
    story.window.window.run_command("rail_6")
    assert story.window.window.current == "team"


@then("it says what was sold this month and who had part in it")
def _(story: Story) -> None:
    said = story.said()
    for words in (t("team.title"), t("team.kpi.sales"), "¥1,000", t("team.kpi.new_members")):
        assert words in said, words
    story.window.window.run_command("table_view")
    said = story.said()
    for words in ("a1", "a2", "¥700.00", "¥300.00"):
        assert words in said, words
    story.window.window.run_command("table_view")


@when("she turns to the last seven days by keys")
def _(story: Story) -> None:
    before = story.window.team.presenter.state.board
    button = story.page.head.periods.buttons[1]
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)
    story.memory["asked"] = story.window.team.presenter.state.board is before


@then("it says what was sold in them, without asking again")
def _(story: Story) -> None:
    assert story.window.team.presenter.state.period == "week"
    assert story.memory["asked"]
    assert "¥1,000" in story.said()


@when("she opens the day with the most sales by keys")
def _(story: Story) -> None:
    plot = story.page.days.plot
    shown = story.window.team.presenter.state.shown
    assert shown is not None
    best = max(range(len(shown.days)), key=lambda n: shown.days[n].attributed_minor)
    story.memory["day"] = shown.days[best].day
    QTest.keyClick(plot, Qt.Key.Key_Home)
    for _ in range(best):
        QTest.keyClick(plot, Qt.Key.Key_Right)
    QTest.keyClick(plot, Qt.Key.Key_Return)


@then("she sees the sales behind it and their members")
def _(story: Story) -> None:
    listing = story.window.team.presenter.state.listing
    assert listing is not None
    assert (listing.problem, listing.data is None) == (None, False)
    said = story.said()
    for words in (NAME, "HB-1", "¥500.00", "a1", "a2"):
        assert words in said, words
    story.window.window.run_command("close")
    assert story.window.window.overlays.dialog is None


@when("she saves the board and the weekly note")
def _(story: Story) -> None:
    window = story.window.window
    window.run_command("export")
    story.save("csv")
    window.run_command("main_action")
    story.save("pdf")
    window.run_command("main_action")
    story.save("xlsx")


@then("the files hold what the board said, and no member's name")
def _(story: Story) -> None:
    table = story.memory["csv"].read_text(encoding="utf-8-sig")
    assert "1000.00" in table
    assert NAME not in table
    assert story.memory["pdf"].read_bytes().startswith(b"%PDF")
    pages = load_workbook(story.memory["xlsx"]).worksheets
    words = {str(cell.value) for page in pages for row in page.iter_rows() for cell in row}
    assert {t("team.kpi.sales"), "a1", "a2"} <= words
    assert NAME not in words


@when("the line is cut and she comes back to it")
def _(story: Story) -> None:
    now = story.world.clock.wall_ms()
    story.memory["as_of"] = formats.time_text(now)
    story.till.wire.is_cut = True
    story.sign_in("m1", "manager")
    story.window.window.run_command("rail_6")
    story.window.desk.status_changed.emit(SyncStatus(now_ms=now + 60_000, offline_since_ms=now))


@then("the same figures stand there with their time")
def _(story: Story) -> None:
    said = story.said()
    assert "¥1,000" in said
    assert t("state.as_of", time=story.memory["as_of"]) in said
