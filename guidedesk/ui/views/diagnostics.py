"""Diagnostics: the whole content first, then where to."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from guidedesk.ui.presenters.diagnostics import DiagnosticsState
from guidedesk.ui.theme import look
from guidedesk.ui.views.file_export import FileExportDialog, PickPath, pick_path
from guidedesk.ui.widgets.fields import NoteField


class DiagnosticsDialog(FileExportDialog):
    """What is shown is what will be written, to the letter."""

    def __init__(self, pick: PickPath = pick_path) -> None:
        super().__init__("sync.diagnostics_title", save_key="sync.diagnostics_save", pick=pick)
        self.what.say("sync.diagnostics_what")
        self.content = NoteField("sync.diagnostics_text")
        self.content.setReadOnly(True)
        self.content.setMinimumHeight(look().m.avatar_xl)
        form = self.fill(self.content, self.place)
        form.setStretchFactor(self.content, 1)

    def render_state(self, state: DiagnosticsState) -> None:
        if not state.is_open:
            return
        if self.content.toPlainText() != state.text:
            self.content.setPlainText(state.text)
        self.show_file(state)

    def first_focus(self) -> QWidget | None:
        return self.content
