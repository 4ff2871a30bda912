"""A text that shows what a keyboard does to a scan, and what went wrong when it arrives altered (CODES.md Q-13).

Codes themselves are digits only, which survive almost anything; this text is made to break.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

# Digits in order, letters that layouts exchange (q a z w y m), both cases, and the signs a URL needs.
SELF_TEST: Final = "HTTPS://GD.TEST/Qazwy-0123456789-qAZWYm"
Trouble = Literal["", "caps_lock", "layout", "input_method", "lost", "other"]
_DIGITS: Final = "0123456789"
_CYRILLIC: Final = range(0x400, 0x500)
# What keyboards print where the US one has the left side.
_LAYOUTS: Final = {"de": ("yzYZ", "zyZY"), "fr": ("qwazQWAZ", "azqwAZQW")}
_FULL_WIDTH: Final = range(0xFF01, 0xFF5F)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What a test scan shows. `layout`: de, fr, ru or empty where it cannot be told; `lost`: characters missing;
    `keeps_digits`: codes of ours would be read all the same."""

    trouble: Trouble
    layout: str = ""
    lost: int = 0
    keeps_digits: bool = True


def diagnose(scanned: str, *, garbled: bool = False) -> Diagnosis | None:
    """What happened to `SELF_TEST` on its way; None when this is some other code."""
    if scanned == SELF_TEST and not garbled:
        return Diagnosis("")
    digits = "".join(char for char in scanned if char in _DIGITS)
    keeps = digits == _DIGITS
    if not keeps and not _is_ours(scanned):
        return None
    if scanned.swapcase() == SELF_TEST:
        return Diagnosis("caps_lock", keeps_digits=keeps)
    if any(ord(char) in _FULL_WIDTH or 0x4E00 <= ord(char) < 0xA000 for char in scanned):
        return Diagnosis("input_method", keeps_digits=keeps)
    if sum(ord(char) in _CYRILLIC for char in scanned) > 3:
        return Diagnosis("layout", "ru", keeps_digits=keeps)
    for name, (printed, meant) in _LAYOUTS.items():
        if _letters(scanned.translate(str.maketrans(printed, meant))) == _letters(SELF_TEST) != _letters(scanned):
            return Diagnosis("layout", name, keeps_digits=keeps)
    if _is_within(scanned, SELF_TEST):
        return Diagnosis("lost", lost=len(SELF_TEST) - len(scanned), keeps_digits=keeps)
    if len(scanned) == len(SELF_TEST) and keeps and scanned != SELF_TEST:
        return Diagnosis("layout", keeps_digits=keeps)  # signs came out as others
    return Diagnosis("input_method" if garbled else "other", keeps_digits=keeps)


def _letters(text: str) -> str:
    return "".join(char for char in text if char.isascii() and char.isalpha())


def _is_within(part: str, whole: str) -> bool:
    """Whether `part` is `whole` with at least one character left out."""
    rest = iter(whole)
    return 0 < len(part) < len(whole) and all(char in rest for char in part)


def _is_ours(scanned: str) -> bool:
    """Whether a mutilated text is likely to be the test: half of it, in order."""
    found, at = 0, 0
    low = SELF_TEST.lower()
    for char in scanned.lower():
        place = low.find(char, at)
        if place >= 0:
            found, at = found + 1, place + 1
    return 2 * found > len(SELF_TEST)
