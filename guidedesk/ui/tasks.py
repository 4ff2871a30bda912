"""Background work without surprises (ARCHITECTURE.md 5): results always arrive on the window's thread.

Writes run one after another, reads two at a time, network calls one at a time; a question
somebody waits for at the counter does not stand behind them. A result whose owner was closed, or
that a newer request of the same `latest` name replaced, is dropped; a read replaced before its turn is
not begun: the letters a scanner types would each search, and the scan itself would wait for that.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import shiboken6
from PySide6.QtCore import QObject, Qt, Signal

T = TypeVar("T")
Lane = Literal["write", "read", "network", "ask", "fetch"]
Failed = Callable[[Exception], None]


@dataclass(frozen=True, slots=True)
class _Outcome:
    number: int
    lane: Lane
    latest: str
    value: Any
    error: Exception | None
    done: Callable[[Any], None] | None
    failed: Failed | None


class Tasks(QObject):
    """Runs work off the window's thread. `committed` broadcasts what a write changed; `failed` what nobody handled."""

    committed = Signal(object)
    failed = Signal(object)
    _finished = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._numbers = 0
        self._newest: dict[str, int] = {}
        self._lanes: dict[Lane, Executor] = {}
        # A bound method of this QObject: the slot runs on its thread, a plain function would run on the worker's.
        self._finished.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def read(
        self, work: Callable[..., T], *args: object, done: Callable[[T], None], failed: Failed | None = None,
        latest: str = "",
    ) -> int:
        """Run `work(*args)` beside the window and return its number; a newer request of the same `latest` wins."""
        return self._start("read", work, args, done, failed, latest)

    def write(
        self, work: Callable[..., T], *args: object, done: Callable[[T], None] | None = None,
        failed: Failed | None = None,
    ) -> int:
        """Run a write; its result (the Changes) is broadcast by `committed` after `done` saw it."""
        return self._start("write", work, args, done, failed, "")

    def network(
        self, work: Callable[..., T], *args: object, done: Callable[[T], None] | None = None,
        failed: Failed | None = None, latest: str = "",
    ) -> int:
        """Run a call to the server."""
        return self._start("network", work, args, done, failed, latest)

    def ask(
        self, work: Callable[..., T], *args: object, done: Callable[[T], None] | None = None,
        failed: Failed | None = None, latest: str = "",
    ) -> int:
        """Run a call to the server that a person waits for (sign-in), however long a sync step takes."""
        return self._start("ask", work, args, done, failed, latest)

    def fetch(
        self, work: Callable[..., T], *args: object, done: Callable[[T], None] | None = None,
        failed: Failed | None = None, latest: str = "",
    ) -> int:
        """Run a call to the server that may take its time; neither sync nor a person's question waits behind it."""
        return self._start("fetch", work, args, done, failed, latest)

    def announce(self, changes: object) -> None:
        """Broadcast changes that did not come from `write` (a pulled page); callable from any thread."""
        self._finished.emit(_Outcome(0, "write", "", changes, None, None, None))

    def forget(self, latest: str) -> None:
        """Nobody waits any more for what was asked under this name."""
        self._numbers += 1
        self._newest[latest] = self._numbers

    def close(self) -> None:
        """Finish started writes, drop waiting reads and calls."""
        for lane, executor in self._lanes.items():
            executor.shutdown(wait=True, cancel_futures=lane != "write")
        self._lanes.clear()

    def _start(
        self, lane: Lane, work: Callable[..., Any], args: tuple[object, ...],
        done: Callable[[Any], None] | None, failed: Failed | None, latest: str,
    ) -> int:
        self._numbers += 1
        number = self._numbers
        if latest:
            self._newest[latest] = number

        def run() -> None:
            if lane == "read" and not self._is_newest(latest, number):
                return
            value, error = None, None
            try:
                value = work(*args)
            except Exception as caught:
                error = caught
            self._finished.emit(_Outcome(number, lane, latest, value, error, done, failed))

        self._run(lane, run)
        return number

    def _run(self, lane: Lane, run: Callable[[], None]) -> None:
        if lane not in self._lanes:
            self._lanes[lane] = ThreadPoolExecutor(2 if lane == "read" else 1, thread_name_prefix=lane)
        self._lanes[lane].submit(run)

    def _deliver(self, outcome: _Outcome) -> None:
        if outcome.error is not None:
            self._fail(outcome, outcome.error)
            return
        if outcome.done is not None and self._is_wanted(outcome, outcome.done):
            outcome.done(outcome.value)
        if outcome.lane == "write" and outcome.value is not None:
            self.committed.emit(outcome.value)

    def _fail(self, outcome: _Outcome, error: Exception) -> None:
        if outcome.failed is None:
            self.failed.emit(error)
        elif self._is_wanted(outcome, outcome.failed):
            outcome.failed(error)

    def _is_newest(self, latest: str, number: int) -> bool:
        return not latest or self._newest.get(latest) == number

    def _is_wanted(self, outcome: _Outcome, callback: Callable[..., None]) -> bool:
        if not self._is_newest(outcome.latest, outcome.number):
            return False
        owner = getattr(callback, "__self__", None)
        return not isinstance(owner, QObject) or shiboken6.isValid(owner)


class InlineTasks(Tasks):
    """The same calls, run at once on the caller's thread: for tests and pictures."""

    def _run(self, lane: Lane, run: Callable[[], None]) -> None:
        run()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._finished.disconnect(self._deliver)
        self._finished.connect(self._deliver, Qt.ConnectionType.DirectConnection)
