"""Exporting one member's purchases: what for, as what, where to; then the file (DESIGN-UI.md 5.4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QStandardPaths, Signal

from guidedesk.domain.errors import GuideDeskError
from guidedesk.services.changes import Changes
from guidedesk.services.history_export import ExportRequest, export_history, export_permission
from guidedesk.services.operations import EXPORT_PURPOSES, RecordExport
from guidedesk.services.queries.history import get_history_totals
from guidedesk.services.queries.history_lines import list_history_lines
from guidedesk.services.queries.reference import get_store
from guidedesk.services.read_models import HistoryFilter, HistoryHead
from guidedesk.services.session import Session
from guidedesk.services.spreadsheet_files import FORMS
from guidedesk.ui import formats, i18n
from guidedesk.ui.desk import CounterPort, Desk
from guidedesk.ui.history_sheet import ExportedBy, history_sheet
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.state_presenter import StatePresenter

PURPOSES: Final = EXPORT_PURPOSES


@dataclass(frozen=True, slots=True)
class ExportState:
    """What the dialog shows. `problem` is why the last try failed; then nothing was written."""

    head: HistoryHead | None = None
    wanted: HistoryFilter = field(default_factory=HistoryFilter)
    orders: int = 0
    purpose: str = ""
    note: str = ""
    form: str = FORMS[0]
    path: str = ""
    problem: GuideDeskError | None = None
    is_writing: bool = False


class ExportPresenter(StatePresenter[ExportState]):
    """`state_changed(ExportState)`; `opened()`; `saved(file name)` once the file is there; `left()`."""

    opened = Signal()
    saved = Signal(str)
    left = Signal()

    def __init__(
        self, desk: Desk, parent: QObject | None = None, *, folder: Callable[[], Path] | None = None
    ) -> None:
        super().__init__(ExportState(), parent)
        self._desk = desk
        self._folder = folder or documents
        desk.session_changed.connect(self._take_session)

    @property
    def is_allowed(self) -> bool:
        """Whether whoever is signed in may export one member's purchases."""
        return self._desk.may(export_permission(1))

    def open(self, head: HistoryHead, wanted: HistoryFilter, orders: int) -> None:
        """Ask about exporting what a filter shows of one member."""
        if self.is_allowed:
            self.state = ExportState(head, wanted, orders, path=str(self._suggested(FORMS[0])))
            self.opened.emit()
            self.state_changed.emit(self.state)

    def choose_purpose(self, purpose: str) -> None:
        """What for."""
        self._show(purpose=purpose, problem=None)

    def write_note(self, note: str) -> None:
        """What for, in words."""
        self._show(note=note[:120], problem=None)

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
        session, head, state = self._desk.session, self.state.head, self.state
        if session is None or head is None or state.is_writing:
            return
        request = ExportRequest(
            self._desk.counter.new_id(), (head.member_id,), state.purpose, state.note, state.form,
            Path(state.path.strip()).expanduser(),
        )  # fmt: skip
        self._show(is_writing=True, problem=None)

        def written(changes: Changes) -> None:
            # What was recorded goes to head office soon, even if the dialog was left meanwhile.
            self._desk.tasks.announce(changes)
            self._desk.sync_wanted.emit()
            if self.state.head is not None and self._desk.session is session:
                self.state = ExportState()
                self.saved.emit(request.path.name)

        self._desk.tasks.read(
            _write, self._desk.counter, session, request, head, state.wanted, done=written, failed=self._failed
        )

    def leave(self) -> None:
        """Close without writing."""
        if self.state.head is not None:
            self.state = ExportState()
            self.left.emit()

    def _failed(self, error: Exception) -> None:
        if self.state.head is None or not isinstance(error, GuideDeskError):
            self._show(is_writing=False)
            self._desk.tasks.failed.emit(error)
        else:
            self._show(is_writing=False, problem=error)

    def _suggested(self, form: str) -> Path:
        # No name and no number of hers: the name of a file is seen by anybody.
        now = formats.local(self._desk.now_ms())
        return self._folder() / f"purchases-{now:%Y%m%d-%H%M%S}.{form}"

    def _take_session(self, _session: Session | None) -> None:
        self.leave()


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


def documents() -> Path:
    """Where this person keeps documents: only ever suggested."""
    return Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation) or Path.home())
