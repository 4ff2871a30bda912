"""A widget kept at a readable width in the middle of a wide page."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from guidedesk.ui.theme import look
from guidedesk.ui.widgets.layouts import row


class Centred(QWidget):
    """`measure` is the metric of its greatest width."""

    def __init__(self, widget: QWidget, measure: str) -> None:
        super().__init__()
        self._inner, self._measure = widget, measure
        line = row(None, widget, None, gap=0)
        line.setStretch(1, 100)
        self.setLayout(line)
        look().restyled.connect(self._restyle)
        self._restyle()

    def _restyle(self) -> None:
        self._inner.setMaximumWidth(int(getattr(look().m, self._measure)))
