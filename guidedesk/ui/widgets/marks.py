"""A painted figure whose marks are chosen one by one: by arrow keys, by pointing, opened by Enter or a click."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent

from guidedesk.ui.widgets.access import announce
from guidedesk.ui.widgets.figure import Figure

_OPEN = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)


class Marks(Figure):
    """`opened(number)` when a mark is chosen. One Tab stop, arrows inside; what is current is said aloud.

    A subclass paints, and says how many marks there are, where each is and what it says.
    """

    opened = Signal(int)

    def __init__(self, spoken: str = "") -> None:
        super().__init__(spoken)
        self.current = -1
        self._by_key = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)

    def count(self) -> int:
        """How many marks there are."""
        raise NotImplementedError

    def said(self, number: int) -> str:
        """A mark as a sentence."""
        raise NotImplementedError

    def mark_at(self, place: QPoint) -> int:
        """The mark at a point, or -1."""
        raise NotImplementedError

    def steps(self) -> dict[Qt.Key, int]:
        """How far each arrow key goes."""
        return {
            Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1,
            Qt.Key.Key_Home: -self.count(), Qt.Key.Key_End: self.count(),
        }  # fmt: skip

    @property
    def has_ring(self) -> bool:
        """Whether the current mark is ringed: only while keys are used."""
        return self._by_key and self.hasFocus()

    def show_current(self, number: int) -> None:
        """Make a mark current."""
        if number != self.current:
            self.current = number
            said = self.said(number) if 0 <= number < self.count() else ""
            self.setAccessibleDescription(said)
            if said and self.hasFocus():
                announce(self, said)
            self.update()

    def _redraw(self, spoken: str) -> None:
        self.current = -1
        self.setAccessibleDescription("")
        super()._redraw(spoken)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self._by_key = True
        step = self.steps().get(Qt.Key(event.key()))
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier or not self.count():
            super().keyPressEvent(event)
        elif step is not None:
            least = 0 if self.current < 0 else self.current + step
            self.show_current(max(0, min(self.count() - 1, least)))
            self.update()
        elif event.key() in _OPEN and self.current >= 0:
            self.opened.emit(self.current)
        else:
            super().keyPressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._by_key = False
        number = self.mark_at(event.position().toPoint())
        self.setCursor(Qt.CursorShape.PointingHandCursor if number >= 0 else Qt.CursorShape.ArrowCursor)
        self.show_current(number)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        number = self.mark_at(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and number >= 0:
            self.opened.emit(number)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._by_key = event.reason() != Qt.FocusReason.MouseFocusReason
        super().focusInEvent(event)
        if self.current < 0 and self.count() and self._by_key:
            self.show_current(0)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.show_current(-1)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        if not self.hasFocus():
            self.show_current(-1)
