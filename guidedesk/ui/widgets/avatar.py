"""A round letter for a person; its colour comes from the letter, so it stays the same everywhere."""

from __future__ import annotations

import zlib
from typing import Literal

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QColor, QPainter, QPaintEvent

from guidedesk.ui.safe_text import person_name
from guidedesk.ui.theme import look
from guidedesk.ui.theme.tokens import TypeName
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.chips import Painted

AvatarSize = Literal["s", "m", "ml", "l", "xl"]
_TYPE: dict[str, TypeName] = {"s": "caption", "m": "body", "ml": "title", "l": "hero", "xl": "hero"}


def initials(name: str) -> str:
    """`林` for 林晓夏, `LX` for Lin Xiaoxia."""
    words = name.split()
    if not words:
        return ""
    if words[0][0].isascii():
        return "".join(word[0] for word in words[:2]).upper()
    return words[0][0]


class Avatar(Painted):
    """The picture letter of a person."""

    def __init__(self, name: str = "", size: AvatarSize = "m") -> None:
        super().__init__("")
        self._size = size
        self._name = ""
        self.show_name(name)

    def show_name(self, name: str) -> None:
        """Another person; the widget is decorative because the name always stands beside it."""
        if name != self._name:
            self._name = name
            self.setAccessibleName(person_name(name))
            self.update()

    def sizeHint(self) -> QSize:
        side = int(getattr(look().m, f"avatar_{self._size}"))
        return QSize(side, side)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint.smooth(painter)
        paint_avatar(painter, self.rect(), self._name, self._size)


def paint_avatar(painter: QPainter, rect: QRect, name: str, size: AvatarSize) -> None:
    """The same circle for delegates and buttons."""
    letters, pairs = initials(name), look().tokens.avatars
    ground, ink = pairs[zlib.crc32(letters.encode()) % len(pairs)]
    paint.box(painter, rect, rect.width() / 2, QColor(ground))
    paint.text(painter, rect, letters, look().font(_TYPE[size], 600), QColor(ink), paint.CENTRE)
