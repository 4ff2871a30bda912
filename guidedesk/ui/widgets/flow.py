"""A row that breaks into lines when it is too narrow: tags, consents, choices at large text."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QSizePolicy, QWidget

from guidedesk.ui.theme import Space, look

Align = Literal["left", "centre", "right", "apart"]


class Flow(QLayout):
    """Items left to right, top to bottom, each at its own size; `line_gap` is the gap between lines.

    With `apart` the last of several in a line stands at the right end.
    """

    def __init__(
        self, *widgets: QWidget, gap: Space = 2, line_gap: Space | None = None, align: Align = "left"
    ) -> None:
        super().__init__()
        self._align: Align = align
        self._items: list[QLayoutItem] = []
        # Qt asks for the height of one width many times in a layout; nothing changes it but `invalidate`.
        self._heights: dict[int, int] = {}
        self._gap: Space = gap
        self._line_gap: Space = gap if line_gap is None else line_gap
        self.setContentsMargins(0, 0, 0, 0)
        look().restyled.connect(self.invalidate)
        for widget in widgets:
            self.addWidget(widget)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    # Qt asks with indexes past the end and expects None; the stubs do not say so.
    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        if width not in self._heights:
            self._heights[width] = self._arrange(QRect(0, 0, width, 0), move=False)
        return self._heights[width]

    def invalidate(self) -> None:
        self._heights.clear()
        super().invalidate()

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._arrange(rect, move=True)

    def sizeHint(self) -> QSize:
        gap = look().tokens.space(self._gap)
        hints = [item.sizeHint() for item in self._shown()]
        width = sum(hint.width() for hint in hints) + gap * max(0, len(hints) - 1)
        return QSize(width, max((hint.height() for hint in hints), default=0))

    def minimumSize(self) -> QSize:
        hints = [item.minimumSize() for item in self._shown()]
        return QSize(max((h.width() for h in hints), default=0), max((h.height() for h in hints), default=0))

    def _shown(self) -> list[QLayoutItem]:
        return [item for item in self._items if not item.isEmpty()]

    def _arrange(self, rect: QRect, *, move: bool) -> int:
        gap = look().tokens.space(self._gap)
        below = look().tokens.space(self._line_gap)
        top = rect.y()
        for line in self._lines(rect.width(), gap):
            high = max(hint.height() for _, hint in line)
            free = rect.width() - sum(hint.width() for _, hint in line) - gap * (len(line) - 1)
            left = rect.x() + {"centre": max(0, free // 2), "right": max(0, free)}.get(self._align, 0)
            for number, (item, hint) in enumerate(line, 1):
                if self._align == "apart" and number == len(line) > 1:
                    left += max(0, free)
                if move:
                    middle = top + (high - hint.height()) // 2
                    item.setGeometry(QRect(QPoint(left, middle), hint))
                left += hint.width() + gap
            top += high + below
        return max(0, top - below - rect.y())

    def _lines(self, room: int, gap: int) -> list[list[tuple[QLayoutItem, QSize]]]:
        lines: list[list[tuple[QLayoutItem, QSize]]] = []
        left = 0
        for item in self._shown():
            hint = item.sizeHint()
            if 0 < room < hint.width():
                hint = QSize(room, item.heightForWidth(room) if item.hasHeightForWidth() else hint.height())
            if not lines or (left and left + hint.width() > room):
                lines.append([])
                left = 0
            lines[-1].append((item, hint))
            left += hint.width() + gap
        return lines


def flow(*widgets: QWidget, gap: Space = 2, align: Align = "left") -> QWidget:
    """A widget that holds a Flow."""
    holder = QWidget()
    holder.setLayout(Flow(*widgets, gap=gap, align=align))
    policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
    policy.setHeightForWidth(True)
    holder.setSizePolicy(policy)
    return holder
