"""Every screen at the window sizes people have."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget

from guidedesk.ui.audit import audit
from guidedesk.ui.main_window import MainWindow
from guidedesk.ui.screens import close_screen, open_screen, settle
from tests.screens.drawn import LOOKS, every_screen, some_screens

# One test draws every screen there is: ten seconds on a free PC, minutes on one with other work.
pytestmark = pytest.mark.timeout(300)
# Narrower windows and larger words find what these would; they are drawn with the long tests.
ROOMY = {("en", "light", 2.0, (1366, 768)), ("zh_CN", "dark", 2.0, (1920, 1080)), ("en", "light", 1.0, (1920, 1080))}
# Between the tightest look and the usual one: in the gate the states of a screen take turns in these two.
IN_TURNS = (("zh_CN", "dark", 2.0, (1366, 768)), ("zh_CN", "dark", 1.0, (1280, 680)))


@pytest.mark.parametrize(
    ("lang", "theme", "scale", "size"),
    [pytest.param(*look, marks=[pytest.mark.long] if look in {*ROOMY, *IN_TURNS} else []) for look in LOOKS],
)
def test_every_screen_is_whole_at_every_window_size(lang, theme, scale, size):
    screens = every_screen(lang, theme, scale, size)
    assert {name: drawn.problems for name, drawn in screens.items() if drawn.problems} == {}


@pytest.mark.parametrize("turn", range(len(IN_TURNS)))
def test_every_second_state_is_whole_in_the_looks_between(turn):
    screens = some_screens(*IN_TURNS[turn], first=turn, step=len(IN_TURNS))
    assert {name: drawn.problems for name, drawn in screens.items() if drawn.problems} == {}


def test_tab_goes_through_the_home_screen_as_people_read_it():
    window = _on_screen("home", "plain")
    wanted = ["QLineEdit", "ChipButton", "IconButton", "UserButton", "RailButton", "Button", "Button", "ChoiceButton",
              "ListView", "Button", "ListView"]
    window.top.search.line.setFocus()
    assert _round(window) == wanted
    close_screen(window)


def test_tab_in_a_dialog_stops_once_at_each_group_and_never_leaves_it():
    window = _on_screen("log", "typed")
    dialog = window.overlays.dialog
    assert dialog is not None
    seen = []
    for _ in range(12):
        QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Tab)
        focus = QApplication.focusWidget()
        assert focus is not None
        assert dialog.isAncestorOf(focus)
        seen.append(focus)
    # Kind, outcome, note, slot, day, time, text, two buttons and the cross.
    assert len(set(seen)) == 10
    assert seen[10] is seen[0]
    close_screen(window)


def _on_screen(name: str, state: str, scale: float = 1.0) -> MainWindow:
    window = open_screen(name, state, scale=scale)
    assert isinstance(window, MainWindow)
    if window.testAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen):
        # A window that is only drawn never has the keyboard.
        window.hide()
        window.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen, False)
        window.show()
    window.activateWindow()
    settle()
    return window


def _round(window: QWidget) -> list[str]:
    """The kinds of what Tab stops at, once around, beginning with what has the keyboard."""
    first = QApplication.focusWidget()
    assert first is not None
    names = [type(first).__name__]
    for _ in range(40):
        QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Tab)
        focus = QApplication.focusWidget()
        if focus is first or focus is None:
            return names
        names.append(type(focus).__name__)
    return names


@pytest.mark.parametrize(("name", "state"), [("earnings", "dispute"), ("team", "note")])
def test_a_form_that_has_room_in_the_window_is_as_high_as_it_needs(name, state):
    window = open_screen(name, state, "en")
    assert isinstance(window, MainWindow)
    dialog = window.overlays.dialog
    assert dialog is not None
    assert [area.verticalScrollBar().maximum() for area in dialog.findChildren(QScrollArea)] == [0]
    close_screen(window)


@pytest.mark.parametrize("size", [(1366, 768), (1280, 680)])
def test_a_customer_has_nothing_to_scroll(size):
    window = open_screen("customer", "own", "en", scale=2.0, size=size)
    assert [area.verticalScrollBar().maximum() for area in window.findChildren(QScrollArea)] == [0]
    close_screen(window)


def test_amounts_in_the_top_bar_are_whole_or_not_there():
    window = open_screen("home", "earnings", "en", scale=2.0, size=(1920, 1080))
    assert audit(window) == []
    close_screen(window)


LONG_FORMS = [("sale", "several"), ("consent", "asked"), ("return", "typed"), ("edit", "wrong")]


@pytest.mark.parametrize(("name", "state"), LONG_FORMS)
def test_in_a_form_too_long_for_the_window_the_keyboard_stays_in_sight(name, state):
    window = _on_screen(name, state, scale=2.0)
    dialog = window.overlays.dialog
    assert dialog is not None
    hidden = []
    for _ in range(16):
        QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Tab)
        focus = QApplication.focusWidget()
        assert focus is not None
        assert dialog.isAncestorOf(focus)
        if focus.visibleRegion().boundingRect().height() < focus.height() - 1:
            hidden.append(type(focus).__name__)
    assert hidden == []
    close_screen(window)
