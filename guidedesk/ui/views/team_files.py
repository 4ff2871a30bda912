"""Where the Team board as a table, or the weekly note, should go, and as which kind of file."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from guidedesk.ui import formats
from guidedesk.ui import team_words as words
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.file_export import FileExportPresenter
from guidedesk.ui.presenters.team_files import TeamFileState
from guidedesk.ui.scan_guard import guard_keys
from guidedesk.ui.views.file_export import FileExportDialog, PickPath, pick_path, titled
from guidedesk.ui.widgets.banner import Note
from guidedesk.ui.widgets.choices import Choice, ChoiceGroup


class TeamFileDialog(FileExportDialog):
    """Also `form_chosen`."""

    form_chosen = Signal(str)

    def __init__(self, title_key: str, pick: PickPath = pick_path) -> None:
        super().__init__(title_key, pick=pick)
        self.forms = ChoiceGroup("export.form", digits=True)
        guard_keys(self.forms)
        self.mark = Note("info", "shield-check")
        self.forms.chosen.connect(self.form_chosen)
        self.fill(titled("export.form", self.forms), self.place, self.mark, None)

    def listen_to(self, presenter: FileExportPresenter[TeamFileState]) -> None:
        self.form_chosen.connect(presenter.choose_form)
        super().listen_to(presenter)

    def render_state(self, state: TeamFileState) -> None:
        board = state.board
        if board is None:
            return
        period = board.period(state.period)
        said = {"place": words.place_name(board.name), "shown": words.span_text(period.first, period.last)}
        self.what.set_text(t("team.note_what" if state.is_note else "team.export_what", **said))
        key = "team.note_form" if state.is_note else "export.form"
        self.forms.show_choices([Choice(form, t(f"{key}.{form}")) for form in state.forms], state.form)
        self.mark.show_text("", f"{t('team.note_mark')} {t('team.as_of', time=formats.time_text(board.as_of_ms))}")
        self.show_file(state)

    def first_focus(self) -> QWidget | None:
        return self.forms

    def wanted_size(self) -> tuple[int, int]:
        """As high as the form needs."""
        return self.sheet_size()
