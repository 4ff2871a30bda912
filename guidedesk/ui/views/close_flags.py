"""A flag at the side of the close: what it says, whom and which sale it is about, and the manager's word."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from guidedesk.ui import earnings_words as words
from guidedesk.ui import formats
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.close import CloseState
from guidedesk.ui.safe_text import untrusted
from guidedesk.ui.widgets.banner import Note
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.columns import ScrollColumn
from guidedesk.ui.widgets.fields import Field
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import column, holder, row, rule
from guidedesk.ui.widgets.states import empty_state


class FlagPanel(QWidget):
    """Emits `sentence_typed(text)` and `reviewed(accept | void)`; nothing is decided before the PIN."""

    sentence_typed = Signal(str)
    reviewed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.title = Label("", "heading", wrap=True)
        self._place = Label("", "caption", "text3", wrap=True)
        self._what = Label("", "body", wrap=True)
        self._said = Note("info", "check-circle")
        self._money = Label("", "caption", "text2", wrap=True).say("close.flag_money")
        self.why_not = Label("", "body", "text2", wrap=True)
        self.sentence = Field("close.flag_sentence")
        body = column(self._what, self._said, self._money, self.why_not, self.sentence, None, gap=4, pad=4)
        self.accept = Button("", "primary", icon="check", key="Ctrl Enter").say("close.flag_accept")
        self.void = Button("").say("close.flag_void")
        self.accept.clicked.connect(self._accepted)
        self.void.clicked.connect(self._voided)
        self.sentence.edited.connect(self.sentence_typed)
        self._foot = holder(column(rule(), row(self.accept, self.void, None, gap=2, pad=4), gap=0))
        self._none = empty_state("flag")
        head = holder(column(self.title, self._place, gap=0, pad=4))
        self._parts = (head, rule(), ScrollColumn(holder(body)), self._foot)
        self.setLayout(column(*self._parts, self._none, gap=0))

    def show_flag(self, state: CloseState, today: date) -> None:
        """Fill it in, or say that there is none."""
        flag, data = state.flag, state.data
        for part in self._parts:
            part.setVisible(flag is not None)
        self._none.setVisible(flag is None)
        self._none.show_text(t("close.no_flag"), t("close.no_flag_text"))
        if flag is None or data is None:
            return
        self.title.set_text(t(f"flag.{flag.code}"))
        name = words.name_of(flag.associate, data.people) if flag.associate else ""
        when = formats.day_text(formats.local_day(flag.at_ms), today)
        about = (when, name, untrusted(flag.member_name, 24), untrusted(flag.order_no, 32))
        self._place.set_text(" · ".join(part for part in about if part))
        self._what.set_text(t(f"flag.{flag.code}.text"))
        self._said.setVisible(bool(flag.verdict))
        self._said.show_text(t(f"close.verdict.{flag.verdict or 'none'}"), t("close.flag_again"))
        self.why_not.setVisible(bool(flag.why_not))
        self.why_not.set_text(t(f"close.flag_{flag.why_not}") if flag.why_not else "")
        self.sentence.setVisible(not flag.why_not)
        self.sentence.set_text(state.sentence)
        self._foot.setVisible(not flag.why_not)
        reason = state.why_not_reviewed
        for button in (self.accept, self.void):
            button.allow(not reason, t(reason) if reason else "")

    def _accepted(self) -> None:
        self.reviewed.emit("accept")

    def _voided(self) -> None:
        self.reviewed.emit("void")
