"""A window for a real keyboard: run as a program by test_real_keyboard.py, told what to do on stdin.

Each line read: "focus NAME" or "report". Each answer: one line of JSON.
"""

from __future__ import annotations

import json
import sys
import time
import uuid

from PySide6.QtCore import QSocketNotifier
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QTextEdit, QVBoxLayout, QWidget

from guidedesk.ui.scan_guard import guard_keys
from guidedesk.ui.scanner import ScannerInput


class RealClock:
    def wall_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def mono_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000

    def boot_id(self) -> str:
        return str(uuid.uuid4())


class Window(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.scans: list[str] = []
        self.clicks = 0
        self.pin_changes: list[str] = []
        line, pin, button = QLineEdit("before"), QLineEdit(), QPushButton("Sell")
        self.note = QTextEdit()
        self.note.setPlainText("a note")
        self.note.selectAll()
        pin.setMaxLength(6)
        guard_keys(pin)
        pin.textChanged.connect(self.pin_changes.append)
        button.setAutoDefault(True)
        button.clicked.connect(self.count)
        self.fields: dict[str, QWidget] = {"line": line, "note": self.note, "pin": pin, "button": button}
        layout = QVBoxLayout(self)
        for field in self.fields.values():
            layout.addWidget(field)
        self.line, self.pin = line, pin

    def count(self) -> None:
        self.clicks += 1

    def obey(self) -> None:
        command = sys.stdin.readline().split()
        if not command:
            QApplication.quit()
            return
        if command[0] == "focus":
            self.activateWindow()
            self.fields[command[1]].setFocus()
        self.answer()

    def answer(self) -> None:
        state = {
            "scans": self.scans,
            "clicks": self.clicks,
            "pin_changes": self.pin_changes,
            "line": self.line.text(),
            "note": self.note.toPlainText(),
            "selected": self.note.textCursor().selectedText(),
            "focus": next((name for name, field in self.fields.items() if field.hasFocus()), None),
        }
        sys.stdout.write(json.dumps(state) + "\n")
        sys.stdout.flush()


def main() -> int:
    app = QApplication([])
    window = Window()
    scanner = ScannerInput(RealClock())
    scanner.scanned.connect(lambda scan: window.scans.append(scan.text))
    scanner.start()
    window.show()
    window.activateWindow()
    notifier = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read)
    notifier.activated.connect(window.obey)
    return app.exec()


if __name__ == "__main__":
    sys.exit(main())
