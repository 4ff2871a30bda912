"""What every screen is: a widget the shell can show, focus, name keys for, and send commands to."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from guidedesk.ui.shell.keymap import KeyCue
from guidedesk.ui.theme import look
from guidedesk.ui.widgets.layouts import Box, column
from guidedesk.ui.widgets.tab_order import move_focus, tab_stops

DEFAULT_CUES = (
    KeyCue("F2", "keys.search"), KeyCue("F3", "keys.code"), KeyCue("F4", "keys.log"), KeyCue("F5", "keys.sync"),
    KeyCue("F7", "keys.tasks"), KeyCue("F8", "keys.earnings"), KeyCue("F12", "keys.customer"),
    KeyCue("F9", "keys.lock"),
)


class Page(QWidget):
    """Base of all screens. Subclasses fill `self.body`, a column with gap 4 (16 px), and override what differs.

    A page takes frozen view models in its `render(...)` and emits past-tense signals; it holds no rule.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "canvas")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._frame = QVBoxLayout(self)
        self.body: Box = column(gap=4)
        self._frame.addLayout(self.body)
        self.is_compact = False
        self._is_inner = False
        look().restyled.connect(self._pad)
        look().retranslated.connect(self.retranslate)
        self._pad()

    def retranslate(self) -> None:
        """The language changed: render again whatever was not put in by `say`."""

    def first_focus(self) -> QWidget | None:
        """The widget that gets the keyboard when the page opens."""
        return None

    def panes(self) -> list[QWidget]:
        """Widgets that F6 moves between, in order."""
        return []

    def key_cues(self) -> tuple[KeyCue, ...]:
        """The keys that work now, for the key bar; at most eight."""
        return DEFAULT_CUES

    def handle_command(self, name: str) -> bool:
        """Act on a command of the key map; False lets the window try."""
        return False

    def memento(self) -> object:
        """What to remember so that `restore` shows the same again (a member id, a filter)."""
        return None

    def restore(self, memento: object) -> None:
        """Show again what `memento` described."""

    def focusNextPrevChild(self, forward: bool) -> bool:
        """A page that is a window of its own moves the keyboard itself; otherwise the main window does."""
        if self.isWindow():
            return move_focus(tab_stops(self), forward=forward)
        return super().focusNextPrevChild(forward)

    def set_compact(self, compact: bool) -> None:
        """The window became too small for columns, or large enough again."""
        self.is_compact = compact
        self._pad()

    def go_inside(self) -> None:
        """It is part of another page, which has the margins."""
        self._is_inner = True
        self._pad()

    def _pad(self) -> None:
        m = look().m
        if self._is_inner:
            self._frame.setContentsMargins(0, 0, 0, 0)
            return
        across = m.page_pad_x_compact if self.is_compact else m.page_pad_x
        down = m.page_pad_y_compact if self.is_compact else m.page_pad_y
        spare = max(0, (self.width() - m.page_max_w) // 2 - across)
        self._frame.setContentsMargins(across + spare, down, across + spare, down)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._pad()
