"""The ring of days left in the earning window (DESIGN-UI.md 5.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from guidedesk.ui.theme import ToneName, look
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.access import Role, set_role

FULL: Final = 360 * 16
TOP: Final = 90 * 16


@dataclass(frozen=True, slots=True)
class RingState:
    """`left` of `total` days; `big` and `small` are the words inside; `spoken` is read aloud."""

    left: int
    total: int
    big: str
    small: str
    tone: ToneName | None
    spoken: str


class Ring(QWidget):
    """A painted ring with a number; without a tone it is empty (nobody owns the member)."""

    def __init__(self, state: RingState | None = None, *, small: bool = False) -> None:
        super().__init__()
        self._small = small
        self._state = RingState(0, 1, "", "", None, "")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        set_role(self, Role.Graphic)
        look().restyled.connect(self.updateGeometry)
        if state is not None:
            self.show_state(state)

    def show_state(self, state: RingState) -> None:
        """Show another window."""
        if state != self._state:
            self._state = state
            self.setAccessibleName(state.spoken)
            self.update()

    def sizeHint(self) -> QSize:
        side = look().m.ring_small if self._small else look().m.ring
        return QSize(side, side)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        current, m, state = look(), look().m, self._state
        painter = QPainter(self)
        paint.smooth(painter)
        thick = m.ring_pen_small if self._small else m.ring_pen
        circle = QRectF(self.rect()).adjusted(thick / 2, thick / 2, -thick / 2, -thick / 2)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(current.q("sunken"), thick))
        painter.drawEllipse(circle)
        ink = current.tone(state.tone) if state.tone else current.q("control")
        painter.setPen(QPen(ink, thick, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        share = min(1.0, max(0.0, state.left / state.total)) if state.total and state.tone else 0.0
        painter.drawArc(circle, TOP, -max(1, round(FULL * share)))
        self._paint_words(painter)

    def _paint_words(self, painter: QPainter) -> None:
        current, state = look(), self._state
        line = current.tokens.px(current.tokens.type("caption").line)
        big = current.font("body_strong" if self._small else "title", 600)
        if self._small or not state.small:
            paint.text(painter, self.rect(), state.big, big, current.q("text"), paint.CENTRE)
            return
        upper = QRect(0, 0, self.width(), self.height() - line + current.tokens.space(1))
        lower = QRect(0, self.height() // 2 + current.tokens.space(1) - 1, self.width(), line)
        paint.text(painter, upper, state.big, big, current.q("text"), paint.CENTRE)
        paint.text(painter, lower, state.small, current.font("caption"), current.q("text3"), paint.CENTRE)
