"""One-line rows: icon, words, time, and a mark of the state. The queue on the counter home."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem

from guidedesk.ui.theme import ToneName, look
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.rows import Index, RowDelegate


@dataclass(frozen=True, slots=True)
class QueueRow:
    """What was recorded, when, and its state as an icon with a word for screen readers."""

    row_id: str
    icon: str
    text: str
    time: str
    mark: str
    mark_tone: ToneName
    state: str

    @property
    def spoken(self) -> str:
        """The row as one sentence."""
        return f"{self.text}, {self.time}, {self.state}"


class QueueDelegate(RowDelegate):
    """Paints `QueueRow`."""

    height_metric = "row_agenda_short"

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        # A list to glance at: its current row only matters to whoever moves in it.
        if not option.state & QStyle.StateFlag.State_HasFocus:
            option.state &= ~QStyle.StateFlag.State_Selected
        super().paint(painter, option, index)

    def paint_row(self, painter: QPainter, rect: QRect, row: object, dpr: float) -> None:
        if not isinstance(row, QueueRow):
            return
        current, m = look(), look().m
        gap, small = current.tokens.space(3), current.font("caption")
        left, middle = rect.x() + m.row_pad, rect.y() + rect.height() / 2
        paint.draw_icon(painter, left, middle, row.icon, m.button_icon, current.q("text"), dpr)
        left += m.button_icon + gap
        mark_x = rect.right() + 1 - m.row_pad - m.chip_icon
        paint.draw_icon(painter, mark_x, middle, row.mark, m.chip_icon, current.tone(row.mark_tone), dpr)
        time_w = paint.width_of(row.time, small) + 1
        time = QRect(mark_x - gap - time_w, rect.y(), time_w, rect.height())
        paint.text(painter, time, row.time, small, current.q("text3"), paint.RIGHT)
        words = QRect(left, rect.y(), time.x() - gap - left, rect.height())
        paint.text(painter, words, row.text, current.font("body", 500), current.q("text"))
