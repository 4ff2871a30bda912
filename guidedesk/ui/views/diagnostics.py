"""Diagnostics: the whole content first, then where to."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from guidedesk.ui import messages
from guidedesk.ui.presenters.diagnostics import DiagnosticsState
from guidedesk.ui.theme import look
from guidedesk.ui.widgets.banner import Banner
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.columns import ScrollColumn
from guidedesk.ui.widgets.fields import Field, NoteField
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import column, holder
from guidedesk.ui.widgets.overlay import Dialog


class DiagnosticsDialog(Dialog):
    """`path_chosen`, `submitted` and `left` tell what a person did."""

    path_chosen = Signal(str)
    submitted = Signal()
    left = Signal()

    def __init__(self) -> None:
        super().__init__(title_key="sync.diagnostics_title")
        self._what = Label("", "body", "text2", wrap=True).say("sync.diagnostics_what")
        self.content = NoteField("sync.diagnostics_text")
        self.content.setReadOnly(True)
        self.path = Field("sync.diagnostics_path")
        self.problem = Banner("danger", "alert", closable=False)
        self.content.setMinimumHeight(look().m.avatar_xl)
        form = column(self._what, self.problem, self.content, self.path, gap=3)
        form.setStretch(2, 1)
        self.body.put(ScrollColumn(holder(form)))
        self.cancel = Button("").say("sync.diagnostics_cancel")
        self.save = Button("", "primary", icon="download", key="Ctrl Enter").say("sync.diagnostics_save")
        self.foot.put(None, self.cancel, self.save)
        self.path.edited.connect(self.path_chosen)
        self.save.clicked.connect(self.submitted)
        self.cancel.clicked.connect(self.left)
        self.closed.connect(self.left)

    def render_state(self, state: DiagnosticsState) -> None:
        """Show what will be written."""
        if not state.text:
            return
        if self.content.toPlainText() != state.text:
            self.content.setPlainText(state.text)
        self.path.set_text(state.path)
        self.problem.setVisible(state.problem is not None)
        if state.problem is not None:
            self.problem.show_text("", messages.message_for(state.problem).text)

    def first_focus(self) -> QWidget | None:
        return self.content

    def handle_command(self, name: str) -> bool:
        if name == "main_action":
            self.submitted.emit()
            return True
        return super().handle_command(name)
