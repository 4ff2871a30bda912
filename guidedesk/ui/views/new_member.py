"""New member, typed by an associate (mockup 21): number, name, birthday, consent; Ctrl Enter creates."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QWidget

from guidedesk.ui.i18n import t
from guidedesk.ui.messages import message_for
from guidedesk.ui.presenters.new_member import NewMemberState
from guidedesk.ui.shell.keymap import KeyCue
from guidedesk.ui.shell.page import Page
from guidedesk.ui.theme import look
from guidedesk.ui.views.new_member_parts import CardBox, ConsentList, DuplicatePanel, OwnerBox, boxes
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.cards import Card
from guidedesk.ui.widgets.chips import Chip, KeyHint
from guidedesk.ui.widgets.columns import ScrollColumn
from guidedesk.ui.widgets.fields import Field
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import column, holder, row, rule

TAIL: Final = 4
CUES: Final = (
    KeyCue("F2", "keys.search"), KeyCue("Ctrl Enter", "register.create"), KeyCue("F5", "keys.sync"),
    KeyCue("F6", "keys.pane"), KeyCue("F9", "keys.lock"),
)  # fmt: skip


class NewMemberPage(Page):
    """`phone_typed`, `name_typed`, `birthday_typed`, `answered(purpose+ or purpose-)`, `existing_chosen`,
    `different_chosen`, `created`, `left`, `returned` when Back leads here."""

    phone_typed = Signal(str)
    name_typed = Signal(str)
    birthday_typed = Signal(str)
    answered = Signal(str)
    existing_chosen = Signal()
    different_chosen = Signal()
    created = Signal()
    left = Signal()
    returned = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._state: NewMemberState | None = None
        self.phone = Field("register.phone", large=True)
        self.name = Field("register.name", large=True)
        self.birthday = Field("register.birthday", hint_key="register.birthday_hint", large=True)
        self.duplicate = DuplicatePanel()
        self.consents = ConsentList()
        self.owner, self.card = OwnerBox(), CardBox()
        self._offline = Chip("", "warning", icon="cloud-off").say("register.offline")
        self._note = Label("", "caption", "text3", lines=1).say("register.note")
        self.create_button = Button("", "primary", key="Ctrl Enter").say("register.create")
        self._blocked = Label("", "caption", "text2", lines=2)
        self._build()
        self._connect()

    def _build(self) -> None:
        self._fields = row(self.phone, self.name, self.birthday, gap=4)
        for number, (field, share) in enumerate(((self.phone, 4), (self.name, 3), (self.birthday, 3))):
            self._fields.setStretch(number, share)
            self._fields.setAlignment(field, Qt.AlignmentFlag.AlignTop)
        asked = column(Label("", "body_strong", "text2").say("register.consents"), self.consents, gap=2)
        self._boxes = boxes(self.owner, self.card)
        form = column(self._fields, self.duplicate, asked, self._boxes, None, gap=4, pad=4)
        hints = [row(KeyHint(cap), Label("", "caption", "text3").say(f"register.key.{name}"), gap=1)
                 for cap, name in (("Tab", "next"), ("Space", "tick"), ("Esc", "leave"))]
        self._hints = holder(row(*hints, gap=3))
        foot = row(self._hints, None, self._blocked, self.create_button, gap=2, pad=(3, 4))
        card = Card(pad=0, gap=0)
        card.body.put(ScrollColumn(holder(form)), rule(), foot)
        card.body.setStretch(0, 1)
        self._title = Label("", "title").say("register.title")
        self._head = row(self._title, self._note, self._offline, gap=3)
        self._head.setStretch(1, 1)
        content = column(self._head, card, gap=3)
        content.setStretch(1, 1)
        self.body.put(content)

    def _connect(self) -> None:
        self.phone.edited.connect(self.phone_typed)
        self.name.edited.connect(self.name_typed)
        self.birthday.edited.connect(self.birthday_typed)
        self.consents.answered.connect(self.answered)
        self.duplicate.opened.connect(self.existing_chosen)
        self.duplicate.declined.connect(self.different_chosen)
        self.create_button.clicked.connect(self.created)

    def render_state(self, state: NewMemberState) -> None:
        """Show what was typed and what is known of it."""
        self._state = state
        self._show_fields(state)
        if state.me is None:
            return
        self.duplicate.setVisible(state.must_decide)
        if state.duplicate is not None:
            self.duplicate.show_hit(state.duplicate, state.now_ms)
        self.consents.show_state(state)
        self.owner.show_state(state)
        self.card.show_state(state)
        self._offline.setVisible(state.is_offline)
        self._fit_head()
        why = t(f"register.blocked.{state.blocked}") if state.blocked else ""
        self._blocked.set_text(why)
        self._blocked.setVisible(bool(why))
        self.create_button.allow(not why and not state.is_saving, why)

    def _show_fields(self, state: NewMemberState) -> None:
        for name, field, text in (("phone", self.phone, state.phone), ("name", self.name, state.name),
                                  ("birthday", self.birthday, state.birthday)):
            field.set_text(text)
            problem = state.problem(name)
            field.set_note(message_for(problem).text if problem is not None else "")
        if state.problem("phone") is None and state.duplicate is not None:
            digits = "".join(char for char in state.phone if char.isdigit())
            text = t("register.different_note") if state.is_different else t("register.exists", tail=digits[-TAIL:])
            self.phone.set_note(text, "warning")

    def retranslate(self) -> None:
        if self._state is not None:
            self.render_state(self._state)

    def first_focus(self) -> QWidget | None:
        return self.phone.line

    def panes(self) -> list[QWidget]:
        return [self.phone, self.consents, self.create_button]

    def key_cues(self) -> tuple[KeyCue, ...]:
        return CUES

    def handle_command(self, name: str) -> bool:
        deciding = self._state is not None and self._state.must_decide
        if name == "main_action" and self.create_button.isEnabled():
            self.created.emit()
        elif name == "choice_1" and deciding:
            self.existing_chosen.emit()
        elif name == "choice_2" and deciding:
            self.different_chosen.emit()
        elif name in ("close", "back"):
            self.left.emit()
        else:
            return False
        return True

    def memento(self) -> object:
        return "typing"

    def restore(self, memento: object) -> None:
        if self._state is None or self._state.me is None:
            self.returned.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        ways = QBoxLayout.Direction
        narrow = self.width() < look().m.page_narrow
        self._fields.setDirection(ways.TopToBottom if narrow else ways.LeftToRight)
        self._hints.setVisible(not narrow)
        self._note.setVisible(not narrow)
        self._fit_head()

    def _fit_head(self) -> None:
        """What is said while offline goes below the title where both are not whole beside each other."""
        ways, margins = QBoxLayout.Direction, self._frame.contentsMargins()
        wide = self._title.sizeHint().width() + self._head.spacing() + self._offline.sizeHint().width()
        fits = wide <= self.width() - margins.left() - margins.right()
        self._head.setDirection(ways.LeftToRight if fits else ways.TopToBottom)
