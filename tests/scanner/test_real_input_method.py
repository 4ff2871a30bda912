"""A scan while a real Chinese input method is on, and while it composes: no field sees it, and none of it is lost.

Needs ibus with its pinyin engine; a PC without says so and skips.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.scanner.input_method import is_there, pinyin
from tests.scanner.keyboard import MEMBER
from tests.scanner.x_screen import PROGRAMS, Screen, Wedge, x_screen

pytestmark = [
    pytest.mark.long,
    pytest.mark.xvfb,
    pytest.mark.skipif(not all(map(shutil.which, PROGRAMS)), reason="needs Xvfb, xdotool and setxkbmap"),
    pytest.mark.skipif(not is_there(), reason="needs ibus, ibus-libpinyin and dbus"),
]
SCANS = 20


def _has(scans: int) -> Callable[[dict[str, Any]], bool]:
    return lambda state: len(state["scans"]) >= scans


@pytest.fixture(scope="module")
def screen() -> Iterator[Screen]:
    with x_screen("wedge_window.py", pinyin) as opened:
        yield opened


def test_the_method_is_real_it_makes_chinese_of_letters(screen: Screen) -> None:
    screen.until("focus line", lambda state: state["focus"] == "line")
    screen.press("key", "End")
    screen.press("type", "--delay", "120", "nihao ")
    state = screen.until("report", lambda state: state["line"] != "before")
    assert state["line"] == "before你好"
    assert state["scans"] == []


@pytest.mark.parametrize("gap_ms", [0, 2])
@pytest.mark.parametrize("field", ["line", "note"])
def test_scans_arrive_whole_while_the_method_is_on(screen: Screen, field: str, gap_ms: int) -> None:
    before = screen.until(f"focus {field}", lambda state: state["focus"] == field)
    wedge = Wedge(screen.environment["DISPLAY"])
    for number in range(1, SCANS + 1):
        wedge.scan(MEMBER, gap_ms)
        wanted = len(before["scans"]) + number
        screen.until("report", _has(wanted))
    after = screen.ask("report")
    assert after == {**before, "scans": [*before["scans"], *[MEMBER] * SCANS]}


@pytest.mark.parametrize("gap_ms", [0, 2, 12])
def test_a_scan_in_the_middle_of_composing_arrives_and_the_words_stay(screen: Screen, gap_ms: int) -> None:
    before = screen.until("focus line", lambda state: state["focus"] == "line")
    screen.press("key", "End")
    screen.press("type", "--delay", "120", "nihao")
    Wedge(screen.environment["DISPLAY"]).scan(MEMBER, gap_ms)
    after = screen.until("report", lambda state: len(state["scans"]) > len(before["scans"]))
    assert after["scans"][-1] == MEMBER
    assert not any(digit in after["line"] for digit in "0123456789"), after["line"]
    assert after["line"].startswith(before["line"])
    assert after["clicks"] == before["clicks"]
