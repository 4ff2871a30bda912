"""Colour swatches of goods. The colours come from `resources/swatches.json`; a name not in it has no swatch."""

from __future__ import annotations

import json
from functools import lru_cache

from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from guidedesk.resources import resource_path
from guidedesk.ui.theme import look
from guidedesk.ui.widgets import paint


@lru_cache(maxsize=1)
def _swatches() -> dict[str, str]:
    raw: dict[str, dict[str, str]] = json.loads(resource_path("swatches.json").read_text(encoding="utf-8"))
    return raw["colours"]


def swatch_of(*names: str) -> QColor | None:
    """The colour of the first name that is known, or None."""
    known = _swatches()
    found = next((known[name.lower()] for name in names if name.lower() in known), None)
    return None if found is None else QColor(found)


class Swatches(QWidget):
    """Small round samples side by side; decorative, because the names stand beside them."""

    def __init__(self) -> None:
        super().__init__()
        self._colours: tuple[QColor, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        look().restyled.connect(self.updateGeometry)

    def show_colours(self, colours: tuple[QColor, ...]) -> None:
        """Show these samples."""
        self._colours = colours
        self.setVisible(bool(colours))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        side, gap = look().m.swatch, look().m.kbd_gap
        return QSize(max(0, len(self._colours) * (side + gap) - gap), side)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint.smooth(painter)
        side, gap = look().m.swatch, look().m.kbd_gap
        area = self.rect()
        area.setWidth(side)
        for colour in self._colours:
            paint.box(painter, area, side / 2, colour, look().q("line_strong"))
            area.translate(side + gap, 0)
