"""The same through a real X server: xdotool's keys instead of made-up events."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.scanner.keyboard import MEMBER
from tests.scanner.x_screen import PROGRAMS, Screen, x_screen

FIELDS = ["line", "note", "pin", "button"]

pytestmark = [
    pytest.mark.xvfb,
    pytest.mark.skipif(
        not all(map(shutil.which, PROGRAMS)), reason="needs Xvfb, xdotool and setxkbmap"
    ),
]


@pytest.fixture(scope="module")
def screen() -> Iterator[Screen]:
    with x_screen("wedge_window.py") as opened:
        yield opened


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
    screen.use_layout("fr")
    try:
        before = screen.until("focus line", lambda state: state["focus"] == "line")
        # A wedge set to US presses keys by their place: 10 to 19 are the number row.
        places = [str(10 + "1234567890".index(digit)) for digit in MEMBER]
        screen.press("key", "--delay", "4", *places, "36")
        after = screen.until("report", lambda state: len(state["scans"]) > len(before["scans"]))
        assert after == {**before, "scans": [*before["scans"], MEMBER]}
    finally:
        screen.use_layout("us")
