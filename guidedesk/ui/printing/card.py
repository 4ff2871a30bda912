"""The member card, CR80, both sides on two pages (DESIGN-UI.md 13, mockup 17). No phone, birthday or points."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PySide6.QtCore import QMarginsF, QRect, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QPagedPaintDevice, QPageLayout, QPageSize, QPainter, QPdfWriter

from guidedesk.codes.render import code_matrix
from guidedesk.ui import formats
from guidedesk.ui.i18n import t
from guidedesk.ui.safe_text import person_name, untrusted
from guidedesk.ui.theme import look
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.code_view import paint_code

CARD_MM: Final = (85.60, 53.98)
DPI: Final = 300
_SAFE_MM: Final = 4.0
_CODE_MM: Final = 30.0
_INK, _PAPER, _GREY = QColor(Qt.GlobalColor.black), QColor(Qt.GlobalColor.white), QColor(Qt.GlobalColor.darkGray)


@dataclass(frozen=True, slots=True, kw_only=True)
class CardWords:
    """What stands on a card: brand, tier, name, number, month of joining, store; the code on its back."""

    brand: str
    tier: str
    name: str
    number: str
    joined_at_ms: int
    store: str
    code: str


def px(mm: float) -> int:
    """Dots of a length."""
    return round(mm * DPI / 25.4)


def write_card(words: CardWords, path: Path, printer: str = "") -> None:
    """Front and back: to a system printer by its name, or into a PDF at `path`."""
    if printer:
        from PySide6.QtPrintSupport import QPrinter, QPrinterInfo  # late: few counters print cards

        device: QPagedPaintDevice = QPrinter(QPrinterInfo.printerInfo(printer), QPrinter.PrinterMode.HighResolution)
        if isinstance(device, QPrinter):
            device.setResolution(DPI)
    else:
        writer = QPdfWriter(str(path))
        writer.setResolution(DPI)
        device = writer
    size = QPageSize(QSizeF(*CARD_MM), QPageSize.Unit.Millimeter, "CR80", QPageSize.SizeMatchPolicy.ExactMatch)
    device.setPageLayout(QPageLayout(size, QPageLayout.Orientation.Portrait, QMarginsF(0, 0, 0, 0)))
    painter = QPainter(device)
    if not painter.isActive():
        raise OSError(f"cannot print to {printer or path}")
    draw_front(painter, words)
    device.newPage()
    draw_back(painter, words)
    painter.end()


def draw_front(painter: QPainter, words: CardWords) -> None:
    """The side with the name, at 300 dpi from the origin."""
    wide, high, safe = px(CARD_MM[0]), px(CARD_MM[1]), px(_SAFE_MM)
    paint.smooth(painter)
    painter.fillRect(QRect(0, 0, wide, high), _INK)
    inner = QRect(safe, safe, wide - 2 * safe, high - 2 * safe)
    _say(painter, QRect(inner.x(), inner.y(), inner.width() * 2 // 3, px(6)), untrusted(words.brand, 30), 4.2, 700,
         _PAPER, spaced=True)
    _say(painter, QRect(inner.x(), inner.y(), inner.width(), px(6)), t(f"tier.{words.tier}"), 3.2, 500, _PAPER,
         Qt.AlignmentFlag.AlignRight)
    low = inner.bottom() + 1
    _say(painter, QRect(inner.x(), low - px(14), inner.width() * 3 // 5, px(8)), person_name(words.name), 6.0, 600,
         _PAPER)
    _say(painter, QRect(inner.x(), low - px(6), inner.width() * 3 // 5, px(6)), formats.card_no(words.number), 4.0, 400,
         _PAPER, spaced=True)
    joined = formats.local(words.joined_at_ms)
    right = QRect(inner.x() + inner.width() // 2, low - px(11), inner.width() // 2, px(5))
    _say(painter, right, t("print.joined", year=joined.year, month=formats.month_text(joined.month)), 2.8, 400, _PAPER,
         Qt.AlignmentFlag.AlignRight)
    _say(painter, right.translated(0, px(6)), untrusted(words.store, 24), 2.8, 400, _PAPER, Qt.AlignmentFlag.AlignRight)


def draw_back(painter: QPainter, words: CardWords) -> None:
    """The side with the code."""
    wide, high, safe = px(CARD_MM[0]), px(CARD_MM[1]), px(_SAFE_MM)
    painter.fillRect(QRect(0, 0, wide, high), _PAPER)
    side = px(_CODE_MM)
    square = QRect(safe, safe, side, side)
    paint_code(painter, square, code_matrix(words.code), 1.0)
    left = square.right() + px(3)
    room = wide - safe - left
    _say(painter, QRect(left, safe + px(2), room, px(6)), t("print.show"), 3.4, 700, _INK)
    _wrapped(painter, QRect(left, safe + px(9), room, px(11)), t("print.follows"), 2.7)
    _say(painter, QRect(left, safe + px(20), room, px(6)), formats.card_no(words.number), 3.9, 600, _INK, is_mono=True)
    _wrapped(painter, QRect(left, safe + px(26), room, px(6)), t("print.read_out"), 2.5)
    line = square.bottom() + px(2)
    painter.fillRect(QRect(safe, line, wide - 2 * safe, 2), _GREY)
    _wrapped(painter, QRect(safe, line + px(1.2), wide - 2 * safe, high - safe - line), t("print.lost"), 2.6)


def _font(mm: float, weight: int, *, is_mono: bool = False) -> QFont:
    font = QFont(look().font("code" if is_mono else "body", weight))
    font.setPixelSize(px(mm))
    return font


def _say(
    painter: QPainter, rect: QRect, words: str, mm: float, weight: int, ink: QColor,
    align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft, *, spaced: bool = False, is_mono: bool = False,
) -> None:
    font = _font(mm, weight, is_mono=is_mono)
    if spaced:
        font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, px(0.5))
    while font.pixelSize() > px(2.2) and paint.width_of(words, font) > rect.width():
        font.setPixelSize(font.pixelSize() - 2)
    paint.text(painter, rect, words, font, ink, align | Qt.AlignmentFlag.AlignVCenter)


def _wrapped(painter: QPainter, rect: QRect, words: str, mm: float) -> None:
    painter.setFont(_font(mm, 400))
    painter.setPen(_INK)
    painter.drawText(rect, int(Qt.TextFlag.TextWordWrap.value | Qt.AlignmentFlag.AlignLeft.value), words)
