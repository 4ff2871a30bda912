"""A member found, painted: who, phone, tier, whose member."""

from __future__ import annotations

from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter

from guidedesk.ui.tables.search import HitRow
from guidedesk.ui.theme import look
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.avatar import paint_avatar
from guidedesk.ui.widgets.rows import RowDelegate, chip_width, paint_chip


class HitDelegate(RowDelegate):
    """Paints `HitRow`; what there is no room for is left out from the right."""

    height_metric = "row_result"

    def paint_row(self, painter: QPainter, rect: QRect, row: object, dpr: float) -> None:
        if not isinstance(row, HitRow):
            return
        current, m = look(), look().m
        side, gap = m.avatar_m, current.tokens.space(3)
        circle = QRect(rect.x() + m.row_pad, rect.y() + (rect.height() - side) // 2, side, side)
        paint_avatar(painter, circle, row.name, "m")
        left, right = circle.right() + 1 + gap, rect.right() - m.row_pad
        right = self._paint_chips(painter, rect, row, left, right)
        small = current.font("label", 400)
        phone = paint.width_of(row.phone, small)
        if phone and right - phone - gap - left >= m.pane_left // 2:
            area = QRect(right - phone, rect.y(), phone + 1, rect.height())
            paint.text(painter, area, row.phone, small, current.q("text2"), paint.RIGHT)
            right -= phone + gap
        self._paint_words(painter, rect, row, left, right - left)

    def _paint_chips(self, painter: QPainter, rect: QRect, row: HitRow, left: int, right: int) -> int:
        """Owner and tier in columns, so that the eye goes down; a wide word pushes only its own row."""
        m, gap = look().m, look().tokens.space(3)
        owner, tier = chip_width(row.owner), chip_width(row.tier)
        owner_room, tier_room = max(owner, m.hit_owner_w), max(tier, m.hit_tier_w)
        if right - owner_room - gap - left < m.pane_left // 2:
            return right
        paint_chip(painter, right - owner + 1, rect, row.owner, row.owner_tone)
        right -= owner_room + gap
        if right - tier_room - gap - left < m.pane_left // 2:
            return right
        paint_chip(painter, right - tier_room + 1, rect, row.tier, row.tier_tone)
        return right - tier_room - gap

    def _paint_words(self, painter: QPainter, rect: QRect, row: HitRow, left: int, room: int) -> None:
        t_ = look().tokens
        first, second = t_.px(t_.type("body").line), t_.px(t_.type("caption").line)
        top = rect.y() + (rect.height() - first - second) // 2
        paint.text(painter, QRect(left, top, room, first), row.name, look().font("body", 600), look().q("text"))
        paint.text(painter, QRect(left, top + first, room, second), row.detail, look().font("caption"),
                   look().q("text3"))
