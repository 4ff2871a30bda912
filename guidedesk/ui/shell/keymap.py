"""The keyboard of the window (DESIGN-UI.md 7): every key has a command name; who acts on it is decided per command.

No key is a bare letter or digit, because scanners type those.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

KEYS: Final[dict[str, str]] = {
    "F1": "help",
    "F2": "search", "Ctrl+K": "search",
    "F3": "my_code",
    "F4": "log",
    "F5": "sync_now",
    "F6": "next_pane", "Shift+F6": "previous_pane",
    "F7": "tasks",
    "F8": "earnings",
    "F9": "lock",
    "F11": "full_screen",
    "F12": "customer_screen",
    "Ctrl+Shift+H": "turn_to_customer",
    "Ctrl+N": "new_member",
    "Ctrl+P": "print_card", "Ctrl+L": "print_label", "Ctrl+S": "save_png",
    "Ctrl+E": "export",
    "Ctrl+F": "filter",
    "Ctrl+=": "add_condition",
    "Ctrl+H": "history",
    "Ctrl+B": "served",
    "Ctrl+R": "points",
    "Ctrl+J": "gatherings",
    "Ctrl+M": "reassign",
    "Ctrl+Return": "main_action", "Ctrl+Enter": "main_action",
    "Ctrl+Z": "undo",
    "Alt+D": "dispute", "Alt+R": "return", "Alt+P": "reveal_phone", "Alt+T": "table_view",
    "Ctrl+,": "settings",
    "Esc": "close", "Alt+Left": "back",
    **{f"Ctrl+{number}": f"rail_{number}" for number in range(1, 10)},
    **{f"Alt+{number}": f"choice_{number}" for number in range(1, 10)},
}


class HandlesCommands(Protocol):
    """A page, dialog or drawer that may act on a command."""

    def handle_command(self, name: str) -> bool:
        """Act on it and return True, or return False to let the next one try."""


@dataclass(frozen=True, slots=True)
class KeyCue:
    """A key and what it does now, as the key bar shows it: the key as printed, and a catalogue key."""

    key: str
    text_key: str


class _Shortcut(QShortcut):
    fired = Signal(str)

    def __init__(self, sequence: str, name: str, window: QWidget) -> None:
        super().__init__(QKeySequence(sequence), window)
        self.setContext(Qt.ShortcutContext.WindowShortcut)
        self._name = name
        self.activated.connect(self._fire)

    def _fire(self) -> None:
        self.fired.emit(self._name)


def bind_keys(window: QWidget) -> list[_Shortcut]:
    """Create the shortcuts of a window; connect each one's `fired`."""
    return [_Shortcut(sequence, name, window) for sequence, name in KEYS.items()]
