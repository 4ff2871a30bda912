"""What was not sent, into a sealed file that only head office opens (DESIGN-UI.md 5.13: nothing is lost)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject

from guidedesk.services.session import Session
from guidedesk.sync.status import SyncStatus
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.file_export import FileExportPresenter, FileExportState, Work

FORM: Final = "gdunsent"


@dataclass(frozen=True, slots=True)
class UnsentState(FileExportState):
    """What the dialog shows: how many records wait."""

    waiting: int = 0
    form: str = field(default=FORM, kw_only=True)

    @property
    def is_open(self) -> bool:
        return self.waiting > 0


class UnsentPresenter(FileExportPresenter[UnsentState]):
    """Writes the file; the records stay where they are and are sent all the same."""

    def __init__(
        self, desk: Desk, parent: QObject | None = None, *, folder: Callable[[], Path] | None = None
    ) -> None:
        super().__init__(desk, UnsentState(), parent, folder=folder)

    def open(self) -> None:
        """Count what waits; with nothing waiting there is no dialog."""
        turn = self._turn

        def taken(status: SyncStatus) -> None:
            # Left meanwhile for a scan or by a lock: no dialog over what came then.
            if turn == self._turn and self._desk.session is not None and status.waiting:
                self._ask(UnsentState(status.waiting, path=self._suggested("guidedesk-unsent", FORM)))

        self._desk.tasks.read(self._desk.counter.status, done=taken, latest="unsent")

    def work(self, state: UnsentState, session: Session, path: Path) -> Work | None:
        return partial(self._write, path) if state.waiting else None

    def _write(self, path: Path) -> None:
        self._desk.counter.export_unsent(path)
