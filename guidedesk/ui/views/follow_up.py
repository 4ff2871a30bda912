"""What is to become of a promised contact: hand it over, or cancel it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from guidedesk.ui import i18n
from guidedesk.ui.i18n import t
from guidedesk.ui.messages import message_for
from guidedesk.ui.presenters.follow_up import CANCEL, HAND_OVER, MISSED, MOVE, FollowUpState
from guidedesk.ui.scan_guard import guard_keys
from guidedesk.ui.views import member_words as words
from guidedesk.ui.views.form_dialog import CHOOSE, CLOSE, NEXT, FormDialog, step
from guidedesk.ui.widgets.chips import IconBox
from guidedesk.ui.widgets.choices import Choice, ChoiceGroup
from guidedesk.ui.widgets.fields import Field
from guidedesk.ui.widgets.labels import Label, person_name, untrusted
from guidedesk.ui.widgets.layouts import column, holder, row


class FollowUpDialog(FormDialog):
    """`way_chosen(way)`, `colleague_chosen(id)`, `reason_written(text)`, `day_typed(text)`, `hour_typed(text)`,
    `saved()`, `left()`."""

    way_chosen = Signal(str)
    colleague_chosen = Signal(str)
    reason_written = Signal(str)
    day_typed = Signal(str)
    hour_typed = Signal(str)

    def __init__(self) -> None:
        super().__init__("follow_up.title", "follow_up.save", hints=(NEXT, CHOOSE, CLOSE), keeps=False)
        self._state: FollowUpState | None = None
        self._what, self._when = Label("", "body_strong", wrap=True), Label("", "caption", "text3")
        self.ways = ChoiceGroup("follow_up.way", digits=True)
        self.colleagues = ChoiceGroup("follow_up.to", digits=True)
        for group in (self.ways, self.colleagues):
            guard_keys(group)
        self.reason = Field("follow_up.reason", hint_key="follow_up.reason_hint")
        self.day = Field("plan.day", hint_key="wish.until_hint")
        self.hour = Field("plan.hour", hint_key="plan.hour_hint")
        self._move = holder(row(self.day, self.hour, gap=4))
        self.day.edited.connect(self.day_typed)
        self.hour.edited.connect(self.hour_typed)
        about = row(IconBox("tasks", "info"), column(self._what, self._when, gap=0), gap=3, pad=(3, 4))
        about.setStretch(1, 1)
        self._to = holder(column(step("follow_up.to"), self.colleagues, gap=2))
        self._why = holder(column(self.reason, gap=2))
        self._nobody = Label("", "label", "text2", wrap=True)
        self.form.put(holder(about, kind="card"), column(step("follow_up.way"), self.ways, gap=2), self._to,
                      self._nobody, self._move, self._why, None)
        self.ways.chosen.connect(self.way_chosen)
        self.colleagues.chosen.connect(self.colleague_chosen)
        self.reason.edited.connect(self.reason_written)

    def render_state(self, state: FollowUpState) -> None:
        """Show the promise and what was chosen."""
        self._state = state
        item = state.item
        if state.card is None or item is None:
            return
        error = state.problem("way") or state.problem("to")
        self.show_head(state, message_for(error).text if error else "")
        self._what.set_text(untrusted(item.text) or t(f"member.reason.{item.reason}"))
        self._when.set_text(words.follow_up_when(item, state.now_ms))
        lang = i18n.language()
        owner = person_name(state.owner.name.pick(lang)) if state.owner is not None else ""
        not_hers = t("follow_up.not_yours", name=owner) if owner else ""
        no_one = not_hers or (t("follow_up.nobody") if not state.colleagues else "")
        ways = [Choice(HAND_OVER, t("follow_up.hand_over"), "user-swap", reason=no_one),
                Choice(CANCEL, t("follow_up.cancel"), "x-circle", reason=not_hers)]  # fmt: skip
        if state.is_appointment:
            ways += [Choice(MOVE, t("follow_up.move"), "calendar", reason=not_hers),
                     Choice(MISSED, t("follow_up.did_not_come"), "user", reason=not_hers)]  # fmt: skip
        self.ways.show_choices(ways, state.way)
        self.save.allow(not owner and not state.is_saving, not_hers)
        self.colleagues.show_choices(
            [Choice(one.id, person_name(one.name.pick(lang))) for one in state.colleagues], state.to_id
        )
        self._to.setVisible(state.way == HAND_OVER)
        self._nobody.set_text(no_one)
        self._nobody.setVisible(bool(no_one))
        self._why.setVisible(state.way == CANCEL)
        self._move.setVisible(state.way == MOVE)
        for name, field, text in (("day", self.day, state.day), ("hour", self.hour, state.hour)):
            field.set_text(text)
            wrong = state.problem(name)
            field.set_note(message_for(wrong).text if wrong else "")
        self.reason.set_text(state.reason)
        self.show_wrong(state)

    def field(self, name: str) -> QWidget | None:
        if name in ("day", "hour"):
            return self.day.line if name == "day" else self.hour.line
        group = {"way": self.ways, "to": self.colleagues}.get(name)
        return group.first_button() if group is not None else None

    def first_focus(self) -> QWidget | None:
        return self.ways.first_button()

    def retranslate(self) -> None:
        if self._state is not None:
            self.render_state(self._state)
