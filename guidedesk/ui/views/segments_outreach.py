"""The right of the Segments page: how, until when and with which words an audience is contacted, and by whom."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from guidedesk.domain.contact_limits import CONTACT_CHANNELS
from guidedesk.domain.errors import GuideDeskError
from guidedesk.domain.outreach import FIELDS
from guidedesk.services.segments import AudienceCount, OutreachInfo, OutreachPreview
from guidedesk.ui import formats, i18n, messages
from guidedesk.ui import segment_words as words
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.segments_state import SegmentsState
from guidedesk.ui.safe_text import person_name, untrusted
from guidedesk.ui.theme import look
from guidedesk.ui.views.problem import Problem
from guidedesk.ui.widgets.bars import Bar, Part, permille
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.cards import Card
from guidedesk.ui.widgets.choices import Choice, ChoiceGroup
from guidedesk.ui.widgets.columns import ScrollColumn
from guidedesk.ui.widgets.fields import Field, NoteField
from guidedesk.ui.widgets.flow import flow
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import ALIGN_RIGHT, Grid, clear, column, holder, row, rule
from guidedesk.ui.widgets.overlay import Dialog
from guidedesk.ui.widgets.slot_button import SlotButton

_DUE: Final = (0, 1, 2, 3, 5, 6, 7, 10, 14, 21, 30)
_MOST_CAPS: Final = 3
_MINUTE_MS: Final = 60_000
_SHARES: Final = 8


class SharesBox(QWidget):
    """Who would get how many: a name, a bar on one scale, the number."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = Grid(gap=2)
        self._grid.setColumnStretch(1, 1)
        self._none = Label("", "label", "text2", wrap=True).say("seg.shares_none")
        self.setLayout(column(self._grid, self._none, gap=1))
        self._shown: tuple[tuple[str, int], ...] = ()

    def show_count(self, count: AudienceCount | None) -> None:
        """One line a colleague, most first."""
        shares = () if count is None else count.shares[:_SHARES]
        lang = i18n.language()
        lines = tuple(
            (person_name(each.name.pick(lang)) if each.is_own else t("seg.share_pool"), each.count) for each in shares
        )
        self._none.setVisible(not lines)
        if lines == self._shown:
            return
        self._shown = lines
        clear(self._grid)
        most = max((number for _, number in lines), default=0)
        for at, (name, number) in enumerate(lines):
            spoken = f"{name} {number}"
            bar = Bar((Part(permille(number, most), "chart1"),), spoken)
            who = Label(name, "label", lines=1)
            much = Label(formats.count(number), "body_strong", align=ALIGN_RIGHT)
            who.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
            parts = (who, bar, much)
            for side, part in enumerate(parts):
                self._grid.addWidget(part, at, side)
                part.show()


class LastBox(Card):
    """What was handed out last: how far it came, and taking it back while that is possible."""

    recalled = Signal()

    def __init__(self) -> None:
        super().__init__(gap=1, pad=3)
        self._title = Label("", "label", wrap=True)
        self._result = Label("", "caption", "text2", wrap=True)
        self.recall = Button("", icon="undo", size="s").say("seg.recall")
        self._left = Label("", "caption", "text2")
        self._back = holder(row(self.recall, self._left, None, gap=2))
        self.recall.clicked.connect(self.recalled)
        self.body.put(self._title, self._result, self._back)

    def show_last(self, state: SegmentsState, *, is_recent: bool) -> None:
        """Fill it in where it belongs: just sent, it must be in sight; without any the card is not there."""
        last = state.last
        self.setVisible(last is not None and state.can_recall == is_recent)
        if last is None:
            return
        when = formats.moment_text(last.sent_at_ms, state.now_ms)
        self._title.set_text(t("seg.last", n=words.number(last.sent), date=when))
        self._result.set_text(_result_text(last))
        self._back.setVisible(state.can_recall)
        minutes = -(-(last.recall_until_ms - state.now_ms) // _MINUTE_MS)
        self._left.set_text(t("seg.recall_left", n=max(1, minutes)))
        self.recall.allow(not state.is_offline and not state.is_sending, t("seg.why_not.busy"))


def _result_text(last: OutreachInfo) -> str:
    said = t("seg.last_result", done=last.done, on_time=last.on_time, came=last.came, bought=last.bought)
    back = t("seg.last_recalled", n=last.recalled) if last.recalled_at_ms is not None else ""
    return f"{said} · {back}" if back else said


class OutreachPanel(QFrame):
    """`channel_chosen`, `due_chosen(date)`, `cap_chosen`, `template_typed(text)`, `another_wanted`, `looked`,
    `recalled`."""

    channel_chosen = Signal(str)
    due_chosen = Signal(object)
    cap_chosen = Signal(int)
    template_typed = Signal(str)
    another_wanted = Signal()
    looked = Signal()
    recalled = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        title = Label("", "heading", wrap=True).say("seg.send.title")
        note = Label("", "caption", "text2", wrap=True).say("seg.send.note")
        self.channel, self.due = SlotButton(icon="chat", wide=True), SlotButton(icon="calendar", wide=True)
        self.channel.chosen.connect(self.channel_chosen)
        self.due.chosen.connect(self._due_chosen)
        first = row(_labelled("seg.channel", self.channel), _labelled("seg.due", self.due), gap=2)
        self.cap = ChoiceGroup("seg.cap", style="segment")
        self.cap.chosen.connect(self._cap_chosen)
        self._cap_most = Label("", "caption", "text2")
        self._quiet = Label("", "caption", "text2", wrap=True)
        cap_head = row(Label("", "label", "text2").say("seg.cap"), None, self._cap_most, gap=2)
        self.template = NoteField("seg.words", "seg.words_hint")
        self.template.edited.connect(self._typed)
        self.another = Button("", "link", size="s").say("seg.another")
        self.another.clicked.connect(self.another_wanted)
        words_head = row(Label("", "label", "text2").say("seg.words"), None, self.another, gap=2)
        self.fields = {name: Button("", size="s") for name in FIELDS}
        for name, button in self.fields.items():
            button.say(f"seg.field.{name}")
            button.clicked.connect(partial(self._insert, name))
        self.problem = Problem()
        self.shares, self.last, self.recent = SharesBox(), LastBox(), LastBox()
        self.recent.recalled.connect(self.recalled)
        self._body = column(
            first, cap_head, row(self.cap, self._quiet, None, gap=2), words_head, self.template,
            flow(*self.fields.values(), gap=1), self.problem, Label("", "label", "text2").say("seg.shares"),
            self.shares, self.last, None, gap=2, pad=4,
        )  # fmt: skip
        self.send = Button("", "primary", key="Ctrl Enter", size="l")
        self.send.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.send.clicked.connect(self.looked)
        hint = Label("", "caption", "text2", wrap=True, align=Qt.AlignmentFlag.AlignCenter).say("seg.send_hint")
        foot = holder(column(self.recent, self.send, hint, gap=2, pad=4))
        head = holder(column(title, note, gap=0, pad=4))
        lines = column(head, rule(), ScrollColumn(holder(self._body)), rule(), foot, gap=0)
        lines.setStretch(2, 1)
        self.setLayout(lines)
        look().restyled.connect(self._restyle)
        self._restyle()

    def show_state(self, state: SegmentsState) -> None:
        """What the tasks would be now."""
        board, due = state.board, state.due
        locked = t(state.why_not_edited) if state.why_not_edited else ""
        channels = [Choice(name, t(f"talk.{name}")) for name in CONTACT_CHANNELS]
        self.channel.show_slot(t(f"talk.{state.channel}"), t("seg.channel"), channels, {state.channel})
        self.channel.allow(not locked, locked)
        if due is not None:
            days = [state.today + timedelta(days=ahead) for ahead in _DUE]
            choices = [Choice(day.isoformat(), formats.day_text(day, state.today)) for day in days]
            self.due.show_slot(formats.day_text(due, state.today), t("seg.due"), choices, {due.isoformat()})
        most = 1 if board is None else board.cap_week
        caps = [Choice(str(n), t("seg.cap_choice", n=n), reason=locked) for n in _caps(most)]
        self.cap.show_choices(caps, str(state.cap_week))
        self._cap_most.set_text(t("seg.cap_most", n=most))
        hours = {} if board is None else {"from": board.quiet_from, "to": board.quiet_to}
        self._quiet.set_text(t("seg.quiet", **hours) if hours else "")
        shown = words.shown_template(state.template)
        if words.kept_template(self.template.toPlainText()) != state.template:
            self.template.blockSignals(True)
            self.template.set_text(shown)
            self.template.blockSignals(False)
        self.problem.show_error(state.send_problem if state.preview is None else None)
        self.shares.show_count(state.count)
        self.last.show_last(state, is_recent=False)
        self.recent.show_last(state, is_recent=True)
        reachable = 0 if state.count is None else state.count.reachable
        self.send.set_text(t("seg.send", n=words.number(reachable)) if reachable else t("seg.send_none"))
        why = state.why_not_sent
        self.send.allow(not why, t(why) if why else "")

    def _typed(self, text: str) -> None:
        self.template_typed.emit(words.kept_template(text))

    def _insert(self, name: str) -> None:
        self.template.insertPlainText(f"{{{t(f'seg.field.{name}')}}}")
        self.template.setFocus()

    def _due_chosen(self, value: str) -> None:
        self.due_chosen.emit(date.fromisoformat(value))

    def _cap_chosen(self, value: str) -> None:
        self.cap_chosen.emit(int(value))

    def _restyle(self) -> None:
        self.template.setFixedHeight(look().m.note_h)


def _caps(most: int) -> list[int]:
    return list(range(1, most + 1)) if most <= _MOST_CAPS else [1, 2, most]


def _labelled(key: str, widget: QWidget) -> QWidget:
    return holder(column(Label("", "label", "text2").say(key), widget, gap=1))


class PreviewDialog(Dialog):
    """A few real cases before anything goes out: `sent` on Ctrl Enter."""

    sent = Signal()

    def __init__(self, found: OutreachPreview) -> None:
        super().__init__(t("seg.preview.title", n=words.number(found.tasks)))
        lang = i18n.language()
        cases: list[QWidget] = []
        for case in found.cases:
            who = t("seg.preview.for", staff=person_name(case.staff.pick(lang)), name=person_name(case.name))
            text = Label(untrusted(case.text, 200), "body", wrap=True)
            cases.append(Card(Label(who, "body_strong", wrap=True), text))
        how = "seg.preview.how" if found.tasks else "seg.preview.none"
        self.problem = Problem()
        body = column(Label("", "label", "text2", wrap=True).say(how), self.problem, *cases, None, gap=3)
        self.body.put(ScrollColumn(holder(body)))
        self.back = Button("").say("seg.preview.back")
        self.go = Button("", "primary", icon="send", key="Ctrl Enter")
        self.go.set_text(t("seg.send", n=words.number(found.tasks)))
        self.end_with(self.back, self.go)
        self._has_tasks = bool(found.tasks)
        self.go.allow(self._has_tasks, t("seg.preview.none"))

    def show_state(self, problem: GuideDeskError | None, *, is_sending: bool) -> None:
        """Why it could not go out."""
        self.problem.show_error(problem)
        if self._has_tasks:
            self.go.allow(not is_sending, t("seg.why_not.busy"))

    def first_focus(self) -> QWidget | None:
        return self.go

    def main_action(self) -> None:
        if self.go.isEnabled():
            self.sent.emit()

    def wanted_size(self) -> tuple[int, int]:
        """A form's width."""
        return look().m.dialog_form_w, look().m.dialog_h


class NameDialog(Dialog):
    """Another name for an audience: `named(text)`."""

    named = Signal(str)

    def __init__(self, name: str) -> None:
        super().__init__(title_key="seg.rename")
        self.field = Field("seg.name")
        self.field.set_text(name)
        self.field.submitted.connect(self.named)
        self.body.put(self.field, None)
        self.save = Button("", "primary", key="Ctrl Enter").say("seg.rename_save")
        self.end_with(Button("").say("seg.rename_leave"), self.save)

    def first_focus(self) -> QWidget | None:
        return self.field

    def main_action(self) -> None:
        if self.field.text().strip():
            self.named.emit(self.field.text())
        else:
            self.field.set_note(t("error.segment_unnamed"))

    def wanted_size(self) -> tuple[int, int]:
        """As low as one field needs."""
        m = look().m
        return m.dialog_small_w, m.dialog_head_h + 3 * m.dialog_foot_h


class RemoveDialog(Dialog):
    """Asks once before an audience goes: `removed`."""

    removed = Signal()

    def __init__(self, name: str) -> None:
        super().__init__(untrusted(name, 40))
        self.body.put(Label("", "body", wrap=True).say("seg.remove_ask"), None)
        self.go = Button("", "danger", icon="trash").say("seg.remove_yes")
        self.stay = Button("").say("seg.remove_no")
        self.end_with(self.stay, self.go)

    def first_focus(self) -> QWidget | None:
        return self.stay

    def main_action(self) -> None:
        self.removed.emit()

    def wanted_size(self) -> tuple[int, int]:
        """As low as one sentence needs."""
        m = look().m
        return m.dialog_small_w, m.dialog_head_h + m.dialog_foot_h + m.dialog_foot_h + 2 * m.card_pad


def problem_text(error: GuideDeskError | None) -> str:
    """What went wrong with a count or a save, or nothing."""
    return "" if error is None else messages.message_for(error).text
