"""Where her own statement or a trial balance should go, and as which kind of file."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from guidedesk.services.earnings import Earnings
from guidedesk.ui import earnings_words as words
from guidedesk.ui import formats
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.figures_export import FiguresExportState
from guidedesk.ui.views.file_export import PickPath, SheetExportDialog, pick_path


class FiguresExportDialog(SheetExportDialog):
    """Only the month that was on show: there is nothing else to choose."""

    def __init__(self, title_key: str, pick: PickPath = pick_path) -> None:
        super().__init__(title_key, pick=pick)
        self.fill_sheet()

    def render_state(self, state: FiguresExportState) -> None:
        data = state.data
        if data is None:
            return
        month = words.period_text(data.period)
        if isinstance(data, Earnings):
            self.what.set_text(t("earn.export_what", month=month, n=len(data.lines)))
        else:
            self.what.set_text(t("close.export_what", month=month, n=len(data.associates)))
        self.mark.show_text("", t("earn.export_mark", time=formats.time_text(data.as_of_ms)))
        self.show_file(state)

    def first_focus(self) -> QWidget | None:
        return self.forms

    def wanted_size(self) -> tuple[int, int]:
        """As high as the form needs."""
        return self.sheet_size()
