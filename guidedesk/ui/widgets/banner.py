"""A banner across the page: once per outage, closable (DESIGN-UI.md 12)."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from guidedesk.ui.theme import ToneName
from guidedesk.ui.widgets.access import Role, set_role
from guidedesk.ui.widgets.buttons import Button, icon_button
from guidedesk.ui.widgets.chips import IconLabel
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import column, row, set_flag


class Banner(QFrame):
    """A bold sentence in the tone, a plain one behind it, one action. `acted` and `closed` when pressed."""

    acted = Signal()
    closed = Signal()

    def __init__(self, tone: ToneName = "warning", icon: str = "cloud-off", *, closable: bool = True) -> None:
        super().__init__()
        self.setProperty("kind", "tint")
        self.setProperty("tone", tone)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._given = 0
        self._icon = IconLabel(icon, tone)
        self._title = Label("", "body_strong", tone, wrap=True)
        self._text = Label("", "body", "text", wrap=True)
        self._action = Button("", size="s")
        self._action.hide()
        self._action.clicked.connect(self.acted)
        parts: list[QWidget] = [self._action]
        if closable:
            close = icon_button("x", "dialog.close", size="s")
            close.clicked.connect(self.closed)
            parts.append(close)
        line = row(self._icon, column(self._title, self._text, gap=0), *parts, gap=3, pad=(2, 4))
        line.setStretch(1, 1)
        self.setLayout(line)
        set_role(self, Role.AlertMessage)

    def sizeHint(self) -> QSize:
        """As high as its sentences are at the width it was given: it grows no further than this."""
        hint = super().sizeHint()
        if 0 < self._given < hint.width():
            hint.setHeight(max(hint.height(), self.heightForWidth(self._given)))
        return hint

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.width() != self._given:
            self._given = self.width()
            self.updateGeometry()

    def show_text(self, title: str, text: str, action: str = "") -> None:
        """Fill in the sentences and the action's words."""
        self._title.set_text(title)
        self._title.setVisible(bool(title))
        self._text.set_text(text)
        self._text.setVisible(bool(text))
        self._action.set_text(action)
        self._action.setVisible(bool(action))
        self.setAccessibleName(f"{title} {text}".strip())

    def set_tone(self, tone: ToneName, icon: str) -> None:
        """Another colour and icon."""
        set_flag(self, "tone", tone)
        self._icon.show_icon(icon, tone)
        self._title.set_ink(tone)


class Note(Banner):
    """A banner inside a form or a panel: as high as its sentence needs, and nobody can close it."""

    def __init__(self, tone: ToneName, icon: str) -> None:
        super().__init__(tone, icon, closable=False)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
