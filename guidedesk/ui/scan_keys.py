"""What a key event means inside a scan: digits by the key's place first, text second (CODES.md Q-13)."""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

_ROW = "1234567890"
# The number row by physical place: X11 and Wayland key codes, Windows scan codes, macOS virtual keys.
_X11 = {10 + place: digit for place, digit in enumerate(_ROW)}
_WINDOWS = {2 + place: digit for place, digit in enumerate(_ROW)}
_MACOS = dict(zip((18, 19, 20, 21, 23, 22, 26, 28, 25, 29), _ROW, strict=True))
_BY_PLATFORM = {"xcb": _X11, "wayland": _X11, "wayland-egl": _X11, "windows": _WINDOWS, "cocoa": _MACOS}

_MODIFIER_KEYS = frozenset(
    {
        Qt.Key.Key_Shift,
        Qt.Key.Key_Control,
        Qt.Key.Key_Meta,
        Qt.Key.Key_Alt,
        Qt.Key.Key_AltGr,
        Qt.Key.Key_Super_L,
        Qt.Key.Key_Super_R,
        Qt.Key.Key_CapsLock,
        Qt.Key.Key_NumLock,
        Qt.Key.Key_ScrollLock,
        Qt.Key.Key_Mode_switch,
    }
)
_COMBINING = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
ENDINGS = frozenset({Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab, Qt.Key.Key_Backtab})
# Stands in a scan's text for a key that brought nothing readable, such as a dead key.
LOST = "\N{REPLACEMENT CHARACTER}"


class KeyKind(Enum):
    """The part a key plays."""

    CHARACTER = "character"
    ENDING = "ending"
    MODIFIER = "modifier"
    COMBINATION = "combination"
    OTHER = "other"


class KeyReader:
    """Reads key events of one platform ("xcb", "windows", ...; `QGuiApplication.platformName()`)."""

    def __init__(self, platform: str) -> None:
        self._digits = _BY_PLATFORM.get(platform, {})
        self._uses_virtual_key = platform == "cocoa"

    def read(self, event: QKeyEvent) -> tuple[KeyKind, str]:
        """The part this key plays and, for a character, the character."""
        if event.key() in _MODIFIER_KEYS:
            return KeyKind.MODIFIER, ""
        if event.modifiers() & _COMBINING:
            return KeyKind.COMBINATION, ""
        if event.key() in ENDINGS:
            return KeyKind.ENDING, ""
        char = self._digit(event) or self._text(event)
        return (KeyKind.CHARACTER, char) if char else (KeyKind.OTHER, "")

    def _digit(self, event: QKeyEvent) -> str:
        code = event.nativeVirtualKey() if self._uses_virtual_key else event.nativeScanCode()
        return self._digits.get(code, "")

    def _text(self, event: QKeyEvent) -> str:
        if Qt.Key.Key_Dead_Grave <= event.key() <= Qt.Key.Key_Dead_Longsolidusoverlay:
            return LOST
        text = event.text()
        return text if text.isprintable() else ""


def digit_of_place(platform: str, place: int) -> str:
    """The digit of the number row at a key's physical place, or nothing."""
    return _BY_PLATFORM.get(platform, {}).get(place, "")


def press_identity(event: QKeyEvent) -> tuple[int, int, str]:
    """The same for every event that tells of one press of one key. The native scan code is left out:
    a ShortcutOverride that Qt makes up itself lacks it."""
    return event.timestamp(), event.key(), event.text()


def key_place(event: QKeyEvent) -> int:
    """The same for press and release of one key, even when Shift moved in between."""
    return event.nativeScanCode() or event.key()
