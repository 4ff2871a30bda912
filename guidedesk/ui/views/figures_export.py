"""Where her own statement or a trial balance should go, and as which kind of file."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QSizePolicy, QWidget

from guidedesk.services.earnings import Earnings
from guidedesk.services.spreadsheet_files import FORMS
from guidedesk.ui import earnings_words as words
from guidedesk.ui import formats, messages
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.figures_export import FiguresExportState
from guidedesk.ui.scan_guard import guard_keys
from guidedesk.ui.theme import look
from guidedesk.ui.views.export import PickPath, pick_path
from guidedesk.ui.widgets.access import announce
from guidedesk.ui.widgets.banner import Banner
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.choices import Choice, ChoiceGroup
from guidedesk.ui.widgets.columns import ScrollColumn
from guidedesk.ui.widgets.fields import Field
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import column, holder, row
from guidedesk.ui.widgets.overlay import Dialog

_WRAPS = QSizePolicy.Policy.Preferred


class FiguresExportDialog(Dialog):
    """`form_chosen`, `path_chosen`, `submitted` and `left` tell what a person did."""

    form_chosen = Signal(str)
    path_chosen = Signal(str)
    submitted = Signal()
    left = Signal()

    def __init__(self, title_key: str, pick: PickPath = pick_path) -> None:
        super().__init__(title_key=title_key)
        self._pick, self._form = pick, FORMS[0]
        self._what = Label("", "body", "text2", wrap=True)
        self.forms, self.path = ChoiceGroup("export.form", digits=True), Field("export.path")
        guard_keys(self.forms)
        self.browse = Button("").say("export.browse")
        self._mark = Banner("info", "shield-check", closable=False)
        self.problem = Banner("danger", "alert", closable=False)
        for banner in (self._mark, self.problem):
            banner.setSizePolicy(_WRAPS, _WRAPS)
        place = row(self.path, column(None, self.browse, gap=0), gap=2)
        place.setStretch(0, 1)
        title = Label("", "body_strong").say("export.form")
        form = column(self._what, self.problem, column(title, self.forms, gap=2), place, self._mark, None, gap=4)
        self.body.put(ScrollColumn(holder(form)))
        self.cancel = Button("").say("export.cancel")
        self.save = Button("", "primary", icon="download", key="Ctrl Enter").say("export.save")
        self.foot.put(None, self.cancel, self.save)
        self.forms.chosen.connect(self.form_chosen)
        self.path.edited.connect(self.path_chosen)
        self.browse.clicked.connect(self._browse)
        self.save.clicked.connect(self.submitted)
        self.cancel.clicked.connect(self.left)
        self.closed.connect(self.left)

    def render_state(self, state: FiguresExportState) -> None:
        """Show what will be written, and why it could not be."""
        data = state.data
        if data is None:
            return
        self._form = state.form
        month = words.period_text(data.period)
        if isinstance(data, Earnings):
            self._what.set_text(t("earn.export_what", month=month, n=len(data.lines)))
        else:
            self._what.set_text(t("close.export_what", month=month, n=len(data.associates)))
        self.forms.show_choices([Choice(word, t(f"export.form.{word}")) for word in FORMS], state.form)
        self.path.set_text(state.path)
        self._mark.show_text("", t("earn.export_mark", time=formats.time_text(data.as_of_ms)))
        self.problem.setVisible(state.problem is not None)
        if state.problem is not None:
            self.problem.show_text("", messages.message_for(state.problem).text)
            announce(self.problem, self.problem.accessibleName())
        self.save.allow(not state.is_writing, t("export.writing"))

    def first_focus(self) -> QWidget | None:
        return self.forms

    def handle_command(self, name: str) -> bool:
        if name == "main_action":
            if self.save.isEnabled():
                self.submitted.emit()
            return True
        return super().handle_command(name)

    def wanted_size(self) -> tuple[int, int]:
        """A form's width, two thirds of a dialog's height."""
        return look().m.dialog_form_w, look().m.dialog_h * 2 // 3

    def _browse(self) -> None:
        found = self._pick(self, self.path.text(), self._form)
        if found:
            self.path_chosen.emit(found)
