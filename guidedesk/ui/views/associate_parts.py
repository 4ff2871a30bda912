"""Parts of an associate's page: figures beside activity, and the panel that gives members to a colleague."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QSizePolicy, QStackedWidget

from guidedesk.services.associates import REASONS, Associate, Batch, Colleague
from guidedesk.ui import formats, i18n
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.associate import AssociateState
from guidedesk.ui.safe_text import person_name
from guidedesk.ui.views.problem import Problem
from guidedesk.ui.widgets.banner import Note
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.cards import Card
from guidedesk.ui.widgets.choices import Choice
from guidedesk.ui.widgets.columns import ScrollColumn
from guidedesk.ui.widgets.facts import Fact, FactLines
from guidedesk.ui.widgets.filters import FilterButton
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import column, fit_count, holder, row, rule

_BATCHES: Final = 4


class FiguresCard(Card):
    """Six figures of the month: what came of it beside what she did for it."""

    def __init__(self) -> None:
        super().__init__(pad=0)
        self._cells: list[tuple[Label, Label]] = []
        line = row(gap=4, pad=(3, 4))
        for number, key in enumerate(("windows", "new", "talks", "kept", "confirmed", "provisional")):
            if number:
                line.put(rule(vertical=True))
            title = Label("", "caption", "text3", lines=1).say(f"associate.{key}")
            value, note = Label("", "heading", lines=1), Label("", "caption", "text3", lines=1)
            self._cells.append((value, note))
            line.put(column(title, value, note, gap=0))
            line.setStretch(line.count() - 1, 1)
        self.body.put(line)

    def show_associate(self, found: Associate) -> None:
        """Fill it in."""
        did, person = found.activity, found.person
        month = formats.month_text(int(found.period[5:]))
        values = (
            (formats.count(person.open_windows), t("associate.of_members", n=person.members)),
            (formats.count(did.new_members), month),
            (formats.count(did.conversations), month),
            (formats.percent(did.follow_ups_on_time, did.follow_ups_due) if did.follow_ups_due else "—",
             t("associate.kept_note", n=did.follow_ups_on_time, total=did.follow_ups_due)),
            (formats.money(did.confirmed_minor, found.currency), t("associate.lines", n=did.confirmed_lines)),
            (formats.money(did.provisional_minor, found.currency), t("associate.lines", n=did.provisional_lines)),
        )  # fmt: skip
        for (value, note), (big, small) in zip(self._cells, values, strict=True):
            value.set_text(big)
            note.set_text(small)


class _BatchLine(QFrame):
    """A step of before, and the way to take it back."""

    undone = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._id = ""
        self._what = Label("", "label", "text", wrap=True)
        self._when = Label("", "caption", "text3", wrap=True)
        self.undo = Button("", size="s", icon="undo").say("undo")
        line = row(column(self._what, self._when, gap=0), self.undo, gap=2)
        line.setStretch(0, 1)
        self.setProperty("kind", "plain")
        self.setLayout(line)
        self.undo.clicked.connect(self._undo)

    def show_batch(self, batch: Batch, now_ms: int, *, is_offline: bool) -> None:
        """Fill it in."""
        lang = i18n.language()
        self._id = batch.id
        names = {"giver": person_name(batch.giver.pick(lang)), "taker": person_name(batch.taker.pick(lang))}
        self._what.set_text(t("associate.batch", n=batch.members, **names))
        state = t("associate.batch_undone") if batch.voided_at_ms is not None else t(f"associate.reason.{batch.reason}")
        self._when.set_text(f"{formats.moment_text(batch.made_at_ms, now_ms)} · {state}")
        self.undo.setVisible(batch.undo_until_ms is not None and now_ms <= batch.undo_until_ms)
        self.undo.setAccessibleName(f"{t('undo')}: {self._what.text()}")
        self.undo.allow(not is_offline, t("associate.why.offline"))

    def _undo(self) -> None:
        self.undone.emit(self._id)


class ReassignPanel(QFrame):
    """`taker_chosen(id)`, `reason_chosen(word)`, `reassigned()`, `undone(batch id)`."""

    taker_chosen = Signal(str)
    reason_chosen = Signal(str)
    reassigned = Signal()
    undone = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self._title = Label("", "heading", wrap=True)
        self._sub = Label("", "caption", "text2", wrap=True)
        self.to, self.reason = FilterButton("associate.to"), FilterButton("associate.reason")
        self._problem, self._warnings = Problem(), column(gap=2)
        self._earns = Label("", "body", "text2", wrap=True)
        self._facts = FactLines()
        facts = Card(Label("", "body_strong").say("associate.effects"), self._facts, gap=2)
        form = column(
            Label("", "label", "text2").say("associate.to"), row(self.to, None),
            Label("", "label", "text2").say("associate.who_earns"), self._earns,
            Label("", "label", "text2").say("associate.reason"), row(self.reason, None),
            facts, holder(self._warnings), self._problem, None, gap=2, pad=4,
        )  # fmt: skip
        self._hint = Label("", "body", "text2", wrap=True).say("associate.hint")
        self._lines = column(gap=3)
        self._before = Label("", "body_strong").say("associate.before")
        self._again = Problem()
        calm = column(self._hint, self._again, self._before, holder(self._lines), None, gap=3, pad=4)
        self._pages = QStackedWidget()
        for page in (calm, form):
            self._pages.addWidget(ScrollColumn(holder(page)))
        self.go = Button("", "primary", key="Ctrl Enter", size="l")
        self.go.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._after = Label("", "caption", "text3", wrap=True).say("associate.after")
        self._foot = holder(column(rule(), column(self.go, self._after, gap=2, pad=(3, 4)), gap=0))
        head = column(self._title, self._sub, gap=0, pad=(3, 4))
        whole = column(head, rule(), self._pages, self._foot, gap=0)
        whole.setStretch(2, 1)
        self.setLayout(whole)
        self.to.chosen.connect(self.taker_chosen)
        self.reason.chosen.connect(self.reason_chosen)
        self.go.clicked.connect(self.reassigned)

    def render_state(self, state: AssociateState) -> None:
        """What is ticked and what it would do, or what was done before."""
        count, lang = len(state.ticked), i18n.language()
        data = state.data
        self._title.set_text(t("associate.reassign_n", n=count) if count else t("associate.reassign"))
        self._sub.set_text(t("associate.never_moves"))
        self._pages.setCurrentIndex(1 if count else 0)
        self._foot.setVisible(bool(count))
        self._again.show_error(None if count else state.step_problem)
        self._show_before(state)
        if data is None or not count:
            return
        people = [Choice(one.id, colleague_text(one)) for one in data.colleagues]
        self.to.show_choices([Choice("", t("associate.to_choose")), *people], state.to_id)
        self.reason.show_choices([Choice(word, t(f"associate.reason.{word}")) for word in REASONS], state.reason)
        giver = person_name(data.person.name.pick(lang))
        taker = person_name(state.taker.name.pick(lang)) if state.taker else t("associate.the_new")
        self._earns.set_text(t("associate.earns", giver=giver, taker=taker))
        self._facts.show_facts(_facts(state, giver, taker))
        self._show_warnings(state)
        self._problem.show_error(state.step_problem)
        self.go.set_text(t("associate.reassign_n", n=count))
        self.go.allow(not state.why_not and not state.is_deciding, t(state.why_not or "associate.why.asking"))

    def _show_before(self, state: AssociateState) -> None:
        batches = () if state.data is None else state.data.batches[:_BATCHES]
        self._before.setVisible(bool(batches))
        for line, batch in zip(fit_count(self._lines, len(batches), self._line), batches, strict=True):
            line.show_batch(batch, state.now_ms, is_offline=state.is_offline)

    def _show_warnings(self, state: AssociateState) -> None:
        warnings = state.preview.warnings if state.preview else ()
        for note, warning in zip(fit_count(self._warnings, len(warnings), _warning), warnings, strict=True):
            names = t("associate.and").join(person_name(name) for name in warning.names if name)
            note.show_text("", t(f"associate.warning.{warning.kind}", n=warning.count, names=names))

    def _line(self) -> _BatchLine:
        made = _BatchLine()
        made.undone.connect(self.undone)
        return made


def _warning() -> Note:
    return Note("warning", "alert")


def colleague_text(one: Colleague) -> str:
    """A colleague with her number and how much she has."""
    name = person_name(one.name.pick(i18n.language()))
    return f"{name} · {one.number} · {t('associate.windows_n', n=one.open_windows)}"


def _facts(state: AssociateState, giver: str, taker: str) -> tuple[Fact, ...]:
    found = state.preview
    if found is None:
        return tuple(Fact(t(f"associate.effect.{key}", giver=giver, taker=taker), "…", "text3")
                     for key in ("members", "follow_ups", "orders", "provisional"))  # fmt: skip
    ink = "text" if state.previewed == state.ticked else "text3"
    return (
        Fact(t("associate.effect.members", taker=taker), f"+{found.members}", ink),
        Fact(t("associate.effect.follow_ups"), formats.count(found.follow_ups), ink),
        Fact(t("associate.effect.orders", giver=giver), formats.count(found.orders), ink),
        Fact(
            t("associate.effect.provisional", giver=giver), formats.money(found.provisional_minor, found.currency), ink
        ),
    )


