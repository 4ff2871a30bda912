"""Edit a member's fields: a small form of pattern E."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from guidedesk.ui.messages import message_for
from guidedesk.ui.presenters.edit_member import EditState
from guidedesk.ui.views import member_words as words
from guidedesk.ui.views.form_dialog import LEAVE, NEXT, FormDialog, noted
from guidedesk.ui.widgets.fields import Field
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import ALIGN_TOP, column, holder, row


class EditMemberDialog(FormDialog):
    """`name_typed(text)`, `birthday_typed(text)`, `phone_typed(text)`, `saved()`, `left()`."""

    name_typed = Signal(str)
    birthday_typed = Signal(str)
    phone_typed = Signal(str)

    def __init__(self) -> None:
        super().__init__("edit.title", "edit.save", hints=(NEXT, LEAVE))
        self._state: EditState | None = None
        self.name = Field("register.name", large=True)
        self.birthday = Field("register.birthday", hint_key="register.birthday_hint", large=True)
        self.phone = Field("register.phone", hint_key="edit.phone_hint", large=True)
        self._phone = Label("", "body_strong")
        self._phone_why = Label("", "caption", "text3", wrap=True).say("edit.phone_why")
        fields = row(self.name, self.birthday, gap=4)
        fields.setStretch(0, 3)
        fields.setStretch(1, 2)
        for field in (self.name, self.birthday):
            fields.setAlignment(field, ALIGN_TOP)
        self._phone_there = holder(
            column(Label("", "label", "text2").say("register.phone"), self._phone, self._phone_why, gap=1)
        )
        rule = noted("info", Label("", "caption", "text2", wrap=True).say("edit.rule"))
        self.form.put(holder(fields), self._phone_there, self.phone, rule, None)
        self.name.edited.connect(self.name_typed)
        self.birthday.edited.connect(self.birthday_typed)
        self.phone.edited.connect(self.phone_typed)

    def render_state(self, state: EditState) -> None:
        """Show what is being edited."""
        self._state = state
        if state.card is None:
            return
        self.show_head(state)
        self.name.set_text(state.name)
        self.birthday.set_text(state.birthday)
        self.phone.set_text(state.phone)
        for name, field in (("name", self.name), ("birthday", self.birthday), ("phone", self.phone)):
            error = state.problem(name)
            field.set_note(message_for(error).text if error else "")
        self._phone_there.setVisible(state.has_phone)
        self.phone.setVisible(state.takes_phone)
        self._phone_why.say("edit.phone_proved" if state.takes_phone else "edit.phone_why")
        self._phone.set_text(words.phone_text(state.card))
        self.show_wrong(state)

    def field(self, name: str) -> QWidget | None:
        return {"name": self.name.line, "birthday": self.birthday.line, "phone": self.phone.line}.get(name)

    def first_focus(self) -> QWidget | None:
        return self.name

    def retranslate(self) -> None:
        if self._state is not None:
            self.render_state(self._state)
