"""An associate's page in a manager's window: ticked by keys, every effect seen before, given away and taken back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from guidedesk.domain.errors import Refused
from guidedesk.ui.counter_window import CounterWindow
from guidedesk.ui.fixtures.associate import BATCHES, DATA, MEMBERS, PLAN, PREVIEW
from guidedesk.ui.fixtures.people import HE, LIN, SU, ZHOU
from guidedesk.ui.i18n import t
from guidedesk.ui.screens import settle
from guidedesk.ui.views.associate import AssociatePage
from guidedesk.ui.views.hand_over import HandOverDialog
from tests.helpers.shop import GAO
from tests.ui.shop_desk import PIN, ShopDesk, open_desk
from tests.ui.whole_window import drawn_window, said


@pytest.fixture
def shop() -> ShopDesk:
    made = open_desk()
    office = made.counter.office
    office.page, office.everybody, office.preview, office.plan = DATA, MEMBERS, PREVIEW, PLAN
    return made


@pytest.fixture
def window(shop: ShopDesk) -> CounterWindow:
    made = drawn_window(shop.desk)
    shop.sign_in(GAO, "manager")
    made.show_associate(ZHOU.id)
    QApplication.processEvents()
    return made


def page_of(window: CounterWindow) -> AssociatePage:
    page = window.window.page("associate")
    assert isinstance(page, AssociatePage)
    return page


def key(window: CounterWindow, name: Qt.Key, mod: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(page_of(window).table, name, mod)


def test_members_are_ticked_by_keys_and_given_away(window: CounterWindow, shop: ShopDesk) -> None:
    page, presenter = page_of(window), window.associates.presenter
    shown = said(window)
    for words in ("周牧", "A009", "方明宇", t("associate.count", n=11), t("associate.kept"), "¥1,062.10"):
        assert words in shown, words
    assert "欧阳听雨" not in shown, "her window is over"
    window.window.run_command("main_action")
    assert shop.counter.office.asked == []
    key(window, Qt.Key.Key_Space)
    key(window, Qt.Key.Key_Down)
    key(window, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert ",".join(presenter.state.ticked) == "m-1,m-2,m-3"
    key(window, Qt.Key.Key_Space)
    assert ",".join(presenter.state.ticked) == "m-1,m-2"
    assert t("associate.why.whom") in page.panel.go.accessibleDescription()
    page.panel.taker_chosen.emit(LIN.id)
    shown = said(window)
    for words in (t("associate.reassign_n", n=2), "+2", "¥256.25", t("associate.effect.orders", giver="周牧")):
        assert words in shown, words
    window.window.run_command("main_action")
    assert shop.counter.office.asked == [("reassign", ZHOU.id, LIN.id, ("m-1", "m-2"), "leaves")]
    shown = said(window)
    assert t("associate.told.done", n=2, taker="林晓夏") in shown
    assert "方明宇" not in shown
    assert presenter.state.ticked == ()


def test_ctrl_z_and_the_button_take_the_step_back(window: CounterWindow, shop: ShopDesk) -> None:
    presenter = window.associates.presenter
    presenter.tick("m-1")
    presenter.choose_taker(LIN.id)
    presenter.reassign()
    window.window.run_command("undo")
    [_, (what, batch_id)] = shop.counter.office.asked
    assert what == "undo"
    assert t("associate.told.undone", n=1, giver="周牧") in said(window)
    window.window.run_command("undo")
    assert len(shop.counter.office.asked) == 2, "once"
    shop.counter.office.page = replace(DATA, batches=(replace(BATCHES[0], id=batch_id),))
    presenter.reload()
    page_of(window).panel.undone.emit(batch_id)
    assert shop.counter.office.asked[-1] == ("undo", batch_id)


def test_a_refusal_keeps_what_was_ticked_and_the_same_step(window: CounterWindow, shop: ShopDesk) -> None:
    presenter = window.associates.presenter
    presenter.tick_all()
    assert len(presenter.state.ticked) == presenter.state.matching == 11
    presenter.choose_taker(HE.id)
    shop.counter.office.refusal = Refused("reassign_gone")
    presenter.reassign()
    assert t("error.reassign_gone") in said(window)
    settle()
    refusal = page_of(window).panel._problem
    assert refusal.visibleRegion().boundingRect() == refusal.rect(), "the refusal stands below what the panel shows"
    first = presenter.state.batch_id
    assert len(presenter.state.ticked) == 11
    shop.counter.office.refusal = None
    presenter.reassign()
    assert (presenter.state.batch_id, presenter.state.data is not None) == ("", True)
    assert first == presenter.state.data.batches[0].id if presenter.state.data else False
    presenter.tick_all()


def test_filters_and_the_end_of_the_list_read_on(window: CounterWindow) -> None:
    presenter, page = window.associates.presenter, page_of(window)
    assert len(presenter.state.members) == 8
    page.end_near.emit()
    assert len(presenter.state.members) == 11
    page.filtered.emit("open", "")
    assert presenter.state.matching == 12
    page.filtered.emit("tier", "super")
    assert {one.name for one in presenter.state.members} == {"方明宇", "韩书宁", "程砚"}
    page.filtered.emit("due", "1")
    page.filtered.emit("tier", "casual")
    assert [one.name for one in presenter.state.members] == ["陆小满"]


def test_she_hands_over_with_a_pin_after_every_effect_was_seen(window: CounterWindow, shop: ShopDesk) -> None:
    page_of(window).hand_over.click()
    QApplication.processEvents()
    dialog = window.window.overlays.dialog
    assert isinstance(dialog, HandOverDialog)
    shown = said(window)
    for words in (t("hand_over.title", name="周牧"), "¥388.50", t("hand_over.ends.leave", n=1, name="周牧")):
        assert words in shown, words
    dialog.colleague_ticked.emit(SU.id)
    window.window.run_command("main_action")
    assert shop.counter.office.asked == [], "no PIN yet"
    dialog.pin.line.setFocus()
    QTest.keyClicks(dialog.pin.line, PIN)
    window.window.run_command("main_action")
    assert shop.counter.office.asked == [
        ("hand_over", ZHOU.id, "leave", "share", (LIN.id, HE.id), "", PIN)
    ]
    assert window.window.overlays.dialog is None
    assert t("hand_over.told.leave", name="周牧") in said(window)


def test_without_contact_it_says_so_and_comes_back(window: CounterWindow, shop: ShopDesk) -> None:
    presenter = window.associates.presenter
    shop.desk.status_changed.emit(replace(shop.counter.status(), offline_since_ms=1))
    presenter.tick("m-1")
    presenter.choose_taker(LIN.id)
    window.window.run_command("main_action")
    assert shop.counter.office.asked == []
    assert t("associate.why.offline") in page_of(window).panel.go.accessibleDescription()
    shop.desk.status_changed.emit(shop.counter.status())
    assert presenter.state.data is not None


def test_an_associate_finds_no_way_there_and_is_told_what_came(window: CounterWindow, shop: ShopDesk) -> None:
    shop.desk.set_session(None)
    assert "方明宇" not in said(window)
    assert window.associates.presenter.state.members == ()
    batch = replace(BATCHES[0], taker_id=shop.counter.session().staff.id, taker=LIN.name)
    shop.counter.office.news = (batch,)
    shop.sign_in()
    assert t("associate.told.came", by="高岚", n=4, giver="周牧") in said(window)
    assert shop.counter.office.asked == [("told", batch.id)]
    window.show_associate(ZHOU.id)
    assert window.window.current != "associate"
    assert t("error.forbidden") in said(window)
