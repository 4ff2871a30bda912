"""Status chips, key caps, icon boxes and count dots: small painted labels."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from guidedesk.ui.theme import ToneName, look
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.said import Said


class Painted(QLabel, Said):
    """A QLabel for its accessible text; everything visible is painted by the subclass."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        look().restyled.connect(self._restyle)
        look().retranslated.connect(self._retranslate)

    def set_text(self, text: str) -> None:
        """Show another text."""
        self._key = ""
        if text != self.text():
            self.setText(text)
            self.updateGeometry()

    def _text_changed(self) -> None:
        self.updateGeometry()

    def _restyle(self) -> None:
        self.updateGeometry()
        self.update()

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()


class Chip(Painted):
    """A word on a tint, with an icon where the tone alone would have to carry meaning."""

    clicked = Signal()

    def __init__(
        self, text: str = "", tone: ToneName = "neutral", *, icon: str = "", large: bool = False,
        outline: bool = False, chosen: bool = False, dot: bool = False, parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, parent)
        self.tone: ToneName = tone
        self._icon, self._large, self._outline, self._chosen, self._dot = icon, large, outline, chosen, dot

    def show_state(self, text: str, tone: ToneName, icon: str = "") -> None:
        """Change text, tone and icon together."""
        if (self.tone, self._icon) != (tone, icon):
            if bool(icon) != bool(self._icon):
                self.updateGeometry()
            self.tone, self._icon = tone, icon
            self.update()
        self.set_text(text)

    def set_chosen(self, chosen: bool) -> None:
        """Outline it in the accent colour."""
        self._chosen = chosen
        self._restyle()

    def sizeHint(self) -> QSize:
        m = look().m
        pad = m.chip_lg_pad if self._large else m.chip_pad
        words = paint.width_of(self.text(), self._font()) + 1 if self.text() else 0
        icon = m.chip_icon if self._icon else m.dot if self._dot else 0
        gap = m.chip_gap if icon and words else 0
        return QSize(2 * pad + icon + gap + words, m.chip_lg_h if self._large else m.chip_h)

    def _font(self) -> QFont:
        return look().font("label" if self._large else "caption", 600 if self._chosen else 500)

    def paintEvent(self, _event: QPaintEvent) -> None:
        _current, m = look(), look().m
        painter = QPainter(self)
        paint.smooth(painter)
        fill, ink, border = self._colours()
        radius = m.chip_lg_radius if self._large else m.chip_radius
        paint.box(painter, self.rect(), radius, fill, border)
        left = m.chip_lg_pad if self._large else m.chip_pad
        middle = self.height() / 2
        if self._icon:
            paint.draw_icon(painter, left, middle, self._icon, m.chip_icon, ink, self.devicePixelRatioF())
            left += m.chip_icon + m.chip_gap
        elif self._dot:
            paint.box(painter, QRect(left, round(middle - m.dot / 2), m.dot, m.dot), m.dot / 2, ink)
            left += m.dot + m.chip_gap
        paint.text(painter, QRect(left, 0, self.width() - left, self.height()), self.text(), self._font(), ink)

    def _colours(self) -> tuple[QColor, QColor, QColor | None]:
        current = look()
        if self._chosen:
            return current.q("accent_soft"), current.q("accent"), current.q("accent")
        if self._outline:
            return QColor(Qt.GlobalColor.transparent), current.q("text2"), current.q("line_strong")
        return current.soft(self.tone), current.tone(self.tone), None

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()


class KeyHint(Painted):
    """A key cap: `F4`, `Ctrl Enter`."""

    def sizeHint(self) -> QSize:
        return QSize(paint.key_width(self.text()), look().m.kbd_h)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint.smooth(painter)
        paint.key_cap(painter, self.rect(), self.text(), look().q("text2"))


class IconBox(Painted):
    """An icon on a rounded tint; decorative, so it has no text of its own."""

    def __init__(self, icon: str, tone: ToneName = "neutral", *, large: bool = False) -> None:
        super().__init__("")
        self._icon, self._tone, self._large = icon, tone, large

    def show_icon(self, icon: str, tone: ToneName = "neutral") -> None:
        """Change icon and tone."""
        self._icon, self._tone = icon, tone
        self.update()

    def sizeHint(self) -> QSize:
        side = look().m.icon_box_l if self._large else look().m.icon_box
        return QSize(side, side)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint.smooth(painter)
        icon_box(painter, self.rect(), self._icon, self._tone, self.devicePixelRatioF(), large=self._large)


class IconLabel(Painted):
    """A bare icon in a token colour, decorative."""

    def __init__(self, icon: str, ink: str = "text2", size: str = "icon") -> None:
        super().__init__("")
        self._icon, self._ink, self._size = icon, ink, size

    def show_icon(self, icon: str, ink: str) -> None:
        """Change icon and colour."""
        self._icon, self._ink = icon, ink
        self.update()

    def sizeHint(self) -> QSize:
        side = look().tokens.size(self._size)
        return QSize(side, side)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        side = look().tokens.size(self._size)
        paint.draw_icon(painter, 0, self.height() / 2, self._icon, side, look().q(self._ink), self.devicePixelRatioF())


def icon_box(painter: QPainter, rect: QRect, icon: str, tone: ToneName, dpr: float, *, large: bool = False) -> None:
    """Paint an icon box, for delegates too."""
    current, m = look(), look().m
    paint.box(painter, rect, m.icon_box_l_radius if large else m.icon_box_radius, current.soft(tone))
    side = current.tokens.size("iconLarge") if large else m.button_icon
    corner = rect.center() - QPoint(side // 2, side // 2)
    paint.draw_icon(painter, corner.x() + 1, rect.y() + rect.height() / 2, icon, side, current.tone(tone), dpr)
