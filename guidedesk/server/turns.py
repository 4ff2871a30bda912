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
    def join(self, name: str) -> Iterator[Turn]:
        """A place at the end of the line of this name, left at the end of the block if not before."""
        mine = Event()
        with self._guard:
            line = self._lines.setdefault(name, deque())
            line.append(mine)
            if line[0] is mine:
                mine.set()
        turn = Turn(self, name, mine, self._patience_s)
        try:
            yield turn
        finally:
            turn.leave()

    def left(self, name: str, mine: Event) -> None:
        """Whoever is first now may go on."""
        with self._guard:
            line = self._lines[name]
            line.remove(mine)
            if line:
                line[0].set()
            else:
                del self._lines[name]


class Turn:
    """One call's place: what needs no order is done before `wait` and after `leave`."""

    def __init__(self, turns: Turns, name: str, mine: Event, patience_s: float) -> None:
        self._turns = turns
        self._name = name
        self._mine = mine
        self._patience_s = patience_s
        self._has_left = False

    def wait(self) -> None:
        """Return when those who came before have left; `StorageError` where they take too long."""
        if not self._mine.wait(self._patience_s):
            raise StorageError("server_busy")

    def leave(self) -> None:
        """Let the next go on. Once is enough."""
        if not self._has_left:
            self._has_left = True
            self._turns.left(self._name, self._mine)
