"""How a tour acts: real key events into the real window, as a keyboard, an input method and a scanner send them."""

from __future__ import annotations

import time
from typing import Final

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QInputMethodEvent, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from guidedesk.demo.eyes import wait_for

_BETWEEN_KEYS_S: Final = 0.06  # slower than any scanner, so that typing stays typing
_AFTER_KEY_S: Final = 0.15  # a key that acts is held for 40 ms to see whether a scanner sent it
_BETWEEN_DIGITS_MS: Final = 2  # of a quick scanner
_AFTER_SCAN_S: Final = 0.3  # keys right behind a scan belong to the scanner
_MODIFIERS: Final = {
    "Ctrl": Qt.KeyboardModifier.ControlModifier,
    "Alt": Qt.KeyboardModifier.AltModifier,
    "Shift": Qt.KeyboardModifier.ShiftModifier,
}
_NAMED: Final = {
    "Return": Qt.Key.Key_Return,
    "Tab": Qt.Key.Key_Tab,
    "Esc": Qt.Key.Key_Escape,
    "Space": Qt.Key.Key_Space,
    "Down": Qt.Key.Key_Down,
    **{f"F{n}": Qt.Key(Qt.Key.Key_F1.value + n - 1) for n in range(1, 13)},
}


def target(window: QWidget) -> QWidget:
    """The widget that has the keyboard."""
    return QApplication.focusWidget() or window


def press(window: QWidget, keys: str) -> None:
    """One key or combination: `F4`, `Ctrl+Return`, `3`, `Tab`."""
    *held, last = keys.split("+")
    modifiers = Qt.KeyboardModifier.NoModifier
    for name in held:
        modifiers |= _MODIFIERS[name]
    if last in _NAMED:
        QTest.keyClick(target(window), _NAMED[last], modifiers)
    else:
        QTest.keyClick(target(window), ord(last.upper()), modifiers)
    wait_for(lambda: False, _AFTER_KEY_S)


def type_text(window: QWidget, words: str) -> None:
    """Type as a person does; Chinese comes committed from an input method."""
    for letter in words:
        if letter.isascii():
            QTest.keyClicks(target(window), letter)
        else:
            event = QInputMethodEvent()
            event.setCommitString(letter)
            QApplication.sendEvent(target(window), event)
        wait_for(lambda: False, _BETWEEN_KEYS_S)


def scan(window: QWidget, digits: str) -> None:
    """A wedge scanner: the digits at once, then Enter.

    Each key carries the time the system gave it, as a scanner's do: what this process does between two of them must
    not part the scan, and did so when a page was painted for the first time just then.
    """
    handle = target(window).window().windowHandle()
    began_ms = time.monotonic_ns() // 1_000_000
    keys = [(Qt.Key(ord(digit)), digit) for digit in digits] + [(Qt.Key.Key_Return, "\r")]
    for number, (key, text) in enumerate(keys):
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            event = QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier, text)
            event.setTimestamp(began_ms + number * _BETWEEN_DIGITS_MS)
            QCoreApplication.sendEvent(handle, event)
    wait_for(lambda: False, _AFTER_SCAN_S)
