"""The scanner's self-test names what a keyboard did to it (CODES.md Q-13)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidedesk.codes.self_test import SELF_TEST, Diagnosis, diagnose
from tests.codes.test_picture_reader import MEMBER, URL

# What these layouts print for keys pressed by their place on a US keyboard; digits are repaired from the scan codes.
GERMAN = str.maketrans("yzYZ:/-", "zyZYÖ-ß")
FRENCH = str.maketrans("qwazQWAZmM:/-", "azqwAZQW,?M!)")
RUSSIAN = str.maketrans("qwazymQWAZYMHTPSGDE", "йцфяньЙЦФЯНЬРЕЗЫПВУ")


@pytest.mark.parametrize(
    ("scanned", "garbled", "wanted"),
    [
        (SELF_TEST, False, Diagnosis("")),
        (SELF_TEST.swapcase(), False, Diagnosis("caps_lock")),
        (SELF_TEST.translate(GERMAN), True, Diagnosis("layout", "de")),
        (SELF_TEST.translate(RUSSIAN), True, Diagnosis("layout", "ru")),
        (SELF_TEST[:7] + SELF_TEST[9:], False, Diagnosis("lost", lost=2)),
        (SELF_TEST.replace("345", "35"), False, Diagnosis("lost", lost=1, keeps_digits=False)),
        (SELF_TEST.replace("HTTPS", "好 TTPS"), True, Diagnosis("input_method")),
        (SELF_TEST, True, Diagnosis("input_method")),
        (SELF_TEST.replace("-", "_"), False, Diagnosis("layout")),
    ],
)
def test_each_trouble_has_its_name(scanned, garbled, wanted):
    assert diagnose(scanned, garbled=garbled) == wanted


def test_a_french_layout_is_told_even_where_letters_turn_into_signs():
    found = diagnose(SELF_TEST.translate(FRENCH), garbled=True)
    assert found is not None
    assert found.trouble == "layout"


@pytest.mark.parametrize("text", [MEMBER, URL, "6901234567892", "hello", ""])
def test_other_codes_are_not_taken_for_the_test(text):
    assert diagnose(text) is None


@given(st.text(max_size=80), st.booleans())
def test_nothing_breaks_it(text, garbled):
    found = diagnose(text, garbled=garbled)
    assert found is None or found.lost >= 0
