"""A panel with round corners that floats over the page and lets nothing shine through."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QRegion
from PySide6.QtWidgets import QWidget

from guidedesk.ui.theme import look
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.overlay import Scrim


class FloatingPanel(QWidget):
    """Opaque to Qt, so that a changed letter repaints a piece of this panel and not the page below it, its lists and
    charts. What shows at the round corners is copied when the panel is placed. (A QFrame would not do: a style sheet
    that knows its kind makes it translucent again.)"""

    def __init__(self) -> None:
        super().__init__()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._under = QPixmap()

    def keep_corners(self) -> None:
        """Copy what lies under the corners; called while the panel is hidden and all else is as it will be shown."""
        ratio = self.devicePixelRatioF()
        self._under = QPixmap(self.size() * ratio)
        self._under.setDevicePixelRatio(ratio)
        corners = QRegion()
        for corner in self._corners():
            corners |= QRegion(corner.translated(self.pos()))
        ground = self.parentWidget()
        if ground is not None:
            ground.render(self._under, corners.boundingRect().topLeft() - self.pos(), corners)

    def _corners(self) -> list[QRect]:
        side, right, low = look().m.card_radius, self.width(), self.height()
        return [QRect(x, y, side, side) for x in (0, right - side) for y in (0, low - side)]

    def paintEvent(self, event: QPaintEvent) -> None:
        m, painter = look().m, QPainter(self)
        if self.rect().adjusted(m.card_radius, 1, -m.card_radius, -1).contains(event.rect()):
            painter.fillRect(event.rect(), look().q("surface"))
            return
        ratio = self.devicePixelRatioF()
        for corner in self._corners():
            piece = QRect(corner.topLeft() * ratio, corner.size() * ratio)
            painter.drawPixmap(corner, self._under, piece)
        paint.smooth(painter)
        paint.box(painter, self.rect(), m.card_radius, look().q("surface"), look().q("line"))


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

    def paintEvent(self, event: QPaintEvent) -> None:
        current, ratio = look(), self.devicePixelRatioF()
        wanted = (current.q("scrim").rgba(), self._around.getRect(), self.size().toTuple(), current.m, ratio)
        if wanted != self._made:
            self._made = wanted
            self._picture = QPixmap(self.size() * ratio)
            self._picture.setDevicePixelRatio(ratio)
            self._picture.fill(current.q("scrim"))
            _shadow(QPainter(self._picture), self._around)
        painter = QPainter(self)
        painter.setClipRegion(event.region())
        painter.drawPixmap(QPoint(), self._picture)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()
        self.pressed.emit()


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
