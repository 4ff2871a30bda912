"""The same through a real X server: xdotool's keys instead of made-up events."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.scanner.keyboard import MEMBER

ROOT = Path(__file__).resolve().parents[2]
FIELDS = ["line", "note", "pin", "button"]
WAIT_S = 15.0

pytestmark = [
    pytest.mark.xvfb,
    pytest.mark.skipif(
        not all(map(shutil.which, ("Xvfb", "xdotool", "setxkbmap"))), reason="needs Xvfb, xdotool and setxkbmap"
    ),
]


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


@pytest.fixture(scope="module")
def screen() -> Iterator[Screen]:
    read_end, write_end = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write_end), "-screen", "0", "800x600x24", "-nolisten", "tcp"],
        pass_fds=[write_end],
        stderr=subprocess.DEVNULL,
    )
    os.close(write_end)
    with os.fdopen(read_end) as pipe:
        display = f":{pipe.readline().strip()}"
    window = subprocess.Popen(
        [sys.executable, str(ROOT / "tests" / "scanner" / "wedge_window.py")],
        cwd=ROOT,
        env={**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb", "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Screen(display, window)
    finally:
        for process in (window, server):
            process.terminate()
            process.wait(timeout=WAIT_S)
        for stream in (window.stdin, window.stdout):
            if stream is not None:
                stream.close()


@pytest.mark.parametrize("field", FIELDS)
def test_a_scan_reaches_nothing_but_the_router(screen, field):
    before = screen.until(f"focus {field}", lambda state: state["focus"] == field)
    screen.press("type", "--delay", "4", MEMBER + "\n")
    after = screen.until("report", lambda state: len(state["scans"]) > len(before["scans"]))
    assert after == {**before, "scans": [*before["scans"], MEMBER]}


def test_a_person_is_heard(screen):
    before = screen.until("focus line", lambda state: state["focus"] == "line")
    screen.press("key", "End")
    screen.press("type", "--delay", "120", "13800000")
    after = screen.until("report", lambda state: state["line"].endswith("13800000"))
    assert after["scans"] == before["scans"]
    screen.until("focus button", lambda state: state["focus"] == "button")
    screen.press("key", "Return")
    pressed = screen.until("report", lambda state: state["clicks"] > before["clicks"])
    assert pressed["clicks"] == before["clicks"] + 1


def test_a_french_layout_is_repaired(screen):
    subprocess.run(["setxkbmap", "fr"], env=screen.environment, check=True, timeout=WAIT_S)
    try:
        before = screen.until("focus line", lambda state: state["focus"] == "line")
        # A wedge set to US presses keys by their place: 10 to 19 are the number row.
        places = [str(10 + "1234567890".index(digit)) for digit in MEMBER]
        screen.press("key", "--delay", "4", *places, "36")
        after = screen.until("report", lambda state: len(state["scans"]) > len(before["scans"]))
        assert after == {**before, "scans": [*before["scans"], MEMBER]}
    finally:
        subprocess.run(["setxkbmap", "us"], env=screen.environment, check=True, timeout=WAIT_S)
