"""A line over days with its area, a second one dashed, axis from zero (DESIGN-UI.md 14)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy

from guidedesk.ui.theme import look
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.marks import Marks


@dataclass(frozen=True, slots=True)
class PlotPoint:
    """One place on the axis: the words below it, both values, what the bubble says, and a sentence."""

    label: str
    first: int
    second: int
    bubble: str
    spoken: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A grid line and what stands beside it."""

    value: int
    label: str


class LinePlot(Marks):
    """`opened(number)` of the point that was chosen."""

    def __init__(self) -> None:
        super().__init__()
        self._points: tuple[PlotPoint, ...] = ()
        self._ticks: tuple[Tick, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_points(self, points: Sequence[PlotPoint], ticks: Sequence[Tick], summary: str) -> None:
        """Change the figures and the sentence."""
        self._points, self._ticks = tuple(points), tuple(ticks)
        self._redraw(summary)

    def count(self) -> int:
        return len(self._points)

    def said(self, number: int) -> str:
        return self._points[number].spoken

    def mark_at(self, place: QPoint) -> int:
        area, reach = self._area(), look().m.plot_dot
        if not self._points or not area.adjusted(-reach, -reach, reach, reach).contains(QPointF(place)):
            return -1
        step = area.width() / max(1, len(self._points) - 1)
        return max(0, min(len(self._points) - 1, round((place.x() - area.left()) / step)))

    def sizeHint(self) -> QSize:
        return QSize(look().m.chart_min_w * 2, look().m.chart_h * 3)

    def minimumSizeHint(self) -> QSize:
        return QSize(look().m.chart_min_w, look().m.chart_h)

    def _area(self) -> QRectF:
        m = look().m
        wide = max((paint.width_of(tick.label, look().font("caption")) for tick in self._ticks), default=0)
        left = max(m.plot_axis_w, wide + m.chip_gap * 2)
        room = self._label_room()
        high = self.height() - m.plot_label_h * 2
        return QRectF(left, m.plot_label_h / 2, max(1, self.width() - left - room), max(1, high))

    def _label_room(self) -> float:
        last = self._points[-1].label if self._points else ""
        return max(look().m.plot_dot, paint.width_of(last, look().font("caption")) / 2 + 1)

    def _place(self, area: QRectF, number: int, value: int) -> QPointF:
        low, high = self._range()
        across = area.left() + area.width() * number / max(1, len(self._points) - 1)
        return QPointF(across, area.bottom() - area.height() * (value - low) / max(1, high - low))

    def _range(self) -> tuple[int, int]:
        values = [tick.value for tick in self._ticks] or [0]
        lowest = min((min(p.first, p.second) for p in self._points), default=0)
        return min(0, lowest, *values), max(1, *values)

    def paintEvent(self, _event: QPaintEvent) -> None:
        current, m = look(), look().m
        painter = QPainter(self)
        paint.smooth(painter)
        area, font = self._area(), current.font("caption")
        painter.setPen(QPen(current.q("chart_grid"), 1))
        for tick in self._ticks or (Tick(0, ""),):
            y = self._place(area, 0, tick.value).y()
            painter.setPen(QPen(current.q("chart_grid"), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(self.width(), y))
            words = QRect(0, round(y) - m.plot_label_h // 2, round(area.left()) - m.chip_gap, m.plot_label_h)
            paint.text(painter, words, tick.label, font, current.q("text3"), paint.RIGHT)
        self._paint_labels(painter, area)
        if not self._points:
            return
        first = [self._place(area, n, point.first) for n, point in enumerate(self._points)]
        second = [self._place(area, n, point.second) for n, point in enumerate(self._points)]
        ground = self._place(area, 0, 0).y()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(current.q("accent_soft"))
        painter.drawPolygon(QPolygonF([QPointF(first[0].x(), ground), *first, QPointF(first[-1].x(), ground)]))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        dashed = QPen(current.q("chart5"), 1.5, Qt.PenStyle.DashLine)
        painter.setPen(dashed)
        painter.drawPolyline(QPolygonF(second))
        painter.setPen(QPen(current.q("chart1"), m.focus_pen))
        painter.drawPolyline(QPolygonF(first))
        if 0 <= self.current < len(first):
            self._paint_current(painter, first[self.current], self._points[self.current].bubble)

    def _paint_labels(self, painter: QPainter, area: QRectF) -> None:
        current, m = look(), look().m
        font = current.font("caption")
        last_end = float("-inf")
        shown = [n for n, point in enumerate(self._points) if point.label]
        for number in sorted(shown, key=lambda n: (n != len(self._points) - 1, n)):
            point = self._points[number]
            wide = paint.width_of(point.label, font) + m.chip_gap
            middle = self._place(area, number, 0).x()
            is_last = number == len(self._points) - 1
            limit = self._place(area, len(self._points) - 1, 0).x() - wide
            if not is_last and (middle - wide / 2 < last_end or (len(shown) > 1 and middle + wide / 2 > limit)):
                continue
            rect = QRect(round(middle - wide / 2), self.height() - m.plot_label_h, round(wide), m.plot_label_h)
            paint.text(painter, rect, point.label, font, current.q("text3"), paint.CENTRE)
            if not is_last:
                last_end = middle + wide / 2

    def _paint_current(self, painter: QPainter, place: QPointF, words: str) -> None:
        current, m = look(), look().m
        dot = QRectF(place.x() - m.plot_dot / 2, place.y() - m.plot_dot / 2, m.plot_dot, m.plot_dot)
        paint.box(painter, dot, m.plot_dot / 2, current.q("chart1"))
        if self.has_ring:
            ring = dot.adjusted(-m.focus_reach, -m.focus_reach, m.focus_reach, m.focus_reach)
            paint.box(painter, ring, ring.width() / 2, None, current.q("focus"), m.focus_pen)
        paint_bubble(painter, self.rect(), place, words)


def paint_bubble(painter: QPainter, inside: QRect, place: QPointF, words: str) -> None:
    """What a mark says, above it where there is room, else below; never outside of the figure."""
    current, m = look(), look().m
    font = current.font("caption", 500)
    wide = paint.width_of(words, font) + 2 * m.button_s_pad
    left = min(max(inside.left(), round(place.x() - wide / 2)), max(inside.left(), inside.right() + 1 - wide))
    top = round(place.y()) - m.plot_bubble_h - m.plot_dot
    if top < inside.top():
        top = min(round(place.y()) + m.plot_dot, inside.bottom() + 1 - m.plot_bubble_h)
    rect = QRect(left, top, min(wide, inside.width()), m.plot_bubble_h)
    paint.box(painter, rect, m.button_s_radius, current.q("primary"))
    paint.text(painter, rect, words, font, current.q("on_primary"), paint.CENTRE)
