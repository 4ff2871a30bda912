"""Points: rounded once a line, gone with what came back, whatever the order and number of returns."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidedesk.domain.errors import Refused
from guidedesk.domain.points import BackLine, SoldLine, read_rules, rules_on, taken_back

RULES: dict[str, Any] = {
    "effective_from": "2026-01-01", "currency": "CNY", "points": 1, "per_minor": 100, "categories": {"针织": 2},
    "tiers": {"super": [3, 2]}, "redeem_points": 100, "redeem_minor": 500,
}  # fmt: skip


def test_a_line_earns_by_its_category_and_her_tier_rounded_down_once() -> None:
    rules = read_rules(RULES, 1)
    assert rules.earned(12_999, rules.ratio(("外套", "coats"), None)) == 129
    assert rules.earned(12_999, rules.ratio(("针织", "knitwear"), "ordinary")) == 259
    assert rules.ratio(("针织", None), "super") == Fraction(3)
    assert rules.earned(12_999, Fraction(3)) == 389  # not 3 x 129
    assert (rules.earned(0, Fraction(3)), rules.earned(-100, Fraction(3))) == (0, 0)


def test_points_are_worth_whole_steps_only() -> None:
    rules = read_rules(RULES, 1)
    assert rules.worth(300) == 1_500
    assert (rules.most(399), rules.most(99), rules.most(-5), rules.most(10_000, 1_200)) == (300, 0, 0, 200)
    for bad in (0, 150, -100):
        with pytest.raises(Refused):
            rules.worth(bad)


def test_the_version_that_began_last_counts() -> None:
    versions = [read_rules({**RULES, "effective_from": day}, n) for n, day in enumerate(
        ("2026-01-01", "2026-03-01", "2026-03-01"), start=1)]  # fmt: skip
    found = [rules_on(versions, date(2026, month, 1)) for month in (2, 3)]
    assert [one.version if one else None for one in found] == [1, 3]
    assert rules_on(versions, date(2025, 12, 31)) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("points", 0), ("points", True), ("per_minor", 1.5), ("currency", "yuan"), ("effective_from", "2026-1-1"),
        ("categories", {"a": [1, 0]}), ("tiers", {"gold": 2}), ("visit_assurance", 0), ("redeem_minor", 0), ("more", 1),
    ],
)  # fmt: skip
def test_rules_that_cannot_be_are_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(Refused) as told:
        read_rules({**RULES, name: value}, 1)
    assert told.value.params["field"] == name


lines = st.lists(
    st.tuples(st.integers(-500, 50_000), st.integers(0, 400)), min_size=1, max_size=4
).map(lambda found: [SoldLine(n, *one) for n, one in enumerate(found, start=1)])
backs = st.lists(st.lists(st.tuples(st.integers(1, 5), st.integers(-10, 30_000)), max_size=3), max_size=6)


@given(lines, backs, st.randoms())
def test_what_returns_take_back_depends_only_on_what_came_back(
    sold: list[SoldLine], returned: list[list[tuple[int, int]]], dice: Any
) -> None:
    def run(order: list[list[tuple[int, int]]]) -> dict[int, int]:
        before: list[BackLine] = []
        for back in order:
            before += taken_back(sold, before, back)
        return {line.line_no: sum(one.points for one in before if one.line_no == line.line_no) for line in sold}

    shuffled = list(returned)
    dice.shuffle(shuffled)
    found = run(returned)
    assert found == run(shuffled)
    for line in sold:
        gone = sum(max(0, minor) for back in returned for number, minor in back if number == line.line_no)
        assert 0 <= found[line.line_no] <= line.points
        if gone >= line.amount_minor > 0:
            assert found[line.line_no] == line.points
