"""Filters above a list: a button with a menu of choices, and one that is on or off."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from guidedesk.ui import i18n
from guidedesk.ui.theme import look
from guidedesk.ui.widgets.buttons import Button, Face
from guidedesk.ui.widgets.choices import Choice


class FilterButton(Button):
    """Shows the choice in force and opens a menu of all: `chosen(value)`. The first choice means no filter."""

    chosen = Signal(str)

    def __init__(self, name_key: str) -> None:
        super().__init__("", trailing="chevron-down", size="s")
        self._name_key = name_key
        self._value = self._plain = ""
        self._choices: tuple[Choice, ...] = ()
        self.setAccessibleName(i18n.t(name_key))
        self.clicked.connect(self.open_menu)

    def show_choices(self, choices: Sequence[Choice], value: str) -> None:
        """Offer these choices, the first of which filters nothing, with `value` in force."""
        self._choices, self._value = tuple(choices), value
        self._plain = choices[0].value if choices else ""
        words = next((choice.text for choice in choices if choice.value == value), "")
        self.set_text(words)
        self.setAccessibleName(f"{i18n.t(self._name_key)}: {words}")
        self.update()

    def menu_actions(self) -> QMenu:
        """The menu as it would open now."""
        menu = QMenu(self)
        for choice in self._choices:
            action = QAction(choice.text.replace("&", "&&"), menu)
            action.setCheckable(True)
            action.setChecked(choice.value == self._value)
            action.triggered.connect(partial(self.chosen.emit, choice.value))
            menu.addAction(action)
        return menu

    def open_menu(self) -> None:
        """Open the menu below the button."""
        self.menu_actions().popup(self.mapToGlobal(QPoint(0, self.height())))

    def face(self) -> Face:
        return _active_face(super().face(), self._value != self._plain)


class FilterToggle(Button):
    """On or off: `switched(bool)`."""

    switched = Signal(bool)

    def __init__(self, key: str) -> None:
        super().__init__("", size="s")
        self.setCheckable(True)
        self.say(key)
        self.clicked.connect(self.switched)

    def face(self) -> Face:
        return _active_face(super().face(), self.isChecked())


def _active_face(face: Face, active: bool) -> Face:
    current = look()
    return Face(current.q("accent_soft"), current.q("accent"), current.q("accent")) if active else face
