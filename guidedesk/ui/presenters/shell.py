"""What stands around every page: which rail entries exist, the sync chip, who is signed in, lock and switch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from guidedesk.domain.access import Permission
from guidedesk.services.changes import Changes
from guidedesk.services.queries.reference import get_store
from guidedesk.services.read_models import NOBODY, Bilingual, StaffInfo, StoreInfo
from guidedesk.services.session import Session
from guidedesk.sync.status import ChipState, SyncStatus, chip_state
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.state_presenter import StatePresenter

PAGES: Final = ("home", "members", "codes", "tasks", "earnings", "team", "segments", "close", "sync", "settings")
# Who may not see members (an admin, SECURITY.md 2) finds no entry to them.
NEEDS: Final[dict[str, Permission]] = {
    "home": "member.view", "members": "member.view", "codes": "code.issue", "tasks": "follow_up.complete",
    "earnings": "commission.own", "team": "team.view",
    "segments": "segment.manage",
    "close": "commission.others",
}  # fmt: skip
MANAGERS: Final = frozenset({"team", "segments", "close"})
CLOCK_MS: Final = 1000


@dataclass(frozen=True, slots=True)
class ShellState:
    """Rail, top bar and key bar. `chip` is which one sync state to tell (DESIGN-UI.md 12)."""

    staff: StaffInfo | None = None
    store: Bilingual = NOBODY
    counter: str = ""
    status: SyncStatus | None = None
    chip: ChipState = "synced"
    pages: tuple[str, ...] = tuple(page for page in PAGES if page not in MANAGERS)

    @property
    def sync_count(self) -> int:
        """The number at the rail's sync entry: what needs a person, else what waits while offline."""
        if self.status is None:
            return 0
        return self.status.needs_person or (self.status.waiting if self.status.is_offline else 0)


class ShellPresenter(StatePresenter[ShellState]):
    """`state_changed(ShellState)`; `locked()` when the sign-in screen has to cover everything."""

    locked = Signal()

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(ShellState(counter=desk.counter.label), parent)
        self._desk = desk
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.tick)
        desk.status_changed.connect(self._take_status)
        desk.session_changed.connect(self._take_session)
        desk.tasks.committed.connect(self._committed)

    def open(self) -> None:
        """Read what is shown and begin to watch the time (amber needs ten seconds without contact)."""
        self._timer.start(CLOCK_MS)
        self.reload()

    def reload(self) -> None:
        """Ask for the status and the store's name again."""
        self._desk.read(get_store, self._desk.counter.store_id, done=self._take_store, latest="shell.store")
        self._read_status()

    def tick(self) -> None:
        """Time passed: the same status may now mean something else."""
        if self.state.status is not None:
            self._take_status(replace(self.state.status, now_ms=self._desk.now_ms()))

    def lock(self) -> None:
        """F9: end the session at once; what was typed is kept by its screens as drafts."""
        session = self._desk.session
        self._desk.set_session(None)  # first: what a screen still sends in her name goes before the end of it
        if session is not None:
            self._desk.tasks.network(self._desk.counter.sign_out, session)

    def sync_now(self) -> None:
        """F5."""
        self._desk.sync_wanted.emit()

    def _read_status(self) -> None:
        self._desk.tasks.read(self._desk.counter.status, done=self._take_status, latest="shell.status")

    def _take_session(self, session: Session | None) -> None:
        pages = tuple(page for page in PAGES if page not in NEEDS or self._desk.may(NEEDS[page]))
        shown = pages if session is not None else ShellState().pages
        self._show(staff=None if session is None else session.staff, pages=shown)
        if session is None:
            self.locked.emit()

    def _take_status(self, status: SyncStatus) -> None:
        self._show(status=status, chip=chip_state(status))

    def _take_store(self, store: StoreInfo) -> None:
        self._show(store=store.name)

    def _committed(self, changes: object) -> None:
        if isinstance(changes, Changes):
            self._read_status()
