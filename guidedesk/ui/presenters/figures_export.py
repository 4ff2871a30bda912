"""Her own statement, or a month's trial balance, as a file where she wants it: CSV or XLSX, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from guidedesk.domain.errors import GuideDeskError
from guidedesk.services.earnings import CloseMonth, Earnings
from guidedesk.services.export_file import write_export
from guidedesk.services.read_models import StaffInfo
from guidedesk.services.session import Session
from guidedesk.services.spreadsheet_files import FORMS, sheet_bytes
from guidedesk.ui import formats
from guidedesk.ui.close_sheet import balance_sheet
from guidedesk.ui.desk import Desk
from guidedesk.ui.earnings_sheet import earnings_sheet
from guidedesk.ui.presenters.export import documents
from guidedesk.ui.presenters.state_presenter import StatePresenter


@dataclass(frozen=True, slots=True)
class FiguresExportState:
    """What the dialog shows. `problem` is why the last try failed; then nothing was written."""

    data: Earnings | CloseMonth | None = None
    form: str = FORMS[0]
    path: str = ""
    problem: GuideDeskError | None = None
    is_writing: bool = False


class FiguresExportPresenter(StatePresenter[FiguresExportState]):
    """`state_changed(FiguresExportState)`; `opened()`; `saved(file name)` once the file is there; `left()`."""

    opened = Signal()
    saved = Signal(str)
    left = Signal()

    def __init__(
        self, desk: Desk, parent: QObject | None = None, *, folder: Callable[[], Path] | None = None
    ) -> None:
        super().__init__(FiguresExportState(), parent)
        self._desk = desk
        self._folder = folder or documents
        desk.session_changed.connect(self._take_session)

    def open(self, data: Earnings | CloseMonth) -> None:
        """Ask where to put the month on show: her own, or, for who closes months, everybody's."""
        session = self._desk.session
        if session is None:
            return
        is_own = isinstance(data, Earnings)
        if data.associate == session.staff.id if isinstance(data, Earnings) else self._desk.may("commission.others"):
            now = formats.local(self._desk.now_ms())
            name = "earnings" if is_own else "trial-balance"
            path = self._folder() / f"{name}-{data.period}-{now:%Y%m%d-%H%M%S}.{FORMS[0]}"
            self.state = FiguresExportState(data, path=str(path))
            self.opened.emit()
            self.state_changed.emit(self.state)

    def choose_form(self, form: str) -> None:
        """Which kind of file; the name follows."""
        path = Path(self.state.path)
        if path.suffix.lower() == f".{self.state.form}":
            path = path.with_suffix(f".{form}")
        self._show(form=form, path=str(path) if self.state.path else "", problem=None)

    def choose_path(self, path: str) -> None:
        """Where to."""
        self._show(path=path, problem=None)

    def submit(self) -> None:
        """Write the file."""
        session, data, state = self._desk.session, self.state.data, self.state
        if session is None or data is None or state.is_writing:
            return
        path = Path(state.path.strip()).expanduser()
        self._show(is_writing=True, problem=None)

        def written(_nothing: None) -> None:
            if self.state.data is not None and self._desk.session is session:
                self.state = FiguresExportState()
                self.saved.emit(path.name)

        self._desk.tasks.read(
            _write, data, session.staff, self._desk.now_ms(), state.form, path, done=written, failed=self._failed
        )

    def leave(self) -> None:
        """Close without writing."""
        if self.state.data is not None:
            self.state = FiguresExportState()
            self.left.emit()

    def _failed(self, error: Exception) -> None:
        if self.state.data is None or not isinstance(error, GuideDeskError):
            self._show(is_writing=False)
            self._desk.tasks.failed.emit(error)
        else:
            self._show(is_writing=False, problem=error)

    def _take_session(self, _session: Session | None) -> None:
        self.leave()


def _write(data: Earnings | CloseMonth, staff: StaffInfo, now_ms: int, form: str, path: Path) -> None:
    made = earnings_sheet(data, staff, now_ms) if isinstance(data, Earnings) else balance_sheet(data, staff, now_ms)
    write_export(path, sheet_bytes(made, form), lambda: None)
