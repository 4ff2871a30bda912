"""Plan a contact or an appointment: what for, when, with whom."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from guidedesk.ui import i18n
from guidedesk.ui.i18n import t
from guidedesk.ui.messages import message_for
from guidedesk.ui.presenters.plan import APPOINTMENT, CONTACT, PlanState
from guidedesk.ui.scan_guard import guard_keys
from guidedesk.ui.views.form_dialog import LEAVE, NEXT, FormDialog, noted, step
from guidedesk.ui.widgets.choices import Choice, ChoiceGroup
from guidedesk.ui.widgets.fields import Field
from guidedesk.ui.widgets.labels import Label, person_name
from guidedesk.ui.widgets.layouts import ALIGN_TOP, column, holder, row


class PlanDialog(FormDialog):
    """`kind_chosen`, `text_typed`, `day_typed`, `hour_typed`, `who_chosen(id)`, `saved()`, `closed()`."""

    kind_chosen = Signal(str)
    text_typed = Signal(str)
    day_typed = Signal(str)
    hour_typed = Signal(str)
    who_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__("plan.title", "plan.save", hints=(NEXT, LEAVE))
        self._state: PlanState | None = None
        self.kinds = ChoiceGroup("plan.kind", digits=True)
        self.who = ChoiceGroup("plan.who", digits=True)
        for group in (self.kinds, self.who):
            guard_keys(group)
        self.text = Field("plan.text", hint_key="plan.text_hint", large=True)
        self.day = Field("plan.day", hint_key="wish.until_hint", large=True)
        self.hour = Field("plan.hour", hint_key="plan.hour_hint", large=True)
        fields = row(self.day, self.hour, gap=4)
        for number, field in enumerate((self.day, self.hour)):
            fields.setStretch(number, 1)
            fields.setAlignment(field, ALIGN_TOP)
        rule = noted("info", Label("", "caption", "text2", wrap=True).say("plan.rule"))
        self.form.put(
            column(step("plan.kind"), self.kinds, gap=2), self.text, holder(fields),
            column(step("plan.who"), self.who, gap=2), rule, None,
        )  # fmt: skip
        self.kinds.chosen.connect(self.kind_chosen)
        self.who.chosen.connect(self.who_chosen)
        self.text.edited.connect(self.text_typed)
        self.day.edited.connect(self.day_typed)
        self.hour.edited.connect(self.hour_typed)

    def render_state(self, state: PlanState) -> None:
        """Show what is planned."""
        self._state = state
        if state.card is None:
            return
        self.show_head(state)
        kinds = [Choice(CONTACT, t("plan.contact"), "chat"), Choice(APPOINTMENT, t("plan.appointment"), "calendar")]
        self.kinds.show_choices(kinds, state.kind)
        for name, field, text in (
            ("text", self.text, state.text), ("day", self.day, state.day), ("hour", self.hour, state.hour),
        ):  # fmt: skip
            field.set_text(text)
            error = state.problem(name)
            field.set_note(message_for(error).text if error else "")
        lang, me = i18n.language(), state.who[0].id if state.who else ""
        names = [
            Choice(one.id, t("sale.me", name=name) if one.id == me else name)
            for one in state.who
            if (name := person_name(one.name.pick(lang)))
        ]
        self.who.show_choices(names, state.to_id)
        self.show_wrong(state)

    def field(self, name: str) -> QWidget | None:
        return {"text": self.text.line, "day": self.day.line, "hour": self.hour.line}.get(name)

    def first_focus(self) -> QWidget | None:
        return self.text

    def retranslate(self) -> None:
        if self._state is not None:
            self.render_state(self._state)
