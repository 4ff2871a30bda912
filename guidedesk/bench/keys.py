"""Key events as a scanner and a person send them, each with the time the system would have given it.

Without times of their own, keys on a busy PC would look slower than any scanner.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QInputMethodEvent, QKeyEvent
from PySide6.QtWidgets import QWidget

SCANNER_GAP_MS: Final = 3
Press = Callable[[QWidget], None]


def scanner_keys(digits: str) -> list[Press]:
    """The keys of a scan, the ending Enter last."""
    start = time.monotonic_ns() // 1_000_000
    keys = [_press(Qt.Key(ord(digit)), digit, start + at * SCANNER_GAP_MS) for at, digit in enumerate(digits)]
    return [*keys, _press(Qt.Key.Key_Return, "\r", start + len(digits) * SCANNER_GAP_MS)]


def typed_key(letter: str, at_ms: int) -> Press:
    """One letter of a person: a key, or what an input method commits where no key has it."""
    if letter.isascii():
        return _press(Qt.Key(ord(letter.upper())), letter, at_ms)

    def commit(target: QWidget) -> None:
        event = QInputMethodEvent()
        event.setCommitString(letter)
        QCoreApplication.sendEvent(target, event)

    return commit


def _press(key: Qt.Key, text: str, at_ms: int) -> Press:
    def send(target: QWidget) -> None:
        for kind in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            event = QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier, text)
            event.setTimestamp(at_ms)
            QCoreApplication.sendEvent(target, event)

    return send
