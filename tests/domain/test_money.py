"""Amounts of every currency: read and written exactly, whatever digits it has behind the point."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidedesk.domain.errors import Refused
from guidedesk.domain.money import MAX_MINOR, exponent, is_currency, parse_minor, split_major
from guidedesk.ui import formats, i18n

CURRENCIES = ("CNY", "JPY", "KWD", "SGD", "VND", "THB", "AUD", "BHD")


@given(st.integers(-MAX_MINOR, MAX_MINOR), st.sampled_from(CURRENCIES))
def test_what_is_written_reads_back_equal(minor: int, currency: str) -> None:
    sign, whole, part = split_major(minor, currency)
    assert len(part) == exponent(currency)
    assert parse_minor(f"{sign}{whole}{'.' if part else ''}{part}", currency) == minor


@pytest.mark.parametrize(
    ("minor", "currency", "shown"),
    [(129_800, "CNY", "¥1,298.00"), (-500, "JPY", "−¥500"), (1_234, "KWD", "KWD 1.234"), (99_900, "SGD", "SGD 999.00"),
     (12_345, "XYZ", "12,345 smallest units (XYZ)")],
)  # fmt: skip
def test_amounts_are_shown_with_the_digits_of_their_currency(minor: int, currency: str, shown: str) -> None:
    before = i18n.language()
    i18n.use_language("en")
    try:
        assert formats.money(minor, currency) == shown
        assert formats.money_spoken(minor, currency=currency)
        assert formats.money_short(minor, currency)
    finally:
        i18n.use_language(before)


def test_an_unknown_currency_is_refused_where_it_would_be_recorded() -> None:
    assert not is_currency("XYZ")
    with pytest.raises(Refused, match="unknown_currency"):
        parse_minor("1", "XYZ")
