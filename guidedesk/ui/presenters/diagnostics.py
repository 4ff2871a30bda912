"""Diagnostics for support: their whole content is shown before anything is written (DESIGN-UI.md 5.13)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QObject

from guidedesk.services.export_file import write_export
from guidedesk.services.session import Session
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.file_export import FileExportPresenter, FileExportState, Work

FORM: Final = "json"


@dataclass(frozen=True, slots=True)
class DiagnosticsState(FileExportState):
    """What the dialog shows; `text` is the file to the letter."""

    text: str = ""
    form: str = field(default=FORM, kw_only=True)

    @property
    def is_open(self) -> bool:
        return bool(self.text)


class DiagnosticsPresenter(FileExportPresenter[DiagnosticsState]):
    """Writes what was shown."""

    def __init__(
        self, desk: Desk, parent: QObject | None = None, *, folder: Callable[[], Path] | None = None
    ) -> None:
        super().__init__(desk, DiagnosticsState(), parent, folder=folder)

    def open(self) -> None:
        """Collect what there is to say."""
        turn = self._turn

        def taken(found: dict[str, Any]) -> None:
            # Left meanwhile for a scan or by a lock: no dialog over what came then.
            if turn == self._turn and self._desk.session is not None:
                text = json.dumps(found, ensure_ascii=False, indent=2) + "\n"
                self._ask(DiagnosticsState(text, path=self._suggested("guidedesk-diagnostics", FORM)))

        self._desk.tasks.read(self._desk.counter.diagnostics, done=taken, latest="diagnostics")

    def work(self, state: DiagnosticsState, session: Session, path: Path) -> Work | None:
        return partial(write_export, path, state.text.encode(), _nothing_to_record) if state.text else None


def _nothing_to_record() -> None:
    """Nobody's data is in it."""
