"""A return at the counter: the lines of the receipt, each with how many come back and what is paid back."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QLineEdit, QWidget

from guidedesk.domain.errors import GuideDeskError
from guidedesk.ui import formats, i18n
from guidedesk.ui.i18n import t
from guidedesk.ui.messages import message_for
from guidedesk.ui.presenters.give_back import BackEdit, BackLine, BackStep, ReturnState
from guidedesk.ui.theme import look
from guidedesk.ui.views.form_dialog import LEAVE, NEXT, FormDialog, noted, step
from guidedesk.ui.widgets.facts import Fact, FactLines
from guidedesk.ui.widgets.fields import Field
from guidedesk.ui.widgets.labels import Label, untrusted
from guidedesk.ui.widgets.layouts import ALIGN_RIGHT, clear, column, holder, row, rule
from guidedesk.ui.widgets.stepper import Stepper


class BackRow(QWidget):
    """One line of the receipt. `stepped(BackStep)`, `typed(BackEdit)`."""

    stepped = Signal(object)
    typed = Signal(object)

    def __init__(self, line_no: int) -> None:
        super().__init__()
        self._line_no = line_no
        self._item, self._detail = Label("", "body_strong", wrap=True), Label("", "caption", "text3", wrap=True)
        self.stepper = Stepper()
        self.amount = QLineEdit()
        self._note = Label("", "caption", "danger", wrap=True)
        self.stepper.stepped.connect(lambda up: self.stepped.emit(BackStep(line_no, 1 if up == "+" else -1)))
        self.amount.textEdited.connect(lambda text: self.typed.emit(BackEdit(line_no, text)))
        line = row(column(self._item, self._detail, gap=0), self.stepper, self.amount, gap=3)
        line.setStretch(0, 1)
        self.setLayout(column(line, self._note, gap=0, pad=(2, 0, 2, 0)))
        look().restyled.connect(self._restyle)
        self._restyle()

    def show_line(self, back: BackLine, currency: str, error: GuideDeskError | None) -> None:
        """Fill it in."""
        lang, line = i18n.language(), back.line
        name = untrusted(line.item.pick(lang))
        self._item.set_text(name)
        parts = [untrusted(line.size, 12), untrusted(line.colour.pick(lang), 16),
                 t("history.qty", n=line.qty) if line.qty > 1 else "", formats.money(line.amount_minor, currency),
                 t("history.returned_qty", n=line.returned_qty) if line.returned_qty else ""]
        self._detail.set_text(" · ".join(part for part in parts if part))
        self.stepper.show_count(back.qty, back.line.left_qty, t("give_back.qty", item=name))
        self.amount.setVisible(back.qty > 0)
        if self.amount.text() != back.amount:
            self.amount.setText(back.amount)
        self.amount.setPlaceholderText(t("give_back.amount_hint"))
        self.amount.setAccessibleName(t("give_back.amount", item=name))
        self._note.set_text(problem_text(error))
        self._note.setVisible(error is not None)

    def _restyle(self) -> None:
        self.amount.setFixedWidth(look().m.pin_cell_w * 3)


class ReturnSide(QFrame):
    """The sum, and what a return means."""

    def __init__(self) -> None:
        super().__init__()
        self._facts = FactLines()
        self._total = Label("", "title", align=ALIGN_RIGHT)
        total = row(Label("", "body_strong").say("give_back.total"), self._total, gap=2)
        total.setStretch(1, 1)
        sentences = (("return", "give_back.rule.charge"), ("scale", "give_back.rule.money"),
                     ("shield-check", "give_back.rule.office"))
        lines = [noted(icon, Label("", "label", "text2", wrap=True).say(key)) for icon, key in sentences]
        self.setLayout(column(
            Label("", "heading").say("give_back.side"), self._facts, rule(), total, rule(), *lines, None, gap=3, pad=4,
        ))  # fmt: skip

    def show_state(self, state: ReturnState) -> None:
        """Fill it in."""
        if state.receipt is None:
            return
        order = state.receipt.row
        day = formats.day_text(formats.local_day(order.paid_at_ms), formats.local_day(state.now_ms))
        facts = [Fact(t("give_back.fact.receipt"), untrusted(order.order_no)), Fact(t("give_back.fact.day"), day),
                 Fact(t("history.paid"), formats.money(order.paid_minor, order.currency))]
        if order.returned_minor:
            back = formats.money(-order.returned_minor, order.currency)
            facts.append(Fact(t("give_back.fact.before"), back, "danger"))
        self._facts.show_facts(tuple(facts))
        total = state.total_minor
        self._total.set_text("—" if total is None else formats.money(-total, order.currency) if total else "—")


class ReturnDialog(FormDialog):
    """`stepped(BackStep)`, `amount_typed(BackEdit)`, `reason_written(text)`, `saved()`, `left()`."""

    stepped = Signal(object)
    amount_typed = Signal(object)
    reason_written = Signal(str)

    def __init__(self) -> None:
        self._sums = ReturnSide()
        hints = (NEXT, ("← →", "give_back.key"), LEAVE)
        super().__init__("give_back.title", "give_back.save", side=self._sums, hints=hints)
        self._state: ReturnState | None = None
        self.rows: list[BackRow] = []
        self._list = column(gap=0, pad=(1, 4))
        self.reason = Field("give_back.reason", hint_key="give_back.reason_hint")
        self.form.put(column(step("give_back.lines"), holder(self._list, kind="card"), gap=2), self.reason, None)
        self.reason.edited.connect(self.reason_written)

    def render_state(self, state: ReturnState) -> None:
        """Show the receipt and what comes back."""
        self._state = state
        if state.card is None or state.receipt is None:
            return
        error = state.problem("lines")
        self.show_head(state, problem_text(error))
        if len(self.rows) != len(state.lines):
            self._make_rows(state)
        for row_, back in zip(self.rows, state.lines, strict=True):
            row_.show_line(back, state.currency, state.problem(f"line{back.line.line_no}"))
        self.reason.set_text(state.reason)
        self._sums.show_state(state)
        self.show_wrong(state)

    def _make_rows(self, state: ReturnState) -> None:
        clear(self._list)
        self.rows = []
        for number, back in enumerate(state.lines):
            if number:
                self._list.put(rule())
            made = BackRow(back.line.line_no)
            made.stepped.connect(self.stepped)
            made.typed.connect(self.amount_typed)
            self.rows.append(made)
            self._list.put(made)

    def field(self, name: str) -> QWidget | None:
        if name == "lines":
            return self.first_focus()
        backs = self._state.lines if self._state is not None else ()
        pairs = zip(self.rows, backs, strict=True)
        return next((made.amount for made, back in pairs if name == f"line{back.line.line_no}"), None)

    def first_focus(self) -> QWidget | None:
        lines = self._state.lines if self._state is not None else ()
        open_rows = (row_ for row_, back in zip(self.rows, lines, strict=True) if back.line.left_qty)
        first = next(open_rows, None)
        return first.stepper if first is not None else self.reason

    def retranslate(self) -> None:
        if self._state is not None:
            self.render_state(self._state)


def problem_text(error: GuideDeskError | None) -> str:
    """The sentence of what is wrong, with amounts as people read them."""
    if error is None:
        return ""
    left = error.params.get("left_minor")
    if error.code == "return_too_much" and isinstance(left, int):
        return t("error.return_too_much", left=formats.money(left, str(error.params["currency"])))
    return message_for(error).text
