"""Every scanner of this counter behind one signal: the wedge, and what else the settings name (CODES.md Q-15)."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from guidedesk.domain.ports import Clock
from guidedesk.ui.scan_camera import CameraSource, has_cameras
from guidedesk.ui.scan_picture import PictureSource
from guidedesk.ui.scan_serial import SerialSource
from guidedesk.ui.scan_source import ScannerSource
from guidedesk.ui.scanner import ScannerInput
from guidedesk.ui.tasks import Tasks


class Scanners(ScannerSource):
    """`scanned` of all of them. `port_changed(PortState)`: whether the scanner on the serial port is there."""

    port_changed = Signal(str)

    def __init__(
        self, wedge: ScannerInput, clock: Clock, tasks: Tasks, window: QWidget, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.wedge = wedge
        self.pictures = PictureSource(clock, tasks, window, self)
        self.serial: SerialSource | None = None
        self.camera: CameraSource | None = None
        self._clock, self._tasks = clock, tasks
        self._is_listening = False
        for source in (wedge, self.pictures):
            source.scanned.connect(self.scanned)

    def start(self) -> None:
        self._is_listening = True
        for source in self._all():
            source.start()

    def stop(self) -> None:
        self._is_listening = False
        for source in self._all():
            source.stop()

    def use(self, port: str, *, has_camera: bool) -> None:
        """Listen to this serial port, and to the camera, from now on; what was used before is let go."""
        for before in (self.serial, self.camera):
            if before is not None:
                before.stop()
                before.deleteLater()
        self.serial = SerialSource(self._clock, port, self) if port else None
        self.camera = CameraSource(self._clock, self._tasks, self) if has_camera and has_cameras() else None
        if self.serial is not None:
            self.serial.state_changed.connect(self.port_changed)
        for source in (self.serial, self.camera):
            if source is not None:
                source.scanned.connect(self.scanned)
                if self._is_listening:
                    source.start()

    def _all(self) -> list[ScannerSource]:
        return [one for one in (self.wedge, self.pictures, self.serial, self.camera) if one is not None]
