"""What a scan sounds like: one tick for good, two for not good; never an alarm, and it can be off (DESIGN-UI.md 8.5).

The system's own beep: a sound of our own would need the 175 MB of Qt Multimedia.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication

APART_MS = 140


class ScanSound(QObject):
    """Ticks for the counter's scans."""

    def __init__(self, parent: QObject | None = None, *, beep: Callable[[], None] = QApplication.beep) -> None:
        super().__init__(parent)
        self._beep = beep
        self.is_on = True
        self._second = QTimer(self)
        self._second.setSingleShot(True)
        self._second.setInterval(APART_MS)
        self._second.timeout.connect(self._beep)

    def good(self) -> None:
        """A card opened."""
        self._second.stop()
        if self.is_on:
            self._beep()

    def not_good(self) -> None:
        """A sentence was shown instead."""
        if self.is_on:
            self._beep()
            self._second.start()
