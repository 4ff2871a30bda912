"""An enrolment code can be read out and typed, and cannot be guessed (D-1)."""

from __future__ import annotations

import random
import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidedesk.domain.enrolment import (
    ALPHABET,
    VALID_MS,
    WRONG_PERIOD_MS,
    CodeGuard,
    EnrolmentRequest,
    PollAnswer,
    PollPace,
    begin_guess,
    fingerprint,
    lift_lock,
    new_code,
    poll,
    read_code,
    right_guess,
    show_code,
)
from guidedesk.domain.errors import Refused

FINGERPRINT_OF_ZEROS = "8209 7466 0882 5891 9330 9137"


class Seeded:
    """Random bytes that are the same in every run."""

    def __init__(self, seed: int) -> None:
        self.source = random.Random(seed)

    def bytes(self, count: int) -> bytes:
        return self.source.randbytes(count)


class Unlucky:
    """Gives a thousand bytes that must be thrown away, then good ones."""

    def __init__(self) -> None:
        self.left = 1_000

    def bytes(self, count: int) -> bytes:
        self.left -= count
        return b"\xff" * count if self.left > 0 else bytes(range(count))


def test_codes_use_every_letter_equally_and_no_vowel() -> None:
    source = Seeded(1)
    letters = Counter("".join(new_code(source) for _ in range(5_000)))
    assert sorted(letters) == sorted(ALPHABET)
    assert len(ALPHABET) == 20
    assert not set(ALPHABET) & set("AEIOUY0123456789")
    assert max(letters.values()) < 1.15 * min(letters.values())
    assert new_code(Unlucky()) == "BCDFGHJK"


@given(st.integers(0, 10**6))
def test_a_shown_code_is_read_back_however_it_is_typed(seed: int) -> None:
    code = new_code(Seeded(seed))
    shown = show_code(code)
    assert re.fullmatch(r"[A-Z]{4}-[A-Z]{4}", shown)
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in shown)
    for typed in (shown, code, shown.lower(), f"  {shown[:4]} {shown[5:]}\t", wide, " ".join(code)):
        assert read_code(typed) == code


@pytest.mark.parametrize("typed", ["", "BCDF-GHJ", "BCDF-GHJKL", "ABCD-FGHJ", "BCDF-GHJ1", "БCDF-GHJK", "B" * 10**6])
def test_anything_else_is_no_code(typed: str) -> None:
    with pytest.raises(Refused, match="enrol_code_form"):
        read_code(typed)


def test_a_fingerprint_is_six_groups_of_four_digits_and_differs_by_key() -> None:
    prints = {fingerprint(number.to_bytes(32, "big")) for number in range(200)}
    assert len(prints) == 200
    assert all(re.fullmatch(r"[0-9]{4}( [0-9]{4}){5}", text) for text in prints)
    assert EnrolmentRequest("BCDFGHJK", bytes(32), "PC", 0).fingerprint == fingerprint(bytes(32))
    # What stands on two screens must stay the same through an update of one of them.
    assert fingerprint(bytes(32)) == FINGERPRINT_OF_ZEROS


def test_a_request_lives_ten_minutes() -> None:
    request = EnrolmentRequest("BCDFGHJK", bytes(32), "PC", 1_000)
    assert request.is_live(1_000)
    assert request.is_live(1_000 + VALID_MS - 1)
    assert not request.is_live(1_000 + VALID_MS)
    assert not request.is_live(999)


def test_asking_too_often_slows_the_counter_down() -> None:
    pace, answer = poll(PollPace(), 0)
    assert answer is PollAnswer.PENDING
    pace, answer = poll(pace, 5_000)
    assert answer is PollAnswer.PENDING
    pace, answer = poll(pace, 9_999)
    assert (answer, pace.interval_ms) == (PollAnswer.SLOW_DOWN, 10_000)
    pace, answer = poll(pace, 19_999)
    assert answer is PollAnswer.PENDING


def test_ten_thousand_guesses_have_five_compared_and_one_alarm() -> None:
    guard, compared, alarms = CodeGuard(), 0, 0
    for number in range(10_000):
        guess = begin_guess(guard, number * 1_000)
        guard = guess.guard
        compared += guess.may_compare
        alarms += guess.alert
    assert (compared, alarms) == (5, 1)
    assert guard.is_locked
    assert begin_guess(lift_lock(guard), 0).may_compare


def test_honest_mistakes_far_apart_never_lock() -> None:
    guard = CodeGuard()
    for number in range(100):
        guess = begin_guess(guard, number * WRONG_PERIOD_MS // 4)
        assert guess.may_compare
        assert not guess.alert
        guard = guess.guard
    assert len(guard.wrong_at_ms) == 4


def test_the_right_code_at_the_fifth_try_opens_the_lock_again() -> None:
    guard = CodeGuard()
    for number in range(4):
        guard = begin_guess(guard, number).guard
    last = begin_guess(guard, 5)
    assert last.guard.is_locked
    after = right_guess(last.guard)
    assert not after.is_locked
    assert len(after.wrong_at_ms) == 4


def test_a_clock_set_back_does_not_forget_wrong_codes() -> None:
    guard = CodeGuard()
    for number in range(5):
        guard = begin_guess(guard, 10**9 - number * 10 * WRONG_PERIOD_MS).guard
    assert guard.is_locked
