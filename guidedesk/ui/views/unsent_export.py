"""Saving what was not sent: how much, what becomes of it, and where to."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.unsent_export import UnsentState
from guidedesk.ui.views.file_export import FileExportDialog, PickPath, pick_path
from guidedesk.ui.widgets.banner import Note
from guidedesk.ui.widgets.labels import Label


class UnsentDialog(FileExportDialog):
    """The file is sealed, so nothing of it is shown."""

    def __init__(self, pick: PickPath = pick_path) -> None:
        super().__init__("sync.unsent_title", save_key="sync.unsent_save", pick=pick)
        self.kept = Note("info", "shield-check")
        self.how = Label("", "label", "text2", wrap=True).say("sync.unsent_how")
        self.fill(self.place, self.kept, self.how, None)

    def render_state(self, state: UnsentState) -> None:
        if not state.is_open:
            return
        self.what.set_text(t("sync.unsent_what", n=state.waiting))
        self.kept.show_text("", t("sync.unsent_note"))
        self.show_file(state)

    def first_focus(self) -> QWidget | None:
        return self.path.line

    def wanted_size(self) -> tuple[int, int]:
        """As high as the form needs."""
        return self.sheet_size()
