"""Painted rows of lists and tables: timeline, agenda, simple lines, table cells. Never one widget per row."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPainterPath
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from guidedesk.ui.tables.model import CELL_ROLE, ROW_ROLE, Cell, ColumnSpec, PagedModel
from guidedesk.ui.tables.rows import AgendaRow as AgendaRow
from guidedesk.ui.tables.rows import LineRow as LineRow
from guidedesk.ui.theme import ToneName, look
from guidedesk.ui.theme.metrics import TARGET
from guidedesk.ui.theme.tokens import TONES
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.chips import icon_box

Index = QModelIndex | QPersistentModelIndex


class RowDelegate(QStyledItemDelegate):
    """Base: ground, selection mark, divider and focus; subclasses paint the content in `paint_row`."""

    height_metric = "row_timeline"
    short_metric = "row_timeline"

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        is_short = option.widget.window().height() < look().m.page_short
        name = self.short_metric if is_short else self.height_metric
        return QSize(look().m.avatar_xl, int(getattr(look().m, name)))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = index.data(ROW_ROLE)
        if row is None:
            return
        painter.save()
        paint.smooth(painter)
        view = option.widget
        _clip_to_card(painter, view)
        _ground(painter, option, first=index.column() == 0)
        dpr = view.devicePixelRatioF()
        self.paint_row(painter, option.rect, row, dpr)
        _divider(painter, option.rect)
        if _shows_focus(option):
            _focus(painter, option.rect)
        painter.restore()

    def paint_row(self, painter: QPainter, rect: QRect, row: object, dpr: float) -> None:
        """Paint the content of one row."""

    def action_rect(self, rect: QRect, row: object) -> QRect:
        """Where the row's own button is painted; empty if it has none."""
        return QRect()

    def action_target(self, rect: QRect, row: object) -> QRect:
        """Where a click presses the row's button: at least a target high."""
        face = self.action_rect(rect, row)
        more = max(0, TARGET - face.height())
        return face if face.isEmpty() else face.adjusted(0, -(more + 1) // 2, 0, (more + 1) // 2)


class LineDelegate(RowDelegate):
    """Paints `LineRow`."""

    def paint_row(self, painter: QPainter, rect: QRect, row: object, dpr: float) -> None:
        if not isinstance(row, LineRow):
            return
        current, m = look(), look().m
        side, pad = m.row_box, m.row_pad
        square = QRect(rect.x() + pad, rect.y() + (rect.height() - side) // 2, side, side)
        icon_box(painter, square, row.icon, row.tone, dpr)
        left = square.right() + current.tokens.space(3) + 1
        strong, small = current.font("body_strong"), current.font("caption")
        wide = max(paint.width_of(row.amount, strong), paint.width_of(row.state, small))
        room = rect.right() - pad - left - (wide + current.tokens.space(3) if wide else 0)
        upper, lower = _two_lines(rect, left, room)
        paint.text(painter, upper, row.title, current.font("body", 500), current.q("text"))
        paint.text(painter, lower, row.detail, small, current.q("text3"))
        right = QRect(rect.right() - pad - wide, upper.y(), wide + 1, upper.height())
        amount_at = right if row.state else QRect(right.x(), rect.y(), right.width(), rect.height())
        paint.text(painter, amount_at, row.amount, strong, current.q("text"), paint.RIGHT)
        state_at = QRect(right.x(), lower.y(), right.width(), lower.height())
        paint.text(painter, state_at, row.state, small, current.tone(row.state_tone), paint.RIGHT)


class AgendaDelegate(RowDelegate):
    """Paints `AgendaRow`; the action is a small button the list hit-tests."""

    height_metric = "row_agenda"
    short_metric = "row_agenda_short"

    def paint_row(self, painter: QPainter, rect: QRect, row: object, dpr: float) -> None:
        if not isinstance(row, AgendaRow):
            return
        current, m = look(), look().m
        side, gap = m.icon_box, current.tokens.space(3)
        square = QRect(rect.x() + m.row_pad, rect.y() + (rect.height() - side) // 2, side, side)
        icon_box(painter, square, row.icon, row.tone, dpr)
        left = square.right() + 1 + gap
        button = self.action_rect(rect, row)
        name_room = min(m.row_name_w, (button.x() - left) // 2)
        strong = current.font("body_strong")
        line = current.tokens.px(current.tokens.type("body").line)
        # The chip stands behind the name, and a gap before the reason stays free.
        beside = chip_width(row.chip) + current.tokens.space(2) + 2 * gap
        area = QRect(left, rect.y(), name_room - beside, rect.height())
        taken = paint.lines(painter, area, row.name, strong, current.q("text"), line)
        if row.chip:
            paint_chip(painter, left + taken + current.tokens.space(2), rect, row.chip, row.chip_tone)
        reason_x = left + name_room - gap
        reason = QRect(reason_x, rect.y(), button.x() - gap - reason_x, rect.height())
        paint.lines(painter, reason, row.reason, current.font("label", 400),
                    current.q("danger" if row.is_overdue else "text2"), line)
        if row.action:
            paint.box(painter, button, m.button_s_radius, current.q("surface"), current.q("line_strong"))
            paint.text(painter, button, row.action, current.font("label", 500), current.q("text"), paint.CENTRE)

    def action_rect(self, rect: QRect, row: object) -> QRect:
        m = look().m
        words = paint.width_of(row.action, look().font("label", 500)) if isinstance(row, AgendaRow) else 0
        width = max(m.row_action_w, words + 2 * m.button_s_pad)
        return QRect(rect.right() - m.row_pad - width + 1, rect.y() + (rect.height() - m.button_s_h) // 2, width,
                     m.button_s_h)


class TableDelegate(QStyledItemDelegate):
    """Paints the cells of a table model: words, an icon before them, or a chip."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(look().m.avatar_xl, look().m.row_table)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        cell, model, view = index.data(CELL_ROLE), index.model(), option.widget
        painter.save()
        paint.smooth(painter)
        _ground(painter, option, first=index.column() == 0)
        if isinstance(cell, Cell) and isinstance(model, PagedModel):
            dpr = view.devicePixelRatioF()
            self.paint_cell(painter, option.rect, cell, model.columns[index.column()], index.column(), dpr)
        _divider(painter, option.rect)
        painter.restore()

    def paint_cell(
        self, painter: QPainter, rect: QRect, cell: Cell, column: ColumnSpec, number: int, dpr: float
    ) -> None:
        """Paint what stands in one cell."""
        _paint_cell(painter, rect, cell, column, number, dpr)


def chip_width(text: str) -> int:
    """Pixels a painted chip takes."""
    return paint.width_of(text, look().font("caption", 500)) + 2 * look().m.chip_pad + 1 if text else 0


def paint_chip(
    painter: QPainter, left: int, rect: QRect, text: str, tone: ToneName, icon: str = "", dpr: float = 1.0
) -> None:
    """A chip inside a painted row, centred vertically in `rect`, with an icon where one is named."""
    m = look().m
    room = m.chip_icon + m.chip_gap if icon else 0
    area = QRect(left, rect.y() + (rect.height() - m.chip_h) // 2, chip_width(text) + room, m.chip_h)
    paint.box(painter, area, m.chip_radius, look().soft(tone))
    if icon:
        middle = area.y() + area.height() / 2
        paint.draw_icon(painter, area.x() + m.chip_pad, middle, icon, m.chip_icon, look().tone(tone), dpr)
        area.setLeft(area.x() + m.chip_pad + room)
    font, align = look().font("caption", 500), paint.LEFT if icon else paint.CENTRE
    paint.text(painter, area, text, font, look().tone(tone), align)


def _paint_cell(painter: QPainter, rect: QRect, cell: Cell, column: ColumnSpec, number: int, dpr: float) -> None:
    current, m = look(), look().m
    pad = m.row_pad if number == 0 else m.row_cell_pad
    area = rect.adjusted(pad, 0, -m.row_cell_pad, 0)
    tone = next((name for name in TONES if name == cell.tone), None)
    if tone is not None:
        paint_chip(painter, area.x(), rect, cell.text, tone, cell.icon, dpr)
        return
    ink = current.q(cell.ink)
    if cell.icon:
        paint.draw_icon(painter, area.x(), rect.y() + rect.height() / 2, cell.icon, m.chip_icon, ink, dpr)
        area.setLeft(area.x() + m.chip_icon + m.kbd_gap)
    font = current.font("body", 600 if cell.strong else 400)
    font.setStrikeOut(cell.struck)
    if column.right:
        _fit(font, cell.text, area.width())
    paint.text(painter, area, cell.text, font, ink, paint.RIGHT if column.right else paint.LEFT)
    if cell.note:
        taken = min(area.width(), paint.width_of(cell.text, font) + m.kbd_gap)
        area.setLeft(area.x() + taken)
        paint.text(painter, area, cell.note, current.font("caption"), current.q("text2"), paint.LEFT)


def _fit(font: QFont, words: str, room: int) -> None:
    """Figures are never cut: they get smaller, down to the least size, before anything else gives way."""
    least = look().tokens.px(look().tokens.type("caption").px)
    while font.pixelSize() > least and paint.width_of(words, font) > room:
        font.setPixelSize(font.pixelSize() - 1)


def _two_lines(rect: QRect, left: int, room: int) -> tuple[QRect, QRect]:
    t = look().tokens
    first, second = t.px(t.type("body").line), t.px(t.type("caption").line)
    top = rect.y() + (rect.height() - first - second) // 2
    return QRect(left, top, room, first), QRect(left, top + first, room, second)


def _ground(painter: QPainter, option: QStyleOptionViewItem, *, first: bool) -> None:
    current = look()
    rect = option.rect
    if option.state & QStyle.StateFlag.State_Selected:
        painter.fillRect(rect, current.q("accent_soft"))
        if first:
            painter.fillRect(QRect(rect.x(), rect.y(), current.m.row_mark, rect.height()), current.q("accent"))
    elif option.state & QStyle.StateFlag.State_MouseOver:
        painter.fillRect(rect, current.q("surface2"))


def _divider(painter: QPainter, rect: QRect) -> None:
    painter.fillRect(QRect(rect.x(), rect.bottom(), rect.width(), 1), look().q("line"))


def _shows_focus(option: QStyleOptionViewItem) -> bool:
    has_focus = bool(option.state & QStyle.StateFlag.State_HasFocus)
    return has_focus and bool(option.widget.property("keyboardFocus"))


def _focus(painter: QPainter, rect: QRect) -> None:
    m = look().m
    paint.box(painter, rect.adjusted(m.focus_inset, m.focus_inset, -m.focus_inset, -m.focus_inset - 1),
              m.tick_radius, None, look().q("focus"), m.focus_pen)


def _clip_to_card(painter: QPainter, view: object) -> None:
    """A list that ends at the card's bottom must not paint over its rounded corners."""
    if not isinstance(view, QAbstractItemView) or not view.property("roundBottom"):
        return
    area, radius = view.viewport().rect(), look().m.card_radius - 1
    path = QPainterPath()
    path.setFillRule(Qt.FillRule.WindingFill)
    path.addRoundedRect(area, radius, radius)
    path.addRect(area.adjusted(0, 0, 0, -radius))
    painter.setClipPath(path, Qt.ClipOperation.IntersectClip)


def ink_of(tone: ToneName) -> QColor:
    """The colour of a tone, for delegates in other modules."""
    return look().tone(tone)
