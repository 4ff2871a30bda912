"""Codes that are made can be read, and slips of the hand are noticed."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidedesk.codes.checks import is_gtin, is_identity_number, is_luhn, is_mod11_10, is_mod97_10
from guidedesk.codes.decoder import decode
from guidedesk.codes.encoder import new_member_pair, new_short, new_typed, short_url
from guidedesk.codes.forms import CodeOk, CodeRefused, CodeType, Reason
from guidedesk.domain.errors import GuideDeskError

SHORT_TYPES = [CodeType.MEMBER, CodeType.ASSOCIATE, CodeType.STORE, CodeType.INVITATION]
seeds = st.integers(min_value=0, max_value=2**32)


class _Seeded:
    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def bytes(self, count: int) -> bytes:
        return self._random.randbytes(count)


class _Fixed:
    """Gives the blocks it was made with, in order."""

    def __init__(self, *blocks: bytes) -> None:
        self._blocks = list(blocks)

    def bytes(self, count: int) -> bytes:
        block = self._blocks.pop(0)
        assert len(block) == count
        return block


@given(st.sampled_from(SHORT_TYPES), seeds)
def test_a_short_code_is_read_back(kind, seed):
    digits = new_short(kind, _Seeded(seed))
    assert len(digits) == 22
    for text in (
        digits,
        short_url("gd.example", digits),
        short_url("GD.example:8443", digits, lower_case=True),
    ):
        assert decode(text) == CodeOk("short", kind, digits)


@given(seeds)
def test_a_typed_code_is_read_back_only_when_typed(seed):
    digits = new_typed(_Seeded(seed))
    assert decode(digits, typed=True) == CodeOk("typed", CodeType.MEMBER, digits)
    assert isinstance(decode(digits), CodeRefused)


@given(seeds)
def test_the_two_numbers_of_a_card_are_independent(seed):
    pair = new_member_pair(_Seeded(seed))
    assert decode(pair.short) == CodeOk("short", CodeType.MEMBER, pair.short)
    assert decode(pair.typed, typed=True) == CodeOk("typed", CodeType.MEMBER, pair.typed)
    assert pair.typed[:11] not in pair.short


@given(seeds, st.integers(0, 21), st.integers(1, 9))
def test_one_wrong_digit_is_never_another_short_code(seed, place, shift):
    digits = new_short(CodeType.MEMBER, _Seeded(seed))
    wrong = digits[:place] + str((int(digits[place]) + shift) % 10) + digits[place + 1 :]
    assert not isinstance(decode(wrong), CodeOk)


@given(seeds, st.integers(0, 20))
def test_two_neighbours_swapped_are_never_another_short_code(seed, place):
    digits = new_short(CodeType.MEMBER, _Seeded(seed))
    swapped = digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]
    assert swapped == digits or not isinstance(decode(swapped), CodeOk)


@given(seeds, st.integers(0, 11), st.integers(1, 9))
def test_one_wrong_digit_is_never_another_card_number(seed, place, shift):
    digits = new_typed(_Seeded(seed))
    wrong = digits[:place] + str((int(digits[place]) + shift) % 10) + digits[place + 1 :]
    assert decode(wrong, typed=True) == CodeRefused(Reason.BAD_CHECK_DIGITS)


def test_swapped_neighbours_in_card_numbers_are_nearly_always_noticed():
    source = _Seeded(1)
    missed = tried = 0
    for _ in range(500):
        digits = new_typed(source)
        for place in range(11):
            swapped = digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]
            tried += swapped != digits
            missed += swapped != digits and is_mod11_10(swapped)
    assert missed / tried < 0.03


def test_numbers_past_the_last_whole_multiple_are_drawn_again():
    digits = new_short(CodeType.MEMBER, _Fixed(b"\xff" * 8, (7).to_bytes(8, "big")))
    assert digits[:20] == "1" + "0" * 18 + "7"


def test_kinds_that_need_a_signature_have_no_short_form():
    with pytest.raises(GuideDeskError, match="no_short_form"):
        new_short(CodeType.COUPON, _Seeded(1))


@pytest.mark.parametrize("host", ["", "a b", "https://x", "x/q", "a" * 65, "店.example", "x:123456", "x\n"])
def test_a_host_that_no_counter_would_read_is_refused(host):
    with pytest.raises(GuideDeskError, match="bad_code_host"):
        short_url(host, "1" * 22)


def test_published_examples_of_the_check_digits():
    assert is_mod97_10("79444") is (79444 % 97 == 1)
    assert is_mod11_10("07945")
    assert is_gtin("4006381333931")
    assert not is_gtin("4006381333932")
    assert is_luhn("79927398713")
    assert not is_luhn("79927398710")
    assert is_identity_number("440524188001010014")
    assert not is_identity_number("440524188001010015")
