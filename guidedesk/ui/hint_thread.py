"""The one thread that waits for hints of the server; what it hears comes home to the window's thread."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Final, Protocol

from PySide6.QtCore import QObject, Signal

from guidedesk.sync.hints import Hint

# A thread that is just connecting is not waited for: it holds nothing but its own line.
_JOIN_S: Final = 1.0


class Listener(Protocol):
    """The part of `HintListener` that is run."""

    def run(self, heard: Callable[[Hint], None], listening: Callable[[bool], None]) -> None:
        """Listen until stopped."""
        ...

    def stop(self) -> None:
        """End `run` at once, from another thread."""
        ...


class HintThread(QObject):
    """Runs a listener from `start` to `close`."""

    heard = Signal(object)  # Hint
    listening = Signal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._running: tuple[Listener, Thread] | None = None

    def start(self, make: Callable[[], Listener | None]) -> None:
        """Begin to listen, if that has not begun and there is something to listen to."""
        if self._running is not None:
            return
        listener = make()
        if listener is None:
            return
        emits = (self.heard.emit, self.listening.emit)
        thread = Thread(target=listener.run, args=emits, name="hints", daemon=True)
        self._running = (listener, thread)
        thread.start()

    def close(self) -> None:
        """Stop listening."""
        if self._running is not None:
            listener, thread = self._running
            listener.stop()
            thread.join(_JOIN_S)
