"""The tour: a person's day in the real window, each step checked by other eyes than the ones that did it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from guidedesk.app import CounterApp
from guidedesk.demo.eyes import ServerEyes, texts, wait_for
from guidedesk.demo.report import Step, write_report
from guidedesk.demo.world import World
from guidedesk.ui.main_window import MainWindow


@dataclass(frozen=True, slots=True)
class Seen:
    """What a step expected and saw, and where; `ok` is decided by the step."""

    did: str
    expected: str
    seen: str
    seen_in: str
    ok: bool


@dataclass
class Tour:
    """The state of a running tour. `facts` carries ids from one step to the next."""

    world: World
    app: CounterApp
    out: Path
    lang: str
    eyes: ServerEyes
    facts: dict[str, Any] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)

    @property
    def window(self) -> MainWindow:
        """The counter's window."""
        return self.app.window.window

    def shows(self, *wanted: str) -> bool:
        """Wait until every text is in the accessibility tree."""
        return bool(wait_for(lambda: all(text in texts(self.window) for text in wanted)))

    def arrived(self, sql: str, **values: Any) -> Any:
        """Wait until a query at the server finds something; gives it."""
        return wait_for(lambda: self.eyes.one(sql, **values))

    def take(self, name: str, act: Callable[[Tour], Seen]) -> bool:
        """Do one step, look, and keep the picture."""
        try:
            seen = act(self)
        except Exception as error:
            seen = Seen("", "", f"{type(error).__name__}: {error}", "the program", False)
        wait_for(lambda: False, 0.15)
        png = f"{len(self.steps) + 1:02d}-{name}.png"
        self.window.grab().save(str(self.out / png))
        self.steps.append(Step(name, seen.did, seen.expected, seen.seen, seen.seen_in, seen.ok, png))
        return seen.ok

    def report(self) -> bool:
        """Write the reports; whether every step was as expected."""
        write_report(self.out, f"GuideDesk tour, {self.world.data} data, {self.lang}", self.steps)
        return all(step.ok for step in self.steps)
