"""The sync centre: what needs a person, what waits, what was settled and by which rule (DESIGN-UI.md 5.13)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final, Literal

from PySide6.QtCore import QObject, QTimer

from guidedesk.services.queries.reference import staff_names
from guidedesk.services.read_models import Bilingual
from guidedesk.services.session import Session
from guidedesk.sync.status import OperationInfo, SyncStatus
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.state_presenter import StatePresenter

Tab = Literal["needs", "queued", "settled", "sent"]
TABS: Final[tuple[Tab, ...]] = ("needs", "queued", "settled", "sent")
REFUSED: Final = frozenset({"rejected", "parked", "quarantined"})
WAITING: Final = frozenset({"queued", "inflight", "parked", "quarantined"})
OPERATIONS_READ: Final = 500
CLOCK_MS: Final = 1000


@dataclass(frozen=True, slots=True)
class SyncState:
    """What the page shows. `names` are staff names by id; `chosen` is the operation in the drawer."""

    now_ms: int
    status: SyncStatus | None = None
    operations: tuple[OperationInfo, ...] = ()
    names: dict[str, Bilingual] = field(default_factory=dict)
    tab: Tab = "needs"
    chosen: str = ""

    def rows(self, tab: Tab) -> tuple[OperationInfo, ...]:
        """The operations of a tab: newest first; the queue oldest first, the order in which it is sent."""
        found = tuple(op for op in self.operations if tab_of(op) == tab)
        return tuple(reversed(found)) if tab == "queued" else found

    @property
    def chosen_row(self) -> OperationInfo | None:
        """The operation in the drawer, if it is on this tab."""
        return next((op for op in self.rows(self.tab) if op.op_id == self.chosen), None)

    @property
    def is_offline(self) -> bool:
        """No contact with the server for ten seconds."""
        return self.status is not None and self.status.is_offline


def tab_of(operation: OperationInfo) -> Tab:
    """Where an operation belongs; one that is held and was read by a person goes on waiting.

    What simply took effect was sent; where a rule had to decide, it was settled.
    """
    if operation.state in REFUSED and not operation.is_seen:
        return "needs"
    if operation.state in WAITING:
        return "queued"
    is_plain = operation.state == "accepted" and not operation.reason and operation.params.get("code") != "refused"
    return "sent" if is_plain else "settled"


def is_parked_here(operation: OperationInfo) -> bool:
    """Whether it never left this PC because the server could not read it: it may be tried again."""
    return operation.state == "parked" and operation.reason == "malformed_batch"


def count_text(rows: int) -> str:
    """How many; only so many are read, and then there may be more."""
    return f"{rows}+" if rows >= OPERATIONS_READ else str(rows)


class SyncCentrePresenter(StatePresenter[SyncState]):
    """`state_changed(SyncState)`."""

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(SyncState(now_ms=desk.now_ms()), parent)
        self._desk = desk
        self._is_tab_chosen = False
        self._is_resting = False
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.tick)
        desk.status_changed.connect(self._take_status)
        desk.session_changed.connect(self._take_session)
        desk.tasks.committed.connect(self._committed)

    def open(self) -> None:
        """The page came to the front: begin with what needs a person, else with what waits."""
        self._is_tab_chosen = False
        self._is_resting = False
        self._timer.start(CLOCK_MS)
        self.reload()

    def rest(self) -> None:
        """Another page is in front: read nothing until `open`."""
        self._is_resting = True
        self._timer.stop()

    def reload(self) -> None:
        """Read names, status and operations."""
        self._desk.read(staff_names, done=self._take_names, latest="sync_centre.names")
        self._desk.tasks.read(self._desk.counter.status, done=self._take_status, latest="sync_centre.status")
        self._read_operations()

    def tick(self) -> None:
        """Move "22 s ago" on."""
        now_ms = self._desk.now_ms()
        status = self.state.status
        self._show(now_ms=now_ms, status=None if status is None else replace(status, now_ms=now_ms))

    def show_tab(self, tab: Tab) -> None:
        """Another list."""
        self._is_tab_chosen = True
        self._show(tab=tab, chosen=_first(self.state, tab))

    def choose(self, op_id: str) -> None:
        """Look at one operation."""
        self._show(chosen=op_id)

    def mark_seen(self, op_id: str) -> None:
        """A person read why it was refused."""
        if op_id:
            self._desk.tasks.write(self._desk.counter.records.mark_seen, op_id, done=self._was_seen)

    def retry(self, op_id: str) -> None:
        """Alt R: what never left this PC is tried again, with everything that waits behind it."""
        if op_id:
            self._desk.tasks.write(self._desk.counter.records.retry_parked, done=self._was_seen)
            self._desk.sync_wanted.emit()

    def sync_now(self) -> None:
        """F5."""
        self._desk.sync_wanted.emit()

    def _was_seen(self, _nothing: object) -> None:
        self.reload()

    def _read_operations(self) -> None:
        self._desk.tasks.read(
            self._desk.counter.records.for_sync_centre,
            OPERATIONS_READ,
            done=self._take_operations,
            latest="sync_centre.operations",
        )

    def _take_names(self, names: dict[str, Bilingual]) -> None:
        self._show(names=names)

    def _take_status(self, status: SyncStatus) -> None:
        before = self.state.status
        self._show(status=status, now_ms=status.now_ms)
        if self._is_resting:
            return
        if before is not None and (before.waiting, before.needs_person) != (status.waiting, status.needs_person):
            self._read_operations()

    def _take_operations(self, operations: tuple[OperationInfo, ...]) -> None:
        state = replace(self.state, operations=operations)
        tab = state.tab
        if not self._is_tab_chosen:
            tab = next((name for name in TABS if state.rows(name)), "needs")
        is_there = any(op.op_id == state.chosen for op in state.rows(tab))
        self._show_state(replace(state, tab=tab, chosen=state.chosen if is_there else _first(state, tab)))

    def _take_session(self, session: Session | None) -> None:
        if session is None:
            self._timer.stop()
            self._show(chosen="")

    def _committed(self, _changes: object) -> None:
        if not self._is_resting:
            self.reload()


def _first(state: SyncState, tab: Tab) -> str:
    rows = state.rows(tab)
    return rows[0].op_id if rows and tab == "needs" else ""
