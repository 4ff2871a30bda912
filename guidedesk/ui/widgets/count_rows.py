"""Painted rows of a name and how many: the list of saved audiences."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter

from guidedesk.ui.theme import look
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.rows import RowDelegate


@dataclass(frozen=True, slots=True)
class CountRow:
    """A name, a grey number at its right, and the sentence for screen readers."""

    row_id: str
    name: str
    count: str
    spoken: str
    is_chosen: bool = False


class CountDelegate(RowDelegate):
    """Paints `CountRow`; a name too long for one line takes a second one."""

    height_metric = "row_agenda"
    short_metric = "row_agenda_short"

    def paint_row(self, painter: QPainter, rect: QRect, row: object, dpr: float) -> None:
        if not isinstance(row, CountRow):
            return
        current, m = look(), look().m
        font = current.font("body", 600 if row.is_chosen else 500)
        number = current.font("body")
        wide = paint.width_of(row.count, number)
        right = QRect(rect.right() - m.row_pad - wide, rect.y(), wide + 1, rect.height())
        paint.text(painter, right, row.count, number, current.q("text2"), paint.RIGHT)
        room = right.x() - current.tokens.space(2) - rect.x() - m.row_pad
        area = QRect(rect.x() + m.row_pad, rect.y(), room, rect.height())
        line = current.tokens.px(current.tokens.type("body").line)
        paint.lines(painter, area, row.name, font, current.q("text"), line)
