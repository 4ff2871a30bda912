"""Diagnostics for support: their whole content is shown before anything is written (DESIGN-UI.md 5.13)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from guidedesk.domain.errors import GuideDeskError
from guidedesk.services.export_file import write_export
from guidedesk.services.session import Session
from guidedesk.ui import formats
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.export import documents
from guidedesk.ui.presenters.state_presenter import StatePresenter


@dataclass(frozen=True, slots=True)
class DiagnosticsState:
    """What the dialog shows; `text` is the file to the letter."""

    text: str = ""
    path: str = ""
    problem: GuideDeskError | None = None


class DiagnosticsPresenter(StatePresenter[DiagnosticsState]):
    """`state_changed(DiagnosticsState)`; `opened()`; `saved(file name)`; `left()`."""

    opened = Signal()
    saved = Signal(str)
    left = Signal()

    def __init__(
        self, desk: Desk, parent: QObject | None = None, *, folder: Callable[[], Path] = documents
    ) -> None:
        super().__init__(DiagnosticsState(), parent)
        self._desk = desk
        self._folder = folder
        desk.session_changed.connect(self._take_session)

    def open(self) -> None:
        """Collect what there is to say."""
        self._desk.tasks.read(self._desk.counter.diagnostics, done=self._take, latest="diagnostics")

    def choose_path(self, path: str) -> None:
        """Where to."""
        self._show(path=path, problem=None)

    def submit(self) -> None:
        """Write what was shown."""
        if not self.state.text:
            return
        path = Path(self.state.path.strip()).expanduser()

        def written(_nothing: None) -> None:
            self.state = DiagnosticsState()
            self.saved.emit(path.name)

        content = self.state.text.encode()
        self._desk.tasks.read(write_export, path, content, _nothing_to_record, done=written, failed=self._failed)

    def leave(self) -> None:
        """Close without writing."""
        if self.state.text:
            self.state = DiagnosticsState()
            self.left.emit()

    def _take(self, found: dict[str, Any]) -> None:
        if self._desk.session is None:
            return
        now = formats.local(self._desk.now_ms())
        path = self._folder() / f"guidedesk-diagnostics-{now:%Y%m%d-%H%M%S}.json"
        self.state = DiagnosticsState(json.dumps(found, ensure_ascii=False, indent=2) + "\n", str(path))
        self.opened.emit()
        self.state_changed.emit(self.state)

    def _failed(self, error: Exception) -> None:
        if isinstance(error, GuideDeskError) and self.state.text:
            self._show(problem=error)
        else:
            self._desk.tasks.failed.emit(error)

    def _take_session(self, _session: Session | None) -> None:
        self.leave()


def _nothing_to_record() -> None:
    """Nobody's data is in it."""
