"""F1: every key and what it does, from the same table that binds them."""

from __future__ import annotations

from itertools import groupby

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from guidedesk.ui.shell.keymap import KEYS
from guidedesk.ui.theme import look
from guidedesk.ui.widgets.access import Role, set_role
from guidedesk.ui.widgets.chips import KeyHint
from guidedesk.ui.widgets.columns import ScrollColumn
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import ALIGN_LEFT, Grid
from guidedesk.ui.widgets.overlay import Dialog

COLUMNS = 2
NUMBERED = {"rail": "Ctrl 1–9", "choice": "Alt 1–9"}
SHOWN = {"Ctrl+Return": "Ctrl Enter", "Alt+Left": "Alt ←", "Esc": "Esc"}


def key_lines() -> list[tuple[str, str]]:
    """Keys as printed and the catalogue key of what they do; numbered ones as one line, doubles joined."""
    named = [(key, name) for key, name in KEYS.items() if not name[-1].isdigit() and key != "Ctrl+Enter"]
    lines = [
        (" / ".join(SHOWN.get(key, key.replace("+", " ")) for key, _ in group), f"help.{name}")
        for name, group in groupby(named, key=lambda pair: pair[1])
    ]
    return lines + [(keys, f"help.{name}") for name, keys in NUMBERED.items()]


class KeyHelp(Dialog):
    """All keys in two columns; Esc closes."""

    def __init__(self) -> None:
        super().__init__(title_key="help.title")
        grid = Grid(gap=2, pad=1)
        lines = key_lines()
        half = -(-len(lines) // COLUMNS)
        for number, (keys, text_key) in enumerate(lines):
            left = number // half * COLUMNS
            grid.addWidget(KeyHint(keys), number % half, left, ALIGN_LEFT)
            grid.addWidget(Label("", "label", "text2", wrap=True).say(text_key), number % half, left + 1)
        for side in range(COLUMNS):
            grid.setColumnMinimumWidth(side * COLUMNS, look().m.help_key_w)
            grid.setColumnStretch(side * COLUMNS + 1, 1)
        sheet = QWidget()
        sheet.setLayout(grid)
        self._scroll = ScrollColumn(sheet)
        self.body.put(Label("", "caption", "text3", wrap=True).say("help.note"), self._scroll,
                      Label("", "caption", "text3", wrap=True).say("help.list"))
        self.foot.put(KeyHint("Esc"), Label("", "caption", "text2").say("help.close"), None)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        set_role(self._scroll, Role.Grouping, self.title.text())

    def first_focus(self) -> QWidget:
        return self._scroll
