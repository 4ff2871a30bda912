"""A keyboard and a clock for tests: key events as the window system sends them, at times of our choosing."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QInputMethodEvent, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from guidedesk.ui.scanner import Scan, ScannerInput

MEMBER = "1012345678901234567837"
NAMED = {"\r": Qt.Key.Key_Return, "\t": Qt.Key.Key_Tab, " ": Qt.Key.Key_Space}


class FakeClock:
    def __init__(self) -> None:
        self.now_ms = 1_000

    def wall_ms(self) -> int:
        return 1_700_000_000_000 + self.now_ms

    def mono_ms(self) -> int:
        return self.now_ms

    def boot_id(self) -> str:
        return "boot"


class Desk:
    """A window under test with a scanner at it."""

    def __init__(self, window: QWidget, scanner: ScannerInput, clock: FakeClock) -> None:
        self.window = window
        self.scanner = scanner
        self.clock = clock
        self.scans: list[Scan] = []
        scanner.scanned.connect(self.scans.append)

    @property
    def texts(self) -> list[str]:
        return [scan.text for scan in self.scans]

    def key(
        self,
        char: str,
        *,
        key: int | None = None,
        modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
        native: int = 0,
        is_repeat: bool = False,
        keeps_down: bool = False,
    ) -> None:
        """Press and release one key now, through the window like the window system does."""
        code = key if key is not None else NAMED.get(char, ord(char.upper()) if char else 0)
        kinds = [QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress, QEvent.Type.KeyRelease]
        for kind in kinds[: 2 if keeps_down else 3]:
            event = QKeyEvent(kind, code, modifiers, native, 0, 0, char, is_repeat)
            event.setTimestamp(self.clock.now_ms)
            if kind == QEvent.Type.ShortcutOverride:
                focus = QApplication.focusWidget() or self.window
                QCoreApplication.sendEvent(focus, event)
            else:
                handle = (QApplication.activeWindow() or self.window).windowHandle()
                QCoreApplication.sendEvent(handle, event)

    def type(self, text: str, gap_ms: int, native: dict[str, int] | None = None) -> None:
        """Type `text`, each key `gap_ms` after the one before it; the first comes at once."""
        for place, char in enumerate(text):
            if place:
                self.pass_time(gap_ms)
            self.key(char, native=(native or {}).get(char, 0))

    def scan(self, text: str = MEMBER, gap_ms: int = 4, ending: str = "\r") -> None:
        self.type(text + ending, gap_ms)
        self.settle()

    def commit(self, text: str, preedit: str = "") -> None:
        """What an input method sends to the field."""
        event = QInputMethodEvent(preedit, [])
        event.setCommitString(text)
        QCoreApplication.sendEvent(QApplication.focusWidget() or self.window, event)

    def pass_time(self, milliseconds: int) -> None:
        self.clock.now_ms += milliseconds
        self.scanner.tick()

    def settle(self, milliseconds: int = 1_000) -> None:
        """Let time pass until nothing is pending, and let queued scans arrive."""
        self.pass_time(milliseconds)
        QCoreApplication.sendPostedEvents(self.scanner)

    def focus(self, widget: QWidget) -> None:
        widget.setFocus()
        assert QTest.qWaitForWindowActive(self.window)
        assert QApplication.focusWidget() is widget
