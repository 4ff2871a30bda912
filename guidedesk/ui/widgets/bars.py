"""Horizontal bars: points and tier progress, goal of the month, work under way."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent

from guidedesk.ui.theme import look
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.access import Role
from guidedesk.ui.widgets.figure import Figure


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a bar: its share in thousandths of the whole and a colour token; `pale` draws it lighter."""

    permille: int
    ink: str
    pale: bool = False


class Bar(Figure):
    """Up to four parts in a fixed order on a grey ground; `spoken` carries the figures."""

    def __init__(self, parts: tuple[Part, ...] = (), spoken: str = "") -> None:
        super().__init__(spoken, Role.ProgressBar)
        self._parts = parts

    def show_parts(self, parts: tuple[Part, ...], spoken: str) -> None:
        """Change the figures."""
        self._parts = parts
        self._redraw(spoken)

    def sizeHint(self) -> QSize:
        return QSize(look().m.chart_min_w, look().m.bar_h)

    def minimumSizeHint(self) -> QSize:
        return QSize(look().m.avatar_xl, look().m.bar_h)

    def paintEvent(self, _event: QPaintEvent) -> None:
        current, m = look(), look().m
        painter = QPainter(self)
        paint.smooth(painter)
        area = QRectF(self.rect())
        path = QPainterPath()
        path.addRoundedRect(area, m.bar_radius, m.bar_radius)
        painter.setClipPath(path)
        painter.fillRect(area, current.q("sunken"))
        left = 0.0
        for part in self._parts:
            width = self.width() * min(1000, max(0, part.permille)) / 1000
            colour = current.q(part.ink)
            colour.setAlphaF(0.6 if part.pale else 1.0)
            painter.fillRect(QRectF(left, 0, width, self.height()), colour)
            left += width


def permille(value: int, total: int) -> int:
    """A share in thousandths, 0 to 1000; an empty total is 0."""
    return min(1000, max(0, value * 1000 // total)) if total > 0 else 0
