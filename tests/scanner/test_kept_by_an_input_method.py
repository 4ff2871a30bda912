"""A scan some of whose keys a Chinese input method keeps as choices, as traced with ibus and libpinyin (CODES.md Q-14).

The keys come below the method as the X server sends them; what it keeps never reaches Qt. No ibus needed:
`test_real_input_method.py` is the same with it.
"""

from __future__ import annotations

import ctypes
import struct

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QLineEdit

from tests.scanner.conftest import DeskMaker
from tests.scanner.keyboard import Desk

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")

SCAN = "6833440254318634313268"
RETURN = 36


class Keyboard:
    """Keys with an input method between the X server and the window."""

    def __init__(self, at: Desk) -> None:
        self.at = at
        self._down: tuple[str, int] = ("", -1)

    def press(self, char: str, *, is_kept: bool) -> None:
        """One key of the number row, or Return; `is_kept` by the method."""
        now, place = self.at.clock.now_ms, RETURN if char == "\r" else 10 + "1234567890".index(char)
        raw = ctypes.create_string_buffer(struct.pack("=BBHI", 2, place, 0, now))
        self.at.scanner._raw.nativeEventFilter(b"xcb_generic_event_t", ctypes.addressof(raw))
        # Two equal keys in one millisecond are one held key to X11, whoever has the first.
        is_repeat, self._down = self._down == (char, now), (char, now)
        if is_kept:
            return
        kinds = [QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress, QEvent.Type.KeyRelease]
        code = Qt.Key.Key_Return if char == "\r" else ord(char)
        for kind in kinds:
            event = QKeyEvent(kind, code, Qt.KeyboardModifier.NoModifier, place, 0, 0, char, is_repeat)
            event.setTimestamp(now)
            focus = QApplication.focusWidget()
            assert focus is not None
            QCoreApplication.sendEvent(focus, event)


def composing(desk: DeskMaker) -> tuple[Desk, QLineEdit, Keyboard]:
    line = QLineEdit("沈")
    at = desk(line, platform="xcb")
    at.commit("", preedit="年")
    at.commit("", preedit="你")
    assert at.scanner._raw.is_watching
    at.pass_time(150)
    return at, line, Keyboard(at)


def test_the_second_of_two_equal_keys_is_no_held_key_where_the_first_was_kept(desk: DeskMaker) -> None:
    """Three keys choose; the fourth equals the third and comes in the same millisecond."""
    at, line, keyboard = composing(desk)
    for number, char in enumerate(SCAN + "\r"):
        keyboard.press(char, is_kept=number < 3)
    at.settle()
    at.commit("你们")
    assert (at.texts, line.text()) == ([SCAN], "沈你们")


@pytest.mark.parametrize("gap_ms", [0, 2, 12])
@pytest.mark.parametrize("kept", [{0}, {0, 1, 2}, {0, 7}, {0, 1, 12}, {0, 5, 9, 14}])
def test_words_chosen_in_the_middle_of_a_scan_are_the_fields_and_its_keys_the_scans(
    desk: DeskMaker, kept: set[int], gap_ms: int
) -> None:
    at, line, keyboard = composing(desk)
    words = iter("你好尼号们")
    chosen = ""
    for number, char in enumerate(SCAN + "\r"):
        at.pass_time(gap_ms)
        keyboard.press(char, is_kept=number in kept)
        if number - 3 in kept:  # what a key chose arrives three keys later
            word = next(words)
            at.commit(word, preedit="hao" if len(chosen) == 0 and len(kept) > 1 else "")
            chosen += word
    at.commit("")
    at.settle()
    assert at.texts == [SCAN]
    assert line.text() == "沈" + chosen
    assert not at.scans[0].garbled


def test_a_key_somebody_holds_down_is_a_repeat_still(desk: DeskMaker) -> None:
    at, line, keyboard = composing(desk)
    for _ in range(8):
        at.pass_time(33)
        keyboard.at.key("1", native=10, is_repeat=True)
    at.settle()
    assert at.scans == []
    assert line.text() == "沈" + "1" * 8


@pytest.mark.parametrize("stalled_after", [1, 2])
def test_a_pc_that_stands_still_behind_the_first_keys_leaves_none_of_them_in_the_field(
    desk: DeskMaker, stalled_after: int
) -> None:
    """Once of 1,200 scans on a busy PC the scan came whole, by the keys below the method, and its first digit stayed
    in a note: what had been composed elsewhere was still watched for."""
    at, line, keyboard = composing(desk)
    for number, char in enumerate(SCAN + "\r"):
        at.pass_time(60 if number == stalled_after else 50 if number < stalled_after else 2)
        keyboard.press(char, is_kept=False)
    at.settle()
    assert (at.texts, line.text()) == ([SCAN], "沈")
