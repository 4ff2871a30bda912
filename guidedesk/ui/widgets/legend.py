"""What the inks of a chart mean: a line or a dot, and a word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy

from guidedesk.ui.theme import look
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.figure import Figure


@dataclass(frozen=True, slots=True)
class LegendItem:
    """A word and the ink it explains; a dashed line where `dashed`."""

    text: str
    ink: str
    dashed: bool = False


class Legend(Figure):
    """Words in a row, each behind its line, or its dot."""

    def __init__(self, *, dots: bool = False) -> None:
        super().__init__()
        self._dots = dots
        self._items: tuple[LegendItem, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_items(self, items: Sequence[LegendItem]) -> None:
        """Explain these."""
        self._items = tuple(items)
        self._redraw(", ".join(item.text for item in items))
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        t = look().tokens
        wide = sum(self._width(item) for item in self._items) + t.space(4) * max(0, len(self._items) - 1)
        return QSize(wide, t.px(t.type("label").line))

    def _mark(self) -> int:
        return look().m.dot if self._dots else look().m.chip_icon

    def _width(self, item: LegendItem) -> int:
        return self._mark() + look().m.chip_gap + paint.width_of(item.text, look().font("caption")) + 1

    def paintEvent(self, _event: QPaintEvent) -> None:
        current, m = look(), look().m
        painter = QPainter(self)
        paint.smooth(painter)
        left, middle = 0, self.height() / 2
        for item in self._items:
            if self._dots:
                dot = QRectF(left, middle - m.dot / 2, m.dot, m.dot)
                paint.box(painter, dot, m.dot / 2, current.q(item.ink))
            else:
                style = Qt.PenStyle.DashLine if item.dashed else Qt.PenStyle.SolidLine
                painter.setPen(QPen(current.q(item.ink), m.focus_pen, style))
                painter.drawLine(QPointF(left, middle), QPointF(left + self._mark(), middle))
            at = left + self._mark() + m.chip_gap
            words = QRect(at, 0, self._width(item), self.height())
            paint.text(painter, words, item.text, current.font("caption"), current.q("text2"))
            left += self._width(item) + current.tokens.space(4)
