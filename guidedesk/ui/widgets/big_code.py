"""A code people read aloud or type over: large, fixed width, letters apart."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QFont, QPainter, QPaintEvent

from guidedesk.ui.theme import look
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.chips import Painted


class BigCode(Painted):
    """`spoken` reads it letter by letter."""

    def __init__(self) -> None:
        super().__init__("")

    def show_code(self, code: str, spoken: str) -> None:
        """Another code."""
        self.set_text(code)
        self.setAccessibleName(spoken)
        self.update()

    def _font(self) -> QFont:
        m = look().m
        font = look().font("code", 600)
        font.setPixelSize(m.code_big)
        font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, m.code_gap)
        return font

    def sizeHint(self) -> QSize:
        m = look().m
        return QSize(paint.width_of(self.text() or " ", self._font()) + m.code_gap, m.code_big + m.code_gap * 2)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint.smooth(painter)
        paint.text(painter, self.rect(), self.text(), self._font(), look().q("text" if self.isEnabled() else "text3"))
