"""A panel with round corners that floats over the page and lets nothing shine through."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QWidget

from guidedesk.ui.theme import look
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.overlay import Scrim


class Shade(Scrim):
    """A scrim with the shadow of a panel, painted once and copied after that. `pressed` when it was clicked.

    A QGraphicsDropShadowEffect on the panel itself would blur the whole panel again for each changed letter
    (measured: half of a keystroke).
    """

    pressed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._around = QRect()
        self._made: tuple[object, ...] = ()
        self._picture = QPixmap()

    def show_around(self, panel: QRect) -> None:
        """Where the panel lies."""
        if panel != self._around:
            self._around = panel
            self.update()

    def paint_piece(self, painter: QPainter, area: QRect, at: QPoint) -> None:
        """Copy the piece that begins at `at` into `area`."""
        current, ratio = look(), self.devicePixelRatioF()
        wanted = (current.q("scrim").rgba(), self._around.getRect(), self.size().toTuple(), current.m, ratio)
        if wanted != self._made:
            self._made = wanted
            self._picture = QPixmap(self.size() * ratio)
            self._picture.setDevicePixelRatio(ratio)
            self._picture.fill(current.q("scrim"))
            _shadow(QPainter(self._picture), self._around)
        painter.drawPixmap(area, self._picture, QRect(at * ratio, area.size() * ratio))

    def paintEvent(self, event: QPaintEvent) -> None:
        self.paint_piece(QPainter(self), event.rect(), event.rect().topLeft())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()
        self.pressed.emit()


class FloatingPanel(QWidget):
    """Opaque to Qt, so that a changed letter repaints a piece of this panel and not the page below it, its lists and
    charts. Outside its round corners it shows the ground of a page under the shade. (A QFrame would not do: a style
    sheet that knows its kind makes it translucent again.)"""

    def __init__(self) -> None:
        super().__init__()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._shade: Shade | None = None

    def lie_on(self, shade: Shade) -> None:
        """What is below it."""
        self._shade = shade

    def paintEvent(self, event: QPaintEvent) -> None:
        current, painter = look(), QPainter(self)
        side = current.m.card_radius
        if self.rect().adjusted(side, 1, -side, -1).contains(event.rect()):
            painter.fillRect(event.rect(), current.q("surface"))
            return
        for x in (0, self.width() - side):
            for y in (0, self.height() - side):
                corner = QRect(x, y, side, side)
                painter.fillRect(corner, current.q("canvas"))
                if self._shade is not None:
                    self._shade.paint_piece(painter, corner, self.pos() + corner.topLeft())
        paint.smooth(painter)
        paint.box(painter, self.rect(), side, current.q("surface"), current.q("line"))


def _shadow(painter: QPainter, around: QRect) -> None:
    m, colour = look().m, look().q("scrim")
    paint.smooth(painter)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    drop, reach = m.dialog_drop // 2, m.dialog_blur // 2
    for step in range(-drop, reach):
        ink = QColor(colour)
        left = min(1.0, 1 - step / reach)
        ink.setAlphaF(colour.alphaF() * left * left / 2)
        painter.setPen(QPen(ink, 2))
        radius = max(m.card_radius + step, 1)
        painter.drawRoundedRect(around.translated(0, drop).adjusted(-step, -step, step, step), radius, radius)
    painter.end()
