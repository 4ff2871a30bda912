"""Somebody leaves or moves (pattern E): to whom her members go, and at the side every effect before the PIN."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from guidedesk.services.associates import RULES, HandOver
from guidedesk.ui import formats, i18n
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.hand_over import HandOverState
from guidedesk.ui.safe_text import person_name
from guidedesk.ui.theme import look
from guidedesk.ui.views.associate_parts import colleague_text
from guidedesk.ui.views.problem import Problem
from guidedesk.ui.widgets.banner import Note
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.choices import Choice, ChoiceGroup, Tick
from guidedesk.ui.widgets.columns import ColumnsPane, Pane, ScrollColumn
from guidedesk.ui.widgets.facts import Fact, FactLines
from guidedesk.ui.widgets.fields import Field
from guidedesk.ui.widgets.filters import FilterButton
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import column, fit_count, holder, row
from guidedesk.ui.widgets.overlay import Dialog


class _PersonTick(Tick):
    """A colleague to tick."""

    picked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._id = ""
        self.clicked.connect(self._pick)

    def show_person(self, staff_id: str, words: str, *, on: bool) -> None:
        """Who."""
        self._id = staff_id
        self.setText(words)
        self.setChecked(on)
        self.updateGeometry()

    def _pick(self) -> None:
        self.picked.emit(self._id)


class HandOverDialog(Dialog):
    """`kind_chosen(word)`, `rule_chosen(word)`, `colleague_ticked(id)`, `store_chosen(id)`, `proved(pin)`."""

    kind_chosen = Signal(str)
    rule_chosen = Signal(str)
    colleague_ticked = Signal(str)
    store_chosen = Signal(str)
    proved = Signal(str)

    def __init__(self) -> None:
        super().__init__(title_key="hand_over.title_plain")
        self._state = HandOverState()
        self.kind, self.rule = ChoiceGroup("hand_over.kind", digits=True), ChoiceGroup("hand_over.rule", digits=True)
        self.store = FilterButton("hand_over.store")
        where = Label("", "label", "text2").say("hand_over.store")
        self._store_row = holder(column(where, row(self.store, None), gap=1))
        self._people = column(gap=1)
        self._people_box = holder(
            column(Label("", "label", "text2").say("hand_over.colleagues"), holder(self._people), gap=1)
        )
        self._rule_why = Label("", "caption", "text3", wrap=True)
        self.pin = Field("hand_over.pin", secret=True)
        form = column(
            Label("", "body_strong").say("hand_over.kind"), self.kind, self._store_row,
            Label("", "body_strong").say("hand_over.rule"), self.rule, self._rule_why, self._people_box, self.pin, None,
            gap=2, pad=(4, 5),
        )  # fmt: skip
        self._head = Label("", "heading", wrap=True).say("associate.effects")
        self._facts, self._problem, self._warnings = FactLines(), Problem(), column(gap=2)
        self._wait = Label("", "body", "text2", wrap=True)
        self._ends = Label("", "label", "text2", wrap=True)
        side = column(
            self._head, self._problem, self._wait, self._facts, holder(self._warnings), self._ends, None, gap=3, pad=4
        )
        self.columns = ColumnsPane(
            Pane(ScrollColumn(holder(form)), "hand_over.kind"),
            Pane(holder(column(ScrollColumn(holder(side)), gap=0), kind="side"), "associate.effects", "pane_side"),
            least="home_main_min",
        )
        self.body.put(self.columns)
        self._why = Label("", "label", "text2", wrap=True)
        self.cancel = Button("").say("hand_over.cancel")
        self.go = Button("", "primary", icon="user-swap", key="Ctrl Enter")
        self.end_with(self.cancel, self.go, self._why)
        self.foot.setStretch(0, 1)
        self.kind.chosen.connect(self.kind_chosen)
        self.rule.chosen.connect(self.rule_chosen)
        self.store.chosen.connect(self.store_chosen)
        self.pin.submitted.connect(self.main_action)
        look().retranslated.connect(self._retranslate)
        self.render_state(self._state)

    def render_state(self, state: HandOverState) -> None:
        """Show a state."""
        self._state = state
        data, lang = state.data, i18n.language()
        name = "" if data is None else person_name(data.person.name.pick(lang))
        if data is not None:
            self.title.set_text(t("hand_over.title", name=name))
            self.setAccessibleName(self.title.text())
        self.kind.show_choices(
            [Choice("leave", t("hand_over.leave")),
             Choice("move", t("hand_over.move"), reason="" if state.stores else t("hand_over.no_store"))], state.kind
        )  # fmt: skip
        self.rule.show_choices([Choice(word, t(f"hand_over.rule.{word}")) for word in RULES], state.rule)
        why = "keep" if state.rule == "pool" and state.kind == "move" else state.rule
        self._rule_why.set_text(t(f"hand_over.rule_why.{why}", name=name))
        self._store_row.setVisible(state.kind == "move")
        stores = [Choice(one.id, one.name.pick(lang)) for one in state.stores]
        self.store.show_choices([Choice("", t("hand_over.store_choose")), *stores], state.store_id)
        people = () if data is None or state.rule == "pool" else data.colleagues
        self._people_box.setVisible(bool(people))
        for tick, one in zip(fit_count(self._people, len(people), self._person), people, strict=True):
            tick.show_person(one.id, colleague_text(one), on=one.id in state.ticked)
        self._show_effects(state, name)
        reason = state.why_not
        self.go.set_text(t(f"hand_over.go.{state.kind}", name=name))
        self.go.allow(not reason and not state.is_deciding, t(reason or "earn.why_not.asking"))
        self._why.set_text(t(reason) if reason else "")

    def _show_effects(self, state: HandOverState, name: str) -> None:
        found = state.preview
        self._problem.show_error(state.problem)
        if state.problem is not None and state.problem.code == "wrong_pin":
            self.pin.set_text("")
        self._wait.set_text("" if found is not None else t(state.missing or "associate.why.asking"))
        self._wait.setVisible(found is None)
        self._facts.setVisible(found is not None)
        self._ends.setVisible(found is not None)
        self._facts.show_facts(() if found is None else _facts(found, name))
        warnings = () if found is None else found.warnings
        for note, warning in zip(fit_count(self._warnings, len(warnings), _warning), warnings, strict=True):
            names = t("associate.and").join(person_name(one) for one in warning.names if one)
            note.show_text("", t(f"associate.warning.{warning.kind}", n=warning.count, names=names))
        if found is not None:
            self._ends.set_text(t(f"hand_over.ends.{state.kind}", n=found.sessions, name=name))

    def _person(self) -> _PersonTick:
        made = _PersonTick()
        made.picked.connect(self.colleague_ticked)
        return made

    def first_focus(self) -> QWidget | None:
        return self.rule

    def main_action(self) -> None:
        if self.go.isEnabled() and self.pin.text():
            self.proved.emit(self.pin.text())
        elif self.go.isEnabled():
            self.pin.setFocus()

    def _retranslate(self) -> None:
        self.render_state(self._state)

    def _restyle(self) -> None:
        super()._restyle()
        self.body.setContentsMargins(0, 0, 0, 0)


def _warning() -> Note:
    return Note("warning", "alert")


def _facts(found: HandOver, name: str) -> tuple[Fact, ...]:
    lang = i18n.language()
    shares = tuple(
        Fact(t("hand_over.share_label", name=person_name(share.person.name.pick(lang)), w=share.windows_after),
             t("hand_over.share", n=share.members, f=share.follow_ups))
        for share in found.shares
    )  # fmt: skip
    rest: tuple[Fact, ...] = ()
    if found.to_pool:
        rest = (Fact(t("hand_over.to_pool"), formats.count(found.to_pool)),)
    elif found.stay:
        rest = (Fact(t("hand_over.stay", name=name), formats.count(found.stay)),)
    return (
        *shares, *rest,
        Fact(t("associate.effect.orders", giver=name), formats.count(found.orders)),
        Fact(t("associate.effect.provisional", giver=name), formats.money(found.provisional_minor, found.currency)),
    )  # fmt: skip
