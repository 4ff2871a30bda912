"""An adjustment that takes two people, at the side of the close: who proposed what, and the second person's word."""

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
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import column, holder, row, rule
from guidedesk.ui.widgets.states import empty_state


class AdjustmentPanel(QWidget):
    """Emits `decided(approve | refuse)`; nothing is posted before the PIN."""

    decided = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.title = Label("", "heading", wrap=True)
        self._place = Label("", "caption", "text3", wrap=True)
        self._amount = Label("", "title", lines=1)
        self._said, self._done = Note("info", "edit"), Note("info", "scale")
        self._why = Label("", "body", "text2", wrap=True).say("close.second_why")
        self.why_not = Label("", "body", "text2", wrap=True)
        body = column(self._amount, self._said, self._why, self.why_not, self._done, None, gap=4, pad=4)
        self.approve = Button("", "primary", icon="check", key="Ctrl Enter").say("close.second_approve")
        self.refuse = Button("").say("close.second_refuse")
        self.approve.clicked.connect(self._approved)
        self.refuse.clicked.connect(self._refused)
        self._foot = holder(column(rule(), row(self.approve, self.refuse, None, gap=2, pad=4), gap=0))
        self._none = empty_state("scale")
        head = holder(column(self.title, self._place, gap=0, pad=4))
        self._parts = (head, rule(), ScrollColumn(holder(body)), self._foot)
        self.setLayout(column(*self._parts, self._none, gap=0))

    def show_adjustment(self, state: CloseState, today: date) -> None:
        """Fill it in, or say that none waits."""
        each, data = state.adjustment, state.data
        for part in self._parts:
            part.setVisible(each is not None)
        self._none.setVisible(each is None)
        self._none.show_text(t("close.no_second"), t("close.no_second_text"))
        if each is None or data is None:
            return
        proposer = words.name_of(each.proposed_by, data.people)
        self.title.set_text(t("close.second_title", name=words.name_of(each.associate, data.people)))
        about = (untrusted(each.member_name, 24), untrusted(each.order_no, 32))
        self._place.set_text(" · ".join(part for part in about if part))
        self._place.setVisible(any(about))
        self._amount.set_text(formats.money(each.amount_minor, each.currency))
        day = formats.day_text(formats.local_day(each.proposed_at_ms), today)
        self._said.show_text(t("close.second_proposed", name=proposer, date=day), untrusted(each.reason, 200))
        is_open = each.state == "open"
        reason = state.why_not_second
        self._why.setVisible(is_open)
        self.why_not.setVisible(is_open and bool(reason))
        self.why_not.set_text(t(reason) if reason else "")
        self._foot.setVisible(is_open)
        for button in (self.approve, self.refuse):
            button.allow(not reason, t(reason) if reason else "")
        self._done.setVisible(not is_open)
        if not is_open and each.decided_at_ms is not None:
            when = formats.day_text(formats.local_day(each.decided_at_ms), today)
            who = words.name_of(each.decided_by, data.people)
            self._done.show_text(t(f"close.second.{each.state}"), t("close.second_decided", name=who, date=when))

    def _approved(self) -> None:
        self.decided.emit("approve")

    def _refused(self) -> None:
        self.decided.emit("refuse")
