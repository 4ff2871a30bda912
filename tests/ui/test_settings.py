"""The settings in a window: what a manager finds and an associate does not, what is decided there and what is kept."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from guidedesk.domain.errors import Refused
from guidedesk.domain.people import Role
from guidedesk.services.store_desk import LogPage, LogProof
from guidedesk.ui.counter_window import CounterWindow
from guidedesk.ui.fixtures.associate import DATA, MEMBERS
from guidedesk.ui.fixtures.people import HE, NOW_MS, ZHOU
from guidedesk.ui.fixtures.settings import ACCOUNTS, COUNTERS, ENTRIES, WAITING
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.settings import WindowChoices
from guidedesk.ui.scan_source import Scan
from guidedesk.ui.views.settings import SettingsPage
from guidedesk.ui.views.settings_dialogs import AddAccountDialog, EnrolCounterDialog, PinDialog, RevokeDialog
from guidedesk.ui.widgets.overlay import Dialog
from tests.helpers.shop import GAO, SHEN_CODE
from tests.ui.member_desk import heard
from tests.ui.shop_desk import PIN, ShopDesk, open_desk
from tests.ui.whole_window import drawn_window, said

D = TypeVar("D", bound=Dialog)
NEW_PIN = "735182"


@pytest.fixture
def shop() -> ShopDesk:
    made = open_desk()
    office = made.counter.office
    office.devices, office.staff, office.waiting = COUNTERS, ACCOUNTS, WAITING
    office.entries, office.proof = LogPage(NOW_MS, ENTRIES, "9:9"), LogProof(NOW_MS, 412, None)
    office.page, office.everybody = DATA, MEMBERS
    return made


@pytest.fixture
def window(shop: ShopDesk) -> CounterWindow:
    made = drawn_window(shop.desk)
    shop.sign_in(GAO, "manager")
    made.window.run_command("settings")
    return made


def page_of(window: CounterWindow) -> SettingsPage:
    page = window.window.page("settings")
    assert isinstance(page, SettingsPage)
    return page


def group(window: CounterWindow, name: str) -> SettingsPage:
    page_of(window).nav.chosen.emit(name)
    QApplication.processEvents()
    return page_of(window)


def dialog_of(window: CounterWindow, kind: type[D]) -> D:
    QApplication.processEvents()
    dialog = window.window.overlays.dialog
    assert isinstance(dialog, kind)
    return dialog


def test_a_counter_is_let_in_after_its_numbers_were_compared(window: CounterWindow, shop: ShopDesk) -> None:
    group(window, "counters").counters.add.click()
    dialog = dialog_of(window, EnrolCounterDialog)
    QTest.keyClicks(dialog.code.line, "bkwd-rzq")
    window.window.run_command("main_action")
    assert shop.counter.office.asked == [], "what cannot be a code is no guess"
    assert t("error.enrol_code_form") in said(window)
    QTest.keyClicks(dialog.code.line, "m")
    window.window.run_command("main_action")
    shown = said(window)
    for words in ("4821", "1146", "HB-COUNTER-3", t("counters.same")):
        assert words in shown, words
    dialog.pin.line.setFocus()
    QTest.keyClicks(dialog.pin.line, PIN)
    shop.counter.office.refusal = Refused("wrong_pin", tries_left=4)
    window.window.run_command("main_action")
    assert dialog.pin.text() == ""
    assert t("error.wrong_pin", tries_left=4) in said(window)
    shop.counter.office.refusal = None
    QTest.keyClicks(dialog.pin.line, PIN)
    window.window.run_command("main_action")
    assert shop.counter.office.asked[-1] == ("approve", "bkwd-rzqm", "HB-COUNTER-3", PIN)
    assert window.window.overlays.dialog is None
    assert t("counters.told.approved") in said(window)


def test_other_numbers_are_refused(window: CounterWindow, shop: ShopDesk) -> None:
    group(window, "counters").counters.add.click()
    dialog = dialog_of(window, EnrolCounterDialog)
    QTest.keyClicks(dialog.code.line, "BKWDRZQM")
    window.window.run_command("main_action")
    dialog.no.click()
    assert shop.counter.office.asked[-1] == ("refuse", "BKWDRZQM")
    assert t("counters.told.refused") in said(window)


def test_a_counter_is_taken_off_with_a_reason_and_never_ones_own(window: CounterWindow, shop: ShopDesk) -> None:
    page = group(window, "counters")
    page.counters.table.choose("pc-2")
    assert not page.counters.take_off.isEnabled()
    assert t("counters.why.own") in page.counters.take_off.accessibleDescription()
    page.counters.table.choose("pc-1")
    page.counters.take_off.click()
    dialog = dialog_of(window, RevokeDialog)
    dialog.mode_chosen.emit("now")
    QTest.keyClicks(dialog.pin.line, PIN)
    window.window.run_command("main_action")
    assert shop.counter.office.asked == [], "without a reason"
    QTest.keyClicks(dialog.reason.line, "stolen")
    window.window.run_command("main_action")
    assert shop.counter.office.asked == [("revoke", "pc-1", "now", "stolen", PIN)]
    assert t("counters.told.now") in said(window)


def test_a_forgotten_pin_is_typed_twice_by_whom_it_is_for(window: CounterWindow, shop: ShopDesk) -> None:
    page = group(window, "people")
    page.people.table.choose(HE.id)
    page.people.new_pin.click()
    dialog = dialog_of(window, PinDialog)
    for field, text in ((dialog.new, NEW_PIN), (dialog.again, "735183"), (dialog.pin, PIN)):
        QTest.keyClicks(field.line, text)
    window.window.run_command("main_action")
    assert t("error.pin_twice") in said(window)
    for field in (dialog.new, dialog.again):
        field.set_text("111111")
    dialog.pin.set_text(PIN)
    window.window.run_command("main_action")
    assert t("pin.repeat") in said(window)
    assert shop.counter.office.asked == [], "head office is not asked about what cannot be one"
    for field in (dialog.new, dialog.again):
        field.set_text(NEW_PIN)
    dialog.pin.set_text(PIN)
    window.window.run_command("main_action")
    assert shop.counter.office.asked == [("pin", HE.id, NEW_PIN, PIN)]
    assert t("accounts.told.pin") in said(window)


def test_somebody_new_and_the_way_to_an_associates_page(window: CounterWindow, shop: ShopDesk) -> None:
    page = group(window, "people")
    page.people.add.click()
    dialog = dialog_of(window, AddAccountDialog)
    for field, text in ((dialog.number, "A77"), (dialog.name, "Gu Qing"), (dialog.pin, PIN)):
        QTest.keyClicks(field.line, text)
    window.window.run_command("main_action")
    assert shop.counter.office.asked == [("add", "A77", "Gu Qing", "", PIN)]
    page.people.table.choose(ZHOU.id)
    page.people.open.click()
    assert window.window.current == "associate"
    window.window.run_command("back")
    assert window.window.current == "settings"


def test_the_log_is_searched_and_proved(window: CounterWindow, shop: ShopDesk) -> None:
    page = group(window, "log")
    shown = said(window)
    for words in (t("store_log.action.members.reassigned"), t("store_log.actor.operator"), "何静怡 · A021"):
        assert words in shown, words
    page.log.search.set_text("A021")
    page.log.search.submitted.emit("A021")
    page.log.filtered.emit("people")
    assert shop.counter.office.asked[-2:] == [("log", "all", "A021", ""), ("log", "people", "A021", "")]
    page.log.end_near.emit()
    assert shop.counter.office.asked[-1] == ("log", "people", "A021", "9:9")
    page.log.prove.click()
    assert t("store_log.proof_good", n=412) in said(window)


def test_how_the_window_looks_is_asked_to_be_kept(window: CounterWindow) -> None:
    kept = heard(window.settings.presenter.chosen)
    page = group(window, "look")
    page.look.theme.chosen.emit("dark")
    page.look.scale.chosen.emit("150")
    group(window, "lock").lock.lock.chosen.emit("300")
    assert kept[-1] == WindowChoices("zh_CN", "dark", 150, 300)
    assert len(kept) == 3


def test_an_associate_finds_only_what_is_hers(window: CounterWindow, shop: ShopDesk) -> None:
    group(window, "people")
    shop.desk.set_session(None)
    assert "A009" not in said(window)
    shop.sign_in()
    window.window.run_command("settings")
    assert window.settings.presenter.state.groups == ("scanner", "printers", "customer", "lock", "look", "data")
    shown = said(window)
    for name in ("counters", "people", "policy", "log"):
        assert t(f"settings.{name}") not in shown.splitlines(), name
    for name in ("counters", "people", "log"):
        window.settings.presenter.show_group(name)
    assert window.settings.presenter.state.group == "scanner"
    for reload in (window.settings.counters.reload, window.settings.accounts.reload, window.settings.log.reload):
        reload()
    assert shop.counter.office.asked == []
    group(window, "lock").lock.own_pin.click()
    dialog = dialog_of(window, PinDialog)
    for field, text in ((dialog.new, NEW_PIN), (dialog.again, NEW_PIN), (dialog.pin, PIN)):
        QTest.keyClicks(field.line, text)
    window.window.run_command("main_action")
    assert shop.counter.office.asked == [("pin", shop.counter.session().staff.id, NEW_PIN, PIN)]


def test_a_scan_is_a_test_only_beside_the_scanners_own_settings(window: CounterWindow, shop: ShopDesk) -> None:
    group(window, "look")
    window.on_scanned(Scan(SHEN_CODE, NOW_MS, "wedge", False))
    assert window.window.current == "members"


def test_without_contact_a_list_says_so_and_is_asked_again(window: CounterWindow, shop: ShopDesk) -> None:
    shop.counter.office.is_reachable = False
    page = group(window, "counters")
    assert t("error.unreachable") in said(window)
    shop.counter.office.is_reachable = True
    page.counters.retried.emit()
    assert "HB-POS-1" in said(window)
    shop.desk.status_changed.emit(replace(shop.counter.status(), offline_since_ms=1))
    assert not page.counters.add.isEnabled()


@pytest.mark.parametrize(
    ("role", "groups"),
    [
        ("associate", "scanner printers customer lock look data"),
        ("manager", "counters people scanner printers customer lock look policy data log"),
        ("area_manager", "counters people scanner printers customer lock look policy data log"),
        ("admin", "counters people scanner printers lock look policy data log"),
    ],
)
def test_each_role_finds_its_groups_and_an_admin_no_members(shop: ShopDesk, role: Role, groups: str) -> None:
    window = drawn_window(shop.desk)
    shop.sign_in(GAO, role)
    assert " ".join(window.settings.presenter.state.groups) == groups
    window.show_associate(ZHOU.id)
    assert (window.window.current == "associate") is (role in ("manager", "area_manager"))
