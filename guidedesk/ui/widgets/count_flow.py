"""Figures side by side, each under its label, breaking into lines where it is narrow."""

from __future__ import annotations

from PySide6.QtWidgets import QSizePolicy, QWidget

from guidedesk.ui.widgets.flow import Flow
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import column, fit_count


class _Count(QWidget):
    """One of them."""

    def __init__(self) -> None:
        super().__init__()
        self._label, self._value = Label("", "caption", "text3"), Label("", "title")
        self.setLayout(column(self._label, self._value, gap=0))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_count(self, label: str, value: str) -> None:
        """Fill it."""
        self._label.set_text(label)
        self._value.set_text(value)
        self._value.setAccessibleName(f"{label} {value}")


class CountFlow(QWidget):
    """As many figures as there are."""

    def __init__(self) -> None:
        super().__init__()
        self._flow = Flow(gap=7, line_gap=2)
        self.setLayout(self._flow)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_counts(self, counts: tuple[tuple[str, str], ...]) -> None:
        """(label, value) for each."""
        for widget, (label, value) in zip(fit_count(self._flow, len(counts), _Count), counts, strict=True):
            widget.show_count(label, value)
