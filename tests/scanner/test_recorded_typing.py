"""Recorded typing of people is never taken for a scanner (`recorded/README.md` says whose it is and what it is not)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit

from guidedesk.ui.scan_burst import Burst, Stroke, WedgeSettings
from tests.scanner.conftest import DeskMaker

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")

RECORDED = Path(__file__).parent / "recorded" / "gradtype.tsv"
SETTINGS = WedgeSettings()
WORDS = 1_000
BACKSPACE, ENTER = "⌫", "⏎"
KEYS = {BACKSPACE: Qt.Key.Key_Backspace, ENTER: Qt.Key.Key_Return}
BEGIN_MS = 10_000  # before the first key


@dataclass(frozen=True)
class Line:
    """What somebody typed in one go, and how long after the key before each key came."""

    typist: str
    typed: str
    gaps_ms: tuple[int, ...]


def lines() -> Iterator[Line]:
    for row in RECORDED.read_text(encoding="utf-8").splitlines()[1:]:
        typist, typed, gaps = row.split("\t")
        yield Line(typist, typed, tuple(BEGIN_MS if gap == "-" else int(gap) for gap in gaps.split()))


LINES = tuple(lines())
TYPISTS = tuple(dict.fromkeys(line.typist for line in LINES))


def times_taken(typist: str, faster: int = 1) -> int:
    """How often the detector believes in a scanner while somebody types all she typed."""
    burst, at_ms, taken = Burst(SETTINGS), 0, 0
    for line in (line for line in LINES if line.typist == typist):
        for char, gap in zip(line.typed, line.gaps_ms, strict=True):
            at_ms += gap // faster
            if char in KEYS:
                burst.reset()
                continue
            burst.add(Stroke(at_ms, char, lambda: None))
            if burst.is_running:
                taken += 1
                burst.reset()
    return taken


def test_it_is_a_thousand_words_of_fast_and_slow_people() -> None:
    assert sum(len(line.typed.split()) for line in LINES) >= WORDS
    gaps = {typist: [gap for line in LINES if line.typist == typist for gap in line.gaps_ms] for typist in TYPISTS}
    assert len(gaps) == 7
    assert [typist for typist in TYPISTS if median(gaps[typist]) < 125] == ["rojii", "sv-0a097a88", "sv-0eeba328"]
    assert sum(gap <= SETTINGS.fast_gap_ms for mine in gaps.values() for gap in mine) == 77  # rolled keys


@pytest.mark.parametrize("typist", TYPISTS)
def test_what_she_typed_is_no_scan(typist: str) -> None:
    assert times_taken(typist) == 0
    assert times_taken(typist, faster=2) == 0  # nor at twice her speed


def test_at_three_times_their_speed_it_begins_to_look_like_a_scanner() -> None:
    """What is held against the detector can tell: it is not blind to how fast they are."""
    assert [typist for typist in TYPISTS if times_taken(typist, faster=3)] == ["rojii", "sv-0a097a88", "sv-0eeba328"]


@pytest.mark.parametrize("kind", [QLineEdit, QPlainTextEdit])
@pytest.mark.parametrize("typist", TYPISTS)
def test_a_window_gets_every_key_she_pressed(
    desk: DeskMaker, typist: str, kind: type[QLineEdit | QPlainTextEdit]
) -> None:
    field = kind()
    made = desk(field)
    for line in (line for line in LINES if line.typist == typist):
        field.clear()
        wanted = ""
        for char, gap in zip(line.typed, line.gaps_ms, strict=True):
            made.pass_time(gap)
            if char in KEYS:
                made.key("\r" if char == ENTER else "\b", key=KEYS[char])
            else:
                made.key(char)
            wanted = wanted[:-1] if char == BACKSPACE else wanted + ("\n" if char == ENTER else char)
        made.settle()
        typed = field.text() if isinstance(field, QLineEdit) else field.toPlainText()
        assert typed == (wanted.replace("\n", "") if isinstance(field, QLineEdit) else wanted)
    assert made.scans == []
