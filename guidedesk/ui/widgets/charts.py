"""Small painted charts: bars per hour or weekday, and a sparkline (DESIGN-UI.md 14). Axis from zero, no gradients."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF

from guidedesk.ui.theme import look
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.figure import Figure


@dataclass(frozen=True, slots=True)
class Column:
    """One bar: its value, the label below it (may be empty) and whether it is emphasised."""

    value: int
    label: str = ""
    strong: bool = False


class BarChart(Figure):
    """Vertical bars; `summary` is one sentence that says what they show."""

    def __init__(self, columns: tuple[Column, ...] = (), summary: str = "") -> None:
        super().__init__(summary)
        self.columns = columns

    def show_columns(self, columns: tuple[Column, ...], summary: str) -> None:
        """Change the figures and the sentence."""
        self.columns = columns
        self._redraw(summary)

    def table(self) -> tuple[tuple[str, str], ...]:
        """The figures as rows, for the table view (Alt T)."""
        return tuple((column.label, str(column.value)) for column in self.columns)

    def sizeHint(self) -> QSize:
        return QSize(look().m.chart_min_w, look().m.chart_h)

    def paintEvent(self, _event: QPaintEvent) -> None:
        current, m = look(), look().m
        painter = QPainter(self)
        paint.smooth(painter)
        floor = self.height() - m.chart_label
        most = max((column.value for column in self.columns), default=0)
        if not most:
            painter.setPen(current.q("chart_grid"))
            painter.drawLine(0, floor - 1, self.width(), floor - 1)
        step = self.width() / max(1, len(self.columns))
        font = current.font("caption")
        for number, column in enumerate(self.columns):
            high = floor * column.value / most if most else 0
            bar = QRectF(number * step, floor - high, step - m.chart_gap, high)
            paint.box(painter, bar, 2, current.q("accent" if column.strong else "line_strong"))
            if column.label:
                wide = QRect(round(bar.center().x() - step), floor, round(step * 2), m.chart_label)
                paint.text(painter, wide, column.label, font, current.q("text3"), paint.CENTRE)


class Sparkline(Figure):
    """A line of values without axes; the second half of a comparison is drawn dashed by its own instance."""

    def __init__(self, values: tuple[int, ...] = (), summary: str = "", *, dashed: bool = False) -> None:
        super().__init__(summary)
        self._values = values
        self._dashed = dashed

    def show_values(self, values: tuple[int, ...], summary: str) -> None:
        """Change the figures and the sentence."""
        self._values = values
        self._redraw(summary)

    def sizeHint(self) -> QSize:
        return QSize(look().m.chart_min_w, look().m.spark_h)

    def paintEvent(self, _event: QPaintEvent) -> None:
        if len(self._values) < 2:
            return
        painter = QPainter(self)
        paint.smooth(painter)
        pen = QPen(look().q("chart1"), look().m.focus_pen)
        if self._dashed:
            pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen)
        inset, most = look().m.focus_pen, max(*self._values, 1)
        high, step = self.height() - 2 * inset, (self.width() - 2 * inset) / (len(self._values) - 1)
        points = [QPointF(inset + n * step, inset + high * (1 - value / most)) for n, value in enumerate(self._values)]
        painter.drawPolyline(QPolygonF(points))
