"""A code people read aloud or type over: large, fixed width, letters apart."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QFont, QPainter, QPaintEvent

from guidedesk.ui.theme import look
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.chips import Painted


class BigCode(Painted):
    """`show_code` gives what reads it letter by letter; `size` is the metric of its height."""

    def __init__(self, size: str = "code_big") -> None:
        self._size = size
        super().__init__("")

    def show_code(self, code: str, spoken: str) -> None:
        """Another code."""
        self.set_text(code)
        self.setAccessibleName(spoken)
        self.update()

    def _font(self) -> QFont:
        m = look().m
        font = look().font("code", 600)
        font.setPixelSize(int(getattr(m, self._size)))
        font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, m.code_gap)
        return font

    def sizeHint(self) -> QSize:
        m = look().m
        high = int(getattr(m, self._size))
        return QSize(paint.width_of(self.text() or " ", self._font()) + m.code_gap, high + m.code_gap * 2)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint.smooth(painter)
        paint.text(painter, self.rect(), self.text(), self._font(), look().q("text" if self.isEnabled() else "text3"))
