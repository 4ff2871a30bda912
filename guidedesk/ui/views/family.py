"""A date of a member's family: asked for aloud, whose it is, the day, and the age where it may be a child."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from guidedesk.domain.family import FAMILY_EVENTS, LEAST_AGE, RELATIONS
from guidedesk.ui.i18n import t
from guidedesk.ui.messages import message_for
from guidedesk.ui.presenters.family import FamilyFormState
from guidedesk.ui.scan_guard import guard_keys
from guidedesk.ui.views.form_dialog import CHOOSE, CLOSE, NEXT, FormDialog, noted, step
from guidedesk.ui.widgets.choices import Choice, ChoiceGroup
from guidedesk.ui.widgets.fields import Field
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import column, holder

YES, NO = "yes", "no"


class FamilyDialog(FormDialog):
    """`relation_chosen`, `event_chosen`, `day_typed`, `agreed(bool)`, `age_said(bool)`, `saved()`, `closed()`."""

    relation_chosen = Signal(str)
    event_chosen = Signal(str)
    day_typed = Signal(str)
    agreed = Signal(bool)
    age_said = Signal(bool)

    def __init__(self) -> None:
        super().__init__("family.title", "family.save", hints=(NEXT, CHOOSE, CLOSE), keeps=False)
        self._state: FamilyFormState | None = None
        self.consent = ChoiceGroup("family.ask", digits=True)
        self.relations = ChoiceGroup("family.relation", digits=True)
        self.events = ChoiceGroup("family.event", digits=True)
        self.age = ChoiceGroup("family.age", digits=True)
        for group in (self.consent, self.relations, self.events, self.age):
            guard_keys(group)
        self.day = Field("family.day", hint_key="register.birthday_hint", large=True)
        ask = Label("", "body_strong", wrap=True).say("family.ask")
        self._consent = holder(column(ask, self.consent, gap=2))
        self._agreed = noted("shield-check", Label("", "label", "text2", wrap=True).say("family.agreed"))
        self._agreed_box = holder(self._agreed)
        self._asked_age = Label("", "body_strong", "text2", wrap=True)
        self._age = holder(column(self._asked_age, self.age, gap=2))
        rule = noted("info", Label("", "caption", "text2", wrap=True).say("family.rule"))
        self.form.put(
            self._consent, self._agreed_box, column(step("family.relation"), self.relations, gap=2),
            column(step("family.event"), self.events, gap=2), self._age, self.day, rule, None,
        )  # fmt: skip
        self.consent.chosen.connect(self._answer)
        self.relations.chosen.connect(self.relation_chosen)
        self.events.chosen.connect(self.event_chosen)
        self.age.chosen.connect(self._say_age)
        self.day.edited.connect(self.day_typed)

    def render_state(self, state: FamilyFormState) -> None:
        """Show what is chosen and typed."""
        self._state = state
        if state.card is None:
            return
        named = state.problem("agreed") or state.problem("relation") or state.problem("age")
        self.show_head(state, message_for(named).text if named else "")
        answers = [Choice(YES, t("consents.yes")), Choice(NO, t("consents.no"))]
        self.consent.show_choices(answers, _word(state.agreed))
        self._consent.setVisible(not state.has_consent)
        self._agreed_box.setVisible(state.has_consent)
        self.relations.show_choices([Choice(one, t(f"family.who.{one}")) for one in RELATIONS], state.relation)
        self.events.show_choices([Choice(one, t(f"family.event.{one}")) for one in FAMILY_EVENTS], state.event)
        self._asked_age.set_text(t("family.age_asked", years=LEAST_AGE))
        ages = [Choice(YES, t("family.age.yes", years=LEAST_AGE)), Choice(NO, t("family.age.no"))]
        self.age.show_choices(ages, _word(state.age))
        self._age.setVisible(state.asks_age)
        self.day.set_text(state.day)
        error = state.problem("day")
        self.day.set_note(message_for(error).text if error else "")
        self.show_wrong(state)

    def field(self, name: str) -> QWidget | None:
        groups = {"agreed": self.consent, "relation": self.relations, "age": self.age}
        return self.day.line if name == "day" else groups[name].first_button() if name in groups else None

    def first_focus(self) -> QWidget | None:
        asks = self._state is not None and not self._state.has_consent
        return (self.consent if asks else self.relations).first_button()

    def retranslate(self) -> None:
        if self._state is not None:
            self.render_state(self._state)

    def _answer(self, value: str) -> None:
        self.agreed.emit(value == YES)

    def _say_age(self, value: str) -> None:
        self.age_said.emit(value == YES)


def _word(answer: bool | None) -> str:
    return "" if answer is None else YES if answer else NO
