"""Moments at which a process of a test dies by SIGKILL, seen from outside: the product has no hook for it.

A point is a commit of something written, or a file renamed or removed, named by the function of ours that asked for
it ("commit sync.journal.append"). What is there to be named, a first run without a plan finds out.
"""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from dataclasses import dataclass
from threading import Lock, local
from types import FrameType
from typing import Any, Final, Literal, NoReturn

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.default import DefaultDialect

When = Literal["before", "after"]
STATEMENT: Final = "any statement"
_FILE_EVENTS: Final = {"os.rename": "rename", "os.remove": "remove"}
# Who only carries a transaction for others is not what a point is named by.
_CARRIERS: Final = frozenset({"models.database", "server.database"})
_CARRYING: Final = frozenset({("sync.cache", "write")})
_OURS: Final = "guidedesk."


@dataclass(frozen=True, slots=True)
class CrashPlan:
    """Die at the `nth` time that `point` is reached, right before or right after it happens."""

    point: str
    when: When = "before"
    nth: int = 1


class CrashPoints:
    """Counts what is reached, and dies where the plan says. One a process."""

    def __init__(self, plan: CrashPlan | None) -> None:
        self.reached: Counter[str] = Counter()
        self._plan = plan
        self._guard = Lock()

    def watch(self) -> None:
        """From now on."""
        plain = DefaultDialect.do_commit
        points, here = self, local()

        def committing(connection: Connection) -> None:
            here.is_write = _is_write(connection)

        def commit(dialect: DefaultDialect, connection: Any) -> None:
            if not here.is_write:
                plain(dialect, connection)
                return
            point = _named("commit")
            points.come_to(point)
            plain(dialect, connection)
            points.have_done(point)

        def executed(*_: Any) -> None:
            points.come_to(STATEMENT)

        DefaultDialect.do_commit = commit  # type: ignore[method-assign]
        event.listen(Engine, "commit", committing)
        event.listen(Engine, "before_cursor_execute", executed)
        sys.addaudithook(self._audited)

    def come_to(self, point: str) -> None:
        """It is about to happen."""
        with self._guard:
            self.reached[point] += 1
            if self._plan is not None and self._is_planned(point, "before"):
                die()

    def have_done(self, point: str) -> None:
        """It has happened."""
        if self._plan is not None and self._is_planned(point, "after"):
            die()

    def _is_planned(self, point: str, when: When) -> bool:
        plan = self._plan
        return plan is not None and (plan.point, plan.when) == (point, when) and self.reached[point] >= plan.nth

    def _audited(self, name: str, _arguments: tuple[object, ...]) -> None:
        kind = _FILE_EVENTS.get(name)
        if kind is not None and (point := _named(kind)):
            self.come_to(point)


def die() -> NoReturn:
    """As if the power button of this one process had been pressed: nothing is flushed, closed or undone."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


def _is_write(connection: Connection) -> bool:
    """A counter's writes hold the lock from their start; a server's reads have no transaction."""
    begun = connection.get_execution_options().get("guidedesk_begin")
    return begun == "IMMEDIATE" or "sqlcipher" not in connection.dialect.dbapi.__name__  # type: ignore[union-attr]


def _named(kind: str) -> str:
    """`kind` and the innermost function of ours that wanted it; empty where nobody of ours did."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module.startswith(_OURS):
            short, function = module.removeprefix(_OURS), frame.f_code.co_name
            if short not in _CARRIERS and (short, function) not in _CARRYING:
                return f"{kind} {short}.{function}"
        frame = frame.f_back
    return ""
