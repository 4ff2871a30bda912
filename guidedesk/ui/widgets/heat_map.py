"""Hours of weekdays in six steps of one hue, the value on hover and focus (DESIGN-UI.md 14)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from guidedesk.ui.theme import look
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.figure import Figure
from guidedesk.ui.widgets.marks import Marks
from guidedesk.ui.widgets.plot import paint_bubble

STEPS = 6
_FAINTEST = 0.08


def step_colour(step: int) -> QColor:
    """The tint of a step, 0 to 5: from hardly there to the whole hue."""
    current = look()
    ground, hue = current.q("surface"), current.q("chart1")
    share = _FAINTEST + (1 - _FAINTEST) * step / (STEPS - 1)
    pairs = ((ground.red(), hue.red()), (ground.green(), hue.green()), (ground.blue(), hue.blue()))
    return QColor(*(round(low + (high - low) * share) for low, high in pairs))


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its tint (0 to 5), what its bubble says, and a sentence. A cell nobody can open says so."""

    step: int
    bubble: str
    spoken: str
    can_open: bool = True


class HeatMap(Marks):
    """Rows of cells: `opened(number)` of the one chosen, counted row by row."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: tuple[str, ...] = ()
        self._columns: tuple[str, ...] = ()
        self._cells: tuple[Cell, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_cells(
        self, rows: Sequence[str], columns: Sequence[str], cells: Sequence[Cell], summary: str
    ) -> None:
        """Names of rows and columns (a column's may be empty), and the cells row by row."""
        self._rows, self._columns, self._cells = tuple(rows), tuple(columns), tuple(cells)
        self._redraw(summary)

    def count(self) -> int:
        return len(self._cells)

    def said(self, number: int) -> str:
        return self._cells[number].spoken

    def steps(self) -> dict[Qt.Key, int]:
        wide = max(1, len(self._columns))
        return super().steps() | {Qt.Key.Key_Up: -wide, Qt.Key.Key_Down: wide}

    def mark_at(self, place: QPoint) -> int:
        return next((n for n in range(len(self._cells)) if self._cell(n).contains(place.x(), place.y())), -1)

    def sizeHint(self) -> QSize:
        m = look().m
        return QSize(m.chart_min_w * 2, m.row_table * 4)

    def minimumSizeHint(self) -> QSize:
        m = look().m
        return QSize(m.chart_min_w, 7 * (m.heat_least + m.heat_gap) + m.plot_label_h)

    def _names_w(self) -> int:
        font = look().font("caption")
        return max((paint.width_of(name, font) for name in self._rows), default=0) + look().m.row_cell_pad

    def _cell(self, number: int) -> QRectF:
        m, wide = look().m, max(1, len(self._columns))
        left, high = self._names_w(), self.height() - m.plot_label_h
        across, down = (self.width() - left) / wide, high / max(1, len(self._rows))
        column, row = number % wide, number // wide
        return QRectF(left + column * across, row * down, across - m.heat_gap, down - m.heat_gap)

    def paintEvent(self, _event: QPaintEvent) -> None:
        current, m = look(), look().m
        painter = QPainter(self)
        paint.smooth(painter)
        font, wide = current.font("caption"), max(1, len(self._columns))
        low = self._cell(0).height() + m.heat_gap < current.tokens.px(current.tokens.type("caption").line) - 1
        for row, name in enumerate(self._rows):
            cell = self._cell(row * wide)
            if low and row % 2:
                continue  # every other name has room
            middle = round(cell.center().y())
            words = QRect(0, middle - m.plot_label_h // 2, self._names_w(), m.plot_label_h)
            paint.text(painter, words, name, font, current.q("text3"))
        for number, one in enumerate(self._cells):
            paint.box(painter, self._cell(number), m.heat_radius, step_colour(one.step))
        last_end = 0.0
        for column, name in enumerate(self._columns):
            cell, width = self._cell(column), paint.width_of(name, font) + m.chip_gap
            left = min(cell.center().x() - width / 2, self.width() - width)
            if name and left >= last_end:
                rect = QRect(round(left), self.height() - m.plot_label_h, round(width), m.plot_label_h)
                paint.text(painter, rect, name, font, current.q("text3"), paint.CENTRE)
                last_end = left + width
        if 0 <= self.current < len(self._cells):
            cell = self._cell(self.current)
            paint.box(painter, cell.adjusted(-1, -1, 1, 1), m.heat_radius, None, current.q("focus"), m.focus_pen)
            paint_bubble(painter, self.rect(), cell.center(), self._cells[self.current].bubble)


class HeatScale(Figure):
    """The six steps in a row, for the card's title line."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        m = look().m
        return QSize(STEPS * (m.dot + m.heat_gap * 2), m.dot + m.heat_gap * 2)

    def paintEvent(self, _event: QPaintEvent) -> None:
        m = look().m
        painter = QPainter(self)
        paint.smooth(painter)
        for step in range(STEPS):
            side = m.dot + m.heat_gap
            paint.box(painter, QRectF(step * (side + m.heat_gap), 1, side, side), m.heat_radius, step_colour(step))


def scale_words(less: QWidget, more: QWidget, scale: HeatScale, spoken: str) -> tuple[QWidget, ...]:
    """`fewer ▢▢▢▢▢▢ more`, and what it says to who does not see it."""
    scale.setAccessibleName(spoken)
    return less, scale, more
