"""Rows of a name, a bar of up to four parts and its figures: rankings, funnels, what was done on time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QPoint, QRect, QRectF, QSize
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QScrollArea, QSizePolicy

from guidedesk.ui.theme import look
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.avatar import paint_avatar
from guidedesk.ui.widgets.bars import Part
from guidedesk.ui.widgets.marks import Marks

Thickness = Literal["bar_row_bar", "bar_row_thick", "bar_row_wide"]
_FULL = 1_000


@dataclass(frozen=True, slots=True)
class BarRow:
    """`parts` share one scale with all other rows; `cells` stand at the right, the first strong; `note` below it."""

    row_id: str
    name: str
    parts: tuple[Part, ...]
    cells: tuple[str, ...]
    spoken: str
    note: str = ""
    lead: str = ""  # a rank, before the name
    avatar: str = ""  # whose picture letter, empty for none


class BarRows(Marks):
    """`opened(number)` of the row that was chosen. As high as its rows: it stands in a column that scrolls.

    `gapped` leaves a line between parts; `grounded` shows what is not filled.
    """

    def __init__(
        self, thickness: Thickness = "bar_row_thick", *, gapped: bool = False, grounded: bool = True,
        divided: bool = False, row: str = "bar_row_h",
    ) -> None:  # fmt: skip
        super().__init__()
        self._thickness, self._gapped, self._grounded, self._divided = thickness, gapped, grounded, divided
        self._row = row
        self._rows: tuple[BarRow, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.MinimumExpanding)

    def show_rows(self, rows: Sequence[BarRow], summary: str) -> None:
        """Change the figures and the sentence."""
        self._rows = tuple(rows)
        self._redraw(summary)
        self.updateGeometry()

    def row_id(self, number: int) -> str:
        """The id of a row."""
        return self._rows[number].row_id

    def count(self) -> int:
        return len(self._rows)

    def said(self, number: int) -> str:
        return self._rows[number].spoken

    def mark_at(self, place: QPoint) -> int:
        high = self._height()
        number = place.y() // max(1, high)
        return number if 0 <= number < len(self._rows) and 0 <= place.x() < self.width() else -1

    def sizeHint(self) -> QSize:
        return QSize(look().m.chart_min_w * 2, self._least() * len(self._rows))

    def minimumSizeHint(self) -> QSize:
        return QSize(look().m.chart_min_w, self._least() * len(self._rows))

    def show_current(self, number: int) -> None:
        super().show_current(number)
        around = self.parentWidget()
        while around is not None and not isinstance(around, QScrollArea):
            around = around.parentWidget()
        ground = around
        if isinstance(ground, QScrollArea) and 0 <= number < len(self._rows) and self.has_ring:
            middle = number * self._height() + self._height() // 2
            ground.ensureVisible(0, middle, 0, self._height())

    def _least(self) -> int:
        m, t = look().m, look().tokens
        lines = t.px(t.type("body").line) + (t.px(t.type("caption").line) if any(r.note for r in self._rows) else 0)
        return max(m.bar_row_least, lines)

    def _height(self) -> int:
        wanted = max(self._least(), int(getattr(look().m, self._row)))
        return min(wanted, max(self._least(), self.height() // max(1, len(self._rows))))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint.smooth(painter)
        widths, lead = self._cell_widths(), self._lead_width()
        name = self._name_width(sum(widths), lead)
        for number, one in enumerate(self._rows):
            area = QRect(0, number * self._height(), self.width(), self._height())
            self._paint_row(painter, area, one, widths, lead, name)
            if self._divided and number:
                painter.setPen(look().q("line"))
                painter.drawLine(area.topLeft(), area.topRight())
            if number == self.current:
                self._paint_current(painter, area)

    def _cell_widths(self) -> list[int]:
        """Of every column of figures; the notes below the first belong to it."""
        current, m = look(), look().m
        count = max((len(row.cells) for row in self._rows), default=0)
        widths = []
        for place in range(count):
            font = current.font("body_strong" if place == 0 else "body")
            texts = [row.cells[place] for row in self._rows if place < len(row.cells)]
            wide = max((paint.width_of(text, font) for text in texts), default=0)
            if place == 0:
                notes = [paint.width_of(row.note, current.font("caption")) for row in self._rows]
                wide = max([wide, *notes])
            widths.append(wide + m.row_cell_pad + m.chip_gap)
        return widths

    def _lead_width(self) -> int:
        m = look().m
        lead = max((paint.width_of(row.lead, look().font("body")) for row in self._rows), default=0)
        lead += m.row_cell_pad if lead else 0
        return lead + (m.avatar_s + m.row_cell_pad if any(row.avatar for row in self._rows) else 0)

    def _name_width(self, cells: int, lead: int) -> int:
        """Names as wide as they are, but never more than what leaves the bar a fifth."""
        font = look().font("body")
        wide = max((paint.width_of(row.name, font) for row in self._rows), default=0) + look().m.row_cell_pad
        room = self.width() - cells - lead
        return max(0, min(wide, room * 4 // 5 if room < look().m.chart_min_w * 2 else room // 2))

    def _paint_row(
        self, painter: QPainter, area: QRect, one: BarRow, widths: list[int], lead: int, name: int
    ) -> None:
        current, m = look(), look().m
        left = area.left()
        if one.lead:
            paint.text(painter, QRect(left, area.top(), lead, area.height()), one.lead, current.font("body"),
                       current.q("text3"))  # fmt: skip
        if one.avatar:
            side = min(m.avatar_s, area.height() - m.heat_gap)
            top = area.top() + (area.height() - side) // 2
            spot = QRect(left + lead - m.avatar_s - m.row_cell_pad, top, side, side)
            paint_avatar(painter, spot, one.avatar, "s")
        left += lead
        paint.text(painter, QRect(left, area.top(), name - m.chip_gap, area.height()), one.name,
                   current.font("body"), current.q("text"))  # fmt: skip
        right = area.right() + 1 - sum(widths)
        self._paint_bar(painter, QRect(left + name, area.top(), max(0, right - left - name), area.height()), one)
        for place, (words, wide) in enumerate(zip(one.cells, widths, strict=False)):
            cell = QRect(right, area.top(), wide, area.height())
            right += wide
            if place == 0 and one.note:
                self._paint_noted(painter, cell, words, one.note)
            else:
                font = current.font("body_strong" if place == 0 else "body")
                paint.text(painter, cell, words, font, current.q("text" if place == 0 else "text2"), paint.RIGHT)

    def _paint_noted(self, painter: QPainter, cell: QRect, words: str, note: str) -> None:
        current, t = look(), look().tokens
        upper, lower = t.px(t.type("body").line), t.px(t.type("caption").line)
        top = cell.top() + (cell.height() - upper - lower) // 2
        first = QRect(cell.left(), top, cell.width(), upper)
        second = QRect(cell.left(), top + upper, cell.width(), lower)
        paint.text(painter, first, words, current.font("body_strong"), current.q("text"), paint.RIGHT)
        paint.text(painter, second, note, current.font("caption"), current.q("text3"), paint.RIGHT)

    def _paint_bar(self, painter: QPainter, area: QRect, one: BarRow) -> None:
        current, m = look(), look().m
        high = min(int(getattr(m, self._thickness)), area.height() - m.heat_gap * 2)
        bar = QRectF(area.left(), area.top() + (area.height() - high) / 2, area.width(), high)
        radius = m.bar_radius
        if self._grounded:
            paint.box(painter, bar, radius, current.q("sunken"))
        left = bar.left()
        path = QPainterPath()
        path.addRoundedRect(bar, radius, radius)
        painter.save()
        painter.setClipPath(path)
        gap = m.heat_gap if self._gapped else 0
        for part in one.parts:
            wide = bar.width() * min(_FULL, max(0, part.permille)) / _FULL
            if wide > 0:
                paint.box(painter, QRectF(left, bar.top(), max(1.0, wide - gap), high), radius, current.q(part.ink))
            left += wide
        painter.restore()

    def _paint_current(self, painter: QPainter, area: QRect) -> None:
        current, m = look(), look().m
        if self.has_ring:
            paint.box(painter, area.adjusted(0, 1, 0, -1), m.chip_radius, None, current.q("focus"), m.focus_pen)
        else:
            shade = current.q("accent")
            shade.setAlphaF(0.06)
            paint.box(painter, area, m.chip_radius, shade)


