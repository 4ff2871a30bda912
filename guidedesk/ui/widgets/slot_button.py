"""A word in a sentence that can be another one: shows what it says and opens a menu of what it may say instead."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial

from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.choices import Choice


class SlotButton(Button):
    """`chosen(value)` when a person chose; the values in force are ticked in the menu."""

    chosen = Signal(str)

    def __init__(self, *, icon: str = "", wide: bool = False) -> None:
        super().__init__("", icon=icon, trailing="chevron-down", size="m" if wide else "s", wide=wide)
        self._choices: tuple[Choice, ...] = ()
        self._values: Collection[str] = ()
        self.clicked.connect(self.open_menu)

    def show_slot(self, text: str, name: str, choices: Sequence[Choice], values: Collection[str]) -> None:
        """What it says now, what it is called, and what it may say."""
        self._choices, self._values = tuple(choices), values
        if text != self.text():
            self.set_text(text)
        self.setAccessibleName(f"{name}: {text}")

    def menu_actions(self) -> QMenu:
        """The menu as it would open now."""
        menu = QMenu(self)
        for choice in self._choices:
            action = QAction(choice.text.replace("&", "&&"), menu)
            action.setCheckable(True)
            action.setChecked(choice.value in self._values)
            action.triggered.connect(partial(self.chosen.emit, choice.value))
            menu.addAction(action)
        return menu

    def open_menu(self) -> None:
        """Open the menu below the button, with the first value in force under the keyboard."""
        menu = self.menu_actions()
        menu.popup(self.mapToGlobal(QPoint(0, self.height())))
        ticked = next((action for action in menu.actions() if action.isChecked()), None)
        if ticked is not None:
            menu.setActiveAction(ticked)
