"""What is decided in the settings with the manager's own PIN: a counter let in or taken off, a PIN, somebody new."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from guidedesk.services.store_desk import MODES
from guidedesk.ui import formats, i18n
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.accounts import AccountsState, OwnPinState
from guidedesk.ui.presenters.store_counters import CountersState
from guidedesk.ui.safe_text import person_name, untrusted
from guidedesk.ui.theme import look
from guidedesk.ui.views.problem import Problem
from guidedesk.ui.widgets.banner import Note
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.cards import Card
from guidedesk.ui.widgets.chips import KeyHint
from guidedesk.ui.widgets.choices import Choice, ChoiceGroup
from guidedesk.ui.widgets.columns import ScrollColumn
from guidedesk.ui.widgets.fields import Field
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import Grid, Item, column, holder, row
from guidedesk.ui.widgets.overlay import Dialog

GROUPS = 6


class AskDialog(Dialog):
    """A form with one main action and a PIN; what was typed stays when head office refuses, but the PIN."""

    def __init__(self, title_key: str, go_key: str, *items: Item, icon: str = "") -> None:
        super().__init__(title_key=title_key)
        self.problem, self.pin = Problem(), Field("settings.pin", secret=True)
        form = column(self.problem, *items, None, gap=3)
        self.body.put(ScrollColumn(holder(form)))
        self.cancel = Button("").say("hand_over.cancel")
        self.go = Button("", "primary", icon=icon, key="Ctrl Enter").say(go_key)
        self.end_with(self.cancel, self.go)
        self.pin.submitted.connect(self.main_action)

    def show_step(self, state: CountersState | AccountsState | OwnPinState) -> None:
        """Whether it is being decided, and why it was refused."""
        self.problem.show_error(state.step_problem)
        if state.step_problem is not None and not state.is_deciding:
            self.pin.set_text("")
        reason = t("associate.why.offline") if state.is_offline else t("earn.why_not.asking")
        self.go.allow(not state.is_deciding and not state.is_offline, reason)

    def wanted_size(self) -> tuple[int, int]:
        """A form's width, as high as a dialog may be."""
        return look().m.dialog_form_w, look().m.dialog_h * 5 // 6


class EnrolCounterDialog(AskDialog):
    """`code_typed`, `label_typed`, `looked`, `approved(pin)`, `refused`."""

    code_typed = Signal(str)
    label_typed = Signal(str)
    looked = Signal()
    approved = Signal(str)
    refused = Signal()

    def __init__(self) -> None:
        self.code = Field("counters.code", hint_key="counters.code_hint", large=True)
        how = Label("", "caption", "text3", wrap=True).say("counters.code_how")
        self._who, self._valid = Label("", "body", "text2", wrap=True), Label("", "caption", "text3", wrap=True)
        grid = Grid(gap=2)
        self._groups: list[Label] = []
        for number in range(GROUPS):
            digits = Label("", "title")
            grid.addWidget(Card(row(KeyHint(str(number + 1)), digits, None, gap=3), pad=2), number // 3, number % 3)
            self._groups.append(digits)
        same = Label("", "heading", wrap=True).say("counters.same")
        warn = Label("", "label", "text2", wrap=True).say("counters.same_how")
        self.label = Field("counters.label")
        first = column(self.code, how, None, gap=2)
        self._steps = QStackedWidget()
        super().__init__("counters.add", "counters.look", self._steps, icon="shield-check")
        second = column(same, warn, self._who, grid, self.label, self.pin, self._valid, None, gap=2)
        for step in (first, second):
            self._steps.addWidget(holder(step))
        self.no = Button("", "danger").say("counters.refuse")
        self.foot.insertWidget(self.foot.indexOf(self.go), self.no)
        self._state = CountersState()
        self.code.edited.connect(self.code_typed)
        self.code.submitted.connect(self.main_action)
        self.label.edited.connect(self.label_typed)
        self.no.clicked.connect(self.refused)
        self.render_state(self._state)

    def render_state(self, state: CountersState) -> None:
        """The code, or the numbers to compare."""
        before, self._state = self._state, state
        waiting = state.waiting
        self._steps.setCurrentIndex(0 if waiting is None else 1)
        self.code.set_text(state.code)
        self.no.setVisible(waiting is not None)
        self.go.say("counters.approve" if waiting is not None else "counters.look")
        self.show_step(state)
        self.no.allow(not state.is_deciding and not state.is_offline, t("earn.why_not.asking"))
        if waiting is None:
            return
        groups = (waiting.fingerprint.split() + [""] * GROUPS)[:GROUPS]
        for number, (label, digits) in enumerate(zip(self._groups, groups, strict=True)):
            label.set_text(digits)
            label.setAccessibleName(t("enrol.group", n=number + 1, digits=digits))
        asked = formats.time_text(waiting.asked_at_ms)
        self._who.set_text(t("counters.who", host=untrusted(waiting.host, 40) or "—", time=asked))
        self._valid.set_text(t("counters.valid", time=formats.time_text(waiting.valid_until_ms)))
        self.label.set_text(state.label)
        if before.waiting is None and self.isVisible():
            self.label.setFocus()

    def first_focus(self) -> QWidget | None:
        return self.code

    def main_action(self) -> None:
        if not self.go.isEnabled():
            return
        if self._state.waiting is None:
            self.looked.emit()
        elif self.pin.text():
            self.approved.emit(self.pin.text())
        else:
            self.pin.setFocus()


class RevokeDialog(AskDialog):
    """`mode_chosen(word)`, `reason_typed`, `proved(pin)`."""

    mode_chosen = Signal(str)
    reason_typed = Signal(str)
    proved = Signal(str)

    def __init__(self) -> None:
        self._what = Label("", "heading", wrap=True)
        self.mode = ChoiceGroup("counters.mode", digits=True)
        self._stake = Note("warning", "alert")
        self.reason = Field("counters.reason")
        pin_place = column(gap=0)
        super().__init__(
            "counters.take_off", "counters.take_off", self._what, self.mode, self._stake, self.reason, pin_place,
            icon="shield-x",
        )  # fmt: skip
        pin_place.put(self.pin)
        self.mode.chosen.connect(self.mode_chosen)
        self.reason.edited.connect(self.reason_typed)

    def render_state(self, state: CountersState) -> None:
        """Which counter, how, and what is at stake."""
        counter = state.counter
        if counter is not None:
            self._what.set_text(t("counters.off_head", name=untrusted(counter.label, 40)))
            count = "?" if counter.unsent is None else formats.count(counter.unsent)
            self._stake.show_text("", t(f"counters.stake.{state.mode}", count=count))
        self.mode.show_choices([Choice(word, t(f"counters.mode.{word}")) for word in MODES], state.mode)
        self.reason.set_text(state.reason)
        self.show_step(state)
        if not state.reason.strip():
            self.go.allow(False, t("counters.why.reason"))

    def first_focus(self) -> QWidget | None:
        return self.mode

    def main_action(self) -> None:
        if self.go.isEnabled() and self.pin.text():
            self.proved.emit(self.pin.text())
        elif self.go.isEnabled():
            self.pin.setFocus()


class PinDialog(AskDialog):
    """A new PIN, typed twice by whom it is for: `proved(new, again, pin)`."""

    proved = Signal(str, str, str)

    def __init__(self, *, own: bool) -> None:
        self._whom = Label("", "heading", wrap=True)
        how = Label("", "label", "text2", wrap=True).say("accounts.pin_own_how" if own else "accounts.pin_how")
        self.new, self.again = Field("accounts.new_pin", secret=True), Field("accounts.again", secret=True)
        pin_place = column(gap=0)
        super().__init__(
            "settings.own_pin_title" if own else "accounts.pin", "accounts.pin_go", self._whom, how, self.new,
            self.again, pin_place, icon="key",
        )  # fmt: skip
        self._whom.setVisible(not own)
        pin_place.put(self.pin)

    def render_state(self, state: AccountsState | OwnPinState) -> None:
        """Whose, and why it was refused."""
        if isinstance(state, AccountsState) and state.account is not None:
            name = state.account.name.pick(i18n.language())
            self._whom.set_text(t("accounts.pin_for", name=person_name(name), number=state.account.number))
        self.show_step(state)
        error = state.step_problem
        weak = str(error.params.get("problem", "")) if error is not None and error.code == "pin_refused" else ""
        self.new.set_note(t(f"pin.{weak}") if weak else "")
        if weak:  # said where it is typed
            self.problem.show_error(None)

    def first_focus(self) -> QWidget | None:
        return self.new

    def main_action(self) -> None:
        missing = next((field for field in (self.new, self.again, self.pin) if not field.text()), None)
        if missing is not None:
            missing.setFocus()
        elif self.go.isEnabled():
            self.proved.emit(self.new.text(), self.again.text(), self.pin.text())


class AddAccountDialog(AskDialog):
    """`proved(number, name, name in English, pin)`."""

    proved = Signal(str, str, str, str)

    def __init__(self) -> None:
        self.number, self.name = Field("accounts.number"), Field("accounts.name")
        self.name_en = Field("accounts.name_en")
        pin_place = column(gap=0)
        how = Label("", "label", "text2", wrap=True).say("accounts.add_how")
        super().__init__(
            "accounts.add", "accounts.add_go", how, self.number, self.name, self.name_en, pin_place, icon="user-plus"
        )
        pin_place.put(self.pin)

    def render_state(self, state: AccountsState) -> None:
        """Why it was refused."""
        self.show_step(state)

    def first_focus(self) -> QWidget | None:
        return self.number

    def main_action(self) -> None:
        missing = next((field for field in (self.number, self.name, self.pin) if not field.text().strip()), None)
        if missing is not None:
            missing.setFocus()
        elif self.go.isEnabled():
            self.proved.emit(self.number.text(), self.name.text(), self.name_en.text(), self.pin.text())

