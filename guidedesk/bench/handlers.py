"""How long event handlers hold the window: wall time, and processor time of its own thread, which means something
however busy the PC is.

A handler is one delivery of an event from outside every other: a key, a queued result with all that it sets off, a
repaint of the window. What it delivers in turn belongs to it.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from PySide6.QtCore import QCoreApplication, QEvent, QObject
from PySide6.QtGui import QInputEvent

from guidedesk.bench.figures import percentile

LIMIT_MS: Final = 16
SLOWEST_KINDS: Final = 6


@dataclass(frozen=True, slots=True)
class Handled:
    """One delivery: `Timer MemberCarePresenter`, its seconds by the wall and of the window's thread."""

    kind: str
    wall: float
    cpu: float


class HandlerWatch(QObject):
    """Times every outermost delivery of the window's thread while a `during()` lasts; `turns` has a list for each.

    A filter of the application sees the event first, steps aside and delivers it itself: nothing that is delivered
    inside pays for being watched.
    """

    def __init__(self) -> None:
        super().__init__()
        self._app = QCoreApplication.instance()
        self._is_on = False
        self.turns: list[list[Handled]] = []

    @contextmanager
    def during(self) -> Iterator[None]:
        """Watch one turn, a scan with what follows it say."""
        self.turns.append([])
        self._begin()
        try:
            yield
        finally:
            self._step_aside()

    def _begin(self) -> None:
        self._is_on = True
        if self._app is not None:
            self._app.installEventFilter(self)

    def _step_aside(self) -> None:
        self._is_on = False
        if self._app is not None:
            self._app.removeEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not self._is_on:
            return False
        kind = f"{event.type().name} {type(watched).__name__}"
        self._step_aside()
        cpu, wall = time.thread_time_ns(), time.perf_counter_ns()
        try:
            QCoreApplication.sendEvent(watched, event)
        finally:
            wall, cpu = time.perf_counter_ns() - wall, time.thread_time_ns() - cpu
            self.turns[-1].append(Handled(kind, wall / 1e9, cpu / 1e9))
            self._begin()
        if isinstance(event, QInputEvent):
            # It has gone the whole way already; Qt would offer what nobody wanted to each parent once more.
            event.accept()
        return True


def handler_figures(turns: Sequence[Sequence[Handled]]) -> dict[str, Any]:
    """Of all deliveries: `handler_p99_ms`, which the many that do next to nothing flatter, and `handler_cpu_p99_ms`;
    of the longest one of each turn, which nothing flatters, the same; and what the long ones were.

    `cpu` is the time of the window's thread alone: neither other programs nor waiting for another thread count.
    """
    every = [one for turn in turns for one in turn]
    kinds: dict[str, list[Handled]] = defaultdict(list)
    for one in every:
        kinds[one.kind].append(one)
    slowest = sorted(kinds.items(), key=lambda item: -max(one.cpu for one in item[1]))[:SLOWEST_KINDS]
    longest = [turn for turn in turns if turn]
    return {
        "handler_p99_ms": _p99([one.wall for one in every]),
        "handler_cpu_p99_ms": _p99([one.cpu for one in every]),
        "longest_handler_p99_ms": _p99([max(one.wall for one in turn) for turn in longest]),
        "longest_handler_cpu_p99_ms": _p99([max(one.cpu for one in turn) for turn in longest]),
        "handlers": {
            "count": len(every),
            "turns": len(longest),
            "over_16_ms": sum(one.wall * 1000 > LIMIT_MS for one in every),
            "over_16_ms_cpu": sum(one.cpu * 1000 > LIMIT_MS for one in every),
            "cpu_ms_a_turn": round(sum(one.cpu for one in every) * 1000 / max(1, len(longest)), 2),
            "slowest": [_kind(kind, found) for kind, found in slowest],
        },
    }


def _kind(kind: str, found: Sequence[Handled]) -> dict[str, Any]:
    wall, cpu = [one.wall for one in found], [one.cpu for one in found]
    return {
        "kind": kind, "count": len(found), "p50_cpu_ms": round(percentile(cpu, 50) * 1000, 2), "p99_cpu_ms": _p99(cpu),
        "max_cpu_ms": round(max(cpu) * 1000, 2), "p99_ms": _p99(wall), "max_ms": round(max(wall) * 1000, 2),
    }  # fmt: skip


def _p99(seconds: Sequence[float]) -> float:
    return round(percentile(seconds, 99) * 1000, 2) if seconds else 0.0
