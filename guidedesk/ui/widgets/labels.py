"""The one way to show text: always plain, never HTML (SECURITY.md S-9), untrusted text made harmless (S-11)."""

from __future__ import annotations

import re
from typing import Final

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from guidedesk.ui.safe_text import person_name as person_name
from guidedesk.ui.safe_text import untrusted as untrusted
from guidedesk.ui.theme import TypeName, look
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.access import tip
from guidedesk.ui.widgets.layouts import set_flag
from guidedesk.ui.widgets.said import Said

WRAPPED: Final = 40
# More than a line of a narrow column in one piece; Chinese breaks anywhere by itself.
_LONG_WORD: Final = re.compile(r"[^\s\u2e80-\uffff]{20,}")


class Label(QLabel, Said):
    """A text in one of the type styles.

    `wrap` lets it grow downwards; `lines` > 0 cuts it after so many lines with … and shows the whole in a tool tip.
    """

    def __init__(
        self, text: str = "", style: TypeName = "body", ink: str = "text", *, wrap: bool = False, lines: int = 0,
        align: Qt.AlignmentFlag | None = None, parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        self.setProperty("type", style)
        self.setProperty("ink", ink)
        self._style: TypeName = style
        self._lines = lines
        self._wraps, self._looked_at, self._has_long_word = wrap, "", False
        # Qt asks for the height of one width many times in a layout; only another text or font changes it.
        self._heights: dict[int, int] = {}
        self._measured = ""
        self.setWordWrap(wrap)
        if align is not None:
            self.setAlignment(align)
        if lines > 1:
            policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
            policy.setHeightForWidth(True)
            self.setSizePolicy(policy)
        self.setText(text)
        look().restyled.connect(self._restyle)
        look().retranslated.connect(self._retranslate)
        self._restyle()

    def set_text(self, text: str) -> None:
        """Show a value; ends an earlier `say`."""
        self._key = ""
        if text != self.text():
            self.setText(text)
            self._fit()

    def set_ink(self, ink: str) -> None:
        """Change the colour to another token."""
        set_flag(self, "ink", ink)

    def set_type(self, style: TypeName) -> None:
        """Change to another type style."""
        if style != self._style:
            self._style = style
            set_flag(self, "type", style)
            self._restyle()
            self.updateGeometry()

    @property
    def is_cut(self) -> bool:
        """Whether the text ends with … by design (the audit does not count that as clipped)."""
        return self._lines > 0

    def _text_changed(self) -> None:
        self._fit()

    def _restyle(self) -> None:
        self._heights.clear()
        self.setMinimumHeight(self._line())
        self._fit()

    def _line(self) -> int:
        return look().tokens.px(look().tokens.type(self._style).line)

    def changeEvent(self, event: QEvent) -> None:
        self._heights.clear()
        super().changeEvent(event)

    def hasHeightForWidth(self) -> bool:
        return self._wraps or self._lines > 1

    def heightForWidth(self, width: int) -> int:
        text = self.text()
        if text != self._measured:
            self._heights.clear()
            self._measured = text
        found = self._heights.get(width)
        if found is None:
            found = self._heights[width] = self._measure(width)
        return found

    def _measure(self, width: int) -> int:
        limit = self._limit()
        if limit > 1:
            return self._line() * max(1, len(_break(self.text(), self, width, limit)))
        return super().heightForWidth(width)

    def _limit(self) -> int:
        """How many lines this class breaks and paints itself; 0 leaves the text to QLabel."""
        if self._lines or not self._wraps:
            return self._lines
        text = self.text()
        if text != self._looked_at:
            # QLabel is never narrower than its longest word, and would push the column out of the window.
            self._looked_at, self._has_long_word = text, _LONG_WORD.search(text) is not None
        return WRAPPED if self._has_long_word else 0

    def minimumSizeHint(self) -> QSize:
        hint = super().minimumSizeHint()
        if self._limit():
            hint.setWidth(QFontMetrics(self.font()).averageCharWidth() * 2)
        return hint

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        if self._lines:
            tip(self, self.text() if self._shown() != [self.text()] else "")

    def _shown(self) -> list[str]:
        if self._limit() > 1:
            return _break(self.text(), self, self.width(), self._limit())
        metrics = QFontMetrics(self.font())
        return [metrics.elidedText(self.text(), Qt.TextElideMode.ElideRight, max(self.width(), 1))]

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._limit():
            super().paintEvent(event)
            return
        painter = QPainter(self)
        painter.setFont(self.font())
        painter.setPen(look().q(str(self.property("ink"))))
        flags = int(self.alignment())
        if self._lines == 1:
            painter.drawText(self.rect(), flags, self._shown()[0])
            return
        height, lines = self._line(), self._shown()
        # Between taller neighbours the lines stand in the middle, as QLabel's own do.
        above = max(0, self.height() - height * len(lines)) // 2 if flags & int(Qt.AlignmentFlag.AlignVCenter) else 0
        for number, line in enumerate(lines):
            area = self.rect()
            area.setTop(above + number * height)
            area.setHeight(height)
            painter.drawText(area, flags, line)


def _break(text: str, label: QLabel, width: int, limit: int) -> list[str]:
    return paint.broken(text, label.font(), width, limit)


def heading(key: str = "", text: str = "") -> Label:
    """A card or dialog title."""
    label = Label(text, "heading")
    return label.say(key) if key else label


def caption(text: str = "", *, ink: str = "text3", wrap: bool = False) -> Label:
    """Secondary facts, the smallest size allowed."""
    return Label(text, "caption", ink, wrap=wrap)
