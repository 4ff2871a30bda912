"""The worked examples, exactly, and the runner's contract on them (COMMISSION.md 0)."""

from __future__ import annotations

import pytest

from tests.commission.support import OPEN_VECTORS, Vector, run, shuffled, sums, without_closes

CASES = OPEN_VECTORS["vectors"]
EACH = pytest.mark.parametrize("vector", CASES, ids=[vector["id"] for vector in CASES])


def as_expected(vector: Vector) -> None:
    found, expect = run(vector), vector["expect"]
    shown = sorted((line.as_list() for line in found.lines), key=str)
    assert shown == sorted(expect["lines"], key=str)
    assert found.flags == expect["flags"]
    for member, owner in expect.get("owner", {}).items():
        assert found.owners[member] == owner
    for associate, months in expect.get("balances", {}).items():
        by_month = {f"{month // 12}-{month % 12 + 1:02d}": entry for month, entry in found.balances[associate].items()}
        assert {month: by_month[month].as_dict() for month in months} == months


@EACH
def test_exact(vector: Vector) -> None:
    as_expected(vector)


@EACH
@pytest.mark.parametrize("seed", range(5))
def test_arrival_order_and_duplicates_change_nothing(vector: Vector, seed: int) -> None:
    as_expected(shuffled(vector, seed))


@EACH
def test_closes_only_move_amounts_between_months(vector: Vector) -> None:
    kept = {key: amount for key, amount in sums(run(vector)).items() if key[2] != "min"}
    assert sums(run(without_closes(vector))) == kept


@EACH
def test_event_by_event_ends_at_the_same_figures(vector: Vector) -> None:
    for length in range(1, len(vector["events"])):
        run({**vector, "events": vector["events"][:length]})
    as_expected(vector)
