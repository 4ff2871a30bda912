"""What every dialog that writes a file does alike: suggest a name, take another, write once, say why it failed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, QStandardPaths, Signal

from guidedesk.domain.errors import GuideDeskError
from guidedesk.services.changes import Changes
from guidedesk.services.session import Session
from guidedesk.ui import formats
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.state_presenter import StatePresenter


@dataclass(frozen=True, slots=True, kw_only=True)
class FileExportState:
    """What every such dialog shows. `problem` is why the last try failed; then nothing was written."""

    form: str
    path: str = ""
    problem: GuideDeskError | None = None
    is_writing: bool = False

    @property
    def is_open(self) -> bool:
        """Whether there is something to write, and with it a dialog."""
        raise NotImplementedError


Work = Callable[[], Changes | None]  # returns what was recorded of the file, if anything
S = TypeVar("S", bound=FileExportState)


class FileExportPresenter(StatePresenter[S]):
    """`state_changed(state)`; `opened()`; `saved(file name)` once the file is there; `left()`.

    A file says what writes it (`work`).
    """

    opened = Signal()
    saved = Signal(str)
    left = Signal()

    def __init__(
        self, desk: Desk, empty: S, parent: QObject | None = None, *, folder: Callable[[], Path] | None = None
    ) -> None:
        super().__init__(empty, parent)
        self._desk, self._empty = desk, empty
        self._folder = folder or documents
        self._turn = 0  # of the dialogs: what an earlier one began is not this one's
        desk.session_changed.connect(self._take_session)

    def work(self, state: S, session: Session, path: Path) -> Work | None:
        """What writes the file, to be run beside the window; None where there is nothing to write."""
        raise NotImplementedError

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
        """Write the file, once."""
        session, state, turn = self._desk.session, self.state, self._turn
        if session is None or state.is_writing:
            return
        path = Path(state.path.strip()).expanduser()
        work = self.work(state, session, path)
        if work is None:
            return

        def written(changes: Changes | None) -> None:
            # What was recorded goes to head office soon, even if the dialog was left meanwhile.
            if changes is not None:
                self._desk.tasks.announce(changes)
                self._desk.sync_wanted.emit()
            if turn == self._turn:
                self._show_state(self._empty)
                self.saved.emit(path.name)

        def failed(error: Exception) -> None:
            is_mine = turn == self._turn
            if is_mine:
                self._show(is_writing=False, problem=error if isinstance(error, GuideDeskError) else None)
            if not (is_mine and isinstance(error, GuideDeskError)):
                self._desk.tasks.failed.emit(error)

        self._show(is_writing=True, problem=None)
        self._desk.tasks.read(work, done=written, failed=failed)

    def leave(self) -> None:
        """Close without writing."""
        self._turn += 1
        if self.state.is_open:
            self._show_state(self._empty)
            self.left.emit()

    def _ask(self, state: S) -> None:
        """Show a dialog about this; one that is open is left first."""
        self.leave()
        self._show_state(state)
        self.opened.emit()

    def _suggested(self, stem: str, form: str) -> str:
        """A path with the time in its name."""
        return str(stamped(self._folder(), stem, self._desk.now_ms(), form))

    def _take_session(self, _session: Session | None) -> None:
        self.leave()


def stamped(folder: Path, stem: str, now_ms: int, suffix: str) -> Path:
    """A name that says what it is and when it was made. Anybody sees it: no name and no number of a member in it."""
    return folder / f"{stem}-{formats.local(now_ms):%Y%m%d-%H%M%S}.{suffix}"


def documents() -> Path:
    """Where this person keeps documents: only ever suggested."""
    return Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation) or Path.home())
