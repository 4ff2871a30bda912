"""One counter app over the real server application, worked by keys and scans, with the clock in the story's hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QWidget
from sqlalchemy import text

from guidedesk.app import CounterApp
from guidedesk.config import Language, Settings
from guidedesk.demo import hands
from guidedesk.demo.eyes import texts, wait_for
from guidedesk.domain.ids import to_bytes
from guidedesk.ui.main_window import MainWindow
from guidedesk.ui.screens import close_screen
from tests.helpers.world import Till, World

ZONE = ZoneInfo("Asia/Shanghai")
SIZE = (1366, 768)
PATIENCE_S = 30.0  # a busy PC; what is there is found at once
BLINK_S = 0.2


class OtherWindows(QObject):
    """Notes every window that opens beside the app's own: it takes the keyboard away from it."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            self.opened.append(type(watched).__name__)
        return False


@dataclass
class OneCounter:
    """The app of one counter, the world behind it, and what a story remembers."""

    world: World
    till: Till
    app: CounterApp
    others: OtherWindows = field(default_factory=OtherWindows)
    told: list[str] = field(default_factory=list)  # what toasts said: they are gone before one looks
    memory: dict[str, Any] = field(default_factory=dict)

    @property
    def window(self) -> MainWindow:
        """What a person sees."""
        return self.app.window.window

    # --- hands ------------------------------------------------------------------------------------

    def press(self, *keys: str) -> None:
        """Keys, one after another."""
        for key in keys:
            hands.press(self.window, key)
            self._wait_for_keys()

    def type(self, words: str) -> None:
        """Words, as slowly as people type."""
        hands.type_text(self.window, words)
        self._wait_for_keys()

    def scan(self, digits: str) -> None:
        """A code, as quickly as scanners type; nobody scans within a blink of her last word."""
        wait_for(lambda: False, BLINK_S)
        hands.scan(self.window, digits)

    def reach(self, widget: QWidget) -> None:
        """Go there by Tab alone."""
        for _ in range(60):
            focus = QApplication.focusWidget()
            if focus is not None and (focus is widget or widget.isAncestorOf(focus)):
                return
            self.press("Tab")
        raise AssertionError(f"the keyboard does not get to {widget} on {self.window.current}")

    def _wait_for_keys(self) -> None:
        """A key that acts is held to see whether a scanner sent it, on a busy PC for longer than it takes to type on;
        what comes from an input method does not wait behind it."""
        assert wait_for(lambda: not self.app.scanner._guard.is_holding)

    # --- eyes -------------------------------------------------------------------------------------

    def says(self) -> str:
        """Everything a screen reader finds in the window now."""
        return texts(self.window)

    def sees(self, *wanted: str) -> None:
        """The window comes to say all of it."""
        wait_for(lambda: all(words in self.says() for words in wanted), PATIENCE_S)
        missing = [words for words in wanted if words not in self.says()]
        assert not missing, f"{missing} not in {self.window.current}:\n{self.says()}"

    def is_told(self, words: str) -> None:
        """A toast came to say it."""
        assert wait_for(lambda: words in self.told, PATIENCE_S), (words, self.told)

    def rows(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        """Rows at head office; `:m` is the id of the member `who`."""
        if "who" in values:
            values["m"] = to_bytes(self.memory[values.pop("who")])
        with self.world.database.read() as conn:
            return [tuple(row) for row in conn.execute(text(sql), values)]

    def knows(self, rows: list[tuple[Any, ...]], sql: str, **values: Any) -> None:
        """Head office comes to know exactly these."""
        wait_for(lambda: self.rows(sql, **values) == rows, PATIENCE_S)
        assert self.rows(sql, **values) == rows

    def within(self, look: Callable[[], Any]) -> Any:
        """Let the window live until it is so."""
        return wait_for(look, PATIENCE_S)

    def waiting(self) -> int:
        """How much of this counter head office has not answered."""
        return self.till.counter.status().waiting

    # --- time -------------------------------------------------------------------------------------

    def until(self, hour: int, minute: int = 0) -> None:
        """Let the time come round to this hour of the store, today or tomorrow."""
        now_ms = self.world.clock.wall_ms()
        now = datetime.fromtimestamp(now_ms / 1000, ZONE)
        then = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
        then += timedelta(days=then <= now)
        self.world.clock.tick(int(then.timestamp()) * 1000 - now_ms)

    def close(self) -> None:
        """Close the app; the world is closed by whoever opened it."""
        window = self.window
        self.others.deleteLater()
        self.app.close()
        self.till._counter = None  # the app closed it
        close_screen(window)


def open_counter(qapp: QApplication, world: World, till: Till, language: Language) -> OneCounter:
    """Start the app of an enrolled counter: its window is in front and listens to the scanner."""
    app = CounterApp(till.counter, Settings(language=language), till.folder, is_demo=True)
    window = app.window.window
    made = OneCounter(world, till, app)
    toast = window.toast

    def keep(said: str, *, undo: bool = False) -> Any:
        made.told.append(said)
        return toast(said, undo=undo)

    window.toast = keep  # type: ignore[method-assign, assignment]
    # Whether a code scanned again is the same visit is a matter of time, too.
    app.window.counter._mono_ms = world.clock.mono_ms
    window.resize(*SIZE)
    app.window.open()
    window.show()
    app.scanner.start()
    app.sync.start()
    window.activateWindow()
    assert wait_for(lambda: QApplication.activeWindow() is window)
    qapp.installEventFilter(made.others)
    return made
