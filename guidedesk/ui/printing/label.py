"""Labels and receipts of codes: one black and white picture at 203 dpi, sent as the printer's own bytes (mockup 17)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFont, QImage, QPainter

from guidedesk.codes.label_bytes import Bitmap, PrinterLanguage, label_bytes
from guidedesk.codes.render import code_matrix
from guidedesk.ui import formats
from guidedesk.ui.safe_text import untrusted
from guidedesk.ui.theme import look
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.code_view import paint_code

DOTS_PER_MM: Final = 8  # 203 dpi
CODE_MM: Final = 40
_PAD: Final = 12
_GAP: Final = 10
_MONO: Final = QImage.Format.Format_Mono
_BLACK, _WHITE = Qt.GlobalColor.black, Qt.GlobalColor.white


@dataclass(frozen=True, slots=True)
class LabelWords:
    """What stands on a label. No phone, no notes, no amounts (DESIGN-UI.md 16.2)."""

    brand: str
    store: str
    name: str
    what: str
    code: str
    eye: str
    at_ms: int
    place: str


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    px: int
    weight: int = 400
    spaced: bool = False
    is_rule: bool = False
    left: bool = False


def label_picture(words: LabelWords, width: int, language: str) -> bytes:
    """The label as the printer takes it; `width` is what it prints, in dots."""
    kinds: dict[str, PrinterLanguage] = {"escpos": "escpos", "zpl": "zpl", "tspl": "tspl"}
    return label_bytes(bitmap_of(draw_label(words, width)), kinds[language])


def draw_label(words: LabelWords, width: int) -> QImage:
    """Black on white, as high as it needs to be."""
    side = CODE_MM * DOTS_PER_MM
    above = [
        _Line(untrusted(words.brand, 24), 26, 700, spaced=True), _Line(untrusted(words.store, 24), 22),
        _Line("", 0, is_rule=True), _Line(untrusted(words.name, 20), 28, 700), _Line(untrusted(words.what, 30), 20),
    ]  # fmt: skip
    below = [
        _Line(words.eye, 32, 600, spaced=True), _Line("", 0, is_rule=True),
        _Line(f"{formats.local(words.at_ms):%Y-%m-%d %H:%M}  {untrusted(words.place, 24)}", 20, left=True),
    ]  # fmt: skip
    above, below = [[one for one in part if one.is_rule or one.text] for part in (above, below)]
    high = _PAD + sum(_height(one) for one in above) + side + _GAP + sum(_height(one) for one in below) + _PAD
    image = QImage(width, high, QImage.Format.Format_RGB32)
    image.fill(_WHITE)
    painter = QPainter(image)
    top = _PAD
    for one in above:
        top = _draw_line(painter, one, top, width)
    paint_code(painter, QRect((width - side) // 2, top, side, side), code_matrix(words.code), 1.0)
    top += side + _GAP
    for one in below:
        top = _draw_line(painter, one, top, width)
    painter.end()
    # Thermal paper knows no grey: nearer to black is black.
    return image.convertToFormat(_MONO, Qt.ImageConversionFlag.ThresholdDither)


def bitmap_of(image: QImage) -> Bitmap:
    """The lines of a black and white picture, 1 for black."""
    mono = image.convertToFormat(_MONO)
    across = (mono.width() + 7) // 8
    # Which of the two colours stands for 1 is the picture's own affair.
    flip = 0xFF if mono.colorCount() and mono.color(1) & 0xFFFFFF else 0
    stride, lines = mono.bytesPerLine(), bytes(mono.constBits())
    spare = across * 8 - mono.width()
    found = []
    for y in range(mono.height()):
        line = bytearray(byte ^ flip for byte in lines[y * stride : y * stride + across])
        line[-1] &= 0xFF << spare & 0xFF
        found.append(bytes(line))
    return Bitmap(mono.width(), tuple(found))


def _height(one: _Line) -> int:
    return 2 * _GAP if one.is_rule else one.px + _GAP


def _draw_line(painter: QPainter, one: _Line, top: int, width: int) -> int:
    if one.is_rule:
        painter.setPen(Qt.PenStyle.SolidLine)
        for start in range(_PAD, width - _PAD, 12):
            painter.fillRect(start, top + _GAP - 1, 7, 2, _BLACK)
        return top + _height(one)
    font = QFont(look().font("body", one.weight))
    font.setPixelSize(one.px)
    if one.spaced:
        font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, 3)
    rect = QRect(_PAD, top, width - 2 * _PAD, one.px + _GAP)
    while font.pixelSize() > 14 and paint.width_of(one.text, font) > rect.width():
        font.setPixelSize(font.pixelSize() - 2)
    painter.setFont(font)
    painter.setPen(_BLACK)
    painter.drawText(rect, int(Qt.AlignmentFlag.AlignVCenter | (
        Qt.AlignmentFlag.AlignLeft if one.left else Qt.AlignmentFlag.AlignHCenter)), one.text)
    return top + _height(one)
