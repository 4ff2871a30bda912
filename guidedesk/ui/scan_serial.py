"""A scanner on a serial port or USB-CDC (CODES.md Q-15): no keyboard layout, no focus; found again when plugged in."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any, Final, Literal

from PySide6.QtCore import QObject, Qt, Signal

from guidedesk.domain.ports import Clock
from guidedesk.ui.scan_lines import LineGatherer
from guidedesk.ui.scan_source import Scan, ScannerSource

BAUD: Final = 9600
_READ_S: Final = 0.04
_RETRY_S: Final = 2.0
PortState = Literal["off", "ready", "missing", "denied"]


@dataclass(frozen=True, slots=True)
class Port:
    """A serial port of this PC: how it is opened, and what the system calls what hangs on it."""

    device: str
    label: str


def list_ports() -> tuple[Port, ...]:
    """The serial ports there are now; those on USB first, as scanners are."""
    from serial.tools import list_ports as found  # late: only a counter with such a scanner waits for it

    ports = sorted(found.comports(), key=lambda port: (port.vid is None, port.device))
    return tuple(Port(port.device, str(port.description or port.device)) for port in ports)


def port_names() -> tuple[tuple[str, str], ...]:
    """(device, label) of each port."""
    return tuple((port.device, port.label) for port in list_ports())


class SerialSource(ScannerSource):
    """Reads one port beside the window. `state_changed(PortState)` tells whether the scanner is there."""

    state_changed = Signal(str)
    _heard = Signal(str)
    _found = Signal(str)

    def __init__(self, clock: Clock, device: str, parent: QObject | None = None, *, baud: int = BAUD) -> None:
        super().__init__(parent)
        self._clock, self._device, self._baud = clock, device, baud
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self.state: PortState = "off"
        self._heard.connect(self._announce, Qt.ConnectionType.QueuedConnection)
        self._found.connect(self._tell, Qt.ConnectionType.QueuedConnection)

    def start(self) -> None:
        if self._thread is None and self._device:
            self._stopped = threading.Event()
            self._thread = threading.Thread(target=self._run, args=(self._stopped,), name="scanner", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(timeout=_RETRY_S)
            self._thread = None
        self._tell("off")

    def _run(self, stopped: threading.Event) -> None:
        import serial

        gatherer = LineGatherer()
        while not stopped.is_set():
            try:
                with serial.Serial(self._device, self._baud, timeout=_READ_S, exclusive=True) as port:
                    self._found.emit("ready")
                    self._read(port, gatherer, stopped)
            except (OSError, ValueError) as error:  # SerialException is an OSError; ValueError: no such settings
                gatherer.reset()
                self._found.emit("denied" if getattr(error, "errno", None) in (13, 16) else "missing")
                stopped.wait(_RETRY_S)

    def _read(self, port: Any, gatherer: LineGatherer, stopped: threading.Event) -> None:
        while not stopped.is_set():
            data = port.read(max(1, port.in_waiting))
            now = self._clock.mono_ms()
            for text in (*gatherer.take(data, now), *gatherer.tick(now)):
                self._heard.emit(text)

    def _announce(self, text: str) -> None:
        if self._thread is not None:
            self.scanned.emit(Scan(text, self._clock.wall_ms(), "serial", False))

    def _tell(self, state: PortState) -> None:
        if state != self.state and (state == "off") == (self._thread is None):
            self.state = state
            self.state_changed.emit(state)
