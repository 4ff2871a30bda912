"""Two counters' real windows over a real server process: worked by keys and scans, looked at as screen readers do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtWidgets import QApplication

from guidedesk.app import CounterApp
from guidedesk.config import Settings
from guidedesk.demo import hands
from guidedesk.demo.eyes import ServerEyes, texts, wait_for
from guidedesk.demo.world import World, enrol_counter
from guidedesk.ui.main_window import MainWindow
from guidedesk.ui.screens import close_screen

SIZE = (1366, 768)
PATIENCE_S = 30.0  # a busy PC; what is there is found at once


@dataclass
class Windows:
    """The windows by counter, which of them is in front, and what a story remembers."""

    world: World
    eyes: ServerEyes
    apps: dict[str, CounterApp] = field(default_factory=dict)
    front: str = ""
    memory: dict[str, Any] = field(default_factory=dict)

    def add(self, name: str, number: str, pin: str) -> None:
        """Enrol one more counter of the store, open its window, sign somebody in."""
        counter = enrol_counter(self.world, name, f"Counter {name}")
        app = CounterApp(counter, Settings(language="zh_CN"), self.world.folder / name, is_demo=True)
        self.apps[name] = app
        app.window.window.resize(*SIZE)
        app.window.open()
        app.window.window.show()
        app.sync.start()
        session = counter.sign_in(number, pin)
        app.desk.set_session(session)
        wait_for(lambda: app.window.window.current == "home")

    def at(self, name: str) -> MainWindow:
        """Work at this counter: its window has the keyboard, its scanner listens."""
        window = self.apps[name].window.window
        if self.front != name:
            if self.front:
                self.apps[self.front].scanner.stop()
            self.apps[name].scanner.start()
            self.front = name
        window.activateWindow()
        wait_for(lambda: QApplication.activeWindow() is window, 3)
        if QApplication.focusWidget() is None:
            window.focus_page()
        return window

    def press(self, name: str, *keys: str) -> None:
        """Keys, one after another."""
        window = self.at(name)
        for key in keys:
            hands.press(window, key)

    def type(self, name: str, words: str) -> None:
        """Words, as slowly as people type."""
        hands.type_text(self.at(name), words)

    def scan(self, name: str, digits: str) -> None:
        """A code, as quickly as scanners type."""
        hands.scan(self.at(name), digits)

    def shows(self, name: str, *wanted: str) -> bool:
        """Whether the window comes to say all of it."""
        window = self.apps[name].window.window
        return bool(wait_for(lambda: all(text in texts(window) for text in wanted), PATIENCE_S))

    def says(self, name: str) -> str:
        """Everything the window says now."""
        return texts(self.apps[name].window.window)

    def settled(self, *names: str) -> bool:
        """Whether these counters come to have nothing waiting."""
        return bool(wait_for(lambda: not any(self.apps[name].counter.status().waiting for name in names), 30))

    def within(self, look: Callable[[], Any], seconds: float = PATIENCE_S) -> Any:
        """Let the windows live until it is so."""
        return wait_for(look, seconds)

    def close(self) -> None:
        """Close the windows and stop the server."""
        for app in self.apps.values():
            app.close()
            # A window that is only hidden is dressed anew with every change of the look.
            close_screen(app.window.window)
        self.eyes.close()
        self.world.close()
