"""Saying that a line is not right: a reason by its digit, one sentence, Ctrl Enter (DESIGN-UI.md 5.9)."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from guidedesk.domain.errors import GuideDeskError
from guidedesk.services.earnings import DISPUTE_REASONS, EarningsLine
from guidedesk.ui import earnings_words as words
from guidedesk.ui import formats
from guidedesk.ui.i18n import t
from guidedesk.ui.scan_guard import guard_keys
from guidedesk.ui.views.problem import Problem
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.choices import Choice, ChoiceGroup
from guidedesk.ui.widgets.columns import ScrollColumn
from guidedesk.ui.widgets.fields import Field
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import column, holder
from guidedesk.ui.widgets.overlay import Dialog


class DisputeDialog(Dialog):
    """`sent(reason, sentence)` on Ctrl Enter, `closed` on Esc."""

    sent = Signal(str, str)

    def __init__(self, line: EarningsLine) -> None:
        amount = formats.money(line.amount_minor, line.currency)
        super().__init__(t("earn.dispute_title", amount=amount))
        self._what = Label("", "body", "text2", wrap=True)
        order = line.sale.order_no if line.sale is not None else ""
        self._what.set_text(" · ".join(part for part in (words.who_text(line), order) if part))
        self.reasons = ChoiceGroup("earn.dispute_reason", digits=True)
        self.reasons.show_choices([Choice(name, t(f"earn.reason.{name}")) for name in DISPUTE_REASONS])
        guard_keys(self.reasons)
        self.sentence = Field("earn.dispute_text")
        self.problem = Problem()
        note = Label("", "caption", "text3", wrap=True).say("earn.dispute_note")
        title = Label("", "body_strong").say("earn.dispute_reason")
        form = column(self._what, self.problem, column(title, self.reasons, gap=2), self.sentence, note, None, gap=4)
        self._form = holder(form)
        self.body.put(ScrollColumn(self._form))
        self.cancel = Button("").say("earn.dispute_cancel")
        self.send = Button("", "primary", icon="flag", key="Ctrl Enter").say("earn.dispute_send")
        self.end_with(self.cancel, self.send)
        self.send.allow(False, t("earn.dispute_choose"))
        self.reasons.chosen.connect(self._allow)

    def show_problem(self, error: GuideDeskError) -> None:
        """Head office said no, or was not there; what was typed stays."""
        self.problem.show_error(error)
        self.send.allow(True)

    def first_focus(self) -> QWidget | None:
        return self.reasons

    def main_action(self) -> None:
        if self.send.isEnabled() and self.reasons.value():
            self.send.allow(False, t("earn.why_not.asking"))
            self.sent.emit(self.reasons.value(), self.sentence.text())

    def wanted_size(self) -> tuple[int, int]:
        """As high as the form needs, in the width of a form."""
        return self.form_size(self._form)

    def _allow(self, _reason: str) -> None:
        self.send.allow(True)
