"""A short story in the order of time: an icon, when, what happened, where and how it came to be known."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtWidgets import QSizePolicy, QWidget

from guidedesk.ui.theme import ToneName
from guidedesk.ui.widgets.chips import IconBox
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import ALIGN_TOP, Box, column, fit_count, row


@dataclass(frozen=True, slots=True)
class Moment:
    """One step of the story."""

    icon: str
    when: str
    title: str
    detail: str = ""
    tone: ToneName = "neutral"


class _MomentLine(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._box = IconBox("clock")
        self._when = Label("", "caption", "text2", wrap=True)
        self._title = Label("", "body", wrap=True)
        self._detail = Label("", "caption", "text3", wrap=True)
        line = row(self._box, column(self._when, self._title, self._detail, gap=0), gap=3)
        line.setStretch(1, 1)
        line.setAlignment(self._box, ALIGN_TOP)
        self.setLayout(line)

    def show_moment(self, moment: Moment) -> None:
        self._box.show_icon(moment.icon, moment.tone)
        self._when.set_text(moment.when)
        self._when.setVisible(bool(moment.when))
        self._title.set_text(moment.title)
        self._detail.set_text(moment.detail)
        self._detail.setVisible(bool(moment.detail))


class Story(QWidget):
    """Shows moments below each other; widgets stay while only words change, so that it opens at once."""

    def __init__(self) -> None:
        super().__init__()
        self._box: Box = column(gap=4)
        self.setLayout(self._box)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_moments(self, moments: tuple[Moment, ...]) -> None:
        """Show these, the earliest first."""
        lines = fit_count(self._box, len(moments), _MomentLine)
        for line, moment in zip(lines, moments, strict=True):
            line.show_moment(moment)
