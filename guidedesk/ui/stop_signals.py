"""Ctrl-C and a request to end close the window in order: Qt's loop would swallow or crash on them."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from PySide6.QtCore import QSocketNotifier

_STOPS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stopping_by(quit_loop: Callable[[], None]) -> Iterator[list[int]]:
    """Call `quit_loop` on the loop's own thread at the first signal; gives the signals that came.

    The wake-up socket is what reaches a loop that sits in C++ and runs no Python.
    """
    came: list[int] = []
    ours, theirs = socket.socketpair()
    for end in (ours, theirs):
        end.setblocking(False)

    def woken() -> None:
        came.extend(ours.recv(16))
        quit_loop()

    notifier = QSocketNotifier(ours.fileno(), QSocketNotifier.Type.Read)
    notifier.activated.connect(woken)
    before = {number: signal.signal(number, lambda *_: None) for number in _STOPS}
    before_fd = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
    try:
        yield came
    finally:
        signal.set_wakeup_fd(before_fd)
        for number, handler in before.items():
            signal.signal(number, handler)
        notifier.setEnabled(False)
        ours.close()
        theirs.close()
