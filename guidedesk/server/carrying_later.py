"""What batches left to be done in other stores, done a moment after their answers and for many of them at once.

Each batch of an outage would else open a transaction in every store that sees one of its members, and one more to note
that it is done: three commits beside its own. The tasks are on disk with the batch, so what a crash leaves is carried
by the sweep (SYNC.md 3).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection
from threading import Lock, Thread
from typing import Final

_log = logging.getLogger("guidedesk.server.push")
_GATHER_S: Final = 1.0  # well under the 2.5 seconds in which a counter looks for what is new


class CarryingLater:
    """A thread that carries while somebody asks, and ends when nobody does."""

    def __init__(self, carry: Callable[[Collection[str]], object], gather_s: float = _GATHER_S) -> None:
        self._carry = carry
        self._gather_s = gather_s
        self._guard = Lock()
        self._asked: set[str] = set()
        self._thread: Thread | None = None

    def ask(self, scope_id: str) -> None:
        """Have what waits in this scope carried soon; it is committed already."""
        with self._guard:
            self._asked.add(scope_id)
            if self._thread is None:
                # Nobody waits for it at the end of the program: what it leaves is on disk.
                self._thread = Thread(target=self._run, name="carrying", daemon=True)
                self._thread.start()

    def join(self) -> None:
        """Return when nothing is left to do."""
        thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        while True:
            time.sleep(self._gather_s)
            with self._guard:
                scopes, self._asked = self._asked, set()
                if not scopes:
                    self._thread = None
                    return
            try:
                self._carry(scopes)
            except Exception:
                _log.exception("fanout_waits")
