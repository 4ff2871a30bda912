"""The bench of the Team board measures what it says, on a small store."""

from __future__ import annotations

from argparse import Namespace

import pytest
from PySide6.QtWidgets import QApplication

from guidedesk.bench import team


@pytest.mark.usefixtures("qapp")
def test_the_sums_it_measures_are_those_of_the_table() -> None:
    assert QApplication.instance() is not None
    found = team.measure(Namespace(lines=400, members=40, associates=3))
    assert found["holds"]
    assert found["figures"]["parts"] > 100
    assert {"open", "answer", "after_sale", "repaint"} <= found["figures"].keys()
    assert found["floor"]["quarter_sum"]["p50_ms"] > 0
