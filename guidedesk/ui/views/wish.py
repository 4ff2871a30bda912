"""Take down what a member wishes for: words, the article they mean, size, colour, until when."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from guidedesk.ui import i18n
from guidedesk.ui.messages import message_for
from guidedesk.ui.presenters.wish import WishFormState
from guidedesk.ui.scan_guard import guard_keys
from guidedesk.ui.views.form_dialog import LEAVE, NEXT, FormDialog, noted, step
from guidedesk.ui.widgets.choices import Choice, ChoiceGroup
from guidedesk.ui.widgets.fields import Field
from guidedesk.ui.widgets.labels import Label, untrusted
from guidedesk.ui.widgets.layouts import ALIGN_TOP, column, holder, row

SHOWN: Final = 40  # characters of an article


class WishDialog(FormDialog):
    """`words_typed`, `article_chosen(sku)`, `size_typed`, `colour_typed`, `until_typed`, `saved()`, `closed()`."""

    words_typed = Signal(str)
    article_chosen = Signal(str)
    size_typed = Signal(str)
    colour_typed = Signal(str)
    until_typed = Signal(str)

    def __init__(self) -> None:
        super().__init__("wish.title", "wish.save", hints=(NEXT, LEAVE))
        self._state: WishFormState | None = None
        self.words = Field("wish.words", hint_key="wish.words_hint", large=True)
        self.articles = ChoiceGroup("wish.article", digits=True)
        guard_keys(self.articles)
        self.size_field = Field("wish.size", hint_key="wish.any", large=True)
        self.colour_field = Field("wish.colour", hint_key="wish.any", large=True)
        self.until = Field("wish.until", hint_key="wish.until_hint", large=True)
        self._articles = holder(column(step("wish.article"), self.articles, gap=2))
        fields = row(self.size_field, self.colour_field, self.until, gap=4)
        for number, field in enumerate((self.size_field, self.colour_field, self.until)):
            fields.setStretch(number, 1)
            fields.setAlignment(field, ALIGN_TOP)
        rule = noted("info", Label("", "caption", "text2", wrap=True).say("wish.rule"))
        self.form.put(self.words, self._articles, holder(fields), rule, None)
        self.words.edited.connect(self.words_typed)
        self.articles.chosen.connect(self.article_chosen)
        self.size_field.edited.connect(self.size_typed)
        self.colour_field.edited.connect(self.colour_typed)
        self.until.edited.connect(self.until_typed)

    def render_state(self, state: WishFormState) -> None:
        """Show what is typed, and the articles it may mean."""
        self._state = state
        if state.card is None:
            return
        self.show_head(state)
        for name, field, text in (
            ("words", self.words, state.words), ("size", self.size_field, state.size),
            ("colour", self.colour_field, state.colour), ("until", self.until, state.until),
        ):  # fmt: skip
            field.set_text(text)
            error = state.problem(name)
            field.set_note(message_for(error).text if error else "")
        lang = i18n.language()
        choices = [
            Choice(one.sku, untrusted(" ".join(
                part for part in (one.name.pick(lang), one.size, one.colour.pick(lang)) if part
            ), SHOWN))
            for one in state.articles
        ]  # fmt: skip
        self.articles.show_choices(choices, state.sku)
        self._articles.setVisible(bool(choices))
        self.show_wrong(state)

    def field(self, name: str) -> QWidget | None:
        return {"words": self.words.line, "size": self.size_field.line, "colour": self.colour_field.line,
                "until": self.until.line}.get(name)  # fmt: skip

    def first_focus(self) -> QWidget | None:
        return self.words

    def retranslate(self) -> None:
        if self._state is not None:
            self.render_state(self._state)
