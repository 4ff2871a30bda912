"""R and LR against an independent reckoning (COMMISSION.md 4 "Money")."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidedesk.domain.commission.rounding import largest_remainder, round_half_away, split
from tests.commission import checker


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"),
    [(5, 2, 3), (-5, 2, -3), (3, 2, 2), (1, 2, 1), (-1, 2, -1), (49, 100, 0), (7, 1, 7), (0, 9, 0)],
)
def test_halves_go_away_from_zero(numerator: int, denominator: int, expected: int) -> None:
    assert round_half_away(numerator, denominator) == expected


@given(st.integers(-(10**18), 10**18), st.integers(1, 10**9))
def test_rounding_is_exact_for_large_numbers(numerator: int, denominator: int) -> None:
    assert round_half_away(numerator, denominator) == checker.rounded(Fraction(numerator, denominator))


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**6), min_size=1, max_size=6).filter(any))
def test_shares_add_up_and_go_to_the_largest_remainders(total: int, weights: list[int]) -> None:
    shares = largest_remainder(total, weights)
    assert sum(shares) == total
    assert shares == checker.divided(total, weights) == split(total, weights).shares


@pytest.mark.parametrize("weights", [[], [0], [0, 0], [0, 0, 0]])
def test_nobody_with_a_weight_gets_nothing(weights: list[int]) -> None:
    assert largest_remainder(7, weights) == [0] * len(weights)


def test_ties_go_to_the_earlier() -> None:
    assert largest_remainder(1, [1, 1]) == [1, 0]
    assert largest_remainder(5, [1, 1, 1]) == [2, 2, 1]
    assert largest_remainder(500, [3, 4, 3, 0]) == [150, 200, 150, 0]
