"""The counter's real window for a real keyboard: run as a program by test_scan_matrix.py.

Each line read: "focus PLACE" or "report". Each answer: one line of JSON: what was scanned, and everything a key could
have changed. Scans are only counted: where the keyboard is must stay as it was.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QSocketNotifier
from PySide6.QtGui import QInputMethodEvent, QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QPlainTextEdit, QTextEdit, QWidget

from guidedesk.ui.scanner import ScannerInput
from guidedesk.ui.theme import start_look
from guidedesk.ui.widgets.pin import PinCells
from tests.helpers.shop import SHEN
from tests.scanner.wedge_window import RealClock
from tests.ui.member_desk import make_desk, session_of
from tests.ui.whole_window import Shop

PREEDIT = "ni hao"


class KeyTimes(QObject):
    """When the X server saw each key go down: whether the PC kept up with the scanner."""

    def __init__(self) -> None:
        super().__init__()
        self.times_ms: list[int] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched.isWindowType() and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            self.times_ms.append(event.timestamp())
        return False


class Counter:
    """The window, and what a test may ask of it."""

    def __init__(self) -> None:
        self.scans: list[str] = []
        self.garbled = 0
        self.clicks = 0
        self.pins: list[int] = []
        self.place = ""
        self.shop = Shop(make_desk(signed_in=False))
        self.window = self.shop.ui.window
        self.scanner = ScannerInput(RealClock())
        self.scanner.scanned.connect(self.take)
        self.scanner.start()
        self.keys = KeyTimes()
        QApplication.instance().installEventFilter(self.keys)  # type: ignore[union-attr]
        for cells in self.window.findChildren(PinCells):
            cells.changed.connect(self.pins.append)
        for button in self.window.findChildren(QAbstractButton):
            button.clicked.connect(self.count)

    def take(self, scan: Any) -> None:
        self.scans.append(scan.text)
        self.garbled += scan.garbled

    def count(self) -> None:
        self.clicks += 1

    def go_to(self, place: str) -> None:
        """Put the keyboard into one of the five places a scan must not disturb."""
        desk, ui = self.shop.desk, self.shop.ui
        self.place = place
        ui._keep_what_was_typed()
        if place == "pin":
            desk.set_session(None)
            ui.sign_in.ask_number()
            ui.sign_in.submit_number("A017")
        else:
            if desk.session is None:
                desk.set_session(session_of())
            ui.search.close()
            ui.open_member(SHEN)
            if place in ("search", "composing"):
                ui.begin_search("沈")
            else:
                ui.member.log()
                ui.log.write("写到一半")
        dialog = self.window.overlays.dialog
        if place == "note" and dialog is not None:
            dialog.note.setFocus()  # type: ignore[attr-defined]
        if place == "dialog" and dialog is not None:
            buttons = [b for b in dialog.findChildren(QAbstractButton) if b.isVisible() and b.isEnabled()]
            buttons[-1].setFocus()
            for button in dialog.findChildren(QAbstractButton):
                button.clicked.connect(self.count)
        if place == "composing":
            target = QApplication.focusWidget()
            if target is not None:
                QCoreApplication.sendEvent(target, QInputMethodEvent(PREEDIT, []))
        self.window.activateWindow()

    def state(self) -> dict[str, Any]:
        focus = QApplication.focusWidget()
        return {
            "scans": self.scans, "times": self.keys.times_ms[-60:], "keys": len(self.keys.times_ms),
            "garbled": self.garbled, "clicks": self.clicks, "pins": self.pins,
            "place": self.place, "page": self.window.current, "has_window": self.window.isActiveWindow(),
            "dialog": type(self.window.overlays.dialog).__name__, "focus": type(focus).__name__,
            "texts": [text_of(w) for w in self.window.findChildren(QWidget) if w.isVisible() and text_of(w)],
            "recorded": self.shop.desk.counter.types(), "drafts": len(self.shop.desk.counter.drafts),
            "raw": [self.scanner._raw.is_watching, self.scanner._raw.run_of_digits(1_000)],
            "pin_left": str(self.shop.ui.sign_in.state.tries_left), "asked": len(self.shop.desk.counter.asked),
        }  # fmt: skip


def text_of(widget: QWidget) -> str:
    if isinstance(widget, QLineEdit):
        return widget.text()
    return widget.toPlainText() if isinstance(widget, QTextEdit | QPlainTextEdit) else ""


def main() -> int:
    app = QApplication([])
    start_look(app, "light", 1.0, "zh_CN")
    counter = Counter()
    counter.window.resize(1366, 768)
    counter.window.show()

    def obey() -> None:
        command = sys.stdin.readline().split()
        if not command:
            app.quit()
            return
        if command[0] == "focus":
            counter.go_to(command[1])
        sys.stdout.write(json.dumps(counter.state(), ensure_ascii=False) + "\n")
        sys.stdout.flush()

    notifier = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read)
    notifier.activated.connect(obey)
    return app.exec()


if __name__ == "__main__":
    sys.exit(main())
