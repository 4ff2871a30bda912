"""The fixed fast suite that mutants are tried against holds, and says what the vectors expect (COMMISSION.md 8.1)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commission import checker, fast_suite
from tests.commission.mutants import ENGINE, mutants_of


@pytest.mark.timeout(600)
def test_every_case_comes_out_as_written() -> None:
    """Where a figure is meant to change: `python -m tests.commission.fast_suite --write`, and say so."""
    assert fast_suite.first_failure() is None


def test_vectors_are_written_down_as_they_expect() -> None:
    answers = [answer() for name, answer in fast_suite.cases() if name.startswith("vector")]
    assert len(answers) == 27
    assert all(answer["lines"] for answer in answers)


def test_the_mutator_finds_places_in_every_rule_file() -> None:
    found = {path.name: len(list(mutants_of(path))) for path in ENGINE.rglob("*.py")}
    assert min(found[name] for name in ("binding.py", "orders.py", "attribution.py", "tier.py", "ledger.py")) > 20
    assert sum(found.values()) > 1500


def test_the_checker_stands_alone() -> None:
    """What reproduces amounts from explanations shares no code with what made them."""
    text = Path(checker.__file__).read_text(encoding="utf-8")
    imports = [line for line in text.splitlines() if line.startswith(("import ", "from "))]
    assert not any("guidedesk" in line or "tests" in line for line in imports)
