"""The list of tasks: entries under heads, each with a box to tick and one button, all painted."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QStyleOptionViewItem

from guidedesk.ui.tables.model import ROW_ROLE
from guidedesk.ui.tables.task_rows import HeadRow, TaskModel, TaskRow
from guidedesk.ui.theme import look
from guidedesk.ui.theme.metrics import TARGET
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.chips import icon_box
from guidedesk.ui.widgets.listview import ListView
from guidedesk.ui.widgets.rows import Index, RowDelegate


class TaskDelegate(RowDelegate):
    """Paints `TaskRow` and `HeadRow`."""

    height_metric = "row_task"
    short_metric = "row_task_short"

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        model = index.model()
        if isinstance(model, TaskModel) and model.is_head(index.row()):
            return QSize(look().m.avatar_xl, look().m.row_task_head)
        return super().sizeHint(option, index)

    def paint_row(self, painter: QPainter, rect: QRect, row: object, dpr: float) -> None:
        if isinstance(row, HeadRow):
            self._paint_head(painter, rect, row)
        elif isinstance(row, TaskRow):
            self._paint_task(painter, rect, row, dpr)

    def _paint_head(self, painter: QPainter, rect: QRect, row: HeadRow) -> None:
        current, pad = look(), look().m.row_pad
        painter.fillRect(rect.adjusted(0, 0, 0, -1), current.q("surface2"))
        area = rect.adjusted(pad, 0, -pad, 0)
        paint.text(painter, area, row.title, current.font("caption", 600), current.q("text2"))

    def _paint_task(self, painter: QPainter, rect: QRect, row: TaskRow, dpr: float) -> None:
        current, m = look(), look().m
        gap = current.tokens.space(3)
        tick = self.tick_rect(rect)
        self._paint_tick(painter, tick, row, dpr)
        side = m.row_box
        square = QRect(tick.right() + 1 + gap, rect.y() + (rect.height() - side) // 2, side, side)
        icon_box(painter, square, row.icon, row.tone, dpr)
        button = self.action_rect(rect, row)
        right = button.x() - gap if row.action else rect.right() - m.row_pad
        small = current.font("caption")
        note_wide = paint.width_of(row.note, small) + 1 if row.note else 0
        left = square.right() + 1 + gap
        note_wide = min(note_wide, max(0, (right - left) // 3))
        if note_wide:
            area = QRect(right - note_wide, rect.y(), note_wide, rect.height())
            ink = current.q("danger" if row.is_overdue else "text3")
            paint.text(painter, area, row.note, small, ink, paint.RIGHT)
            right -= note_wide + gap
        strong, line = current.font("body_strong"), current.tokens.px(current.tokens.type("body").line)
        # By the row's width alone, so that all reasons begin below each other.
        room = min(max(m.row_task_name, rect.width() // 7), (right - left) // 2)
        name = QRect(left, rect.y(), room - gap, rect.height())
        paint.lines(painter, name, row.name, strong, current.q("text"), line)
        reason = QRect(left + room, rect.y(), right - left - room, rect.height())
        ink = current.q("text3" if row.is_done else "text2")
        small_line = current.tokens.px(current.tokens.type("label").line)
        paint.lines(painter, reason, row.reason, current.font("label", 400), ink, small_line)
        if row.action:
            paint.box(painter, button, m.button_s_radius, current.q("surface"), current.q("line_strong"))
            paint.text(painter, button, row.action, current.font("label", 500), current.q("text"), paint.CENTRE)

    def _paint_tick(self, painter: QPainter, tick: QRect, row: TaskRow, dpr: float) -> None:
        current, m = look(), look().m
        if row.is_done:
            paint.box(painter, tick, m.tick_radius, current.q("accent"))
            paint.draw_icon(painter, tick.x() + (tick.width() - m.tick_icon) / 2, tick.y() + tick.height() / 2, "check",
                            m.tick_icon, current.q("on_accent"), dpr)
        else:
            paint.box(painter, tick, m.tick_radius, current.q("surface"), current.q("control"))

    def tick_rect(self, rect: QRect) -> QRect:
        """Where the box to tick is painted."""
        m = look().m
        return QRect(rect.x() + m.row_pad, rect.y() + (rect.height() - m.tick) // 2, m.tick, m.tick)

    def action_rect(self, rect: QRect, row: object) -> QRect:
        m = look().m
        if not isinstance(row, TaskRow) or not row.action:
            return QRect()
        words = paint.width_of(row.action, look().font("label", 500))
        width = max(m.row_action_w - 2 * m.link_pad, words + 2 * m.button_s_pad)
        return QRect(rect.right() - m.row_pad - width + 1, rect.y() + (rect.height() - m.button_s_h) // 2, width,
                     m.button_s_h)


class TaskListView(ListView):
    """As `ListView`, over a `TaskModel`; `row_snoozed(id)` on Ctrl Right."""

    row_snoozed = Signal(str)

    def __init__(self, model: TaskModel, name_key: str) -> None:
        self._tasks, self._painter = model, TaskDelegate()
        super().__init__(model, self._painter, name_key)
        self.setUniformItemSizes(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_ctrl = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if event.key() == Qt.Key.Key_Right and is_ctrl:
            if self.chosen_id():
                self.row_snoozed.emit(self.chosen_id())
        elif event.key() == Qt.Key.Key_Home and not is_ctrl:
            self.choose(self._tasks.first_task())
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        if not self.currentIndex().isValid():
            self.choose(self._tasks.first_task())
        super().focusInEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        position = event.position().toPoint()
        index = self.indexAt(position)
        row = index.data(ROW_ROLE) if index.isValid() else None
        if isinstance(row, TaskRow) and not row.is_done and self._on_tick(self.visualRect(index), position):
            self.row_ticked.emit(row.row_id)

    def _on_tick(self, rect: QRect, position: QPoint) -> bool:
        """A finger needs more room than the box takes."""
        tick = self._painter.tick_rect(rect)
        more = max(0, TARGET - tick.width()) // 2 + 1
        return tick.adjusted(-more, -more, more, more).contains(position)

    def _after_reset(self) -> None:
        # A reload must not lose the row a person is on.
        wanted = self._wanted if self._tasks.number_of(self._wanted) >= 0 else self._tasks.first_task()
        self.choose(wanted)
