"""What every kind of scanner gives: wedge, serial port, camera, picture, clipboard (CODES.md Q-15)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QObject, Signal

ScanOrigin = Literal["wedge", "serial", "camera", "picture", "clipboard", "drop"]

Ending = Literal["", "key", "silence"]


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan as it arrived. `at_ms`: UTC ms at its end. `garbled`: something in it cannot have been
    on the code, so keyboard layout or input method is to blame rather than the code. Of a wedge also the gaps between
    its keys and what ended it."""

    text: str
    at_ms: int
    source: ScanOrigin
    garbled: bool
    gaps_ms: tuple[int, ...] = ()
    ended_by: Ending = ""


class ScannerSource(QObject):
    """Anything that reads codes (CODES.md Q-15). Emits `scanned(Scan)` on the GUI thread."""

    scanned = Signal(object)

    def start(self) -> None:
        """Begin to listen; calling it again does nothing."""
        raise NotImplementedError

    def stop(self) -> None:
        """Stop listening; nothing is emitted afterwards."""
        raise NotImplementedError
