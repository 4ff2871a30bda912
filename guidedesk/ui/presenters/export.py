"""Exporting one member's purchases: what for, as what, where to; then the file (DESIGN-UI.md 5.4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject

from guidedesk.services.changes import Changes
from guidedesk.services.history_export import ExportRequest, export_history, export_permission
from guidedesk.services.history_models import HistoryFilter, HistoryHead
from guidedesk.services.operations import EXPORT_PURPOSES, RecordExport
from guidedesk.services.queries.history import get_history_totals
from guidedesk.services.queries.history_lines import list_history_lines
from guidedesk.services.queries.reference import get_store
from guidedesk.services.session import Session
from guidedesk.services.spreadsheet_files import FORMS
from guidedesk.ui import i18n
from guidedesk.ui.desk import CounterPort, Desk
from guidedesk.ui.history_sheet import ExportedBy, history_sheet
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.file_export import FileExportPresenter, FileExportState, Work

PURPOSES: Final = EXPORT_PURPOSES
NOTE_LIMIT: Final = 120


@dataclass(frozen=True, slots=True)
class ExportState(FileExportState):
    """What the dialog shows: whose purchases under which filter, and what for."""

    head: HistoryHead | None = None
    wanted: HistoryFilter = field(default_factory=HistoryFilter)
    orders: int = 0
    purpose: str = ""
    note: str = ""
    form: str = field(default=FORMS[0], kw_only=True)

    @property
    def is_open(self) -> bool:
        return self.head is not None


class ExportPresenter(FileExportPresenter[ExportState]):
    """Recorded before it is written: head office knows of every file (`services/history_export.py`)."""

    def __init__(
        self, desk: Desk, parent: QObject | None = None, *, folder: Callable[[], Path] | None = None
    ) -> None:
        super().__init__(desk, ExportState(), parent, folder=folder)

    @property
    def is_allowed(self) -> bool:
        """Whether whoever is signed in may export one member's purchases."""
        return self._desk.may(export_permission(1))

    def open(self, head: HistoryHead, wanted: HistoryFilter, orders: int) -> None:
        """Ask about exporting what a filter shows of one member."""
        if self.is_allowed:
            self._ask(ExportState(head, wanted, orders, path=self._suggested("purchases", FORMS[0])))

    def choose_purpose(self, purpose: str) -> None:
        """What for."""
        self._show(purpose=purpose, problem=None)

    def write_note(self, note: str) -> None:
        """What for, in words."""
        self._show(note=note[:NOTE_LIMIT], problem=None)

    def work(self, state: ExportState, session: Session, path: Path) -> Work | None:
        if state.head is None:
            return None
        counter = self._desk.counter
        request = ExportRequest(
            counter.new_id(), (state.head.member_id,), state.purpose, state.note, state.form, path
        )
        return partial(_write, counter, session, request, state.head, state.wanted)


def _write(
    counter: CounterPort, session: Session, request: ExportRequest, head: HistoryHead, wanted: HistoryFilter
) -> Changes:
    now_ms = counter.now_ms()
    with counter.read() as connection:
        lines = list_history_lines(connection, head.member_id, wanted, now_ms)
        totals = get_history_totals(connection, head.member_id, wanted, now_ms)
        store = get_store(connection, counter.store_id).name.pick(i18n.language())
    purpose = t(f"export.purpose.{request.purpose}") if request.purpose else ""
    if request.note.strip():
        purpose = t("export.purpose_note", purpose=purpose, note=request.note.strip())
    by = ExportedBy(session.staff, f"{store} {counter.label}".strip(), now_ms, purpose, request.export_id)
    recorded: list[Changes] = []

    def record(operations: Sequence[RecordExport]) -> None:
        recorded.append(counter.record(list(operations), session, 0))

    export_history(request, history_sheet(head, wanted, totals, lines, by), session.actor, session.store_id, record)
    return recorded[0]
