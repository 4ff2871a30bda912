"""Work that no request waits for."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Lock, Thread
from typing import Protocol

_log = logging.getLogger("guidedesk.server.background")


class Background(Protocol):
    """Where long work is left."""

    def ask(self, name: str, work: Callable[[], object]) -> None:
        """Have `work` done, unless work of this name waits or is under way already."""
        ...


class AtOnce:
    """Whoever asks does it: for commands and tests, which have nothing else to do meanwhile."""

    def ask(self, name: str, work: Callable[[], object]) -> None:
        """Returns when it is done, or raises what it raised."""
        work()


class OneByOne:
    """A thread of its own, one piece of work at a time, in order; what fails is logged, and may be asked for again."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._waiting: dict[str, Callable[[], object]] = {}  # the first is under way
        self._thread: Thread | None = None

    def ask(self, name: str, work: Callable[[], object]) -> None:
        """Returns at once."""
        with self._guard:
            if name in self._waiting:
                return
            self._waiting[name] = work
            if self._thread is None:
                # Nobody waits for it at the end of the program: half of it leaves nothing that counts.
                self._thread = Thread(target=self._run, name="background", daemon=True)
                self._thread.start()

    def join(self) -> None:
        """Return when nothing is left to do."""
        thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        while True:
            with self._guard:
                name, work = next(iter(self._waiting.items()), (None, None))
                if name is None or work is None:
                    self._thread = None
                    return
            try:
                work()
            except Exception:
                _log.exception("background_failed")
            with self._guard:
                del self._waiting[name]
