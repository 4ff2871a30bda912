"""A button with a menu of further actions; each has its own key, shown beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from guidedesk.ui import i18n
from guidedesk.ui.theme import look
from guidedesk.ui.theme.icons import icon
from guidedesk.ui.widgets.buttons import IconButton


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One action: its value, the catalogue key of its words, its icon and the key that does the same."""

    value: str
    text_key: str
    icon: str
    key: str = ""


class MenuButton(IconButton):
    """Opens a menu below itself: `chosen(value)`."""

    chosen = Signal(str)

    def __init__(self, name_key: str, items: Sequence[MenuItem]) -> None:
        super().__init__("", "default", icon="more")
        self._items = tuple(items)
        self._is_offered: Callable[[str], bool] = lambda _: True
        self.name(name_key)
        self.clicked.connect(self.open_menu)

    def offer_if(self, is_offered: Callable[[str], bool]) -> None:
        """Only items whose value passes are in the menu, asked each time it opens."""
        self._is_offered = is_offered

    def menu_actions(self) -> QMenu:
        """The menu as it would open now."""
        menu = QMenu(self)
        m, colour = look().m, look().q("text2").name()
        for item in (one for one in self._items if self._is_offered(one.value)):
            words = i18n.t(item.text_key).replace("&", "&&")
            # Behind a tab stands the key, as words only: the key map is the one place that binds keys.
            action = QAction(f"{words}\t{item.key}" if item.key else words, menu)
            action.setIcon(icon(item.icon, m.button_icon, colour, self.devicePixelRatioF()))
            action.triggered.connect(partial(self.chosen.emit, item.value))
            menu.addAction(action)
        return menu

    def open_menu(self) -> None:
        """Open the menu, its right edge below the button's."""
        menu = self.menu_actions()
        menu.popup(self.mapToGlobal(QPoint(self.width() - menu.sizeHint().width(), self.height())))
