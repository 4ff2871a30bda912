"""The commission bench, small: what the events made is what a full run makes, and the month is sealed."""

from __future__ import annotations

import json

import pytest

from guidedesk.cli import main

pytestmark = pytest.mark.timeout(300)


def test_a_small_history_holds_and_is_sealed(capsys: pytest.CaptureFixture[str]) -> None:
    size = ["--lines", "3000", "--associates", "200", "--events", "30", "--close-lines", "1000"]
    code = main(["bench", "commission", "--json", "--check", *size])
    document = json.loads(capsys.readouterr().out)
    figures = document["figures"]
    assert code == 0
    assert 1000 < figures["close_ledger_lines"] < 3000  # her lines, and what the month pays her beside them
    assert 100 < figures["close_statements"] <= 200
    assert document["floor"]["loop_cpu_lines_per_s"] > 0
    assert document["ratios"]["cold_cpu"] > 0
