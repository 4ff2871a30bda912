"""Frames of a camera into scans: grey, one at a time, and a code in view once (CODES.md Q-15)."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtGui import QImage

from guidedesk.codes.picture_reader import read_grey
from guidedesk.domain.ports import Clock
from guidedesk.ui.scan_source import Scan, ScannerSource
from guidedesk.ui.tasks import Tasks

AGAIN_MS = 2_000


class FrameSource(ScannerSource):
    """Whatever gives frames. While one is being read the others are let go; a code held in view is told once, and
    again only after it was out of view for two seconds."""

    def __init__(self, clock: Clock, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._clock, self._tasks = clock, tasks
        self._is_reading = False
        self._is_listening = False
        self._seen_ms: dict[str, int] = {}

    def start(self) -> None:
        self._is_listening = True

    def stop(self) -> None:
        self._is_listening = False
        self._seen_ms.clear()

    def take_image(self, image: QImage) -> None:
        """Look at one frame."""
        if not self._is_listening or self._is_reading or image.isNull():
            return
        grey = image.convertToFormat(QImage.Format.Format_Grayscale8)
        pixels = bytes(grey.constBits())
        self.take_grey(pixels, grey.width(), grey.height(), grey.bytesPerLine())

    def take_grey(self, pixels: bytes, width: int, height: int, stride: int) -> None:
        """Look at one frame's grey values, a byte each."""
        if not self._is_listening or self._is_reading:
            return
        self._is_reading = True
        self._tasks.read(read_grey, pixels, width, height, stride, done=self._tell, failed=self._let_go)

    def _tell(self, texts: tuple[str, ...]) -> None:
        self._is_reading = False
        if not self._is_listening:
            return
        now = self._clock.mono_ms()
        fresh = [text for text in texts if now - self._seen_ms.get(text, -AGAIN_MS) >= AGAIN_MS]
        kept = {text: at for text, at in self._seen_ms.items() if now - at < AGAIN_MS}
        self._seen_ms = kept | dict.fromkeys(texts, now)
        if fresh:
            self.scanned.emit(Scan("\n".join(fresh), self._clock.wall_ms(), "camera", False))

    def _let_go(self, _error: Exception) -> None:
        self._is_reading = False
