"""Keeps the sync engine stepping beside the window: soon after a write or a hint, else when the engine says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from PySide6.QtCore import QObject, QTimer, Signal

from guidedesk.sync.engine import LEAVING, StepOutcome
from guidedesk.sync.hints import Hint
from guidedesk.sync.orders import TakenOff
from guidedesk.sync.status import SyncStatus
from guidedesk.ui.desk import Desk
from guidedesk.ui.hint_thread import HintThread, Listener

STATUS_EVERY_MS: Final = 2_000


class Engine(Protocol):
    """The part of `SyncEngine` that is stepped."""

    def step(self) -> StepOutcome:
        """One round; never raises for what time mends."""
        ...

    def stop(self) -> None:
        """Ask a running step to end soon."""
        ...

    def is_news(self, hint: Hint) -> bool:
        """Whether a scope went on since it was last asked about."""
        ...

    def listening(self, is_listening: bool) -> None:
        """Whether the server tells what changes."""
        ...

    def is_stream_silent(self) -> bool:
        """Whether the server owes a sign that it is there, and was not asked for it yet."""
        ...


class SyncLoop(QObject):
    """One step at a time on the network thread. A nudge during a step takes another one right after it."""

    leaving = Signal()  # head office took this PC off: nobody works at it any more, what waits is still sent
    taken_off = Signal()  # its data must go now

    def __init__(
        self,
        desk: Desk,
        engine: Callable[[], Engine],
        parent: QObject | None = None,
        *,
        listener: Callable[[], Listener | None] = lambda: None,
    ) -> None:
        super().__init__(parent)
        self._listener = listener
        self._hints = HintThread(self)
        self._hints.heard.connect(self._heard)
        self._hints.listening.connect(self._listening)
        self._news: dict[str, Hint] = {}
        self._desk = desk
        self._engine = engine
        self._is_running = False
        self._is_wanted = False
        self._is_closed = False
        self._is_without_contact = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.nudge)
        self._clock = QTimer(self)
        self._clock.setInterval(STATUS_EVERY_MS)
        self._clock.timeout.connect(self._look)
        desk.sync_wanted.connect(self.nudge)

    def start(self) -> None:
        """Begin with a step now."""
        self._clock.start()
        self.nudge()

    def nudge(self) -> None:
        """Take a step now, or right after the one under way."""
        if self._is_closed:
            return
        if self._is_running:
            self._is_wanted = True
            return
        self._is_running = True
        self._news.clear()
        self._timer.stop()
        self._desk.tasks.network(self._engine().step, done=self._stepped, failed=self._broke)
        self.refresh_status()

    def refresh_status(self) -> None:
        """Read the state of sync beside the window and tell the screens."""
        if not self._is_closed:
            self._desk.tasks.read(self._desk.counter.status, done=self._tell, latest="sync.status")

    def _look(self) -> None:
        if not (self._is_closed or self._is_running) and self._engine().is_stream_silent():
            self.nudge()  # a line that went without a word is noticed by a question alone
        else:
            self.refresh_status()

    def close(self) -> None:
        """No more steps; one under way ends after its batch."""
        self._is_closed = True
        self._timer.stop()
        self._clock.stop()
        self._hints.close()
        if self._is_running:
            self._engine().stop()

    def _stepped(self, outcome: StepOutcome) -> None:
        self._is_running = False
        self._is_without_contact = not outcome.is_contact
        if outcome.changes.kinds - {"status"}:
            # A step that brought nothing (an outage, no news) must not make every open page read again;
            # the status itself is read and told below.
            self._desk.tasks.committed.emit(outcome.changes)
        if isinstance(outcome.error, TakenOff):
            self.close()
            self.taken_off.emit()
            return
        if outcome.error is not None and outcome.error.code == LEAVING:
            self.leaving.emit()
        if outcome.error is None and not self._is_closed:
            # Not before the first exchange went well: the window has its start for itself.
            self._hints.start(self._listener)
            engine = self._engine()
            self._is_wanted = self._is_wanted or any(engine.is_news(hint) for hint in self._news.values())
        self._next(outcome.next_delay_ms)

    def _broke(self, error: Exception) -> None:
        # A fault of ours in one step must not end sync for the day; the next step may well work.
        self._is_running = False
        self._desk.tasks.failed.emit(error)
        self._next(STATUS_EVERY_MS * 5)

    def _next(self, delay_ms: int) -> None:
        self.refresh_status()
        if self._is_closed:
            return
        if self._is_wanted:
            self._is_wanted = False
            self.nudge()
        else:
            self._timer.start(delay_ms)

    def _heard(self, hint: Hint) -> None:
        if self._is_running:
            self._news[hint.scope_id] = hint
        elif not self._is_closed and self._engine().is_news(hint):
            self.nudge()

    def _listening(self, is_listening: bool) -> None:
        if self._is_closed:
            return
        self._engine().listening(is_listening)
        if not is_listening or self._is_without_contact:
            # The next step may be minutes away: why the line went is worth knowing, and that it is back.
            self.nudge()

    def _tell(self, status: SyncStatus) -> None:
        self._desk.status_changed.emit(status)
