"""Painting helpers shared by the widgets that draw themselves."""

from __future__ import annotations

from itertools import pairwise
from typing import TypeVar

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen, QPixmap, QTextLayout, QTextOption

from guidedesk.ui.theme import icon_pixmap, look

K = TypeVar("K")
V = TypeVar("V")

# What a text measures does not change; a repaint asks for the same few hundred again. Names pass through here:
# few are kept, in memory only, and they go when the window locks.
_REMEMBERED = 1_000
_widths: dict[tuple[str, str], int] = {}
_fits: dict[tuple[str, str, int], tuple[str, int]] = {}

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
CENTRE = Qt.AlignmentFlag.AlignCenter


def smooth(painter: QPainter) -> None:
    """Antialiasing for shapes and text."""
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)


def box(
    painter: QPainter, rect: QRectF | QRect, radius: float, fill: QColor | None, border: QColor | None = None,
    pen: float = 1,
) -> None:
    """A rounded rectangle whose border lies wholly inside `rect`."""
    area = QRectF(rect)
    if border is not None:
        area = area.adjusted(pen / 2, pen / 2, -pen / 2, -pen / 2)
        painter.setPen(QPen(border, pen))
    else:
        painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(fill if fill is not None else Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(area, radius, radius)


def text(
    painter: QPainter, rect: QRect, words: str, font: QFont, colour: QColor,
    align: Qt.AlignmentFlag = LEFT,
) -> int:
    """One line of plain text, ended by … when it does not fit; returns the width it took."""
    if not words:
        return 0
    painter.setFont(font)
    painter.setPen(colour)
    shown, width = _fitted(words, font, rect.width())
    painter.drawText(rect, int(align), shown)
    return width


def lines(
    painter: QPainter, rect: QRect, words: str, font: QFont, colour: QColor, line: int, limit: int = 2,
) -> int:
    """Text in as many lines as fit, at most `limit`, the last ended by …; vertically centred. Returns the width."""
    room = max(1, min(limit, rect.height() // line))
    shown = broken(words, font, rect.width(), room)
    top = rect.y() + (rect.height() - len(shown) * line) // 2
    return max((text(painter, QRect(rect.x(), top + n * line, rect.width(), line), part, font, colour)
                for n, part in enumerate(shown)), default=0)


def broken(words: str, font: QFont, width: int, limit: int) -> list[str]:
    """Lines of at most this width, broken between words where there are any; the last is ended by … if need be."""
    layout = QTextLayout(words, font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    layout.beginLayout()
    starts: list[int] = []
    while (line := layout.createLine()).isValid() and len(starts) < limit:
        line.setLineWidth(max(width, 1))
        starts.append(line.textStart())
    layout.endLayout()
    shown = [words[a:b].rstrip() for a, b in pairwise(starts)]
    if starts:
        metrics = QFontMetrics(font)
        shown.append(metrics.elidedText(words[starts[-1] :], Qt.TextElideMode.ElideRight, max(width, 1)))
    return shown


def width_of(words: str, font: QFont) -> int:
    """Pixels a line of text takes."""
    key = (words, font.key())
    found = _widths.get(key)
    if found is None:
        found = QFontMetrics(font).horizontalAdvance(words)
        _remember(_widths, key, found)
    return found


def _fitted(words: str, font: QFont, room: int) -> tuple[str, int]:
    """The text as far as it fits, and its width."""
    key = (words, font.key(), room)
    found = _fits.get(key)
    if found is None:
        metrics = QFontMetrics(font)
        shown = metrics.elidedText(words, Qt.TextElideMode.ElideRight, room)
        found = (shown, metrics.horizontalAdvance(shown))
        _remember(_fits, key, found)
    return found


def forget_texts() -> None:
    """Forget every text that was measured: for the moment the window locks."""
    _widths.clear()
    _fits.clear()


def _remember(known: dict[K, V], key: K, value: V) -> None:
    if len(known) >= _REMEMBERED:
        known.clear()
    known[key] = value


def tinted_icon(name: str, size: int, colour: QColor, dpr: float) -> QPixmap:
    """An icon in any colour."""
    return icon_pixmap(name, size, colour.name(), dpr)


def draw_icon(painter: QPainter, left: float, middle: float, name: str, size: int, colour: QColor, dpr: float) -> None:
    """An icon whose left edge and vertical middle are given."""
    painter.drawPixmap(QPointF(left, middle - size / 2), tinted_icon(name, size, colour, dpr))


def key_width(words: str) -> int:
    """Width of a key cap with this text."""
    m = look().m
    return max(m.kbd_h, width_of(words, look().font("caption", 500)) + 2 * m.kbd_pad + 2)


def key_cap(painter: QPainter, rect: QRect, words: str, ink: QColor, *, on_dark: bool = False) -> None:
    """A small key cap; on a filled button it is an outline in the button's own text colour."""
    current = look()
    if on_dark:
        outline = QColor(ink)
        outline.setAlphaF(0.35)
        box(painter, rect, current.tokens.radius("xs"), None, outline)
    else:
        box(painter, rect, current.tokens.radius("xs"), current.q("line_strong"))
        face = QRectF(rect).adjusted(0, 0, 0, -1)
        box(painter, face, current.tokens.radius("xs"), current.q("sunken"), current.q("line"))
    text(painter, rect, words, current.font("caption", 500), ink, CENTRE)
