"""A person to choose on the sign-in screen: avatar, name, role and number, the digit that picks her."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy

from guidedesk.ui.theme import look
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.access import tip
from guidedesk.ui.widgets.avatar import paint_avatar
from guidedesk.ui.widgets.focus import ring_on_focus
from guidedesk.ui.widgets.rows import chip_width, paint_chip

_ARROWS: Final = {
    Qt.Key.Key_Left.value: (-1, 0), Qt.Key.Key_Right.value: (1, 0), Qt.Key.Key_Up.value: (0, -1),
    Qt.Key.Key_Down.value: (0, 1),
}


class PersonTile(QPushButton):
    """One tile. `stepped(across, down)` for the arrow keys: a scrolling ground must not take them."""

    stepped = Signal(int, int)

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number
        self._name = self._detail = self._chip = ""
        self._is_chosen = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        ring_on_focus(self, "card_radius")
        look().restyled.connect(self.updateGeometry)

    def show_person(self, name: str, detail: str, chip: str, spoken: str) -> None:
        """Fill in who it is; `chip` tells of drafts."""
        self._name, self._detail, self._chip = name, detail, chip
        self.setText(name)
        self.setAccessibleName(f"{spoken}, {chip}" if chip else spoken)
        tip(self, f"{name} · {detail}")
        self.update()

    def set_chosen(self, chosen: bool) -> None:
        """Outline it as the one about to sign in, or under the cursor."""
        self._is_chosen = chosen
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(look().m.tile_min_w, look().m.tile_h)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _ARROWS:
            self.stepped.emit(*_ARROWS[event.key()])
            return
        super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        current, m = look(), look().m
        painter = QPainter(self)
        paint.smooth(painter)
        fill = "accent_soft" if self._is_chosen else "surface2" if self.underMouse() else "surface"
        border = current.q("accent" if self._is_chosen else "line")
        paint.box(painter, self.rect(), m.card_radius, current.q(fill), border, m.focus_pen if self._is_chosen else 1)
        gap, side = current.tokens.space(3), m.avatar_ml
        left = current.tokens.space(4)
        circle = QRect(left, (self.height() - side) // 2, side, side)
        paint_avatar(painter, circle, self._name, "ml")
        right = self.width() - left
        cap_w = paint.key_width(str(self.number))
        cap = QRect(right - cap_w, (self.height() - m.kbd_h) // 2, cap_w, m.kbd_h)
        paint.key_cap(painter, cap, str(self.number), current.q("text2"))
        words_x = circle.right() + 1 + gap
        self._paint_words(painter, QRect(words_x, 0, cap.x() - gap - words_x, self.height()))

    def _paint_words(self, painter: QPainter, area: QRect) -> None:
        current, t = look(), look().tokens
        first, second = t.px(t.type("heading").line), t.px(t.type("caption").line)
        top = (area.height() - first - second) // 2
        upper = QRect(area.x(), top, area.width(), first)
        lower = QRect(area.x(), top + first, area.width(), second)
        if self._chip:
            wide = chip_width(self._chip)
            chip_x = area.right() + 1 - wide
            # Beside the words where they leave room; on the name's own line where the detail is too long.
            fits = area.x() + paint.width_of(self._detail, current.font("caption")) + t.space(2) <= chip_x
            paint_chip(painter, chip_x, area if fits else upper, self._chip, "warning")
            upper.setWidth(area.width() - wide - t.space(1))
        paint.text(painter, upper, self._name, current.font("heading"), current.q("text"))
        paint.text(painter, lower, self._detail, current.font("caption"), current.q("text3"))
