"""A small number with minus and plus; one Tab stop, arrows and + - change it."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from guidedesk.ui import i18n
from guidedesk.ui.scan_guard import guard_keys
from guidedesk.ui.theme import look
from guidedesk.ui.theme.metrics import TARGET
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.access import Role, set_role, tip
from guidedesk.ui.widgets.focus import ring_on_focus


class Stepper(QWidget):
    """`stepped("+")` or `stepped("-")` when a person wants one more or one fewer; what is shown comes from outside."""

    stepped = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._count = self._most = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        ring_on_focus(self, "button_radius")
        guard_keys(self)
        look().restyled.connect(self.updateGeometry)

    def show_count(self, count: int, most: int, name: str) -> None:
        """`count` of at most `most`, and what is counted."""
        self._count, self._most = count, most
        self.setEnabled(most > 0)
        said = i18n.t("stepper.of", n=count, most=most)
        set_role(self, Role.SpinBox, f"{name}: {said}")
        tip(self, "" if most else i18n.t("stepper.none"))
        self.setAccessibleDescription("" if most else i18n.t("stepper.none"))
        self.update()

    def sizeHint(self) -> QSize:
        side = self._side()
        return QSize(2 * side + max(side, paint.width_of(self._text(), look().font("body", 600)) + look().m.chip_pad),
                     side)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _side(self) -> int:
        return max(TARGET, look().m.button_h)

    def _text(self) -> str:
        return i18n.t("stepper.short", n=self._count, most=self._most)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        ups = (Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Plus)
        downs = (Qt.Key.Key_Left, Qt.Key.Key_Down, Qt.Key.Key_Minus)
        if event.key() in ups or (event.key() == Qt.Key.Key_Space and self._count < self._most):
            self.stepped.emit("+")
        elif event.key() in downs or event.key() == Qt.Key.Key_Space:
            self.stepped.emit("-")
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.isEnabled():
            x = event.position().x()
            if x < self._side():
                self.stepped.emit("-")
            elif x >= self.width() - self._side():
                self.stepped.emit("+")

    def paintEvent(self, _event: QPaintEvent) -> None:
        current, m = look(), look().m
        painter = QPainter(self)
        paint.smooth(painter)
        on, side = self.isEnabled(), self._side()
        ground = "accent_soft" if self._count else "surface" if on else "sunken"
        paint.box(painter, self.rect(), m.button_radius, current.q(ground),
                  current.q("accent" if self._count else "line_strong" if on else "line"))
        for left, icon, can in ((0, "minus", self._count > 0), (self.width() - side, "plus", self._count < self._most)):
            ink = current.q("text" if on and can else "text3")
            paint.draw_icon(painter, left + (side - m.chip_icon) / 2, self.height() / 2, icon, m.chip_icon, ink,
                            self.devicePixelRatioF())
        font = current.font("body", 600)
        text, width = self._text(), paint.width_of(self._text(), font)
        area = QRect((self.width() - width) // 2, 0, width + 1, self.height())
        paint.text(painter, area, text, font, current.q("accent" if self._count else "text2" if on else "text3"))
