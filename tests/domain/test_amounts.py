"""Amounts as people type them: exact, or refused with the reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidedesk.domain.errors import Refused
from guidedesk.domain.money import MAX_TYPED_MINOR, read_amount, split_major


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("1284.60", 128_460), ("1284.6", 128_460), ("1,284.60", 128_460), ("¥1,284.60", 128_460), (" 99 ", 9_900),
        ("0.01", 1), (".5", 50), ("12.", 1_200), ("1284.600", 128_460), ("１２８４．６０", 128_460),
        ("￥99。5", 9_950), ("0099", 9_900),
    ],
)  # fmt: skip
def test_what_people_type_is_read_exactly(text: str, minor: int) -> None:
    assert read_amount(text, "CNY") == minor


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "amount_missing"), ("  ", "amount_missing"), ("¥", "amount_missing"), ("0", "amount_not_positive"),
        ("0.00", "amount_not_positive"), ("-5", "amount_not_positive"), ("−5.20", "amount_not_positive"),
        ("1.005", "amount_too_precise"), ("99999999999", "amount_too_large"), ("1e3", "not_an_amount"),
        ("NaN", "not_an_amount"), ("Infinity", "not_an_amount"), ("1_000", "not_an_amount"), ("1,28", "not_an_amount"),
        ("1 284", "not_an_amount"), ("12.3.4", "not_an_amount"), ("٣", "not_an_amount"), ("1²", "not_an_amount"),
        ("一百", "not_an_amount"),
        (".", "not_an_amount"), ("1284,60", "not_an_amount"), ("HB-261121-0093", "not_an_amount"),
    ],
)  # fmt: skip
def test_what_is_no_amount_is_refused_by_name(text: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        read_amount(text, "CNY")
    assert refused.value.code == code


def test_currencies_without_decimals_take_none() -> None:
    assert read_amount("1284", "JPY") == 1_284
    with pytest.raises(Refused):
        read_amount("12.5", "JPY")


@given(st.integers(1, MAX_TYPED_MINOR), st.sampled_from(["CNY", "JPY", "KWD"]))
def test_what_is_shown_is_read_back(minor: int, currency: str) -> None:
    _, whole, fraction = split_major(minor, currency)
    assert read_amount(f"{int(whole):,}{'.' if fraction else ''}{fraction}", currency) == minor


@given(st.text(max_size=20))
def test_nothing_but_a_refusal_comes_of_rubbish(text: str) -> None:
    try:
        minor = read_amount(text, "CNY")
    except Refused:
        return
    assert 0 < minor <= MAX_TYPED_MINOR
