"""Six PIN cells and a touch pad. The digits are never readable through accessibility or a screenshot."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from guidedesk.ui import i18n
from guidedesk.ui.theme import look
from guidedesk.ui.theme.metrics import PIN_TARGET
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.access import Role, set_role
from guidedesk.ui.widgets.focus import ring_on_focus
from guidedesk.ui.widgets.layouts import Grid

DIGITS: Final = 6


class PinCells(QWidget):
    """Takes the digits from the keyboard or the pad. `completed(pin)` at the sixth, `changed(count)` before."""

    completed = Signal(str)
    changed = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._typed = ""
        self._wrong = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        set_role(self, Role.EditableText)
        look().restyled.connect(self.updateGeometry)
        look().retranslated.connect(self._rename)
        self._rename()

    def add(self, digit: str) -> None:
        """One more digit."""
        if len(digit) != 1 or digit not in "0123456789":
            return
        if self._wrong or len(self._typed) >= DIGITS:
            self._typed = ""
        self._wrong = False
        self._set(self._typed + digit)
        if len(self._typed) == DIGITS:
            self.completed.emit(self._typed)

    def delete(self) -> None:
        """Take the last digit back."""
        self._wrong = False
        self._set(self._typed[:-1])

    def clear(self) -> None:
        """Empty all cells."""
        self._wrong = False
        self._set("")

    def show_wrong(self) -> None:
        """Red cells, nothing shakes; the next digit starts again."""
        self._wrong = True
        self._set("")

    def _set(self, typed: str) -> None:
        self._typed = typed
        self._rename()
        self.update()
        self.changed.emit(len(typed))

    def _rename(self) -> None:
        self.setAccessibleName(i18n.t("pin.cells", n=len(self._typed), total=DIGITS))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.text() and event.text() in "0123456789":
            self.add(event.text())
        elif event.key() == Qt.Key.Key_Backspace:
            self.delete()
        elif event.key() == Qt.Key.Key_Delete:
            self.clear()
        else:
            super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        m = look().m
        return QSize(DIGITS * m.pin_cell_w + (DIGITS - 1) * m.pin_gap, m.pin_cell_h)

    def minimumSizeHint(self) -> QSize:
        m = look().m
        return QSize(DIGITS * m.swatch + (DIGITS - 1) * m.pin_key_gap, m.pin_cell_h)

    def paintEvent(self, _event: QPaintEvent) -> None:
        current, m = look(), look().m
        painter = QPainter(self)
        paint.smooth(painter)
        wide = (self.width() - (DIGITS - 1) * m.pin_gap) / DIGITS
        for number in range(DIGITS):
            cell = QRect(round(number * (wide + m.pin_gap)), 0, round(wide), self.height())
            active = self.hasFocus() and number == len(self._typed) and not self._wrong
            border = current.q("danger" if self._wrong else "focus" if active else "control")
            thick = 2 if active or self._wrong else 1
            paint.box(painter, cell, m.pin_cell_radius, current.q("surface"), border, thick)
            middle = cell.center()
            if number < len(self._typed):
                half = m.pin_dot // 2
                dot = QRect(middle.x() - half + 1, middle.y() - half + 1, m.pin_dot, m.pin_dot)
                paint.box(painter, dot, m.pin_dot / 2, current.q("text"))
            elif active:
                caret = QRect(middle.x(), middle.y() - m.pin_caret // 2, 2, m.pin_caret)
                painter.fillRect(caret, current.q("focus"))


class PadKey(QPushButton):
    """One key of the pad."""

    def __init__(self, text: str, icon: str = "") -> None:
        super().__init__(text)
        self._icon = icon
        # May give way to a low window at large text, down to the target of a touch.
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        ring_on_focus(self, "pin_key_radius")
        look().restyled.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        return QSize(look().m.pin_key_w, look().m.pin_key_h)

    def minimumSizeHint(self) -> QSize:
        return QSize(PIN_TARGET, PIN_TARGET)

    def paintEvent(self, _event: QPaintEvent) -> None:
        current, m = look(), look().m
        painter = QPainter(self)
        paint.smooth(painter)
        is_digit = self.text().isdigit()
        ink = "text3" if not self.isEnabled() else "text" if is_digit else "text2"
        if is_digit or self.isDown():
            fill = current.q("sunken" if self.isDown() else "surface2" if self.underMouse() else "surface")
            fill = fill if self.isEnabled() else current.q("sunken")
            paint.box(painter, self.rect(), m.pin_key_radius, fill, current.q("line"))
        if self._icon:
            side = current.tokens.size("icon")
            paint.draw_icon(painter, (self.width() - side) / 2, self.height() / 2, self._icon, side,
                            current.q(ink), self.devicePixelRatioF())
            return
        font = current.font("hero", 500) if is_digit else current.font("label")
        if is_digit:
            font.setPixelSize(m.pin_caret + 2)
        paint.text(painter, self.rect(), self.text(), font, current.q(ink), paint.CENTRE)


class PinPad(QWidget):
    """3 × 4 keys for touch; feeds a PinCells."""

    def __init__(self, cells: PinCells) -> None:
        super().__init__()
        self._cells = cells
        grid = Grid(gap=2)
        for number in range(1, 10):
            grid.addWidget(self._digit(str(number)), (number - 1) // 3, (number - 1) % 3)
        self._wipe = PadKey("")
        self._wipe.clicked.connect(cells.clear)
        self._delete = PadKey("", "backspace")
        self._delete.clicked.connect(cells.delete)
        grid.addWidget(self._wipe, 3, 0)
        grid.addWidget(self._digit("0"), 3, 1)
        grid.addWidget(self._delete, 3, 2)
        self.setLayout(grid)
        look().retranslated.connect(self._rename)
        self._rename()

    def _digit(self, text: str) -> PadKey:
        key = PadKey(text)
        key.setAccessibleName(text)
        key.clicked.connect(self._pressed)
        return key

    def _pressed(self) -> None:
        key = self.sender()
        if isinstance(key, PadKey):
            self._cells.add(key.text())
            self._cells.setFocus(Qt.FocusReason.OtherFocusReason)

    def _rename(self) -> None:
        self._wipe.setText(i18n.t("pin.clear"))
        self._delete.setAccessibleName(i18n.t("pin.delete"))
