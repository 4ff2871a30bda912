"""Short lists of facts: a grey label and its value at the two ends of a line, or a label above a big figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtWidgets import QSizePolicy, QWidget

from guidedesk.ui.theme import look
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import ALIGN_RIGHT, Box, clear, column, row

_LEAST_CHARS: Final = 10  # a value keeps room for


@dataclass(frozen=True, slots=True)
class Fact:
    """A label, its value and the value's colour token."""

    label: str
    value: str
    ink: str = "text"


class FactLines(QWidget):
    """One line per fact, two where its value has no room in one."""

    def __init__(self) -> None:
        super().__init__()
        self._facts: tuple[Fact, ...] = ()
        self._lines: list[tuple[Label, Label]] = []
        self._box: Box = column(gap=2)
        self.setLayout(self._box)
        look().restyled.connect(self._hold_values)

    def show_facts(self, facts: tuple[Fact, ...]) -> None:
        """Show these facts; widgets stay while only values change."""
        if len(facts) != len(self._lines):
            clear(self._box)
            self._lines = [
                (Label("", "label", "text2", lines=3), Label("", "label", lines=2, align=ALIGN_RIGHT)) for _ in facts
            ]
            for label, value in self._lines:
                line = row(label, value, gap=3)
                line.setStretch(1, 1)
                self._box.put(line)
        for fact, (label, value) in zip(facts, self._lines, strict=True):
            label.set_text(fact.label)
            value.set_text(fact.value)
            value.set_ink(fact.ink)
        self._hold_values()

    def _hold_values(self) -> None:
        """A long label breaks into lines before its value is squeezed to nothing."""
        font = look().font("label", 600)
        least, most = paint.width_of("0" * 2, font), paint.width_of("0" * _LEAST_CHARS, font)
        for _, value in self._lines:
            value.setMinimumWidth(max(least, min(paint.width_of(value.text(), font), most)))


class Figures(QWidget):
    """Big figures side by side, each under its label."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._pairs = [(Label("", "caption", "text3"), Label("", "title")) for _ in range(count)]
        line = row(gap=6)
        for label, value in self._pairs:
            line.put(column(label, value, gap=0))
            line.put(None)
        self.setLayout(line)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    def show_figures(self, figures: tuple[tuple[str, str], ...]) -> None:
        """(label, value) for each place."""
        for (label, value), (words, amount) in zip(self._pairs, figures, strict=True):
            label.set_text(words)
            value.set_text(amount)
            value.setAccessibleName(f"{words} {amount}")
