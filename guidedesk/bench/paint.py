"""When a window has finished painting."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QEvent, QObject
from PySide6.QtWidgets import QWidget


class PaintWatch(QObject):
    """Notes when the window has finished painting. A repaint is one UpdateRequest to the top-level window:
    every dirty widget below is painted before it returns. With `part` only repaints count that draw some of it."""

    def __init__(self, window: QWidget, part: QWidget | None = None) -> None:
        super().__init__(window)
        self._window, self._part = window, part
        self._is_inside = self._is_drawn = False
        self.ends: list[float] = []
        self.painted: Callable[[], None] = lambda: None
        window.installEventFilter(self)
        if part is not None:
            part.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._part:
            self._is_drawn = self._is_drawn or event.type() == QEvent.Type.Paint
            return False
        if event.type() != QEvent.Type.UpdateRequest or self._is_inside:
            return False
        self._is_inside, self._is_drawn = True, False
        try:
            QCoreApplication.sendEvent(watched, event)
        finally:
            self._is_inside = False
        if self._part is not None and not self._is_drawn:
            return True
        self.ends.append(time.perf_counter())
        self.painted()
        return True
