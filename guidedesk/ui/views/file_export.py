"""The frame of every dialog that writes a file: what it will hold, where to, why it could not be written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from guidedesk.services.spreadsheet_files import FORMS
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.file_export import FileExportPresenter, FileExportState
from guidedesk.ui.scan_guard import guard_keys
from guidedesk.ui.views.problem import Problem
from guidedesk.ui.widgets.banner import Note
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.choices import Choice, ChoiceGroup
from guidedesk.ui.widgets.columns import ScrollColumn
from guidedesk.ui.widgets.fields import Field
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import Box, Item, column, holder, row
from guidedesk.ui.widgets.overlay import Dialog

PickPath = Callable[[QWidget, str, str], str]


def pick_path(parent: QWidget, path: str, form: str) -> str:
    """The system's own dialog for a place and a name; empty when the person left it."""
    kind = f"{t(f'export.form.{form}')} (*.{form})"
    # An existing file is refused with a sentence, wherever its name came from.
    options = QFileDialog.Option.DontConfirmOverwrite
    found, _ = QFileDialog.getSaveFileName(parent, t("export.path"), path, kind, kind, options)
    return found


class FileExportDialog(Dialog):
    """`path_chosen`, `submitted` and `closed` tell what a person did. A dialog `fill`s in its own parts."""

    path_chosen = Signal(str)
    submitted = Signal()

    def __init__(self, title_key: str, *, save_key: str = "export.save", pick: PickPath = pick_path) -> None:
        super().__init__(title_key=title_key)
        self._pick, self._form = pick, ""
        self.what = Label("", "body", "text2", wrap=True)
        self.problem = Problem()
        self.path = Field("export.path")
        self.browse = Button("").say("export.browse")
        self.place = row(self.path, column(None, self.browse, gap=0), gap=2)
        self.place.setStretch(0, 1)
        self._scroll: ScrollColumn | None = None
        self._sheet: QWidget | None = None
        self.cancel = Button("").say("export.cancel")
        self.save = Button("", "primary", icon="download", key="Ctrl Enter").say(save_key)
        self.end_with(self.cancel, self.save)
        self.path.edited.connect(self.path_chosen)
        self.browse.clicked.connect(self._browse)

    def fill(self, *parts: Item) -> Box:
        """Below what the file is and why it could not be written: these parts, `place` among them."""
        form = column(self.what, self.problem, *parts, gap=4)
        self._sheet = holder(form)
        self._scroll = ScrollColumn(self._sheet)
        self.body.put(self._scroll)
        return form

    def sheet_size(self) -> tuple[int, int]:
        """As high as what was filled in needs, in the width of a form."""
        return self.form_size(self._sheet if self._sheet is not None else self.what)

    def listen_to(self, presenter: FileExportPresenter[Any]) -> None:
        """Tell a presenter what a person does, and show what it says."""
        self.path_chosen.connect(presenter.choose_path)
        self.submitted.connect(presenter.submit)
        self.closed.connect(presenter.leave)
        presenter.state_changed.connect(self.render_state)
        self.render_state(presenter.state)

    def render_state(self, state: Any) -> None:
        """Show what will be written, and why it could not be."""
        raise NotImplementedError

    def show_file(self, state: FileExportState) -> None:
        """What is the same for every file: where to, why not, and that it is being written."""
        self._form = state.form
        self.path.set_text(state.path)
        if state.problem is not None and self._scroll is not None:
            self._scroll.verticalScrollBar().setValue(0)
        self.problem.show_error(state.problem)
        self.save.allow(not state.is_writing, t("export.writing"))

    def main_action(self) -> None:
        if self.save.isEnabled():
            self.submitted.emit()

    def _browse(self) -> None:
        found = self._pick(self, self.path.text(), self._form)
        if found:
            self.path_chosen.emit(found)


class SheetExportDialog(FileExportDialog):
    """A sheet of rows: also `form_chosen`, and a `mark` that says what the file tells about itself."""

    form_chosen = Signal(str)

    def __init__(self, title_key: str, *, pick: PickPath = pick_path) -> None:
        super().__init__(title_key, pick=pick)
        self.forms = ChoiceGroup("export.form", digits=True)
        guard_keys(self.forms)
        self.mark = Note("info", "shield-check")
        self.forms.chosen.connect(self.form_chosen)

    def fill_sheet(self, *parts: Item) -> None:
        """These parts, then which kind of file and where to."""
        self.fill(*parts, titled("export.form", self.forms), self.place, self.mark, None)

    def listen_to(self, presenter: FileExportPresenter[Any]) -> None:
        self.form_chosen.connect(presenter.choose_form)
        super().listen_to(presenter)

    def show_file(self, state: FileExportState) -> None:
        self.forms.show_choices([Choice(word, t(f"export.form.{word}")) for word in FORMS], state.form)
        super().show_file(state)


def titled(key: str, choices: ChoiceGroup) -> Box:
    """A choice under its heading."""
    return column(Label("", "body_strong").say(key), choices, gap=2)
