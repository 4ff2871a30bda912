"""Log an interaction (mockup 05): a dialog that digits, Tab and Ctrl Enter are enough for."""

from __future__ import annotations

from datetime import date
from typing import Final

from PySide6.QtCore import QDate, QLocale, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QDateEdit, QFrame, QLineEdit, QWidget

from guidedesk.domain.follow_ups.slots import SLOTS
from guidedesk.services.operations import INTERACTION_KINDS, OUTCOMES
from guidedesk.ui import formats, i18n, scripts
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.log_interaction import CONTACTS, LogState
from guidedesk.ui.scan_guard import guard_keys
from guidedesk.ui.tables.timeline import TALK_ICONS, timeline_row
from guidedesk.ui.theme import look
from guidedesk.ui.views import member_words as words
from guidedesk.ui.views.script_picker import ScriptPicker
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.avatar import Avatar
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.chips import Chip, IconLabel, KeyHint
from guidedesk.ui.widgets.choices import Choice, ChoiceGroup
from guidedesk.ui.widgets.columns import ScrollColumn, width_for
from guidedesk.ui.widgets.fitting import FittingRow
from guidedesk.ui.widgets.flow import flow
from guidedesk.ui.widgets.labels import Label, untrusted
from guidedesk.ui.widgets.layouts import column, holder, row
from guidedesk.ui.widgets.overlay import Dialog
from guidedesk.ui.widgets.tag_note import TagNote

RECENT_SHOWN: Final = 3
DAY_FORMATS: Final = {"zh_CN": "M 月 d 日 ddd", "en": "ddd d MMM"}


class LogDialog(Dialog):
    """`kind_chosen`, `outcome_chosen`, `note_written`, `slot_chosen`, `date_chosen(date)`, `time_chosen`,
    `text_written`, `saved` and `left` tell the presenter what a person did."""

    kind_chosen = Signal(str)
    outcome_chosen = Signal(str)
    note_written = Signal(str)
    slot_chosen = Signal(str)
    date_chosen = Signal(object)
    time_chosen = Signal(str)
    text_written = Signal(str)
    saved = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._state: LogState | None = None
        self._avatar, self._bind = Avatar("", "m"), Chip()
        self._by_keys = Label("", "caption", "text3").say("log.by_keys")
        self.head.insertWidget(0, self._avatar)
        self.head.insertWidget(2, self._bind)
        self.head.insertWidget(4, self._by_keys)
        self.kinds = ChoiceGroup("log.kind", digits=True)
        self.outcomes = ChoiceGroup("log.outcome", digits=True)
        self.slots = ChoiceGroup("log.follow_up", digits=True)
        for group in (self.kinds, self.outcomes, self.slots):
            guard_keys(group)
        self.note = TagNote("log.note_name")
        self.picker = ScriptPicker(self.note)
        self.picker.hide()
        self.day = DayField()
        self.time, self.text = QLineEdit(), QLineEdit()
        self._suggested = Label("", "caption", "text3")
        self._problem = Label("", "label", "danger", wrap=True)
        self._facts_below = Label("", "caption", "text2", wrap=True)
        self.side = SidePanel()
        self._build()
        self._connect()
        look().retranslated.connect(self._rename)
        self._rename()

    def _build(self) -> None:
        note_head = row(_step("log.note"), None, Label("", "caption", "text3").say("log.note_hint"))
        follow_head = row(_step("log.follow_up"), None, self._suggested)
        self._fields = row(self.day, self.time, self.text, gap=2)
        self._fields.setStretch(2, 1)
        self._follow_fields = holder(self._fields)
        self._follow = holder(column(follow_head, self.slots, self._follow_fields, gap=2))
        form = column(
            column(_step("log.kind"), self.kinds, gap=2), column(_step("log.outcome"), self.outcomes, gap=2),
            column(note_head, self.note, gap=2), self.picker, self._follow, self._facts_below, gap=4, pad=(4, 5),
        )  # fmt: skip
        form.setStretch(2, 1)
        # Where its words are higher than the dialog it scrolls by itself, on its own ground.
        self._side = holder(column(ScrollColumn(self.side), gap=0), kind="side")
        line = row(ScrollColumn(holder(form)), self._side, gap=0)
        line.setStretch(0, 1)
        self.body.put(line)
        hints = (("Tab", "log.key.next"), ("1–5", "log.key.choose"), ("Esc", "log.key.leave"))
        self._hints = FittingRow(*((KeyHint(cap), Label("", "caption", "text3").say(key)) for cap, key in hints))
        self.keep = Button("").say("log.keep")
        self.save = Button("", "primary", key="Ctrl Enter").say("log.save")
        self.end_with(self.keep, self.save, self._hints, None, self._problem)

    def _connect(self) -> None:
        self.kinds.chosen.connect(self.kind_chosen)
        self.outcomes.chosen.connect(self.outcome_chosen)
        self.slots.chosen.connect(self.slot_chosen)
        self.note.edited.connect(self.note_written)
        self.picker.opened.connect(self._fold_follow_up)
        self.day.picked.connect(self.date_chosen)
        self.time.editingFinished.connect(self._told_time)
        self.text.textEdited.connect(self.text_written)

    def render_state(self, state: LogState) -> None:
        """Show what is being logged."""
        self._state = state
        data = state.data
        if data is None or state.today is None:
            return
        name = words.member_name(data.card)
        self.title.set_text(t("log.title", name=name))
        self.setAccessibleName(self.title.text())
        self._avatar.show_name(data.card.name)
        self._bind.show_state(words.bind_text(data.card.owner), words.OWNER_TONES[data.card.owner.state])
        self.kinds.show_choices(self._kind_choices(state), state.kind)
        self.outcomes.show_choices([Choice(value, t(f"outcome.{value}")) for value in OUTCOMES], state.outcome)
        self.slots.show_choices([Choice(value, t(f"log.slot.{value}")) for value in SLOTS], state.slot or "")
        self.note.set_text(state.note)
        self.picker.know(scripts_known(state), data.scripts, preferred(state))
        self._show_follow_up(state, state.today)
        tags = " ".join(f"#{tag}" for tag in state.tags)
        self.note.setAccessibleDescription(t("log.tags", tags=tags) if tags else t("log.note_hint"))
        self._problem.set_text(t(f"log.problem.{state.problem}") if state.problem else "")
        self._problem.setVisible(bool(state.problem))
        self._fit_hints()
        self.save.setEnabled(not state.is_saving)
        facts = facts_text(state)
        self._facts_below.set_text(facts)
        self.side.show_state(state, facts)

    def _kind_choices(self, state: LogState) -> list[Choice]:
        return [
            Choice(kind, t(f"talk.{kind}"), TALK_ICONS[kind][0], reason=refusal_text(state, kind))
            for kind in INTERACTION_KINDS
        ]

    def _show_follow_up(self, state: LogState, today: date) -> None:
        has = state.due is not None
        self._follow_fields.setVisible(has)
        if state.due is not None:
            self.day.show_day(state.due, today)
        if self.time.text() != state.due_time and not self.time.hasFocus():
            self.time.setText(state.due_time)
        if self.text.text() != state.follow_up_text:
            self.text.setText(state.follow_up_text)
        suggestion = ""
        if state.is_suggested and state.outcome:
            outcome = t(f"outcome.{state.outcome}")
            suggestion = t("log.suggested_none", outcome=outcome)
            if state.due is not None:
                suggestion = t("log.suggested", outcome=outcome, date=formats.day_text(state.due))
        self._suggested.set_text(suggestion)

    def _fold_follow_up(self, is_open: bool) -> None:
        """The scripts take the place of the next follow-up while they are chosen from."""
        self._follow.setVisible(not is_open)

    def handle_command(self, name: str) -> bool:
        if name == "close" and self.picker.isVisibleTo(self):
            self.picker.close_list()
            return True
        return super().handle_command(name)

    def first_focus(self) -> QWidget | None:
        return self.kinds.first_button()

    def main_action(self) -> None:
        self._told_time()
        self.saved.emit()

    def _told_time(self) -> None:
        if self._state is not None and self.time.text() != self._state.due_time:
            self.time_chosen.emit(self.time.text())

    def _rename(self) -> None:
        for line, key in ((self.time, "log.time"), (self.text, "log.text")):
            line.setAccessibleName(t(key))
            line.setPlaceholderText(t(f"{key}_hint"))
        if self._state is not None:
            self.render_state(self._state)

    def _restyle(self) -> None:
        super()._restyle()
        self.body.setContentsMargins(0, 0, 0, 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        m = look().m
        wide = self.width() >= m.dialog_w * 4 // 5
        self._side.setVisible(wide)
        self._side.setFixedWidth(width_for(self._side, m.pane_left))
        self._facts_below.setVisible(not wide)
        for widget in (self._bind, self._by_keys):
            widget.setVisible(wide)
        self._fit_hints()
        self.time.setFixedWidth(m.pin_cell_w * 2)

    def _fit_hints(self) -> None:
        """The keys are said where they have room beside what is wrong."""
        self._hints.setVisible(self._side.isVisibleTo(self))
        if self.foot.sizeHint().width() > self.width():
            self._hints.hide()


class DayField(QDateEdit):
    """A day, by keys or from the calendar. `picked(date)` when a person changed it."""

    picked = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setCalendarPopup(True)
        self._is_showing = False
        self.dateChanged.connect(self._changed)
        look().restyled.connect(self._restyle)
        self._restyle()
        look().retranslated.connect(self._rename)
        self._rename()

    def show_day(self, day: date, today: date) -> None:
        """Show a day; days before today cannot be chosen."""
        self._is_showing = True
        self.setMinimumDate(QDate(today.year, today.month, today.day))
        self.setDate(QDate(day.year, day.month, day.day))
        self._is_showing = False

    def focusNextPrevChild(self, forward: bool) -> bool:
        """One Tab stop: day and month are reached with the arrows."""
        return QWidget.focusNextPrevChild(self, forward)

    def _changed(self, day: QDate) -> None:
        if not self._is_showing:
            self.picked.emit(date(day.year(), day.month(), day.day()))

    def _restyle(self) -> None:
        self.setFixedSize(look().m.pin_cell_w * 4, look().m.field_h)

    def _rename(self) -> None:
        lang = i18n.language()
        self.setLocale(QLocale(lang))
        self.setDisplayFormat(DAY_FORMATS[lang])
        for widget in (self, self.lineEdit()):
            widget.setAccessibleName(t("log.date"))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter, m = QPainter(self), look().m
        left = self.width() - m.field_pad - m.chip_icon
        paint.draw_icon(painter, left, self.height() / 2, "calendar", m.chip_icon, look().q("text2"),
                        self.devicePixelRatioF())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.ignore()
            return
        super().keyPressEvent(event)


class SidePanel(QFrame):
    """What a person should know while writing: how to reach this member, and what was said lately."""

    def __init__(self) -> None:
        super().__init__()
        self._chips = {purpose: Chip() for purpose in CONTACTS}
        self._facts = Label("", "label", "text2", wrap=True)
        self._recent = Label("", "label", "text2", wrap=True)
        shield = IconLabel("shield-check", "text2", "iconSmall")
        facts = row(shield, self._facts, gap=2)
        facts.setStretch(1, 1)
        facts.setAlignment(shield, Qt.AlignmentFlag.AlignTop)
        self._lines = column(gap=3)
        inner = column(
            Label("", "heading").say("log.facts"), flow(*self._chips.values(), gap=2), facts,
            Label("", "heading").say("log.recent"), self._lines, self._recent, None, gap=3, pad=4,
        )  # fmt: skip
        self.setLayout(inner)
        self._pairs = [(Label("", "body", "text", lines=1), Label("", "caption", "text3", wrap=True))
                       for _ in range(RECENT_SHOWN)]
        for title, detail in self._pairs:
            self._lines.put(column(title, detail, gap=0))

    def show_state(self, state: LogState, facts: str) -> None:
        """Fill it in."""
        if state.data is None:
            return
        consents = {consent.purpose: consent for consent in state.data.card.consents}
        for purpose, chip in self._chips.items():
            chip.setVisible(purpose in consents)
            if purpose in consents:
                chip.show_state(*words.consent_chip(consents[purpose]))
        self._facts.set_text(facts)
        talks = [entry for entry in state.data.card.timeline if entry.kind == "interaction"][:RECENT_SHOWN]
        for number, (title, detail) in enumerate(self._pairs):
            line = timeline_row(talks[number], talks[0].at_ms) if number < len(talks) else None
            for label in (title, detail):
                label.setVisible(line is not None)
            if line is not None:
                title.set_text(line.title)
                when = formats.day_text(formats.local_day(talks[number].at_ms))
                note = untrusted(talks[number].note, 80)
                detail.set_text(f"{when} · {note}" if note else when)
        self._recent.set_text(t("log.recent_none"))
        self._recent.setVisible(not talks)


def scripts_known(state: LogState) -> dict[str, str]:
    """What scripts can be filled with for this member."""
    data = state.data
    return {} if data is None else scripts.fields_of(data.card, state.speaker, data.store, data.brand, state.task)


def preferred(state: LogState) -> str:
    """The occasion whose scripts stand first: that of the task, else of the outcome."""
    if state.task is not None:
        return state.task.reason
    return {"tried": "window", "deciding": "window", "bought": "after_sale"}.get(state.outcome, "promised")


def refusal_text(state: LogState, kind: str) -> str:
    """Why a channel cannot be used, or an empty text."""
    refusal = state.refusal(kind)
    if refusal == "capped" and state.data is not None:
        return t("log.refused.capped", n=state.data.contacts)
    return t(f"log.refused.{refusal}.{kind}") if refusal else ""


def facts_text(state: LogState) -> str:
    """Contacts of this week against the cap, and each channel that is closed, with the reason."""
    if state.data is None:
        return ""
    parts = [t("log.contacts", n=state.data.contacts, cap=state.data.cap)]
    parts += [
        t("log.blocked", channel=t(f"talk.{kind}"), reason=refusal_text(state, kind))
        for kind in CONTACTS if state.refusal(kind) == "no_consent"
    ]
    return ("" if i18n.language() == "zh_CN" else " ").join(parts)


def _step(key: str) -> Label:
    return Label("", "body_strong", "text2").say(key)
