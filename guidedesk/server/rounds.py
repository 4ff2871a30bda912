"""Work that many ask for at the same time and one does for all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from threading import Lock


class Rounds:
    """Rounds of one kind of work by name. A round does everything that was asked for before it began.

    Whoever asks while a round is under way waits for it to end; the first of them then does the next one for all.
    So everybody's work is done when `join` returns, and four who ask at once cost two rounds instead of four.
    """

    def __init__(self) -> None:
        self._guard = Lock()
        self._turns: defaultdict[str, Lock] = defaultdict(Lock)
        self._asked: defaultdict[str, int] = defaultdict(int)
        self._done: defaultdict[str, int] = defaultdict(int)

    def join(self, name: str, work: Callable[[], object]) -> None:
        """Return when a round that began after this call is over; `work` is done here if nobody else did it."""
        with self._guard:
            self._asked[name] += 1
            mine, turn = self._asked[name], self._turns[name]
        with turn:
            with self._guard:
                covered = self._asked[name]
                if self._done[name] >= mine:
                    return
            work()
            with self._guard:
                self._done[name] = covered
