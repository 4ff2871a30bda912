"""The lock of a counter that nobody touches."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from guidedesk.ui.idle_lock import IdleLock


def test_it_locks_when_nobody_touches_anything(qtbot: QtBot) -> None:
    lock = IdleLock(0)
    with qtbot.waitSignal(lock.idled):
        pass


def test_a_closed_counter_is_not_locked_later(qtbot: QtBot) -> None:
    """Its window may be gone by then; a key pressed in another window is nothing to it."""
    lock = IdleLock(0)
    line = QLineEdit()
    qtbot.addWidget(line)
    lock.stop()
    with qtbot.assertNotEmitted(lock.idled, wait=50):
        qtbot.keyClick(line, Qt.Key.Key_A)
