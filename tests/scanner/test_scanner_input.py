"""A scan is told from typing, and reaches nothing but the scan router (CODES.md Q-13)."""

from itertools import pairwise

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QDialog,
    QLineEdit,
    QListWidget,
    QPlainTextEdit,
    QPushButton,
    QSpinBox,
    QTextEdit,
    QVBoxLayout,
)

from guidedesk.ui.scan_burst import WedgeSettings
from guidedesk.ui.scan_guard import guard_keys
from tests.scanner.keyboard import MEMBER

URL = "HTTPS://GD.EXAMPLE/Q/" + MEMBER
# The offscreen platform says so whenever a window is shown.
pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")
PLAIN = WedgeSettings(prefix="")


@pytest.mark.parametrize("text", [MEMBER, URL, "690123"])
@pytest.mark.parametrize("gap_ms", [0, 2, 7, 28, 35])
def test_a_burst_is_one_scan(desk, text, gap_ms):
    line = QLineEdit("before")
    at = desk(line)
    at.scan(text, gap_ms)
    assert at.texts == [text]
    assert at.scans[0].source == "wedge"
    assert not at.scans[0].garbled
    assert at.scans[0].at_ms == at.clock.wall_ms() - 1_000
    assert line.text() == "before"


def test_silence_or_tab_end_a_burst_too(desk):
    line, other = QLineEdit(), QLineEdit()
    at = desk(line, other)
    at.scan(ending="\t")
    at.scan(ending="")
    assert at.texts == [MEMBER, MEMBER]
    assert line.hasFocus()
    assert line.text() == other.text() == ""


@pytest.mark.parametrize("gap_ms", [36, 60, 79, 81, 200])
def test_a_person_typing_fast_is_no_scan(desk, gap_ms):
    line = QLineEdit()
    at = desk(line)
    pressed = []
    line.returnPressed.connect(lambda: pressed.append(True))
    at.type("138000000000\r", gap_ms)
    at.settle()
    assert at.scans == []
    assert line.text() == "138000000000"
    assert pressed == [True]


def test_five_fast_keys_are_no_scan(desk):
    line = QLineEdit()
    at = desk(line)
    at.scan("12345", 5, ending="")
    assert at.scans == []
    assert line.text() == "12345"


def test_what_a_person_typed_just_before_stays_hers(desk):
    line = QLineEdit()
    at = desk(line)
    at.type("ab", 60)
    at.pass_time(60)
    at.scan()
    assert at.texts == [MEMBER]
    assert line.text() == "ab"


def test_a_hiccup_inside_a_scan_does_not_cut_it(desk):
    line = QLineEdit()
    at = desk(line)
    at.type(MEMBER[:3], 5)
    at.pass_time(70)
    at.scan(MEMBER[3:], 5)
    assert at.texts == [MEMBER]
    assert line.text() == ""


def test_a_busy_program_does_not_make_typing_fast(desk):
    """Keys that waited while the program was busy carry the times at which they were pressed."""
    line = QLineEdit()
    at = desk(line)
    pressed_at = at.clock.now_ms
    for place, char in enumerate("1234567890"):
        at.clock.now_ms = pressed_at + 120 * place
        at.key(char)
    at.settle()
    assert at.scans == []
    assert line.text() == "1234567890"


def test_auto_repeat_never_counts(desk):
    line = QLineEdit()
    at = desk(line)
    at.key("1", keeps_down=True)
    for _ in range(20):
        at.pass_time(30)
        at.key("1", is_repeat=True)
    at.settle()
    assert at.scans == []
    assert line.text() == "1" * 21


# --- what leaked is taken out again -------------------------------------------------------------------


@pytest.mark.parametrize(("anchor", "length"), [(0, 0), (3, 0), (6, 0), (1, 3), (5, -4), (0, 6)])
def test_a_line_edit_is_as_before(desk, anchor, length):
    line = QLineEdit("before")
    at = desk(line)
    line.setCursorPosition(anchor)
    if length:
        line.setSelection(anchor, length)
    state = line.text(), line.cursorPosition(), line.selectedText(), line.isModified()
    edited: list[str] = []
    line.textEdited.connect(edited.append)
    at.scan()
    assert (line.text(), line.cursorPosition(), line.selectedText(), line.isModified()) == state
    assert edited[-1] == "before"
    assert at.texts == [MEMBER]


def test_a_line_edit_with_a_mask_or_a_limit_is_as_before(desk):
    masked, short = QLineEdit(), QLineEdit("abcd")
    masked.setInputMask("0000-0000")
    masked.setText("12")
    short.setMaxLength(5)
    at = desk(masked, short)
    shown = masked.text()
    at.scan()
    assert masked.text() == shown
    at.focus(short)
    at.scan()
    assert short.text() == "abcd"
    assert len(at.scans) == 2


@pytest.mark.parametrize("kind", [QTextEdit, QPlainTextEdit])
@pytest.mark.parametrize(("anchor", "position"), [(0, 0), (4, 4), (11, 11), (2, 7), (7, 2), (0, 11)])
def test_a_text_edit_is_as_before(desk, kind, anchor, position):
    note = kind()
    note.setPlainText("first\nother")
    at = desk(note)
    cursor = note.textCursor()
    cursor.setPosition(anchor)
    cursor.setPosition(position, cursor.MoveMode.KeepAnchor)
    note.setTextCursor(cursor)
    at.scan()
    now = note.textCursor()
    assert note.toPlainText() == "first\nother"
    assert (now.anchor(), now.position()) == (anchor, position)
    assert not note.document().isModified()
    assert at.texts == [MEMBER]


def test_bold_words_under_the_selection_stay_bold(desk):
    note = QTextEdit()
    note.setHtml("a <b>bold</b> word")
    at = desk(note)
    html = note.toHtml()
    note.selectAll()
    at.scan()
    assert note.toHtml() == html


def test_numbers_and_lists_are_as_before(desk):
    number, names = QSpinBox(), QListWidget()
    number.setMaximum(10**6)
    number.setValue(42)
    names.addItems(["0 zero", "1 one", "2 two", "6 six"])
    names.setCurrentRow(0)
    at = desk(number, names)
    at.scan()
    assert number.value() == 42
    assert number.text() == "42"
    at.focus(names)
    at.scan()
    assert names.currentRow() == 0
    assert len(at.scans) == 2


def test_fields_that_hand_the_focus_on_are_all_as_before(desk):
    cells = [QLineEdit() for _ in range(6)]
    for cell, following in pairwise(cells):
        cell.setMaxLength(1)
        cell.textEdited.connect(lambda text, box=following: box.setFocus() if text else None)
    at = desk(*cells)
    at.scan()
    assert [cell.text() for cell in cells] == [""] * 6
    assert cells[0].hasFocus()
    assert at.texts == [MEMBER]


# --- nothing is pressed -------------------------------------------------------------------------------


def test_no_button_is_pressed(desk):
    button = QPushButton("Sell")
    at = desk(button)
    clicks = []
    button.clicked.connect(lambda: clicks.append(True))
    button.setAutoDefault(True)
    for ending in ("\r", "\t", "\r\r", "\r\t"):
        at.scan(ending=ending)
    at.scan("A B C D E F G H", ending="\r")
    at.scan("12", ending="\r")
    assert clicks == []
    assert len(at.scans) == 5
    assert button.hasFocus()


def test_a_person_presses_the_button(desk):
    button = QPushButton("Sell")
    button.setAutoDefault(True)
    at = desk(button)
    clicks = []
    button.clicked.connect(lambda: clicks.append(True))
    at.key(" ")
    at.settle()
    at.key("\r")
    assert len(clicks) == 1
    at.pass_time(39)
    assert len(clicks) == 1
    at.pass_time(1)
    assert len(clicks) == 2


def test_a_slow_scanner_on_a_busy_pc_is_still_one(desk):
    line = QLineEdit("before")
    at = desk(line)
    gaps = [29, 20, 46, 28, 18, 20, 27, 40, 12, 21, 12, 15, 17, 44, 12, 12, 28, 12, 14, 26, 16, 20]
    at.key(MEMBER[0])
    for char, gap in zip(MEMBER[1:] + "\r", gaps, strict=True):
        at.pass_time(gap)
        at.key(char)
    at.settle()
    assert (at.texts, line.text()) == ([MEMBER], "before")


def test_one_key_twice_within_a_millisecond_is_two_digits(desk):
    """X11 tells of it as if the key were held down; no keyboard repeats that soon."""
    line = QLineEdit("before")
    at = desk(line)
    for char, later in pairwise(MEMBER + "\r"):
        at.key(char)
        if char == later:
            at.key(later, is_repeat=True)
    at.key("\r")
    at.settle()
    assert at.texts == ["".join(char + char if char == later else char for char, later in pairwise(MEMBER + "\r"))]
    assert line.text() == "before"


def test_a_pc_that_stood_still_does_not_cut_a_scan_that_will_end_with_a_key(desk):
    line = QLineEdit()
    at = desk(line)
    at.scan()
    at.type(MEMBER[:9], 4)
    at.pass_time(200)
    at.type(MEMBER[9:] + "\r", 4)
    at.settle()
    assert at.texts == [MEMBER, MEMBER]
    at.scan(ending="")  # from now on silence ends it again
    at.type(MEMBER, 4)
    at.pass_time(90)
    at.settle(0)
    assert at.texts == [MEMBER] * 4
    assert line.text() == ""


def test_a_held_enter_presses_once(desk):
    button = QPushButton("Sell")
    button.setAutoDefault(True)
    at = desk(button)
    clicks = []
    button.clicked.connect(lambda: clicks.append(True))
    at.key("\r", keeps_down=True)
    for _ in range(10):
        at.pass_time(50)
        at.key("\r", is_repeat=True, keeps_down=True)
    assert len(clicks) == 1


@pytest.mark.parametrize("ending", ["\r", "\r\r", ""])
def test_the_default_button_of_a_dialog_is_not_pressed(desk, qtbot, ending):
    at = desk()
    owner = at.window
    dialog = QDialog(owner)
    layout = QVBoxLayout(dialog)
    line, button = QLineEdit("note"), QPushButton("OK")
    layout.addWidget(line)
    layout.addWidget(button)
    button.setDefault(True)
    clicks = []
    button.clicked.connect(lambda: clicks.append(True))
    dialog.show()
    at.window = dialog
    at.focus(line)
    at.scan(ending=ending)
    at.clock.now_ms += 100
    assert clicks == []
    assert line.text() == "note"
    assert at.texts == [MEMBER]
    at.key("\r")
    at.settle()
    assert clicks == [True]


def test_a_pin_box_never_sees_a_digit_of_a_scan(desk):
    pin = QLineEdit()
    pin.setMaxLength(6)
    guard_keys(pin)
    seen: list[str] = []
    pin.textChanged.connect(seen.append)
    at = desk(pin)
    at.type("12345", 60)
    at.settle()
    assert pin.text() == "12345"
    seen.clear()
    at.scan()
    at.scan("4711", ending="")
    assert seen == []
    assert at.texts == [MEMBER]


@pytest.mark.parametrize("gap_ms", [41, 60, 120])
def test_a_person_types_a_pin(desk, gap_ms):
    pin = QLineEdit()
    guard_keys(pin)
    at = desk(pin)
    at.type("135790", gap_ms)
    at.settle()
    assert pin.text() == "135790"
    assert at.scans == []


def test_keys_keep_their_order_and_place_when_the_program_stood_still(desk):
    """Keys waiting behind a stalled loop arrive before the timer that would deliver the one being held."""
    first, second = QLineEdit(), QLineEdit()
    for field in (first, second):
        guard_keys(field)
    at = desk(first, second)
    for char in "1\t3":
        at.clock.now_ms += 60  # a person's pace, but no tick in between
        at.key(char)
    at.settle()
    assert (first.text(), second.text()) == ("1", "3")


def test_two_keys_that_overlap_still_count_in_a_pin(desk):
    pin = QLineEdit()
    guard_keys(pin)
    at = desk(pin)
    at.type("13", 30)
    at.pass_time(90)
    at.type("57", 25)
    at.settle()
    assert pin.text() == "1357"


def test_shortcuts_do_not_fire(desk):
    at = desk(QLineEdit())
    fired = []
    for keys in ("7", "Ctrl+J", "Return"):
        shortcut = QShortcut(QKeySequence(keys), at.window)
        shortcut.activated.connect(lambda: fired.append(True))
    for char in MEMBER:
        at.key(char)
        at.pass_time(3)
        at.key("\n", key=Qt.Key.Key_J, modifiers=Qt.KeyboardModifier.ControlModifier)
    at.key("\r")
    at.settle()
    assert fired == []
    assert at.texts == [MEMBER]


# --- prefix, layouts, input methods -------------------------------------------------------------------


def test_a_prefix_makes_a_slow_scanner_a_scanner(desk):
    line = QLineEdit("x")
    at = desk(line)
    at.scan("~" + MEMBER, gap_ms=70)
    assert at.texts == [MEMBER]
    assert line.text() == "x"


def test_a_prefix_makes_a_short_badge_a_scan(desk):
    line = QLineEdit()
    at = desk(line)
    at.scan("~12", gap_ms=5)
    assert at.texts == ["12"]
    assert line.text() == ""


def test_a_person_may_type_the_prefix(desk):
    line = QLineEdit()
    at = desk(line)
    at.type("~", 0)
    at.pass_time(150)
    at.type("a", 0)
    at.settle()
    assert line.text() == "~a"
    at.type("~b", 60)
    at.settle()
    assert line.text() == "~a~b"
    assert at.scans == []


def test_the_prefix_can_be_switched_off(desk):
    line = QLineEdit()
    at = desk(line, settings=PLAIN)
    at.scan("~12", gap_ms=5, ending="")
    assert at.scans == []
    assert line.text() == "~12"


def test_digits_on_a_french_layout_are_read_by_their_place(desk):
    line = QLineEdit()
    at = desk(line, platform="xcb")
    french = dict(zip("1234567890", "&é\"'(-è_çà", strict=True))
    native = {french[digit]: 10 + place for place, digit in enumerate("1234567890")}
    at.type("".join(french[digit] for digit in MEMBER), 4, native)
    at.settle()
    assert at.texts == [MEMBER]
    assert not at.scans[0].garbled
    assert line.text() == ""


def test_what_cannot_be_read_is_called_garbled(desk):
    at = desk(QLineEdit())
    at.scan("".join(chr(ord(digit) - ord("0") + 0xFF10) for digit in MEMBER))
    at.scan("йцукен")
    for char in "12^3456":
        at.key("" if char == "^" else char, key=Qt.Key.Key_Dead_Circumflex if char == "^" else None)
        at.pass_time(3)
    at.settle()
    assert [scan.garbled for scan in at.scans] == [True, True, True]
    assert at.scans[2].text == "123456"


def test_combinations_and_control_characters_are_dropped(desk):
    at = desk(QLineEdit())
    at.type(MEMBER[:10], 4)
    for modifier in (
        Qt.KeyboardModifier.ControlModifier,
        Qt.KeyboardModifier.AltModifier,
        Qt.KeyboardModifier.MetaModifier,
    ):
        at.key("5", modifiers=modifier)
    at.key("\x1d", key=Qt.Key.Key_BracketRight)
    at.key("\x1b", key=Qt.Key.Key_Escape)
    at.scan(MEMBER[10:])
    assert at.texts == [MEMBER]
    assert not at.scans[0].garbled


def test_a_composition_in_the_field_neither_sees_nor_loses_a_scan(desk):
    line = QLineEdit("王")
    at = desk(line)
    line.setCursorPosition(1)
    at.commit("", preedit="nihao")
    at.pass_time(500)
    at.scan()
    assert at.texts == [MEMBER]
    assert line.text() == "王"
    at.commit("你好")
    assert line.text() == "王你好"


@pytest.mark.parametrize("kind", [QLineEdit, QTextEdit])
def test_a_scan_that_an_input_method_hands_on_is_a_scan(desk, kind):
    field = kind("王")
    at = desk(field)
    for char in MEMBER:
        at.commit(char)
        at.pass_time(4)
    at.settle()
    assert at.texts == [MEMBER]
    assert (field.text() if isinstance(field, QLineEdit) else field.toPlainText()) == "王"


def test_words_chosen_in_an_input_method_are_no_scan(desk):
    line = QLineEdit()
    at = desk(line)
    for words in ("你好", "我想看一下新的外套", "谢谢"):
        at.commit("", preedit="ni")
        at.pass_time(20)
        at.commit(words)
        at.pass_time(20)
    at.settle()
    assert at.scans == []
    assert line.text() == "你好我想看一下新的外套谢谢"


def test_words_of_an_input_method_wait_behind_the_tab_that_moves_to_their_field(desk):
    """A button holds Tab for a moment: words said meanwhile are for the field behind it, not for the button."""
    button, note, second = QPushButton("Sell"), QLineEdit(), QLineEdit()
    at = desk(button, note, second)
    at.focus(button)
    at.key("\t")
    at.commit("你好")
    assert (button.hasFocus(), note.text()) == (True, "")
    at.pass_time(40)
    assert (note.hasFocus(), note.text()) == (True, "你好")
    note.clear()
    at.focus(button)
    at.key("\t")
    at.pass_time(5)
    at.commit("，")
    at.commit("再见")
    at.pass_time(5)
    at.key("\t")
    at.settle()
    assert (second.hasFocus(), note.text(), at.scans) == (True, "，再见", [])


def test_words_behind_a_tab_outlive_a_scan(desk):
    button, note = QPushButton("Sell"), QLineEdit()
    at = desk(button, note)
    at.focus(button)
    at.key("\t")
    at.commit("你好")
    at.scan()
    assert (at.texts, note.text()) == ([MEMBER], "你好")


def test_a_first_digit_swallowed_as_a_choice_makes_the_scan_garbled(desk):
    line = QLineEdit()
    at = desk(line)
    at.commit("", preedit="nihao")
    at.pass_time(300)
    at.commit("你好")
    at.pass_time(4)
    at.scan(MEMBER[1:])
    assert at.texts == [MEMBER[1:]]
    assert at.scans[0].garbled
    assert line.text() == "你好"


def test_two_scans_back_to_back(desk):
    line = QLineEdit()
    at = desk(line)
    at.type(MEMBER + "\r" + URL + "\r", 3)
    at.settle()
    assert at.texts == [MEMBER, URL]
    assert line.text() == ""


def test_a_stopped_scanner_lets_everything_through(desk):
    line = QLineEdit()
    at = desk(line)
    at.scanner.stop()
    at.scan()
    assert at.scans == []
    assert line.text() == MEMBER


def test_a_dialog_opened_by_a_scan_is_not_closed_by_its_enter(desk):
    at = desk(QLineEdit())
    answers: list[int] = []

    def ask(_scan) -> None:
        dialog = QDialog(at.window)
        button = QPushButton("OK", dialog)
        button.setDefault(True)
        button.clicked.connect(dialog.accept)
        dialog.finished.connect(answers.append)
        dialog.open()

    at.scanner.scanned.connect(ask)
    at.scan()
    at.key("\r")
    assert len(at.scans) == 1
    assert answers == []
