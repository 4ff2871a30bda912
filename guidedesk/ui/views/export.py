"""Export of one member's purchases: a dialog that a digit, Tab and Ctrl Enter are enough for."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from guidedesk.ui.history_sheet import filter_words
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.export import PURPOSES, ExportState
from guidedesk.ui.scan_guard import guard_keys
from guidedesk.ui.views.file_export import PickPath, SheetExportDialog, pick_path, titled
from guidedesk.ui.widgets.choices import Choice, ChoiceGroup
from guidedesk.ui.widgets.fields import Field
from guidedesk.ui.widgets.labels import person_name, untrusted


class ExportDialog(SheetExportDialog):
    """Also `purpose_chosen` and `note_written`."""

    purpose_chosen = Signal(str)
    note_written = Signal(str)

    def __init__(self, pick: PickPath = pick_path) -> None:
        super().__init__("export.title", pick=pick)
        self.purposes = ChoiceGroup("export.purpose", digits=True)
        guard_keys(self.purposes)
        self.note = Field("export.note")
        self.fill_sheet(titled("export.purpose", self.purposes), self.note)
        self.purposes.chosen.connect(self.purpose_chosen)
        self.note.edited.connect(self.note_written)

    def render_state(self, state: ExportState) -> None:
        if state.head is None:
            return
        words = filter_words(state.head, state.wanted)
        name = person_name(state.head.name)
        self.what.set_text(t("export.what", name=name, filter=untrusted(words, 120), n=state.orders))
        self.purposes.show_choices([Choice(word, t(f"export.purpose.{word}")) for word in PURPOSES], state.purpose)
        self.note.set_text(state.note)
        self.mark.show_text("", t("export.marked_hidden" if state.head.owner.hides_amounts else "export.marked"))
        self.show_file(state)

    def first_focus(self) -> QWidget | None:
        return self.purposes
