"""The fixed fast suite that mutants are tried against holds, and says what the vectors expect (COMMISSION.md 8.1)."""

from __future__ import annotations

import subprocess
import sys
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


def _tried(spoilt: str = "pass") -> subprocess.CompletedProcess[str]:
    """Two mutants of the rounding, in a process of its own because they are forked off."""
    program = f"import sys; from tests.commission import fast_suite, mutants; {spoilt}; mutants.main()"
    words = ["--file", "rounding", "--sample", "2", "--seed", "5"]
    return subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, check=False)


@pytest.mark.timeout(300)
def test_the_engine_as_it_is_survives_the_way_mutants_are_tried() -> None:
    tried = _tried()
    assert (tried.returncode, tried.stdout.splitlines()[-1:]) == (0, ["killed 2 of 2: 100 %"]), tried.stderr


@pytest.mark.parametrize("broken", ["fast_suite.first_failure = None", "fast_suite.first_failure = lambda: 'case 1'"])
def test_a_way_that_fails_without_a_change_kills_no_mutant(broken: str) -> None:
    tried = _tried(broken)
    assert tried.returncode == 1
    assert "killed" not in tried.stdout
    assert "the engine does not survive unchanged" in tried.stderr


def test_the_checker_stands_alone() -> None:
    """What reproduces amounts from explanations shares no code with what made them."""
    text = Path(checker.__file__).read_text(encoding="utf-8")
    imports = [line for line in text.splitlines() if line.startswith(("import ", "from "))]
    assert not any("guidedesk" in line or "tests" in line for line in imports)
