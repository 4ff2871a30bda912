"""The product's counter app on a bench profile: its window painted offscreen, its files, its event filter."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from guidedesk.app import CounterApp, make_application
from guidedesk.bench.data import Profile
from guidedesk.bench.paint import PaintWatch
from guidedesk.config import Settings
from guidedesk.services.queries.reference import list_staff
from guidedesk.services.session import Session
from guidedesk.ui.theme import start_look

PATIENCE_MS: Final = 20_000
WINDOW: Final = (1366, 768)


class BenchDesk:
    """The running app with somebody signed in, and the clockwork around it."""

    def __init__(self, profile: Profile) -> None:
        app = make_application()
        if not isinstance(app, QApplication):
            raise TypeError("no application")
        settings = Settings(language="en", lock_after_s=600)
        start_look(app, settings.theme, settings.text_scale / 100, settings.language)
        self.counter = profile.open()
        self.app = CounterApp(self.counter, settings, profile.folder, is_demo=True)
        self.window = self.app.window.window
        self.window.resize(*WINDOW)
        self.watch = PaintWatch(self.window)
        self.app.start()
        with self.counter.read() as conn:
            staff = next(one for one in list_staff(conn, self.counter.store_id) if one.role == "associate")
        now_ms = self.counter.now_ms()
        session = Session(self.counter.new_id(), staff, self.counter.store_id, False, now_ms)
        self.counter.resume(session)
        self.app.desk.set_session(session)
        self.settle(500)

    def target(self) -> QWidget:
        """The widget that has the keyboard."""
        return QApplication.focusWidget() or self.window

    def run_until(self, is_done: Callable[[], bool], connect: Callable[[Callable[[], None]], object]) -> bool:
        """Let the window live until `is_done`, asked whenever what `connect` watches happens; False in vain."""
        loop = QEventLoop()

        def look() -> None:
            if is_done():
                loop.quit()

        connect(look)
        timer = QTimer()
        timer.setSingleShot(True)
        timer.timeout.connect(loop.quit)
        timer.start(PATIENCE_MS)
        if not is_done():
            loop.exec()
        timer.stop()
        return is_done()

    def settle(self, ms: int) -> None:
        """Let the window live for a while."""
        loop = QEventLoop()
        QTimer.singleShot(ms, loop.quit)
        loop.exec()

    def close(self) -> None:
        """End everything in order."""
        self.app.close()
