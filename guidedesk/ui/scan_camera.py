"""A camera as a scanner: the extra `camera` (PySide6-Addons), not needed by anything else."""

from __future__ import annotations

import importlib.util
from typing import Any

from PySide6.QtCore import QObject

from guidedesk.domain.ports import Clock
from guidedesk.ui.scan_frames import FrameSource
from guidedesk.ui.tasks import Tasks


def has_cameras() -> bool:
    """Whether the extra is installed; whether one is plugged in is asked only when it is switched on."""
    return importlib.util.find_spec("PySide6.QtMultimedia") is not None


class CameraSource(FrameSource):
    """The PC's default camera; frames of the sink are read as they come. Raises ImportError without the extra."""

    def __init__(self, clock: Clock, tasks: Tasks, parent: QObject | None = None) -> None:
        from PySide6.QtMultimedia import QCamera, QMediaCaptureSession, QMediaDevices, QVideoSink

        super().__init__(clock, tasks, parent)
        self.sink = QVideoSink(self)
        self.sink.videoFrameChanged.connect(self.take_frame)
        self._session = QMediaCaptureSession(self)
        self._session.setVideoSink(self.sink)
        device = QMediaDevices.defaultVideoInput()
        self._camera: Any = None if device.isNull() else QCamera(device, self)
        if self._camera is not None:
            self._session.setCamera(self._camera)

    @property
    def is_there(self) -> bool:
        """Whether a camera was found."""
        return self._camera is not None

    def start(self) -> None:
        super().start()
        if self._camera is not None:
            self._camera.start()

    def stop(self) -> None:
        if self._camera is not None:
            self._camera.stop()
        super().stop()

    def take_frame(self, frame: Any) -> None:
        """One frame of the sink."""
        if frame.isValid():
            self.take_image(frame.toImage())
