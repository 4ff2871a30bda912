"""Cards of the enrolment screen."""

from __future__ import annotations

from typing import Final, Literal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QSizePolicy

from guidedesk.domain.enrolment import show_code
from guidedesk.ui import formats, i18n
from guidedesk.ui.presenters.enrol import EnrolState
from guidedesk.ui.theme import ToneName
from guidedesk.ui.views.sign_in_parts import names_join
from guidedesk.ui.views.sign_in_pin import clock_text
from guidedesk.ui.widgets.big_code import BigCode
from guidedesk.ui.widgets.cards import Card
from guidedesk.ui.widgets.chips import IconLabel, KeyHint
from guidedesk.ui.widgets.labels import Label, untrusted
from guidedesk.ui.widgets.layouts import Grid, column, row, rule, set_flag

Stage = Literal["done", "now", "later"]
GROUPS: Final = 6
_STAGE_ICONS: Final[dict[Stage, tuple[str, str]]] = {
    "done": ("check-circle", "success"), "now": ("hourglass", "warning"), "later": ("database", "text3"),
}
PHASE_TONES: Final[dict[str, tuple[ToneName, str]]] = {
    "asking": ("neutral", "cloud"), "waiting": ("warning", "hourglass"), "approved": ("success", "check-circle"),
    "loading": ("accent", "download"), "ready": ("success", "check-circle"), "expired": ("danger", "clock"),
    "refused": ("danger", "x-circle"), "no_contact": ("warning", "cloud-off"),
}


class Step(QFrame):
    """One of the four steps."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "plain")
        self._icon = IconLabel("hourglass", "text3", "iconLarge")
        self._title = Label("", "body", lines=2)
        self._note = Label("", "caption", "text3", lines=2)
        line = row(self._icon, column(None, self._title, self._note, None, gap=0), gap=3, pad=(2, 4))
        line.setStretch(1, 1)
        self.setLayout(line)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def show_step(self, stage: Stage, title: str, note: str) -> None:
        """Its words and how far it is; the present one is tinted."""
        icon, ink = _STAGE_ICONS[stage]
        self._icon.show_icon(icon, ink)
        self._title.set_text(title)
        self._title.set_ink("text3" if stage == "later" else "text")
        self._note.set_text(note)
        set_flag(self, "kind", "tint" if stage == "now" else "plain")
        set_flag(self, "tone", "warning")


class StepsCard(Card):
    """Reached, key, approval, download."""

    def __init__(self) -> None:
        super().__init__(pad=0)
        self._steps = tuple(Step() for _ in range(4))
        line = row(gap=0)
        for number, step in enumerate(self._steps):
            if number:
                line.put(rule(vertical=True))
            line.addWidget(step, 1)
        self.body.addLayout(line)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    def render_state(self, state: EnrolState) -> None:
        """Which step it is at."""
        at = _step_at(state)
        t = i18n.t
        loading = t("enrol.step_load_note")
        if state.rows_total:
            rows, total = formats.count(state.rows), formats.count(state.rows_total)
            loading = t("enrol.step_load_rows", rows=rows, total=total)
        approved = names_join(untrusted(state.store), untrusted(state.label))
        notes = (
            t("enrol.step_contact_note" if at > 0 else "enrol.step_contact_none"), t("enrol.step_key_note"),
            approved or t("enrol.step_approve_note"), loading,
        )
        for number, (step, name) in enumerate(zip(self._steps, ("contact", "key", "approve", "load"), strict=True)):
            stage: Stage = "done" if number < at else "now" if number == at else "later"
            step.show_step(stage, t(f"enrol.step_{name}"), notes[number])


def _step_at(state: EnrolState) -> int:
    if state.phase == "ready":
        return 4
    if state.phase in ("approved", "loading") or state.store:
        return 3
    return 2 if state.code else 0


class CodeCard(Card):
    """The code a manager types, and the six numbers both screens must show."""

    def __init__(self) -> None:
        super().__init__(gap=3)
        self._code = BigCode()
        self._valid = Label("", "label", "text2")
        grid = Grid(gap=2)
        self._groups: list[tuple[QFrame, Label]] = []
        for number in range(GROUPS):
            digits = Label("", "title")
            box = Card(row(KeyHint(str(number + 1)), digits, None, gap=3), pad=2)
            grid.addWidget(box, number // 3, number % 3)
            self._groups.append((box, digits))
        self._hint = Label("", "label", "text2", wrap=True).say("enrol.fingerprint_hint")
        self.body.put(Label("", "label", "text2").say("enrol.code"), row(self._code, None), self._valid, rule(),
                      Label("", "heading").say("enrol.fingerprint"), grid, self._hint, None)

    def render_state(self, state: EnrolState) -> None:
        """Code, what is left of its life, fingerprint."""
        code = show_code(state.code) if state.code else i18n.t("enrol.code_none")
        self._code.show_code(code, i18n.t("enrol.code_spoken", code=" ".join(state.code)))
        self._code.setEnabled(state.phase == "waiting")
        has_life = bool(state.left_s) and state.phase in ("waiting", "no_contact")
        self._valid.set_text(i18n.t("enrol.code_valid", time=clock_text(state.left_s)) if has_life else "")
        groups = (state.fingerprint.split() + [""] * GROUPS)[:GROUPS]
        for number, ((_, label), digits) in enumerate(zip(self._groups, groups, strict=True)):
            label.set_text(digits or "····")
            label.setAccessibleName(i18n.t("enrol.group", n=number + 1, digits=digits) if digits else "")


class ManagerCard(Card):
    """What a manager does, in four lines."""

    def __init__(self) -> None:
        super().__init__(gap=3)
        self.body.put(Label("", "heading").say("enrol.manager"))
        for number in range(1, 5):
            words = Label("", "body", "text2", wrap=True).say(f"enrol.do_{number}")
            cap = KeyHint(str(number))
            line = row(cap, words, gap=3)
            line.setAlignment(cap, Qt.AlignmentFlag.AlignTop)
            line.setStretch(1, 1)
            self.body.addLayout(line)
        self._command = Label("", "caption", "text3", wrap=True)
        self.body.put(None, rule(), self._command)

    def render_state(self, state: EnrolState) -> None:
        """The same step for somebody at a terminal."""
        code = show_code(state.code) if state.code else i18n.t("enrol.code_none")
        self._command.set_text(i18n.t("enrol.command", code=code))

