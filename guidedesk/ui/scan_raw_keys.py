"""Keys as the X server sends them, before an input method has them.

While it composes, a digit is a choice: the method keeps a scan's first key and Qt never hears of it (CODES.md Q-14). So
keys are noted below the method, only from the moment something is being composed until the scan behind it has ended.
"""

from __future__ import annotations

import ctypes
import struct
from collections import deque
from typing import Any, Final

from PySide6.QtCore import QAbstractNativeEventFilter, QByteArray, QCoreApplication

from guidedesk.ui.scan_keys import digit_of_place

_XCB_EVENT: Final = b"xcb_generic_event_t"
_KEY_PRESS: Final = 2
_HEAD: Final = struct.Struct("=BBHI")  # what it is, the key's place, a number, the server's time in milliseconds
_MOST: Final = 256


class RawKeys(QAbstractNativeEventFilter):
    """Watches on `xcb` only; elsewhere it never has anything to say."""

    def __init__(self, platform: str) -> None:
        super().__init__()
        self._platform = platform
        self._pressed: deque[tuple[int, str]] = deque(maxlen=_MOST)
        self.is_watching = False

    def watch(self) -> None:
        """Note keys from now on."""
        app = QCoreApplication.instance()
        if app is not None and not self.is_watching and self._platform == "xcb":
            app.installNativeEventFilter(self)
            self.is_watching = True

    def rest(self) -> None:
        """Note none any more, and forget those noted."""
        app = QCoreApplication.instance()
        if app is not None and self.is_watching:
            app.removeNativeEventFilter(self)
        self.is_watching = False
        self._pressed.clear()

    def was_pressed_before(self, digit: str, at_ms: int, within_ms: int) -> bool:
        """Whether this press of a digit follows another one of the same digit that soon: an input method may have kept
        the first."""
        same = [at for at, pressed in self._pressed if pressed == digit and 0 <= at_ms - at < within_ms]
        return bool(digit) and len(same) > 1

    def run_of_digits(self, within_ms: int) -> str:
        """The digits pressed last, none further than `within_ms` from the next; the key that ended them left out."""
        found: list[str] = []
        after_ms: int | None = None
        for at_ms, digit in reversed(self._pressed):
            if digit:
                if after_ms is not None and after_ms - at_ms > within_ms:
                    break
                found.append(digit)
                after_ms = at_ms
            elif found:
                break
        return "".join(reversed(found))

    def nativeEventFilter(self, event_type: QByteArray | bytes | bytearray | memoryview, message: int) -> Any:
        if bytes(event_type) == _XCB_EVENT:  # type: ignore[arg-type]
            kind, place, _, at_ms = _HEAD.unpack(ctypes.string_at(int(message), _HEAD.size))
            if kind & 0x7F == _KEY_PRESS:
                self._pressed.append((at_ms, digit_of_place(self._platform, place)))
        return False, 0
