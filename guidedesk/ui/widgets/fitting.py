"""A line of small things of which as many are shown as have room: hints of keys at the foot of a dialog."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from guidedesk.ui.theme import Space, look
from guidedesk.ui.widgets.layouts import holder, row


class FittingRow(QWidget):
    """Rows side by side; the last ones make way where all of them would not be whole. F1 shows every key."""

    def __init__(self, *lines: tuple[QWidget, ...], gap: Space = 3) -> None:
        super().__init__()
        self._gap: Space = gap
        self._parts = [holder(row(*widgets, gap=1)) for widgets in lines]
        self.setLayout(row(*self._parts, None, gap=gap))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)

    def sizeHint(self) -> QSize:
        hints = [part.sizeHint() for part in self._parts]
        wide = sum(hint.width() for hint in hints) + look().tokens.space(self._gap) * max(0, len(hints) - 1)
        return QSize(wide, max((hint.height() for hint in hints), default=0))

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return super().event(event)

    def _fit(self) -> None:
        left, gap = self.width(), look().tokens.space(self._gap)
        for part in self._parts:
            left -= part.sizeHint().width()
            part.setVisible(left >= 0)
            left -= gap
