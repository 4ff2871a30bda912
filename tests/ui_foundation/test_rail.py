"""The rail where there is little room."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from guidedesk.ui.screens import settle
from guidedesk.ui.shell.rail import MANAGER_RAIL, Rail

HIGH = [item.page for item in MANAGER_RAIL if not item.low]


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    """What the rail is in."""
    window = QWidget()
    qtbot.addWidget(window)
    window.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    window.resize(300, 800)
    return window


@pytest.fixture
def rail(window: QWidget) -> Rail:
    """A manager's rail, icons only."""
    rail = Rail(window)
    rail.set_items(MANAGER_RAIL)
    rail.set_compact(True)
    window.show()
    return rail


def shown(rail: Rail) -> list[str]:
    return [button.item.page for button in rail.buttons if button.isVisible()]


def test_a_low_window_folds_the_last_entries_and_cuts_none(rail: Rail) -> None:
    rail.resize(rail.width(), 700)
    assert shown(rail) == HIGH
    rail.resize(rail.width(), 290)
    assert shown(rail) == HIGH[: len(shown(rail))]
    assert 1 < len(shown(rail)) < len(HIGH)
    settle()
    for button in rail.buttons:
        assert not button.isVisible() or button.height() >= button.sizeHint().height()


def test_the_page_shown_keeps_its_entry_and_a_folded_one_can_be_picked(rail: Rail, qtbot: QtBot) -> None:
    rail.resize(rail.width(), 290)
    room = len(shown(rail))
    rail.set_current("close")
    assert shown(rail)[-1] == "close"
    assert len(shown(rail)) == room
    folded = rail.button("team")
    assert folded is not None
    assert not folded.isVisible()
    with qtbot.waitSignal(rail.chosen) as picked:
        folded.click()
    assert picked.args == ["team"]
    assert "team" in shown(rail)
