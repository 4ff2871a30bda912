"""The card at the end of a day: what was saved, whether it is safe, what is left (DESIGN-UI.md 2). Names nobody."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QSizePolicy

from guidedesk.ui import formats, i18n
from guidedesk.ui.presenters.day_end import DayEndState
from guidedesk.ui.theme import ToneName
from guidedesk.ui.views.day_words import figures_of, is_safe_with_head_office, safety_words, saved_words
from guidedesk.ui.widgets.access import Role, announce, set_role
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.cards import Card
from guidedesk.ui.widgets.chips import IconBox
from guidedesk.ui.widgets.count_flow import CountFlow
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import column, row


class DayEndCard(Card):
    """`closed()` by its button; Esc, Enter and the first digit of a PIN are the page's."""

    closed = Signal()

    def __init__(self) -> None:
        super().__init__(gap=3)
        self._icon = IconBox("cloud-check", "success")
        self._title = Label("", "heading").say("day.title")
        self._saved = Label("", "body_strong", wrap=True)
        self._safe = Label("", "label", "text2", wrap=True)
        self.done = Button("", key="Esc").say("day.done")
        self.done.clicked.connect(self.closed)
        self._figures = CountFlow()
        words = column(self._title, self._saved, self._safe, gap=0)
        head = row(column(self._icon, None, gap=0), words, column(self.done, None, gap=0), gap=3)
        head.setStretch(1, 1)
        self.body.put(head, self._figures, None)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        set_role(self, Role.Grouping)
        self.hide()

    def render_state(self, state: DayEndState) -> None:
        """Show a day, or hide."""
        end, was_hidden = state.end, self.isHidden()
        self.setVisible(end is not None)
        if end is None:
            return
        tone: ToneName = "success" if is_safe_with_head_office(end.work) else "warning"
        self._icon.show_icon("cloud-check" if tone == "success" else "queue", tone)
        self._saved.set_text(saved_words(end.work))
        self._safe.set_text(safety_words(end.work, is_offline=state.is_offline))
        figures = figures_of(end)
        self._figures.show_counts(tuple((label, formats.count(count)) for label, count in figures))
        spoken = " ".join((i18n.t("day.title"), self._saved.text(), self._safe.text()))
        self.setAccessibleName(spoken)
        if was_hidden:
            announce(self, spoken)
