"""Calls of one name, one after the other in the order they came."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock
from typing import Final

from guidedesk.domain.errors import StorageError

_PATIENCE_S: Final = 20.0


class Turns:
    """A counter may send a batch while the one before it is decided: decided first it would be a gap (SYNC.md 5)."""

    def __init__(self, patience_s: float = _PATIENCE_S) -> None:
        self._patience_s = patience_s
        self._guard = Lock()
        self._lines: dict[str, deque[Event]] = {}

    @contextmanager
    def take(self, name: str) -> Iterator[None]:
        """One's turn among calls of this name; `StorageError` where those before take too long."""
        mine = Event()
        with self._guard:
            line = self._lines.setdefault(name, deque())
            line.append(mine)
            if line[0] is mine:
                mine.set()
        try:
            if not mine.wait(self._patience_s):
                raise StorageError("server_busy")
            yield
        finally:
            with self._guard:
                line.remove(mine)
                if line:
                    line[0].set()
                else:
                    del self._lines[name]
