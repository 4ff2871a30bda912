"""What every screen is: a widget the shell can show, focus, name keys for, and send commands to."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from guidedesk.ui.shell.keymap import KeyCue
from guidedesk.ui.theme import look
from guidedesk.ui.widgets.columns import ScrollColumn
from guidedesk.ui.widgets.layouts import Box, column
from guidedesk.ui.widgets.tab_order import move_focus, tab_stops

DEFAULT_CUES = (
    KeyCue("F2", "keys.search"), KeyCue("F3", "keys.code"), KeyCue("F4", "keys.log"), KeyCue("F5", "keys.sync"),
    KeyCue("F7", "keys.tasks"), KeyCue("F8", "keys.earnings"), KeyCue("F12", "keys.customer"),
    KeyCue("F9", "keys.lock"),
)


class _Inside(QWidget):
    """What a page holds: as wide as the page, and as high, or as high as nothing in it is cut."""

    def minimumSizeHint(self) -> QSize:
        # Heads and tabs fold when they become too narrow: they must not be given more than there is.
        return QSize(0, super().minimumSizeHint().height())

    def heightForWidth(self, width: int) -> int:
        layout = self.layout()
        # Not the height its lists would like: they scroll by themselves.
        return layout.totalMinimumHeightForWidth(width) if layout is not None else -1


class Page(QWidget):
    """Base of all screens. Subclasses fill `self.body`, a column with gap 4 (16 px), and override what differs.

    A page takes frozen view models in its `render(...)` and emits past-tense signals; it holds no rule. It scrolls only
    where words are so large that even its lists at their least leave too little height for the rest.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "canvas")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        inside = _Inside()
        self._frame = QVBoxLayout(inside)
        self.body: Box = column(gap=4)
        self._frame.addLayout(self.body)
        self._scroll = ScrollColumn(inside)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._scroll)
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

    def minimumSizeHint(self) -> QSize:
        return QSize(self._frame.totalMinimumSize().width(), super().minimumSizeHint().height())

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._scroll.verticalScrollBar().setValue(0)
