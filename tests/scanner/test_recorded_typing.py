"""Recorded typing of people is never taken for a scanner (`recorded/README.md` says whose it is and what it is not)."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from guidedesk.ui.scan_burst import Burst, Stroke, WedgeSettings

RECORDED = Path(__file__).parent / "recorded" / "keystroke100.csv"
SETTINGS = WedgeSettings()
WORDS = 1_000
LENGTHS = range(5, 15)  # gaps: words of 6 to 15 keys, and fewer keys are never a scan


def samples() -> dict[str, list[list[int]]]:
    """Typist -> the gaps of each time she typed it."""
    found: dict[str, list[list[int]]] = defaultdict(list)
    with RECORDED.open(encoding="utf-8") as file:
        for typist, *gaps in list(csv.reader(file))[1:]:
            found[typist].append([int(gap) for gap in gaps])
    return found


def words() -> Iterator[list[int]]:
    """Stretches of each typist's gaps in the order she made them, as if one password came straight after another."""
    for rows in samples().values():
        gaps = [gap for row in rows for gap in row]
        for length in LENGTHS:
            for start in range(0, len(gaps) - length + 1, 7):
                yield gaps[start : start + length]


def is_taken(gaps: list[int], faster: int = 1) -> bool:
    burst, at_ms = Burst(SETTINGS), 0
    for gap in [0, *gaps]:
        at_ms += gap // faster
        burst.add(Stroke(at_ms, "a", lambda: None))
        if burst.is_running:
            return True
    return False


def test_what_people_typed_is_no_scan() -> None:
    typed = [row for rows in samples().values() for row in rows]
    assert (len(samples()), len(typed), sum(map(len, typed))) == (13, 124, 868)
    assert [row for row in typed if is_taken(row)] == []
    cut = list(words())[:WORDS]
    assert len(cut) == WORDS
    assert [word for word in cut if is_taken(word)] == []


@pytest.mark.parametrize(("faster", "some"), [(2, False), (3, False), (20, True)])
def test_how_much_faster_it_would_have_to_be(faster: int, some: bool) -> None:
    """The same rhythm at two and three times its speed is a person's still; at twenty times it is a scanner's."""
    assert any(is_taken(word, faster) for word in words()) is some
