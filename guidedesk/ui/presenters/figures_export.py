"""Her own statement, or a month's trial balance, as a file where she wants it: CSV or XLSX, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject

from guidedesk.services.earnings import CloseMonth, Earnings
from guidedesk.services.export_file import write_export
from guidedesk.services.read_models import StaffInfo
from guidedesk.services.session import Session
from guidedesk.services.spreadsheet_files import FORMS, sheet_bytes
from guidedesk.ui.close_sheet import balance_sheet
from guidedesk.ui.desk import Desk
from guidedesk.ui.earnings_sheet import earnings_sheet
from guidedesk.ui.presenters.file_export import FileExportPresenter, FileExportState, Work


@dataclass(frozen=True, slots=True)
class FiguresExportState(FileExportState):
    """What the dialog shows: which month, her own or everybody's."""

    data: Earnings | CloseMonth | None = None
    form: str = field(default=FORMS[0], kw_only=True)

    @property
    def is_open(self) -> bool:
        return self.data is not None


class FiguresExportPresenter(FileExportPresenter[FiguresExportState]):
    """No member's purchases leave with it, so nothing is recorded of it."""

    def __init__(
        self, desk: Desk, parent: QObject | None = None, *, folder: Callable[[], Path] | None = None
    ) -> None:
        super().__init__(desk, FiguresExportState(), parent, folder=folder)

    def open(self, data: Earnings | CloseMonth) -> None:
        """Ask where to put the month on show: her own, or, for who closes months, everybody's."""
        session = self._desk.session
        if session is None:
            return
        if data.associate == session.staff.id if isinstance(data, Earnings) else self._desk.may("commission.others"):
            name = "earnings" if isinstance(data, Earnings) else "trial-balance"
            self._ask(FiguresExportState(data, path=self._suggested(f"{name}-{data.period}", FORMS[0])))

    def work(self, state: FiguresExportState, session: Session, path: Path) -> Work | None:
        if state.data is None:
            return None
        return partial(_write, state.data, session.staff, self._desk.now_ms(), state.form, path)


def _write(data: Earnings | CloseMonth, staff: StaffInfo, now_ms: int, form: str, path: Path) -> None:
    made = earnings_sheet(data, staff, now_ms) if isinstance(data, Earnings) else balance_sheet(data, staff, now_ms)
    write_export(path, sheet_bytes(made, form), lambda: None)
