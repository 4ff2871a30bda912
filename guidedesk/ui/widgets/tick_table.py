"""A table whose rows are ticked: Space, Shift with an arrow, Ctrl A, a click on the box; a ring of days in a cell."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPen

from guidedesk.ui.tables.model import Cell, ColumnSpec, PagedModel
from guidedesk.ui.theme import ToneName, look
from guidedesk.ui.theme.metrics import TARGET
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.listview import TableView
from guidedesk.ui.widgets.ring import FULL, TOP
from guidedesk.ui.widgets.rows import TableDelegate


@dataclass(frozen=True, slots=True)
class TickCell(Cell):
    """A box before the words."""

    is_on: bool = False


@dataclass(frozen=True, slots=True)
class RingCell(Cell):
    """A small ring before the words: `left` of `total` days, in its tone; none left: an empty ring."""

    left: int = 0
    total: int = 1
    ring_tone: ToneName = "accent"


class TickDelegate(TableDelegate):
    """Paints `TickCell` and `RingCell` besides the usual ones."""

    def paint_cell(
        self, painter: QPainter, rect: QRect, cell: Cell, column: ColumnSpec, number: int, dpr: float
    ) -> None:
        if isinstance(cell, TickCell):
            _tick(painter, rect, cell.is_on, dpr)
        elif isinstance(cell, RingCell):
            _ring(painter, rect, cell)
        else:
            super().paint_cell(painter, rect, cell, column, number, dpr)


class TickTable(TableView):
    """`ticked(id)` for one row, `range_ticked(ids)` for those passed with Shift, `all_ticked` for Ctrl A, `end_near`
    when the last rows come into view."""

    ticked = Signal(str)
    range_ticked = Signal(object)
    all_ticked = Signal()
    end_near = Signal()

    def __init__(self, model: PagedModel, name_key: str) -> None:
        super().__init__(model, name_key)
        self.setItemDelegate(TickDelegate(self))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        steps = {Qt.Key.Key_Down.value: 1, Qt.Key.Key_Up.value: -1}
        step = steps.get(event.key())
        is_ctrl = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if event.key() == Qt.Key.Key_Space and self.chosen_id():
            self.ticked.emit(self.chosen_id())
        elif is_shift and step is not None and self.chosen_id():
            before, at = self.chosen_id(), self.currentIndex().row() + step
            if 0 <= at < self.model().rowCount():
                self.setCurrentIndex(self.model().index(at, 0))
            self.range_ticked.emit(tuple(dict.fromkeys((before, self.chosen_id()))))
        elif is_ctrl and event.key() == Qt.Key.Key_A:
            self.all_ticked.emit()
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        position: QPoint = event.position().toPoint()
        index = self.indexAt(position)
        if index.isValid() and index.column() == 0 and position.x() < look().m.row_pad + TARGET and self.chosen_id():
            self.ticked.emit(self.chosen_id())

    def _scrolled(self, value: int) -> None:
        if value >= self.verticalScrollBar().maximum() - look().m.row_table * 4:
            self.end_near.emit()


def _tick(painter: QPainter, rect: QRect, on: bool, dpr: float) -> None:
    current, m = look(), look().m
    area = QRect(rect.x() + m.row_pad, rect.y() + (rect.height() - m.tick) // 2, m.tick, m.tick)
    fill = current.q("accent" if on else "surface")
    paint.box(painter, area, m.tick_radius, fill, current.q("accent" if on else "control"), 1.5)
    if on:
        inset = (m.tick - m.tick_icon) / 2
        middle = area.y() + area.height() / 2
        paint.draw_icon(painter, area.x() + inset, middle, "check", m.tick_icon, current.q("on_accent"), dpr)


def _ring(painter: QPainter, rect: QRect, cell: RingCell) -> None:
    current, m = look(), look().m
    side, thick = m.swatch, m.focus_pen + 1
    left = rect.x() + m.row_cell_pad
    circle = QRectF(left, rect.y() + (rect.height() - side) / 2, side, side).adjusted(
        thick / 2, thick / 2, -thick / 2, -thick / 2
    )
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(current.q("sunken"), thick))
    painter.drawEllipse(circle)
    if cell.left > 0:
        painter.setPen(QPen(current.tone(cell.ring_tone), thick, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawArc(circle, TOP, -round(FULL * min(1.0, cell.left / max(1, cell.total))))
    words = QRect(rect)
    words.setLeft(left + side + m.chip_pad)
    words.setRight(rect.right() - m.row_cell_pad)
    paint.text(painter, words, cell.text, current.font("body"), current.q(cell.ink))
