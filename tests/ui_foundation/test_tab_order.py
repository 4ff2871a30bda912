"""Where Tab goes, and that looking for it leaves nothing of Qt's behind in Python."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QLineEdit, QScrollArea, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import getAllValidWrappers

from guidedesk.ui.widgets.flow import Flow
from guidedesk.ui.widgets.layouts import row
from guidedesk.ui.widgets.tab_order import tab_stops


def edit(name: str) -> QLineEdit:
    made = QLineEdit()
    made.setObjectName(name)
    return made


def items() -> int:
    """How many items of layouts Python holds on to."""
    return sum(isinstance(one, QLayoutItem) and not isinstance(one, QLayout) for one in getAllValidWrappers())


def page(qtbot: QtBot) -> QWidget:
    made = QWidget()
    column = QVBoxLayout(made)
    low = edit("5")
    column.addWidget(edit("1"))
    inner = row(edit("2"), None, gap=2)
    column.addLayout(inner)
    area, within = QScrollArea(), QWidget()
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    QVBoxLayout(within).addWidget(edit("4"))
    area.setWidget(within)
    column.addWidget(area)
    column.addWidget(low)
    inner.addWidget(edit("3"))
    qtbot.addWidget(made)
    made.setMinimumSize(400, 300)  # else off-screen Qt warns about a size hint of the layout
    made.show()
    return made


def test_tab_follows_the_layouts_and_not_the_order_of_making(qtbot: QtBot) -> None:
    made = page(qtbot)
    assert [stop.objectName() for stop in tab_stops(made)] == ["1", "2", "3", "4", "5"]


def test_tab_finds_what_flows(qtbot: QtBot) -> None:
    made = QWidget()
    made.setLayout(Flow(edit("1"), edit("2"), edit("3")))
    qtbot.addWidget(made)
    made.setMinimumSize(400, 300)  # else off-screen Qt warns about a size hint of the layout
    made.show()
    assert [stop.objectName() for stop in tab_stops(made)] == ["1", "2", "3"]


def test_looking_for_tab_stops_keeps_no_item_of_a_layout(qtbot: QtBot) -> None:
    """Kept ones outlive their widgets; the next object at their address was taken for them, and the program ended."""
    made = page(qtbot)
    before = items()
    tab_stops(made)
    assert items() == before
