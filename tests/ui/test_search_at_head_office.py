"""The whole window, a real counter and the real server: a customer of another store, found by her receipt."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from guidedesk.domain.ids import derived_id
from guidedesk.server.order_types import LineIn, OrderIn
from guidedesk.server.orders import record_order
from guidedesk.services.read_models import Bilingual, StaffInfo
from guidedesk.services.session import Session
from guidedesk.ui.counter_window import MEMBERS, CounterWindow
from guidedesk.ui.desk import Desk
from guidedesk.ui.tables.search import OFFICE_ROW
from guidedesk.ui.tasks import InlineTasks
from guidedesk.ui.views.search import SearchPanel
from tests.helpers.counter_parts import START_MS, register
from tests.helpers.world import World, settle

RECEIPT = "HB-261121-0031"


def test_a_receipt_of_another_store_opens_her_card_here(world: World, show: Callable[..., QWidget]) -> None:
    home, away = world.till(), world.till(world.open_store("S2"))
    settle(home, away)
    her = register(home.counter, "沈知微", home.actor("a1"))
    settle(home)
    line = LineIn(line_no=1, sku="A-M", name="针织开衫", qty=1, amount_minor=79_900)
    order = OrderIn(
        source="till", external_id=RECEIPT, channel="store", paid_at_ms=START_MS, currency="CNY", lines=(line,),
        member_id=her, store_id=home.store_id,
    )  # fmt: skip
    record_order(world.database, order, now_ms=START_MS)

    desk = Desk(away.counter, InlineTasks())
    ui = CounterWindow(desk)
    ui.window.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    show(ui.window)
    staff = StaffInfo(world.staff["S2"], "S2", Bilingual("S2", "S2"), "associate", away.store_id)
    session = Session(derived_id("session", "away"), staff, away.store_id, True, world.clock.wall_ms())
    away.counter.resume(session)
    desk.set_session(session)

    field = ui.window.top.search.line
    QTest.keyClicks(field, RECEIPT)
    panel = ui.window.findChild(SearchPanel)
    assert isinstance(panel, SearchPanel)
    assert (panel.model.ids, panel.ask.isEnabled()) == ([], True)
    QTest.keyClick(field, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    assert panel.model.ids == [OFFICE_ROW]
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert ui.window.current != MEMBERS
    QTest.keyClick(field, Qt.Key.Key_2, Qt.KeyboardModifier.AltModifier)
    assert (ui.window.current, ui.member.state.card and ui.member.state.card.name) == (MEMBERS, "沈知微")
    QTest.keyClicks(field, "szw")
    assert len(panel.model.ids) == 1
    assert panel.model.ids[0] == her
