"""The printers of this counter: label printer on the network, system printer for cards."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from guidedesk.services.printers import LANGUAGE_NAMES, WIDTHS
from guidedesk.ui import messages
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.printers import PrintersState
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.choices import Choice, ChoiceGroup
from guidedesk.ui.widgets.columns import ScrollColumn
from guidedesk.ui.widgets.fields import Field
from guidedesk.ui.widgets.labels import Label, untrusted
from guidedesk.ui.widgets.layouts import column, holder
from guidedesk.ui.widgets.overlay import Dialog


class PrintersDialog(Dialog):
    """`label_written(text)`, `language_chosen`, `width_chosen(dots)`, `card_chosen(name)`, `submitted`."""

    label_written = Signal(str)
    language_chosen = Signal(str)
    width_chosen = Signal(str)
    card_chosen = Signal(str)
    submitted = Signal()

    def __init__(self) -> None:
        super().__init__(title_key="printers.title")
        self.label = Field("printers.label")
        self.language = ChoiceGroup("printers.language")
        self.paper = ChoiceGroup("printers.width")
        self.card = ChoiceGroup("printers.card")
        form = column(
            Label("", "heading").say("printers.labels"),
            Label("", "body", "text2", wrap=True).say("printers.labels_how"),
            self.label, Label("", "label", "text2").say("printers.language"), self.language,
            Label("", "label", "text2").say("printers.width"), self.paper,
            Label("", "heading").say("printers.cards"), Label("", "body", "text2", wrap=True).say("printers.cards_how"),
            self.card, None, gap=3,
        )  # fmt: skip
        self.body.put(ScrollColumn(holder(form)))
        self.cancel = Button("").say("form.close")
        self.save = Button("", "primary", key="Ctrl Enter").say("printers.save")
        self.end_with(self.cancel, self.save)
        self.label.edited.connect(self.label_written)
        self.language.chosen.connect(self.language_chosen)
        self.paper.chosen.connect(self.width_chosen)
        self.card.chosen.connect(self.card_chosen)

    def render_state(self, state: PrintersState) -> None:
        """Show what is set."""
        if not state.is_open:
            return
        settings = state.settings
        self.label.set_text(settings.label)
        self.label.set_note(messages.message_for(state.problem).text if state.problem else "")
        self.language.show_choices([Choice(name, t(f"printers.language.{name}")) for name in LANGUAGE_NAMES],
                                   settings.language)
        self.paper.show_choices([Choice(str(dots), t(f"printers.width.{dots}")) for dots in WIDTHS],
                                str(settings.width))
        cards = [Choice("", t("printers.card_pdf"))]
        cards += [Choice(name, untrusted(name, 40)) for name in dict.fromkeys((*state.cards, settings.card)) if name]
        self.card.show_choices(cards, settings.card)

    def first_focus(self) -> QWidget | None:
        return self.label

    def main_action(self) -> None:
        self.submitted.emit()
