"""The picture beside "ready to scan": brackets, a line, and the grey of a code. Decorative."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPen

from guidedesk.ui.theme import look
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.chips import Painted

# Drawn on a square of 132 units, as in the design.
_UNITS = 132.0
_EDGE, _ARM, _TURN = 3.0, 34.0, 12.0
_MODULES, _STEP, _SIDE, _FIRST = 7, 11.4, 8.0, 27.0


class ScanFigure(Painted):
    """As large as the metric says, or as small as the room it gets."""

    def __init__(self) -> None:
        super().__init__("")

    def sizeHint(self) -> QSize:
        return QSize(look().m.scan_figure, look().m.scan_figure)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint.smooth(painter)
        scale = min(self.width(), self.height()) / _UNITS
        painter.scale(scale, scale)
        self._paint_modules(painter)
        pen = QPen(look().q("accent"), 4)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for quarter in range(4):
            painter.save()
            painter.translate(_UNITS / 2, _UNITS / 2)
            painter.rotate(90 * quarter)
            painter.translate(-_UNITS / 2, -_UNITS / 2)
            painter.drawPath(_corner())
            painter.restore()
        pen.setWidth(3)
        painter.setPen(pen)
        painter.drawLine(QPointF(18, _UNITS / 2), QPointF(_UNITS - 18, _UNITS / 2))

    def _paint_modules(self, painter: QPainter) -> None:
        grey = look().q("line_strong")
        for y in range(_MODULES):
            for x in range(_MODULES):
                if y != _MODULES // 2 and (x * 7 + y * 5 + x * y) % 3:
                    square = QRectF(_FIRST + x * _STEP, _FIRST + y * _STEP, _SIDE, _SIDE)
                    paint.box(painter, square, 1.5, grey)


def _corner() -> QPainterPath:
    path = QPainterPath(QPointF(_EDGE, _ARM))
    path.lineTo(_EDGE, _EDGE + _TURN)
    path.arcTo(QRectF(_EDGE, _EDGE, 2 * _TURN, 2 * _TURN), 180, -90)
    path.lineTo(_ARM, _EDGE)
    return path
