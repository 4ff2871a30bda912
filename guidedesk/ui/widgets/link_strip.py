"""A row of blocks that shows when the line stood; the sentence beside it says the same."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent

from guidedesk.ui.link_blocks import Block
from guidedesk.ui.theme import look
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.figure import Figure

_INKS: Final[dict[Block, str]] = {"up": "success", "down": "warning", "unknown": "line"}


class LinkStrip(Figure):
    """Blocks in the order of time; colour is never the only sign: breaks are lower, and told in words."""

    def __init__(self) -> None:
        super().__init__()
        self._blocks: tuple[Block, ...] = ()

    def show_blocks(self, blocks: tuple[Block, ...], summary: str) -> None:
        """Draw these; `summary` is what a screen reader says."""
        self._blocks = blocks
        self._redraw(summary)

    def sizeHint(self) -> QSize:
        return QSize(look().m.chart_min_w, look().m.avatar_s)

    def paintEvent(self, _event: QPaintEvent) -> None:
        if not self._blocks:
            return
        m = look().m
        painter = QPainter(self)
        paint.smooth(painter)
        step = self.width() / len(self._blocks)
        for number, block in enumerate(self._blocks):
            high = self.height() * (2 if block == "up" else 1) / 2
            area = QRectF(number * step, self.height() - high, step - m.chart_gap / 2, high)
            paint.box(painter, area, 2, look().q(_INKS[block]))
