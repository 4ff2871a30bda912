"""Buttons: primary, accent, default, quiet, danger and link, in four sizes, with the key that presses them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from guidedesk.ui import i18n
from guidedesk.ui.theme import look
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.access import tip
from guidedesk.ui.widgets.focus import ring_on_focus
from guidedesk.ui.widgets.said import Said
from guidedesk.ui.widgets.target import face_in, target_size

Kind = Literal["primary", "accent", "default", "quiet", "danger", "link"]
Size = Literal["s", "m", "l", "touch"]
_RADIUS = {"s": "button_s_radius"}


@dataclass(frozen=True, slots=True)
class Face:
    """The colours of a button in its present state."""

    fill: QColor | None
    border: QColor | None
    ink: QColor


class Button(QPushButton, Said):
    """A button. `key` is shown as a key cap; the key itself is bound by the screen (`KeyMap`). A `wide` one takes the
    whole line, words at its left, the key or the trailing icon at its right."""

    def __init__(
        self, text: str = "", kind: Kind = "default", *, icon: str = "", key: str = "", size: Size = "m",
        trailing: str = "", wide: bool = False, parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, parent)
        self._wide = wide
        self.kind: Kind = kind
        self._icon, self._hint, self._size, self._trailing = icon, key, size, trailing
        self._is_key_hidden = self._is_bare = False
        self._reason: str | None = None  # that was said last for not being allowed
        self.setSizePolicy(QSizePolicy.Policy.Expanding if wide else QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setAutoDefault(False)
        look().restyled.connect(self._restyle)
        look().retranslated.connect(self._retranslate)
        ring_on_focus(self, _RADIUS.get(size, "button_radius"))
        self.setAccessibleDescription(key)

    def set_text(self, text: str) -> None:
        """Show a value; ends an earlier `say`."""
        self._key = ""
        if text != self.text():
            self.setText(text)
            self._text_changed()

    def set_kind(self, kind: Kind) -> None:
        """Another weight: only one button of a page is the primary one."""
        self.kind = kind
        self.update()

    def set_icon(self, icon: str) -> None:
        """Another icon, or none with an empty name."""
        if icon != self._icon:
            self._icon = icon
            self._restyle()

    def show_key(self, shown: bool) -> None:
        """Show or leave out the key cap; a screen reader is told the key either way."""
        if shown == self._is_key_hidden:
            self._is_key_hidden = not shown
            self._restyle()

    def set_bare(self, is_bare: bool) -> None:
        """Show the icon only; the words are then the tool tip, and a screen reader's either way."""
        if is_bare != self._is_bare and self._icon:
            self._is_bare = is_bare
            if self.isEnabled():
                tip(self, self.text() if is_bare else "")
            self._restyle()

    def size_with(self, *, show_key: bool, is_bare: bool) -> QSize:
        """The size it would take with or without its key cap and its words."""
        kept = self._is_key_hidden, self._is_bare
        self._is_key_hidden, self._is_bare = not show_key, is_bare and bool(self._icon)
        size = self.sizeHint()
        self._is_key_hidden, self._is_bare = kept
        return size

    def _shown_text(self) -> str:
        return "" if self._is_bare else self.text()

    def allow(self, allowed: bool, reason: str = "") -> None:
        """Enable, or disable with the reason people can read (every disabled control says why)."""
        said = "" if allowed else reason
        if self._reason == said and self.testAttribute(Qt.WidgetAttribute.WA_ForceDisabled) != allowed:
            return
        self._reason = said
        self.setEnabled(allowed)
        tip(self, reason if not allowed else self.text() if self._is_bare else "")
        self.setAccessibleDescription(self._hint if allowed else reason)

    def _text_changed(self) -> None:
        if self._is_bare and self.isEnabled():
            tip(self, self.text())
        self.updateGeometry()

    def _restyle(self) -> None:
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        parts = self._widths()
        gaps = self._gap() * (len(parts) - 1)
        width = sum(parts) + gaps + 2 * self._pad()
        return target_size(QSize(max(width, self._height()), self._height()))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def face_rect(self) -> QRect:
        """The painted button; a small one is lower than its target."""
        return face_in(self.rect(), self.width() if self._shown_text() else self._height(), self._height())

    def _height(self) -> int:
        m = look().m
        return {"s": m.button_s_h, "m": m.button_h, "l": m.button_l_h, "touch": m.button_touch_h}[self._size]

    def _pad(self) -> int:
        m = look().m
        if self.kind == "link":
            return m.link_pad
        if not self._shown_text():
            return (self._height() - self._icon_side()) // 2
        return {"s": m.button_s_pad, "m": m.button_pad}.get(self._size, m.button_l_pad)

    def _gap(self) -> int:
        return look().m.button_s_gap if self._size == "s" else look().m.button_gap

    def _icon_side(self) -> int:
        return look().m.button_icon

    def _font(self) -> QFont:
        return look().font("body" if self._size in ("l", "touch") else "label", 500)

    def _widths(self) -> list[int]:
        parts = []
        if self._icon:
            parts.append(self._icon_side())
        if self._shown_text():
            parts.append(paint.width_of(self.text(), self._font()) + 1)
        if self._hint and not self._is_key_hidden:
            parts.append(paint.key_width(self._hint))
        if self._trailing:
            parts.append(look().m.chip_icon)
        return parts

    def face(self) -> Face:
        """The colours now: kind, hover, disabled."""
        current = look()
        hover = self.underMouse() and self.isEnabled()
        if not self.isEnabled():
            return Face(current.q("sunken"), current.q("line"), current.q("text3"))
        if self.kind == "primary":
            fill = current.q("primary_hover" if hover or self.isDown() else "primary")
            return Face(fill, fill, current.q("on_primary"))
        if self.kind == "accent":
            fill = current.q("accent_hover" if hover or self.isDown() else "accent")
            return Face(fill, fill, current.q("on_accent"))
        if self.kind in ("quiet", "link"):
            ink = current.q("accent" if self.kind == "link" else "text2")
            return Face(current.q("sunken") if hover else None, None, ink)
        ink = current.q("danger" if self.kind == "danger" else "text")
        return Face(current.q("sunken" if self.isDown() else "surface2" if hover else "surface"),
                    current.q("line_strong"), ink)

    def paintEvent(self, _event: QPaintEvent) -> None:
        m, face = look().m, self.face()
        painter = QPainter(self)
        paint.smooth(painter)
        radius = m.button_s_radius if self._size == "s" else m.button_radius
        paint.box(painter, self.face_rect(), radius, face.fill, face.border)
        parts = self._widths()
        left = self._pad() if self._wide else (self.width() - sum(parts) - self._gap() * (len(parts) - 1)) // 2
        middle, dpr = self.height() / 2, self.devicePixelRatioF()
        if self._icon:
            paint.draw_icon(painter, left, middle, self._icon, self._icon_side(), face.ink, dpr)
            left += self._icon_side() + self._gap()
        if self._shown_text():
            width = paint.width_of(self.text(), self._font()) + 1
            paint.text(painter, QRect(left, 0, width, self.height()), self.text(), self._font(), face.ink)
            left += width + self._gap()
        if self._hint and not self._is_key_hidden:
            if self._wide:
                left = self.width() - self._pad() - paint.key_width(self._hint)
            self._paint_hint(painter, left, face)
            left += paint.key_width(self._hint) + self._gap()
        if self._trailing:
            if self._wide:
                left = self.width() - self._pad() - m.chip_icon
            paint.draw_icon(painter, left, middle, self._trailing, m.chip_icon, face.ink, dpr)

    def _paint_hint(self, painter: QPainter, left: int, face: Face) -> None:
        m = look().m
        rect = QRect(left, (self.height() - m.kbd_h) // 2, paint.key_width(self._hint), m.kbd_h)
        filled = self.kind in ("primary", "accent") and self.isEnabled()
        ink = face.ink if filled or not self.isEnabled() else look().q("text2")
        paint.key_cap(painter, rect, self._hint, ink, on_dark=filled)


def icon_button(icon: str, name_key: str, *, kind: Kind = "quiet", size: Size = "m") -> Button:
    """A button that is only an icon; its name is also its tool tip."""
    button = IconButton("", kind, icon=icon, size=size)
    button.name(name_key)
    return button


class IconButton(Button):
    """Made by `icon_button`; keeps its name in the current language."""

    def name(self, key: str) -> None:
        """The catalogue key of the accessible name and tool tip."""
        self._name_key = key
        look().retranslated.connect(self._rename)
        self._rename()

    def _rename(self) -> None:
        self.setAccessibleName(i18n.t(self._name_key))
        tip(self, i18n.t(self._name_key))
