"""The scanner's settings through the window: a test that reaches nobody, what it measures, and what is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from guidedesk.codes.self_test import SELF_TEST
from guidedesk.ui.counter_window import SETTINGS
from guidedesk.ui.presenters.scanner_settings import ScannerChoices, ScannerSettingsPresenter, measured
from guidedesk.ui.scan_source import Scan
from guidedesk.ui.views.scanner_settings import ScannerSettingsPage
from tests.helpers.shop import NOW, SHEN_CODE
from tests.ui.member_desk import heard, make_desk
from tests.ui.whole_window import Shop

SCAN = Scan(SELF_TEST, NOW, "wedge", False, (4,) * 37 + (11,), "key")


@pytest.fixture
def shop(show: Callable[..., QWidget]) -> Shop:
    made = Shop(make_desk(signed_in=False))
    made.ui.window.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    show(made.ui.window)
    made.ui.scanner_settings.begin(ScannerChoices(), lambda: (("/dev/ttyACM0", "Scanner"),), may_use_camera=False)
    made.ui.window.run_command("settings")
    return made


def test_the_settings_open_by_their_key_and_know_the_ports(shop: Shop) -> None:
    assert shop.page == SETTINGS
    assert shop.ui.scanner_settings.state.ports == (("/dev/ttyACM0", "Scanner"),)
    assert shop.ui.window.focusWidget() is shop.child(ScannerSettingsPage).field.line


def test_a_scan_on_this_page_reaches_nobody(shop: Shop) -> None:
    shop.scan(SHEN_CODE)
    assert (shop.page, shop.desk.counter.recorded) == (SETTINGS, [])
    last = shop.ui.scanner_settings.state.last
    assert last is not None
    assert last.code_type == "member"
    assert SHEN_CODE[-8:] not in repr(shop.ui.scanner_settings.state)


def test_a_bank_card_on_this_page_is_told_and_not_kept(shop: Shop) -> None:
    shop.scan("4111111111111111")
    assert shop.ui.scanner_settings.state.last.reason == "payment_or_identity_number"  # type: ignore[union-attr]
    assert "4111" not in repr(shop.ui.scanner_settings.state)


def test_three_scans_are_measured_and_ctrl_enter_takes_what_was_measured(shop: Shop) -> None:
    kept = heard(shop.ui.scanner_settings.chosen)
    page = shop.child(ScannerSettingsPage)
    for number in range(3):
        assert page.use.isHidden(), number
        shop.ui.on_scanned(SCAN)
    assert page.sentence.text() == "读到的和印的一字不差"
    shop.ui.window.run_command("main_action")
    assert [(choices.gap_ms, choices.silence_ms) for choices in kept] == [(16, 60)]


def test_a_fresh_visit_is_a_fresh_test(shop: Shop) -> None:
    shop.ui.on_scanned(SCAN)
    shop.ui.window.run_command("rail_1")
    shop.ui.window.run_command("settings")
    assert (shop.ui.scanner_settings.state.last, shop.ui.scanner_settings.state.scans) == (None, 0)


@pytest.mark.parametrize(
    ("rhythm", "found"),
    [((1,) * 20, (12, 60)), ((7,) * 20 + (28,), (22, 84)), ((30,) * 20, (35, 90)), ((2,) * 20 + (150,), (12, 300))],
)
def test_what_is_measured_leaves_room_but_never_takes_a_typist_for_a_scanner(
    rhythm: tuple[int, ...], found: tuple[int, int]
) -> None:
    assert measured([rhythm] * 3) == found
    assert measured([rhythm] * 2) is None


def test_a_scanner_too_slow_to_be_told_from_a_person_is_measured_in_the_field() -> None:
    now = [0]
    presenter = ScannerSettingsPresenter(make_desk(), mono_ms=lambda: now[0])
    for length in range(1, len(SELF_TEST) + 1):
        presenter.type(SELF_TEST[:length])
        now[0] += 48
    last = presenter.state.last
    assert last is not None
    assert (last.was_typed, last.median_gap_ms, presenter.state.measured) == (True, 48, (53, 159))


@pytest.mark.parametrize(
    ("typed", "kept"), [("~", []), ("", [""]), ("#", ["#"]), ("a", []), ("7", []), ("~~", []), (" ", [])]
)
def test_a_prefix_is_one_sign_that_nobody_types(typed: str, kept: list[str]) -> None:
    presenter = ScannerSettingsPresenter(make_desk())
    chosen = heard(presenter.chosen)
    presenter.set_prefix(typed)
    assert [choices.prefix for choices in chosen] == kept
    assert presenter.state.is_prefix_wrong == (typed in ("a", "7", "~~", " "))


def test_port_silence_and_gap_are_kept_together() -> None:
    presenter = ScannerSettingsPresenter(make_desk())
    chosen = heard(presenter.chosen)
    presenter.set_port("/dev/ttyACM0")
    presenter.set_silence("120")
    presenter.set_gap("20")
    presenter.set_camera(True)  # not without the extra
    assert chosen[-1] == replace(ScannerChoices(), port="/dev/ttyACM0", silence_ms=120, gap_ms=20)
    assert len(chosen) == 3
