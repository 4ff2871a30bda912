"""Taking back what was just done: for ten seconds, by new operations, only what can be taken back (DESIGN-UI.md 2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from PySide6.QtCore import QObject, Signal

from guidedesk.services.changes import Changes
from guidedesk.services.operations import Operation
from guidedesk.services.session import Session
from guidedesk.ui.desk import Desk


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence for the toast: catalogue key, the name and the day it is about. `undo` are the operations that take
    it back, in the order they are to be recorded; empty where nothing can."""

    key: str
    name: str = ""
    day: date | None = None
    undo: tuple[Operation, ...] = ()


class UndoPresenter(QObject):
    """Holds what the toast on show would take back. `undone()` when that is recorded."""

    undone = Signal()

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._operations: tuple[Operation, ...] = ()
        desk.session_changed.connect(self._forget)

    def offer(self, notice: Notice) -> None:
        """What this notice can take back replaces what the one before could."""
        self._operations = notice.undo

    def forget(self) -> None:
        """What another screen can take back is what Ctrl Z means now."""
        self._operations = ()

    def undo(self) -> None:
        """Ctrl Z, once: everything comes back together or nothing does."""
        operations, self._operations = self._operations, ()
        if not operations or self._desk.session is None:
            return

        def taken_back(_changes: Changes) -> None:
            self.undone.emit()

        self._desk.record(*operations, done=taken_back)

    def _forget(self, _session: Session | None) -> None:
        # What one associate did is not the next one's to take back.
        self._operations = ()
