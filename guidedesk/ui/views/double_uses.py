"""What was used twice (pattern E): the list, both uses of the chosen one, a manager's word with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from guidedesk.services.double_uses import DECISIONS, DoubleUse, Use
from guidedesk.ui import formats, i18n, messages
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.double_uses import DoubleUsesState
from guidedesk.ui.safe_text import person_name, untrusted
from guidedesk.ui.tables.model import Cell, ColumnSpec, RowsModel
from guidedesk.ui.theme import look
from guidedesk.ui.views.problem import Problem
from guidedesk.ui.widgets.banner import Note
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.choices import Choice, ChoiceGroup
from guidedesk.ui.widgets.columns import ScrollColumn
from guidedesk.ui.widgets.facts import Fact, FactLines
from guidedesk.ui.widgets.fields import Field
from guidedesk.ui.widgets.fitting import Stacked
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import column, holder, row
from guidedesk.ui.widgets.listview import TableView
from guidedesk.ui.widgets.overlay import Dialog
from guidedesk.ui.widgets.states import empty_state, error_state

ICONS: Final = {"coupon": "coupon", "member_code": "qr", "points": "gift"}
OUTCOMES: Final = {"member_code": "code", "points": "short"}


@dataclass(frozen=True, slots=True)
class DoubleUseRow:
    """One as a row."""

    row_id: str
    item: DoubleUse
    now_ms: int

    @property
    def spoken(self) -> str:
        """The row as one sentence."""
        return ", ".join(cell.text for cell in _cells(self) if cell.text)


def _columns() -> tuple[ColumnSpec, ...]:
    return (
        ColumnSpec(t("twice.col.when"), 136), ColumnSpec(t("twice.col.what"), 0), ColumnSpec(t("twice.col.who"), 96),
        ColumnSpec(t("twice.col.state"), 92),
    )  # fmt: skip


def _cells(row: DoubleUseRow) -> tuple[Cell, ...]:
    item = row.item
    if item.state == "open":
        last = Cell(t("twice.state.open"), tone="warning")
    else:
        last = Cell(t(f"twice.state.{item.decision}"), tone="success" if item.decision == "keep" else "neutral")
    worth = formats.money(item.value_minor, item.currency) if item.value_minor else ""
    return (
        Cell(formats.moment_text(item.second.at_ms, row.now_ms), ink="text2"),
        Cell(t(f"twice.kind.{item.kind}"), note=worth, icon=ICONS[item.kind]),
        Cell(person_name(item.member_name) or "—"), last,
    )  # fmt: skip


class DoubleUsesDialog(Dialog):
    """`chosen(id)`, `decided(word)`, `reason_typed(text)`, `pin_typed(text)`, `ruled()`, `retried()`."""

    chosen = Signal(str)
    decided = Signal(str)
    reason_typed = Signal(str)
    pin_typed = Signal(str)
    ruled = Signal()
    retried = Signal()

    def __init__(self) -> None:
        super().__init__(title_key="twice.title")
        self._state: DoubleUsesState | None = None
        self._drawn: object = None
        self.model = RowsModel(_columns(), _cells)
        self.table = TableView(self.model, "twice.title", row_metric="row_agenda_short")
        self.table.fold(0, 2)
        self.panel = _Panel()
        side = holder(column(self.panel, gap=0), kind="side")
        line = row(self.table, side, gap=0)
        line.setStretch(0, 1)
        line.setStretch(1, 1)
        self._none, self._error = empty_state("check-circle"), error_state()
        self._pages = QStackedWidget()
        for page in (holder(line), self._none, self._error):
            self._pages.addWidget(page)
        self.body.put(self._pages)
        self._why = Label("", "label", "text2", wrap=True)
        self.cancel = Button("").say("form.close")
        self.rule_it = Button("", "primary", icon="scale", key="Ctrl Enter").say("twice.rule")
        self.end_with(self.cancel, self.rule_it, self._why)
        self.foot.setStretch(0, 1)
        self.table.row_chosen.connect(self.chosen)
        self.panel.choices.chosen.connect(self.decided)
        self.panel.reason.edited.connect(self.reason_typed)
        self.panel.pin.edited.connect(self.pin_typed)
        self.panel.pin.submitted.connect(self.main_action)
        self._error.acted.connect(self.retried)
        look().retranslated.connect(self._retranslate)

    def render_state(self, state: DoubleUsesState) -> None:
        """Rows and the chosen one, or why there are none."""
        self._state = state
        data, item = state.data, state.item
        self.rule_it.setVisible(item is not None and item.state == "open")
        self._why.set_text("")
        if data is None:
            has_failed = state.problem is not None or state.is_offline
            told = t("twice.why.offline") if state.problem is None else messages.message_for(state.problem).text
            self._error.show_text(
                t("twice.error" if has_failed else "twice.loading"), told if has_failed else t("twice.loading_text"),
                (t("earn.try_again"),) if has_failed else (),
            )  # fmt: skip
            self._pages.setCurrentIndex(2)
            return
        if item is None:
            self._none.show_text(t("twice.none"), t("twice.none_text"))
            self._pages.setCurrentIndex(1)
            return
        self._pages.setCurrentIndex(0)
        drawn = (data, i18n.language())
        was = self.table.blockSignals(True)
        if drawn != self._drawn:
            self._drawn = drawn
            self.model.set_columns(_columns())
            self.model.set_rows([DoubleUseRow(one.id, one, state.now_ms) for one in data.items])
        self.table.choose(item.id)
        self.table.blockSignals(was)
        self.panel.show_item(state, item)
        reason = state.why_not
        self.rule_it.allow(not reason and not state.is_deciding, t(reason or "earn.why_not.asking"))
        self._why.set_text(t(reason) if reason and item.state == "open" else "")

    def first_focus(self) -> QWidget | None:
        return self.table

    def main_action(self) -> None:
        if self.rule_it.isVisible() and self.rule_it.isEnabled():
            self.ruled.emit()

    def _retranslate(self) -> None:
        if self._state is not None:
            self.render_state(self._state)

    def _restyle(self) -> None:
        super()._restyle()
        self.body.setContentsMargins(0, 0, 0, 0)


class _Panel(QWidget):
    """Both uses, what became of the later one, and the word on it."""

    def __init__(self) -> None:
        super().__init__()
        self._title = Label("", "heading", wrap=True)
        self._outcome, self._problem, self._ruled = Note("info", "info"), Problem(), Note("info", "scale")
        self._first, self._second = FactLines(), FactLines()
        self.choices = ChoiceGroup("twice.decision", digits=True)
        self.reason, self.pin = Field("twice.reason"), Field("close.pin", secret=True)
        words = Stacked(self.reason, self.pin, shares=(2, 1))
        ruling = column(Label("", "body_strong").say("twice.decision"), self.choices, words, gap=2)
        self._ruling = holder(ruling)
        body = column(
            self._title, self._problem, self._outcome, Label("", "body_strong").say("twice.first"), self._first,
            Label("", "body_strong").say("twice.second"), self._second, self._ruling, self._ruled, None,
            gap=3, pad=4,
        )  # fmt: skip
        self.setLayout(column(ScrollColumn(holder(body)), gap=0))

    def show_item(self, state: DoubleUsesState, item: DoubleUse) -> None:
        name = person_name(item.member_name) or t("twice.nobody")
        self._title.set_text(t(f"twice.head.{item.kind}", name=name))
        self._problem.show_error(state.problem)
        outcome = "stands" if item.stands else OUTCOMES.get(item.kind, "refused")
        worth = formats.money(item.value_minor, item.currency) if item.value_minor else t("twice.no_sum")
        is_open = item.state == "open"
        self._outcome.setVisible(is_open)
        self._outcome.show_text("", t(f"twice.outcome.{outcome}", amount=worth))
        self._first.show_facts(_facts(item.first, state.now_ms))
        self._second.show_facts(_facts(item.second, state.now_ms))
        self._ruling.setVisible(is_open)
        self._ruled.setVisible(not is_open)
        if is_open:
            words = [Choice(word, t(f"twice.{item.kind}.{word}")) for word in DECISIONS]
            self.choices.show_choices(words, state.decision)
            self.reason.set_text(state.reason)
            self.pin.set_text(state.pin)
            return
        who = t("twice.operator") if item.ruled_by is None else person_name(item.ruled_by.pick(i18n.language()))
        when = formats.moment_text(item.ruled_at_ms or 0, state.now_ms)
        told = f"{t(f'twice.{item.kind}.{item.decision}')} · {untrusted(item.reason, 200)}"
        self._ruled.show_text(t("twice.ruled", name=who, when=when), told)


def _facts(use: Use, now_ms: int) -> tuple[Fact, ...]:
    lang = i18n.language()
    place = " · ".join(part for part in (use.store.pick(lang), untrusted(use.counter, 24)) if part)
    when = formats.moment_text(use.at_ms, now_ms) if use.at_ms else ""
    who = " · ".join(part for part in (person_name(use.staff.pick(lang)), when) if part)
    return Fact(t("twice.fact.where"), place or "—"), Fact(t("twice.fact.who"), who or "—")
