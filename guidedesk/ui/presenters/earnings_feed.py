"""The figures of whoever is signed in, as head office last gave them: the source of ticker, home card and screen 09.

A counter never computes an amount (COMMISSION.md 7): it shows the last answer with its time, and how many of its own
attributions have not been sent yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QObject, QTimer

from guidedesk.domain.errors import GuideDeskError
from guidedesk.services.changes import Changes
from guidedesk.services.earnings import Earnings
from guidedesk.services.session import Session
from guidedesk.sync.status import OperationInfo, SyncStatus
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.state_presenter import StatePresenter

# What a counter records that may lead to commission; a visit itself neither binds nor touches.
ATTRIBUTIONS: Final = frozenset({"register", "served_no_purchase", "bind", "claim", "sale", "return"})
PAID_FOR: Final = frozenset({"purchase", "purchase_return", "binding", "binding_event", "sale_claim"})
# A scan alone changes nothing here: reading two hundred records for each would hold up the next one of a queue.
NEVER_PAID: Final = frozenset({"operation", "status", "visit"})
OPERATIONS_READ: Final = 200
SOON_MS: Final = 1_500  # several changes of one exchange are one question
EVERY_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class FeedState:
    """The newest answer. `is_old`: it is not of this moment; `problem`: why there is no newer one."""

    data: Earnings | None = None
    is_old: bool = False
    is_asking: bool = False
    waiting: int = 0
    is_offline: bool = False
    problem: GuideDeskError | None = None

    @property
    def is_forbidden(self) -> bool:
        """Head office says that this person has no earnings here."""
        return self.problem is not None and self.problem.code == "forbidden"


class EarningsFeed(StatePresenter[FeedState]):
    """`state_changed(FeedState)` for the month in progress of whoever is signed in."""

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(FeedState(), parent)
        self._desk = desk
        self._asked_at_ms = 0
        self._waiting = 0
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self.ask)
        desk.session_changed.connect(self._take_session)
        desk.status_changed.connect(self._take_status)
        desk.tasks.committed.connect(self._committed)

    def ask(self) -> None:
        """Ask head office for the month in progress."""
        session = self._desk.session
        if session is None or not self._desk.may("commission.own"):
            return
        self._asked_at_ms = self._desk.now_ms()
        self._show(is_asking=True)

        def taken(found: Earnings) -> None:
            if self._desk.session is session:
                self._show(data=found, is_old=False, is_asking=False, problem=None)

        def failed(error: Exception) -> None:
            if self._desk.session is session and isinstance(error, GuideDeskError):
                self._show(is_asking=False, is_old=self.state.data is not None, problem=error)

        self._desk.tasks.fetch(
            self._desk.counter.commission.earnings, "", done=taken, failed=failed, latest="earnings.feed"
        )

    def put(self, data: Earnings) -> None:
        """A newer answer that came with something else (a dispute that was opened)."""
        self._show(data=data, is_old=False, problem=None)

    def _read_last(self, session: Session) -> None:
        def taken(found: Earnings | None) -> None:
            if self._desk.session is session and self.state.data is None and found is not None:
                self._show(data=found, is_old=True)

        self._desk.tasks.read(
            self._desk.counter.commission.last_earnings, "", done=taken, failed=self._no_matter,
            latest="earnings.last",
        )  # fmt: skip

    def _no_matter(self, _error: Exception) -> None:
        """Without the copy there is only what head office answers."""

    def _read_waiting(self) -> None:
        self._desk.tasks.read(
            self._desk.counter.records.latest, OPERATIONS_READ, done=self._take_operations, failed=self._no_matter,
            latest="earnings.waiting",
        )  # fmt: skip

    def _take_operations(self, operations: tuple[OperationInfo, ...]) -> None:
        session = self._desk.session
        if session is not None:
            mine = [op for op in operations if op.actor_id == session.staff.id and op.state == "queued"]
            self._show(waiting=sum(op.type in ATTRIBUTIONS for op in mine))

    def _take_session(self, session: Session | None) -> None:
        # Nobody's figures may stay behind the next one's back.
        self._soon.stop()
        self._show_state(FeedState(is_offline=self.state.is_offline))
        if session is not None and self._desk.may("commission.own"):
            self._read_last(session)
            self._read_waiting()
            self.ask()

    def _take_status(self, status: SyncStatus) -> None:
        came_back = self.state.is_offline and not status.is_offline
        is_old = self.state.data is not None and (status.is_offline or self.state.is_old)
        self._show(is_offline=status.is_offline, is_old=is_old)
        if self._desk.session is None:
            return
        was_sent = status.waiting < self._waiting
        self._waiting = status.waiting
        if was_sent:  # what was added is told by the change itself
            self._read_waiting()
        if status.is_offline:
            return
        if came_back or self._desk.now_ms() - self._asked_at_ms >= EVERY_MS:
            self._ask_soon()

    def _committed(self, changes: object) -> None:
        if self._desk.session is None or not isinstance(changes, Changes):
            return
        if not changes.kinds or changes.kinds - NEVER_PAID:
            self._read_waiting()
        if not self.state.is_offline and (not changes.kinds or changes.kinds & PAID_FOR):
            self._ask_soon()

    def _ask_soon(self) -> None:
        if not self._soon.isActive():
            self._soon.start(SOON_MS)
