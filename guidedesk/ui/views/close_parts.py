"""The parts of a month's close: gates, sums, tables, a dispute with its ruling, and the PIN."""

from __future__ import annotations

from datetime import date
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from guidedesk.domain.errors import GuideDeskError
from guidedesk.services.earnings import GATES, CloseMonth, Gate
from guidedesk.ui import close_words, formats
from guidedesk.ui import earnings_words as words
from guidedesk.ui.earnings_sums import sum_lines
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.close import CloseState
from guidedesk.ui.safe_text import untrusted
from guidedesk.ui.theme import look
from guidedesk.ui.views.earnings_drawer import SumBox, moments
from guidedesk.ui.views.problem import Problem
from guidedesk.ui.widgets.banner import Note
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.cards import Card
from guidedesk.ui.widgets.chips import IconLabel
from guidedesk.ui.widgets.choices import ChoiceGroup
from guidedesk.ui.widgets.columns import ScrollColumn
from guidedesk.ui.widgets.fields import Field
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import Box, column, holder, row, rule, set_flag
from guidedesk.ui.widgets.overlay import Dialog
from guidedesk.ui.widgets.states import empty_state
from guidedesk.ui.widgets.story import Story

LOW: Final = QSizePolicy.Policy.Maximum


class GateCell(QFrame):
    """One gate: passed, the one in the way, or still locked."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._icon = IconLabel("lock", "text3")
        self._title = Label("", "body_strong", lines=1).say(f"close.gate.{name}")
        self._note = Label("", "caption", "text2", lines=2)
        line = row(self._icon, column(self._title, self._note, gap=0), gap=2, pad=3)
        line.setStretch(1, 1)
        self.setLayout(line)

    def show_gate(self, gate: Gate, note: str, *, is_next: bool) -> None:
        """Its state."""
        shut = ("alert", "warning") if is_next else ("lock", "text3")
        icon, ink = ("check-circle", "success") if gate.is_done else shut
        self._icon.show_icon(icon, ink)
        set_flag(self, "kind", "tint" if is_next else "plain")
        set_flag(self, "tone", "warning" if is_next else "")
        self._note.set_text(note)
        state = t("close.gate.is_done" if gate.is_done else "close.gate.is_next" if is_next else "close.gate.is_locked")
        self.setAccessibleName(f"{self._title.text()}, {state}, {note}")


class GatesCard(Card):
    """Five gates in their order."""

    def __init__(self) -> None:
        super().__init__(pad=0)
        self._cells = {name: GateCell(name) for name in GATES}
        self._line = row(gap=0)
        for number, cell in enumerate(self._cells.values()):
            if number:
                self._line.put(rule(vertical=True))
            self._line.put(cell)
            self._line.setStretch(self._line.count() - 1, 1)
        self.body.put(self._line)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, LOW)

    def show_gates(self, data: CloseMonth, today: date) -> None:
        """Fill them in; the first shut one is the next."""
        self.setMinimumHeight(look().m.tile_h * 4 // 5)  # a title and two lines below it
        upcoming = next((gate.name for gate in data.gates if not gate.is_done), "")
        for gate in data.gates:
            note = close_words.gate_note(gate, data, today)
            self._cells[gate.name].show_gate(gate, note, is_next=gate.name == upcoming and gate.name != "lock")


class _Total(QWidget):
    def __init__(self, name: str) -> None:
        super().__init__()
        self._label = Label("", "label", "text2", lines=1).say(f"close.total.{name}")
        self._value, self._note = Label("", "title", lines=1), Label("", "caption", "text3", lines=1)
        self.setLayout(column(self._label, self._value, self._note, gap=0))

    def show_total(self, value: str, note: str) -> None:
        self._value.set_text(value)
        self._note.set_text(note)


class TotalsCard(Card):
    """What is due, taken back, in dispute, and the month before."""

    NAMES = ("payable", "clawed_back", "disputed", "previous")

    def __init__(self) -> None:
        super().__init__(pad=0)
        self._totals = {name: _Total(name) for name in self.NAMES}
        line = row(gap=4, pad=(3, 5))
        for number, part in enumerate(self._totals.values()):
            if number:
                line.put(rule(vertical=True))
            line.put(part)
            line.setStretch(line.count() - 1, 1)
        self.body.put(line)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, LOW)

    def show_totals(self, data: CloseMonth) -> None:
        """Fill it in."""
        totals, currency = data.totals, data.currency
        self._totals["payable"].show_total(
            formats.money(totals.payable_minor, currency),
            t("close.total.people", n=totals.associates, lines=totals.lines))
        self._totals["clawed_back"].show_total(
            formats.money(totals.clawed_back.amount_minor, currency),
            t("earn.note.returns", n=totals.clawed_back.count) if totals.clawed_back.count else t("earn.note.none"))
        self._totals["disputed"].show_total(
            formats.money(totals.disputed.amount_minor, currency), t("close.total.disputes", n=totals.disputed.count))
        before = totals.previous_payable_minor
        self._totals["previous"].show_total(
            "—" if before is None else formats.money(before, currency),
            t("close.total.no_previous") if before is None else "")


class DisputePanel(QWidget):
    """A dispute: evidence in the order of time, the sum, the ruling with its sentence."""

    decided = Signal(str)
    amount_typed = Signal(str)
    sentence_typed = Signal(str)
    ruled = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.title = Label("", "heading", wrap=True)
        self._place = Label("", "caption", "text3", wrap=True)
        self._said = Note("violet", "flag")
        self.story, self.sums = Story(), SumBox()
        self.choices = ChoiceGroup("close.ruling", digits=True)
        self.amount, self.sentence = Field("close.amount"), Field("close.sentence")
        self._ruled = Note("info", "scale")
        ruling = column(Label("", "body_strong").say("close.ruling"), self.choices, self.amount, self.sentence, gap=2)
        self._ruling = holder(ruling)
        body = column(self._said, self.story, self.sums, self._ruling, self._ruled, None, gap=4, pad=4)
        self.rule_it = Button("", "primary", icon="scale", key="Ctrl Enter").say("close.rule")
        self.rule_it.clicked.connect(self.ruled)
        self._foot = holder(column(rule(), row(self.rule_it, None, pad=4), gap=0))
        self._none = empty_state("scale")
        head = holder(column(self.title, self._place, gap=0, pad=4))
        self._parts = (head, rule(), ScrollColumn(holder(body)), self._foot)
        self.setLayout(column(*self._parts, self._none, gap=0))
        self.choices.chosen.connect(self.decided)
        self.amount.edited.connect(self.amount_typed)
        self.sentence.edited.connect(self.sentence_typed)

    def show_dispute(self, state: CloseState, today: date) -> None:
        """Fill it in, or say that none waits."""
        dispute, data = state.dispute, state.data
        for part in self._parts:
            part.setVisible(dispute is not None)
        self._none.setVisible(dispute is None)
        self._none.show_text(t("close.no_dispute"), t("close.no_dispute_text"))
        if dispute is None or data is None:
            return
        name = words.name_of(dispute.opened_by, data.people)
        self.title.set_text(t("close.dispute_title", name=name, reason=t(f"earn.reason.{dispute.reason}")))
        amount = formats.money(dispute.amount_minor, dispute.currency or "CNY")
        member = untrusted(dispute.member_name, 24)
        self._place.set_text(" · ".join(part for part in (member, untrusted(dispute.order_no, 32), amount) if part))
        day = formats.day_text(formats.local_day(dispute.opened_at_ms), today)
        self._said.show_text(t("close.opened", name=name, date=day), untrusted(dispute.text, 200))
        line = dispute.line
        self.story.show_moments(moments(dispute.story, data.people, "", dispute.currency or "CNY", today))
        self.sums.setVisible(line is not None)
        if line is not None:
            self.sums.show_lines(sum_lines(line, data.people))
        is_open = dispute.state == "open"
        self._ruling.setVisible(is_open)
        self._foot.setVisible(is_open)
        self._ruled.setVisible(not is_open)
        if not is_open:
            who = words.name_of(dispute.ruled_by, data.people)
            self._ruled.show_text(t(f"earn.ruling.{dispute.ruling or 'keep'}", name=who),
                                  untrusted(dispute.ruling_text, 200))
            return
        self.choices.show_choices(close_words.choices_of(dispute, data.people, state.me, today), state.decision)
        self.amount.setVisible(state.decision == "adjust")
        self.amount.set_text(state.amount)
        self.sentence.set_text(state.sentence)
        reason = state.why_not_ruled
        self.rule_it.allow(not reason, t(reason) if reason else "")


class PinDialog(Dialog):
    """The manager's PIN before money is decided: `proved(pin, reason)`. A forced close also wants its reason, a line by
    hand its amount as well: `amount_typed(text)`."""

    proved = Signal(str, str)
    amount_typed = Signal(str)

    def __init__(self, step: str, period: str, name: str = "") -> None:
        super().__init__(t(f"close.pin.{step}", month=words.period_text(period), name=name))
        self._what = Label("", "body", "text2", wrap=True).say(f"close.pin_text.{step}")
        self.amount = Field("close.amount")
        self.reason = Field("close.why" if step == "propose" else "close.reason")
        if step != "propose":
            self.amount.hide()
        if step not in ("force", "propose"):
            self.reason.hide()
        self.amount.edited.connect(self.amount_typed)
        self.pin = Field("close.pin", secret=True)
        self.problem = Problem()
        form: Box = column(self._what, self.problem, self.amount, self.reason, self.pin, None, gap=4)
        self.body.put(ScrollColumn(holder(form)))
        self.cancel = Button("").say("earn.dispute_cancel")
        self.go = Button("", "primary", icon="lock", key="Ctrl Enter").say(f"close.go.{step}")
        self.end_with(self.cancel, self.go)
        self._step = step
        self.pin.submitted.connect(self.main_action)

    def show_state(self, problem: GuideDeskError | None, *, is_deciding: bool) -> None:
        """Why it was refused; the PIN is typed anew."""
        self.problem.show_error(problem)
        if problem is not None:
            self.pin.set_text("")
        self.go.allow(not is_deciding, t("earn.why_not.asking"))

    def first_focus(self) -> QWidget | None:
        return {"force": self.reason, "propose": self.amount}.get(self._step, self.pin)

    def main_action(self) -> None:
        if self.go.isEnabled() and self.pin.text():
            self.proved.emit(self.pin.text(), self.reason.text())

    def wanted_size(self) -> tuple[int, int]:
        """A form's width, two thirds of a dialog's height; more where there is more to fill in."""
        parts = 5 if self._step == "propose" else 4
        return look().m.dialog_form_w, look().m.dialog_h * parts // 6
