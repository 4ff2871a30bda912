"""A small round mark in the colour of a part of a chart; decorative, its word stands beside it."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QPainter, QPaintEvent

from guidedesk.ui.theme import look
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.chips import Painted


class Dot(Painted):
    """The mark before a word of a legend."""

    def __init__(self, ink: str) -> None:
        super().__init__("")
        self._ink = ink

    def sizeHint(self) -> QSize:
        return QSize(look().m.dot, look().m.dot)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint.smooth(painter)
        paint.box(painter, self.rect(), look().m.dot / 2, look().q(self._ink))
