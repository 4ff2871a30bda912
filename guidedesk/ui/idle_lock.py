"""Locks the counter when nobody has touched it for a while (SECURITY.md D-10)."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QTimer, Signal
from PySide6.QtGui import QInputEvent, QInputMethodEvent

_TOUCHES: Final = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseMove,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
        QEvent.Type.InputMethod,
    }
)


_TOUCHING: Final = (QInputEvent, QInputMethodEvent)


class IdleLock(QObject):
    """`idled()` after `seconds` without a key, a scan, a touch or the mouse."""

    idled = Signal()

    def __init__(self, seconds: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(seconds * 1000)
        self._timer.timeout.connect(self.idled)
        app = QCoreApplication.instance()
        if app is not None:
            app.installEventFilter(self)
        self._timer.start()

    def touched(self, _what: object = None) -> None:
        """Somebody is there."""
        self._timer.start()

    def wait(self, seconds: int) -> None:
        """Another time from now on."""
        self._timer.start(seconds * 1000)

    def stop(self) -> None:
        """The counter closes: nobody is waited for any more."""
        self._timer.stop()
        app = QCoreApplication.instance()
        if app is not None:
            app.removeEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Watch only; nothing is held back."""
        # By class first: every event of every widget passes here, and asking for its type costs ten times as much.
        if isinstance(event, _TOUCHING) and event.type() in _TOUCHES:
            self._timer.start()
        return False
