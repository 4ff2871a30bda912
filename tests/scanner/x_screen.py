"""A virtual X screen with a program's window on it, told what to do on its standard input."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
WAIT_S: Final = 15.0
PROGRAMS: Final = ("Xvfb", "xdotool", "setxkbmap")
# X key codes by place: 10 to 19 are the number row, 36 is Return.
RETURN: Final = 36
NUMBER_ROW: Final = {digit: 10 + place for place, digit in enumerate("1234567890")}


class Screen:
    """A virtual screen with the window on it."""

    def __init__(self, display: str, window: subprocess.Popen[str]) -> None:
        self.environment = {**os.environ, "DISPLAY": display}
        self.window = window

    def ask(self, command: str) -> dict[str, Any]:
        assert self.window.stdin is not None
        assert self.window.stdout is not None
        self.window.stdin.write(command + "\n")
        self.window.stdin.flush()
        answer: dict[str, Any] = json.loads(self.window.stdout.readline())
        return answer

    def until(self, command: str, is_met: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        deadline = time.monotonic() + WAIT_S
        while not is_met(state := self.ask(command)) and time.monotonic() < deadline:
            time.sleep(0.03)
        assert is_met(state), state
        return state

    def press(self, *arguments: str) -> None:
        subprocess.run(["xdotool", *arguments], env=self.environment, check=True, timeout=WAIT_S)

    def use_layout(self, name: str) -> None:
        subprocess.run(["setxkbmap", name], env=self.environment, check=True, timeout=WAIT_S)


Prepare = Callable[[dict[str, str]], AbstractContextManager[dict[str, str]]]


@contextmanager
def x_screen(program: str, prepare: Prepare = nullcontext) -> Iterator[Screen]:
    """A screen with a file of this folder run as a program on it; `prepare` starts what has to be there before it, and
    gives the environment to run it in."""
    read_end, write_end = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write_end), "-screen", "0", "1400x800x24", "-nolisten", "tcp"],
        pass_fds=[write_end],
        stderr=subprocess.DEVNULL,
    )
    os.close(write_end)
    with os.fdopen(read_end) as pipe:
        display = f":{pipe.readline().strip()}"
    try:
        with prepare({**os.environ, "DISPLAY": display}) as environment, _window(program, environment) as window:
            yield Screen(display, window)
    finally:
        server.terminate()
        server.wait(timeout=WAIT_S)


@contextmanager
def _window(program: str, environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    window = subprocess.Popen(
        [sys.executable, str(ROOT / "tests" / "scanner" / program)],
        cwd=ROOT,
        env={**environment, "QT_QPA_PLATFORM": "xcb", "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield window
    finally:
        window.terminate()
        window.wait(timeout=WAIT_S)
        for stream in (window.stdin, window.stdout):
            if stream is not None:
                stream.close()


class Wedge:
    """Presses keys by their place through the X server, as fast as a scanner does."""

    def __init__(self, display: str) -> None:
        self._x11, self._test = ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libXtst.so.6")
        self._x11.XOpenDisplay.restype = ctypes.c_void_p
        self._display = ctypes.c_void_p(self._x11.XOpenDisplay(display.encode()))

    def press(self, codes: Sequence[int], gap_ms: int) -> None:
        """Each key down and up, `gap_ms` after the one before it."""
        for code in codes:
            self._test.XTestFakeKeyEvent(self._display, code, 1, ctypes.c_ulong(gap_ms))
            self._test.XTestFakeKeyEvent(self._display, code, 0, ctypes.c_ulong(0))
        self._x11.XSync(self._display, 0)

    def scan(self, digits: str, gap_ms: int) -> None:
        """What a wedge set to US does with a code."""
        self.press([*(NUMBER_ROW[digit] for digit in digits), RETURN], gap_ms)

    def close(self) -> None:
        self._x11.XCloseDisplay(self._display)
