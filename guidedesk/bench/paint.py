"""When a window has finished painting."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QEvent, QObject
from PySide6.QtWidgets import QWidget


class PaintWatch(QObject):
    """Notes when the window has finished painting. A repaint is one UpdateRequest to the top-level window:
    every dirty widget below is painted before it returns."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._is_inside = False
        self.ends: list[float] = []
        self.painted: Callable[[], None] = lambda: None
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.UpdateRequest or self._is_inside:
            return False
        self._is_inside = True
        try:
            QCoreApplication.sendEvent(watched, event)
        finally:
            self._is_inside = False
        self.ends.append(time.perf_counter())
        self.painted()
        return True
