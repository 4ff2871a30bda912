"""From something that shows a member's code to her painted card and the durable visit, on the product's own window."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

SETTLE_MS: Final = 15


class CardWatch:
    """`took(begin)` lets `begin` show a code and answers how long card and visit took from the moment it says."""

    def __init__(self, desk: Any) -> None:
        from guidedesk.bench.paint import PaintWatch

        self._desk = desk
        # What is drawn of the card: the sync chip repaints as well when the visit is recorded.
        self._watch = PaintWatch(desk.window, desk.window.page("members"))
        self._member = desk.app.window.member
        self._shown: list[float] = []
        self._durable: list[float] = []
        self._is_committed = False
        self._final: float | None = None
        journal = desk.counter.journal
        append = journal.append

        def noted(*args: Any, **more: Any) -> Any:
            entries = append(*args, **more)
            self._durable.append(time.perf_counter())
            return entries

        # Only a stop-watch around the product's own commit, read on whichever thread it runs.
        journal.append = noted
        self._member.state_changed.connect(self._state_changed)
        desk.app.tasks.committed.connect(self._write_done)

    def took(self, begin: Callable[[], float]) -> tuple[float, float]:
        """Seconds from the moment `begin` answers to the painted card and to the durable visit."""
        desk, watch = self._desk, self._watch
        self._shown.clear()
        self._durable.clear()
        self._is_committed, self._final = False, None
        watch.ends.clear()
        started = begin()

        def at_rest() -> bool:
            # The card is read again after the commit and then shows the visit.
            return self._final is not None and any(end > self._final for end in watch.ends)

        def watched(look: Any) -> None:
            watch.painted = look

        if not desk.run_until(at_rest, watched):
            raise RuntimeError("no card came")
        desk.settle(SETTLE_MS)
        # The picture is finished by the last repaint before another state begins to change it again.
        first = [end for end in watch.ends if self._shown[0] < end <= self._shown[1]]
        painted = first[-1] if first else next(end for end in watch.ends if end > self._shown[1])
        return painted - started, self._durable[0] - started

    def _state_changed(self, state: Any) -> None:
        if state.card is not None:
            self._shown.append(time.perf_counter())
            if self._is_committed and self._final is None:
                self._final = self._shown[-1]

    def _write_done(self, _changes: object) -> None:
        self._is_committed = bool(self._durable)
