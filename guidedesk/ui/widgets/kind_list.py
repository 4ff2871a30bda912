"""A list of a few kinds of things to choose from: icon, title, what it is for, its key. One Tab stop, arrows inside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QRadioButton, QSizePolicy, QVBoxLayout, QWidget

from guidedesk.ui import i18n
from guidedesk.ui.theme import ToneName, look
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.access import tip
from guidedesk.ui.widgets.focus import ring_on_focus


@dataclass(frozen=True, slots=True)
class Kind:
    """One entry. `title` and `detail` are words in the current language, `key` as printed on its cap."""

    value: str
    icon: str
    tone: ToneName
    title: str
    detail: str
    key: str


class KindRow(QRadioButton):
    """One entry, painted."""

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self.kind = kind
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        ring_on_focus(self, "button_radius")
        look().restyled.connect(self.updateGeometry)
        self.show_kind(kind)

    def show_kind(self, kind: Kind) -> None:
        """Other words."""
        self.kind = kind
        self.setText(kind.title)
        self.setAccessibleName(kind.title)
        self.setAccessibleDescription(f"{kind.detail} {kind.key}".strip())
        tip(self, kind.detail)
        self.update()

    def hitButton(self, position: object) -> bool:
        return True

    def sizeHint(self) -> QSize:
        t = look().tokens
        words = t.px(t.type("body").line) + t.px(t.type("caption").line)
        return QSize(look().m.codes_list_w, max(look().m.code_row, words + 2 * t.space(3)))

    def face_rect(self) -> QRect:
        """Where the focus ring goes: inside, the list has no room around it."""
        inset = look().m.focus_pen * 2
        return self.rect().adjusted(inset, inset, -inset, -inset)

    def minimumSizeHint(self) -> QSize:
        return QSize(look().m.code_view_min, self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        current, m, t = look(), look().m, look().tokens
        painter = QPainter(self)
        paint.smooth(painter)
        chosen = self.isChecked()
        if chosen or self.underMouse():
            painter.fillRect(self.rect(), current.q("accent_soft" if chosen else "surface2"))
        if chosen:
            painter.fillRect(QRect(0, 0, m.row_mark, self.height()), current.q("accent"))
        painter.fillRect(QRect(0, self.height() - 1, self.width(), 1), current.q("line"))
        pad, side = t.space(4), m.icon_box
        square = QRect(pad, (self.height() - side) // 2, side, side)
        paint.box(painter, square, m.icon_box_radius, current.soft(self.kind.tone))
        middle = self.height() / 2
        inset = (side - m.button_icon) / 2
        paint.draw_icon(painter, square.x() + inset, middle, self.kind.icon, m.button_icon,
                        current.tone(self.kind.tone), self.devicePixelRatioF())
        cap = paint.key_width(self.kind.key)
        right = self.width() - pad
        paint.key_cap(painter, QRect(right - cap, (self.height() - m.kbd_h) // 2, cap, m.kbd_h), self.kind.key,
                      current.q("text2"))
        left = square.right() + 1 + t.space(3)
        first, second = t.px(t.type("body").line), t.px(t.type("caption").line)
        top, wide = (self.height() - first - second) // 2, right - cap - t.space(2) - left
        weight = 600 if chosen else 500
        paint.text(painter, QRect(left, top, wide, first), self.kind.title, current.font("body", weight),
                   current.q("text"))
        paint.text(painter, QRect(left, top + first, wide, second), self.kind.detail, current.font("caption"),
                   current.q("text2"))


class KindList(QWidget):
    """`chosen(value)` when a person chose another entry."""

    chosen = Signal(str)
    row_class: type[KindRow] = KindRow

    def __init__(self, name_key: str) -> None:
        super().__init__()
        self._name_key = name_key
        self.rows: list[KindRow] = []
        self._line = QVBoxLayout(self)
        self._line.setContentsMargins(0, 0, 0, 0)
        self._line.setSpacing(0)
        look().retranslated.connect(self._rename)
        self._rename()

    def show_kinds(self, kinds: Sequence[Kind], value: str) -> None:
        """Offer these with `value` chosen."""
        for number, row in enumerate(self.rows):
            row.setVisible(number < len(kinds))
        for row, kind in zip(self.rows, kinds, strict=False):
            row.show_kind(kind)
        for kind in kinds[len(self.rows):]:
            row = self.row_class(kind)
            row.toggled.connect(self._toggled)
            self.rows.append(row)
            self._line.addWidget(row)
        had_keyboard = any(row.hasFocus() for row in self.rows)
        for row in self.rows:
            row.blockSignals(True)
            row.setAutoExclusive(False)
            row.setChecked(row.kind.value == value and not row.isHidden())
            row.setAutoExclusive(True)
            row.blockSignals(False)
            row.setFocusPolicy(Qt.FocusPolicy.StrongFocus if row.isChecked() else Qt.FocusPolicy.ClickFocus)
            row.update()
        current = self.current()
        if had_keyboard and current is not None and not current.hasFocus():
            # Chosen by its own key: the arrows go on from there.
            current.setFocus(Qt.FocusReason.OtherFocusReason)

    def current(self) -> QWidget | None:
        """The chosen row, which takes the keyboard."""
        return next((row for row in self.rows if row.isChecked()), None)

    def _toggled(self, is_on: bool) -> None:
        row = self.sender()
        if is_on and isinstance(row, KindRow):
            self.chosen.emit(row.kind.value)

    def _rename(self) -> None:
        self.setAccessibleName(i18n.t(self._name_key))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Down.value: 1, Qt.Key.Key_Up.value: -1}
        step = steps.get(event.key())
        at = next((n for n, row in enumerate(self.rows) if row.hasFocus()), None)
        if step is None or at is None:
            super().keyPressEvent(event)
            return
        shown = [each for each in self.rows if not each.isHidden()]
        row = shown[(at + step) % len(shown)]
        row.setFocus(Qt.FocusReason.TabFocusReason)
        row.setChecked(True)


class NavRow(KindRow):
    """An entry of a list of groups: icon and title on one line."""

    def sizeHint(self) -> QSize:
        m, t = look().m, look().tokens
        words = paint.width_of(self.kind.title, look().font("body", 600))
        return QSize(words + m.button_icon + t.space(4) * 2 + t.space(3) + 1, m.nav_row_h)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        current, m, t = look(), look().m, look().tokens
        painter = QPainter(self)
        paint.smooth(painter)
        chosen = self.isChecked()
        if chosen or self.underMouse():
            painter.fillRect(self.rect(), current.q("accent_soft" if chosen else "surface2"))
        if chosen:
            painter.fillRect(QRect(0, 0, m.row_mark, self.height()), current.q("accent"))
        pad, ink = t.space(4), current.q("text" if chosen else "text2")
        paint.draw_icon(painter, pad, self.height() / 2, self.kind.icon, m.button_icon, ink, self.devicePixelRatioF())
        left = pad + m.button_icon + t.space(3)
        words = QRect(left, 0, self.width() - left - t.space(2), self.height())
        paint.text(painter, words, self.kind.title, current.font("body", 600 if chosen else 500), current.q("text"))


class NavList(KindList):
    """The groups of a page with many: one Tab stop, arrows choose."""

    row_class = NavRow
