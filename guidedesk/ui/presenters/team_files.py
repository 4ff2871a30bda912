"""What leaves of the Team board as a file: the board as one table, or the weekly note as PDF or workbook."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject

from guidedesk.domain.team_figures import PeriodName
from guidedesk.services.export_file import write_export
from guidedesk.services.session import Session
from guidedesk.services.spreadsheet_files import FORMS, sheet_bytes
from guidedesk.services.team import TeamBoard
from guidedesk.services.workbook_files import workbook_bytes
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.file_export import FileExportPresenter, FileExportState, Work
from guidedesk.ui.team_sheet import board_sheet, chart_sheets, marks

NOTE_FORMS: Final = ("pdf", "xlsx")
DrawNote = Callable[[TeamBoard, Session, int], bytes]


@dataclass(frozen=True, slots=True)
class TeamFileState(FileExportState):
    """What the dialog shows: which board and period, and the kinds of file there are."""

    board: TeamBoard | None = None
    period: PeriodName = "month"
    forms: tuple[str, ...] = FORMS
    form: str = field(default=FORMS[0], kw_only=True)

    @property
    def is_open(self) -> bool:
        return self.board is not None

    @property
    def is_note(self) -> bool:
        """The weekly note, rather than the board as a table."""
        return self.forms == NOTE_FORMS


class TeamFilePresenter(FileExportPresenter[TeamFileState]):
    """No customer's name leaves with either, so nothing is recorded of them. `draw` makes the pages of a note."""

    def __init__(
        self, desk: Desk, draw: DrawNote, parent: QObject | None = None, *, folder: Callable[[], Path] | None = None
    ) -> None:
        super().__init__(desk, TeamFileState(), parent, folder=folder)
        self._draw = draw

    def open_export(self, board: TeamBoard, period: PeriodName) -> None:
        """Ask where to put the period on show."""
        if self._desk.may("team.view"):
            stem = f"team-{board.period(period).last}"
            self._ask(TeamFileState(board, period, FORMS, path=self._suggested(stem, FORMS[0])))

    def open_note(self, board: TeamBoard) -> None:
        """Ask where to put the weekly note: the last seven days."""
        if self._desk.may("team.view"):
            stem = f"weekly-note-{board.period('week').last}"
            path = self._suggested(stem, NOTE_FORMS[0])
            self._ask(TeamFileState(board, "week", NOTE_FORMS, path=path, form=NOTE_FORMS[0]))

    def work(self, state: TeamFileState, session: Session, path: Path) -> Work | None:
        board = state.board
        if board is None:
            return None
        now_ms = self._desk.now_ms()
        if state.is_note and state.form == "pdf":
            # Drawn here, where fonts and texts are; only the file is written beside the window.
            return partial(_write, path, self._draw(board, session, now_ms))
        return partial(_tables, board, state, session, now_ms, path)


def _write(path: Path, content: bytes) -> None:
    write_export(path, content, lambda: None)


def _tables(board: TeamBoard, state: TeamFileState, session: Session, now_ms: int, path: Path) -> None:
    period = board.period(state.period)
    if state.is_note:
        _write(path, workbook_bytes(chart_sheets(board, period, marks(board, period, session.staff, now_ms))))
    else:
        _write(path, sheet_bytes(board_sheet(board, period, session.staff, now_ms), state.form))
