"""A new PC asks to be let in: its code, its fingerprint, how far it is (DESIGN-UI.md 5.14, SECURITY.md D-1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, Protocol

from PySide6.QtCore import QObject, QTimer, Signal

from guidedesk.domain.enrolment import POLL_MS
from guidedesk.domain.errors import GuideDeskError, TransportError
from guidedesk.sync.enrol_client import EnrolAnswer, EnrolOffer
from guidedesk.ui.presenters.state_presenter import StatePresenter
from guidedesk.ui.tasks import Tasks

CLOCK_MS: Final = 1000
RETRY_MS: Final = 10_000
Phase = Literal["asking", "waiting", "approved", "loading", "ready", "expired", "refused", "no_contact"]


class EnrolPort(Protocol):
    """The enrolling side of a counter; calls may take seconds and raise `TransportError`."""

    @property
    def server(self) -> str:
        """Name of the server asked, as a person knows it."""
        ...

    def host_name(self) -> str:
        """What this PC calls itself."""
        ...

    def ask(self) -> EnrolOffer:
        """Make a key if there is none, and ask for a code."""
        ...

    def poll(self) -> EnrolAnswer:
        """Whether a manager approved it; once approved, carry on with the first download."""
        ...


@dataclass(frozen=True, slots=True)
class EnrolState:
    """What the screen shows; `left_s` seconds of the code's life are left."""

    host_name: str
    server: str
    phase: Phase = "asking"
    code: str = ""
    fingerprint: str = ""
    left_s: int = 0
    store: str = ""
    label: str = ""
    rows: int = 0
    rows_total: int = 0
    retry_s: int = 0
    detail: str = ""  # the code of a refusal


class EnrolPresenter(StatePresenter[EnrolState]):
    """`state_changed(EnrolState)`; `enrolled()` once the first data is here."""

    enrolled = Signal()

    def __init__(self, port: EnrolPort, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(EnrolState(host_name=port.host_name(), server=port.server), parent)
        self._port, self._tasks = port, tasks
        self._poll_ms = POLL_MS
        self._until_poll_ms = 0
        self._is_asking = False
        self._is_let_in = False
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.tick)

    def open(self) -> None:
        """Ask for a code and keep asking how it goes."""
        self._timer.start(CLOCK_MS)
        self.ask()

    def close(self) -> None:
        """The screen is left."""
        self._timer.stop()

    def ask(self) -> None:
        """A fresh code, also after the old one ran out."""
        if not self._is_asking:
            self._is_asking = True
            self._show(phase="asking", code="", retry_s=0, detail="")
            self._tasks.network(self._port.ask, done=self._offered, failed=self._failed, latest="enrol")

    def tick(self) -> None:
        """A second passed (counted, so that a changed clock changes nothing)."""
        state = self.state
        if state.phase == "no_contact":
            self._show(retry_s=max(0, state.retry_s - 1), left_s=max(0, state.left_s - 1))
            if self.state.retry_s == 0:
                self._poll() if self._is_let_in or (state.code and state.left_s) else self.ask()
        elif state.phase in ("waiting", "approved", "loading"):
            left_s = max(0, state.left_s - 1)
            self._show(left_s=left_s, phase="expired" if state.phase == "waiting" and not left_s else state.phase)
            self._until_poll_ms -= CLOCK_MS
            if self._until_poll_ms <= 0 and self.state.phase != "expired":
                self._poll()

    def _poll(self) -> None:
        if not self._is_asking:
            self._is_asking = True
            self._tasks.network(self._port.poll, done=self._answered, failed=self._failed, latest="enrol")

    def _offered(self, offer: EnrolOffer) -> None:
        self._is_asking = False
        self._poll_ms = self._until_poll_ms = offer.poll_ms
        self._show(phase="waiting", code=offer.code, fingerprint=offer.fingerprint, host_name=offer.host_name,
                   left_s=offer.valid_ms // 1000, detail="")

    def _answered(self, answer: EnrolAnswer) -> None:
        self._is_asking = False
        self._is_let_in = self._is_let_in or answer.phase in ("approved", "loading", "ready")
        self._until_poll_ms = answer.poll_ms
        self._show(phase=answer.phase, store=answer.store, label=answer.label, rows=answer.rows,
                   rows_total=answer.rows_total, detail="")
        if answer.phase == "ready":
            self.close()
            self.enrolled.emit()

    def _failed(self, error: Exception) -> None:
        self._is_asking = False
        if isinstance(error, GuideDeskError) and not isinstance(error, TransportError):
            expired = error.code == "enrol_expired"
            self._show(phase="expired" if expired else "refused", detail=error.code)
            return
        self._show(phase="no_contact", retry_s=RETRY_MS // 1000)
