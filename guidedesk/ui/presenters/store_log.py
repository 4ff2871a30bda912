"""The store's log for its manager: searched, read page by page, proved (SECURITY.md A-5)."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject

from guidedesk.domain.errors import GuideDeskError
from guidedesk.services.store_desk import LOG_KINDS, LogEntry, LogKind, LogPage, LogProof
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.office_presenter import OfficePresenter


@dataclass(frozen=True, slots=True)
class StoreLogState:
    """What the group shows."""

    now_ms: int = 0
    kind: LogKind = "all"
    text: str = ""
    entries: tuple[LogEntry, ...] = ()
    next: str = ""
    proof: LogProof | None = None
    is_read: bool = False
    is_asking: bool = False
    is_offline: bool = False
    is_deciding: bool = False
    problem: GuideDeskError | None = None
    step_problem: GuideDeskError | None = None


class StoreLogPresenter(OfficePresenter[StoreLogState]):
    """`state_changed(StoreLogState)`."""

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(desk, StoreLogState, "audit.view", parent)

    def reload(self) -> None:
        """Ask for the newest entries that match."""
        state = self.state
        self._show(now_ms=self._desk.now_ms())
        self._read(
            self._desk.counter.office.log, state.kind, state.text.strip(), "", take=self._take, latest="settings.log"
        )

    def filter(self, kind: str) -> None:
        """Only this kind."""
        self._show(kind=next((word for word in LOG_KINDS if word == kind), self.state.kind))
        self.reload()

    def search(self, text: str) -> None:
        """A name, a staff number, a counter, or a stored word."""
        self._show(text=text[:60])
        self.reload()

    def read_more(self) -> None:
        """The list was scrolled to its end."""
        state = self.state
        if state.next and not state.is_asking:
            asked = (state.kind, state.text.strip(), state.next)
            self._read(self._desk.counter.office.log, *asked, take=self._take_more, latest="settings.log")

    def prove(self) -> None:
        """Walk the whole chain of hashes."""
        self._read(self._desk.counter.office.prove_log, take=self._take_proof, latest="settings.proof")

    def _take(self, found: LogPage) -> None:
        self._show(entries=found.entries, next=found.next, is_read=True)

    def _take_more(self, found: LogPage) -> None:
        self._show(entries=(*self.state.entries, *found.entries), next=found.next)

    def _take_proof(self, found: LogProof) -> None:
        self._show(proof=found)
