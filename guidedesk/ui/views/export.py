"""Export of one member's purchases: a dialog that a digit, Tab and Ctrl Enter are enough for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QSizePolicy, QWidget

from guidedesk.services.spreadsheet_files import FORMS
from guidedesk.ui import messages
from guidedesk.ui.history_sheet import filter_words
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.export import PURPOSES, ExportState
from guidedesk.ui.scan_guard import guard_keys
from guidedesk.ui.widgets.access import announce
from guidedesk.ui.widgets.banner import Banner
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.choices import Choice, ChoiceGroup
from guidedesk.ui.widgets.columns import ScrollColumn
from guidedesk.ui.widgets.fields import Field
from guidedesk.ui.widgets.labels import Label, person_name, untrusted
from guidedesk.ui.widgets.layouts import column, holder, row
from guidedesk.ui.widgets.overlay import Dialog

PickPath = Callable[[QWidget, str, str], str]
_WRAPS: Final = QSizePolicy.Policy.Preferred


def pick_path(parent: QWidget, path: str, form: str) -> str:
    """The system's own dialog for a place and a name; empty when the person left it."""
    kind = f"{t(f'export.form.{form}')} (*.{form})"
    # An existing file is refused with a sentence, wherever its name came from.
    options = QFileDialog.Option.DontConfirmOverwrite
    found, _ = QFileDialog.getSaveFileName(parent, t("export.path"), path, kind, kind, options)
    return found


class ExportDialog(Dialog):
    """`purpose_chosen`, `note_written`, `form_chosen`, `path_chosen`, `submitted` and `left` tell what a person did."""

    purpose_chosen = Signal(str)
    note_written = Signal(str)
    form_chosen = Signal(str)
    path_chosen = Signal(str)
    submitted = Signal()
    left = Signal()

    def __init__(self, pick: PickPath = pick_path) -> None:
        super().__init__(title_key="export.title")
        self._pick = pick
        self._form = FORMS[0]
        self._what = Label("", "body", "text2", wrap=True)
        self.purposes = ChoiceGroup("export.purpose", digits=True)
        self.forms = ChoiceGroup("export.form", digits=True)
        for group in (self.purposes, self.forms):
            guard_keys(group)
        self.note, self.path = Field("export.note"), Field("export.path")
        self.browse = Button("").say("export.browse")
        self._mark = Banner("info", "shield-check", closable=False)
        self.problem = Banner("danger", "alert", closable=False)
        for banner in (self._mark, self.problem):
            banner.setSizePolicy(_WRAPS, _WRAPS)  # as high as its sentence needs
        place = row(self.path, column(None, self.browse, gap=0), gap=2)
        place.setStretch(0, 1)
        form = column(
            self._what, self.problem,
            column(Label("", "body_strong").say("export.purpose"), self.purposes, gap=2),
            self.note,
            column(Label("", "body_strong").say("export.form"), self.forms, gap=2),
            place, self._mark, None, gap=4,
        )  # fmt: skip
        self._scroll = ScrollColumn(holder(form))
        self.body.put(self._scroll)
        self.cancel = Button("").say("export.cancel")
        self.save = Button("", "primary", icon="download", key="Ctrl Enter").say("export.save")
        self.foot.put(None, self.cancel, self.save)
        self._connect()

    def _connect(self) -> None:
        self.purposes.chosen.connect(self.purpose_chosen)
        self.forms.chosen.connect(self.form_chosen)
        self.note.edited.connect(self.note_written)
        self.path.edited.connect(self.path_chosen)
        self.browse.clicked.connect(self._browse)
        self.save.clicked.connect(self.submitted)
        self.cancel.clicked.connect(self.left)
        self.closed.connect(self.left)

    def render_state(self, state: ExportState) -> None:
        """Show what will be written, and why it could not be."""
        if state.head is None:
            return
        self._form = state.form
        words = filter_words(state.head, state.wanted)
        name = person_name(state.head.name)
        self._what.set_text(t("export.what", name=name, filter=untrusted(words, 120), n=state.orders))
        self.purposes.show_choices([Choice(word, t(f"export.purpose.{word}")) for word in PURPOSES], state.purpose)
        self.forms.show_choices([Choice(word, t(f"export.form.{word}")) for word in FORMS], state.form)
        self.note.set_text(state.note)
        self.path.set_text(state.path)
        self._mark.show_text(
            "", t("export.marked_hidden" if state.head.owner.hides_amounts else "export.marked"))
        self.problem.setVisible(state.problem is not None)
        if state.problem is not None:
            self.problem.show_text("", messages.message_for(state.problem).text)
            self._scroll.verticalScrollBar().setValue(0)
            announce(self.problem, self.problem.accessibleName())
        self.save.allow(not state.is_writing, t("export.writing"))

    def first_focus(self) -> QWidget | None:
        return self.purposes

    def handle_command(self, name: str) -> bool:
        if name == "main_action":
            if self.save.isEnabled():
                self.submitted.emit()
            return True
        return super().handle_command(name)

    def _browse(self) -> None:
        found = self._pick(self, self.path.text(), self._form)
        if found:
            self.path_chosen.emit(found)
