"""A window with one sentence, for when the counter itself cannot open."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from guidedesk.ui import i18n
from guidedesk.ui.theme import look
from guidedesk.ui.widgets.states import StatePanel


class NoticeWindow(QWidget):
    """What happened and what is safe, with one way on: to close it."""

    def __init__(self, title: str, text: str, detail: str) -> None:
        super().__init__()
        self.setWindowTitle(title)
        self.setProperty("kind", "canvas")
        panel = StatePanel("alert", "warning")
        panel.show_text(text, detail, (i18n.t("dialog.close"),))
        panel.acted.connect(self._close)
        lines = QVBoxLayout(self)
        lines.addWidget(panel)
        self.resize(look().m.dialog_w, look().m.dialog_h)

    def _close(self, _number: int) -> None:
        self.close()
