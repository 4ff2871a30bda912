"""The invariants over thousands of streams, and amounts reproduced from a thousand explanations of every kind."""

from __future__ import annotations

import inspect
import json
import random
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis.errors import HypothesisDeprecationWarning, UnsatisfiedAssumption

from tests.commission import checker, test_invariants
from tests.commission.streams import stream
from tests.commission.support import run, stored_texts

KINDS = sorted(set(checker.KINDS) - {"none"})
INVARIANTS = [found for name, found in vars(test_invariants).items() if name.startswith("test_")]
RANGES = {"days": (1, 5), "qty": (1, 3), "pick": (0, 100), "seed": (0, 10**6)}


def reproduced(wanted: int, streams: int) -> tuple[Counter[str], int]:
    """How many lines of each kind the checker reproduced from their stored JSON, and how many of them were deltas."""
    kinds: Counter[str] = Counter()
    deltas = 0
    for seed in range(streams):
        result = run(stream(seed, 40))
        for line, (_, stored) in zip(result.lines, stored_texts(result), strict=True):
            why = json.loads(stored)
            assert checker.amount_of(why) == line.amount
            assert (why["id"], why["component"], why["beneficiary"]) == (line.id, line.component, line.beneficiary)
            kinds[why["kind"]] += 1
            deltas += bool(why["previous"])
        if all(kinds[kind] >= wanted for kind in KINDS):
            break
    return kinds, deltas


def test_explanations_of_every_kind_give_their_amounts() -> None:
    kinds, deltas = reproduced(20, 400)
    assert {kind: count for kind, count in kinds.items() if count < 20 and kind in KINDS} == {}
    assert deltas > 100


def test_the_invariants_can_be_held_against_streams_of_their_own() -> None:
    """The long test below is no good if its way of calling them fails."""
    assert all(hold(invariant, 4) >= 0 for invariant in INVARIANTS)


def test_a_sale_that_counts_in_another_month_is_explained_so() -> None:
    """An order of the same number, paid two months before, is heard of after the month was closed; house has part in
    both, and nothing is due for the later month any more."""
    result = run(stream(457, 40))
    told = [json.loads(text) for _, text in stored_texts(result)]
    moved = [why for why in told if "counted_in" in why]
    assert {(why["ref"], why["origin_period"], why["counted_in"]) for why in moved} == {("O7", "2026-03", "2026-01")}
    assert any(why["beneficiary"] == "house" for why in moved)
    assert [checker.amount_of(why) for why in told] == [line.amount for line in result.lines]


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_thousand_explanations_of_every_kind_give_their_amounts() -> None:
    kinds, deltas = reproduced(1000, 20_000)
    assert {kind: count for kind, count in kinds.items() if count < 1000 and kind in KINDS} == {}
    assert deltas > 1000


@pytest.mark.long
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("invariant", INVARIANTS, ids=[found.__name__ for found in INVARIANTS])
def test_the_invariant_over_thousands_of_streams(invariant: Callable[..., Any]) -> None:
    held = hold(invariant, 2500)
    assert held > 1000


def hold(invariant: Callable[..., Any], times: int) -> int:
    """How many streams an invariant applied to; it failed for none."""
    inner = invariant.hypothesis.inner_test  # type: ignore[attr-defined]
    names = list(inspect.signature(inner).parameters)
    held = 0
    for number in range(times):
        chance = random.Random(number)
        values: dict[str, Any] = {name: chance.randint(*RANGES[name]) for name in names if name != "vector"}
        if "vector" in names:
            values["vector"] = stream(chance.randint(10**6, 10**9), chance.randint(5, 45))
        try:
            with warnings.catch_warnings():
                # `assume` is meant here too, though hypothesis does not run these: they are more than it draws.
                warnings.simplefilter("ignore", HypothesisDeprecationWarning)
                inner(**values)
            held += 1
        except UnsatisfiedAssumption:
            continue
    return held
