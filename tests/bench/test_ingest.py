"""The bench of taking in records pushes what it says it pushes, and counts the same rows on both sides."""

from __future__ import annotations

from argparse import Namespace

from guidedesk.bench import ingest


def test_what_warmed_the_server_up_is_on_neither_side() -> None:
    found = ingest.measure(Namespace(ops=200, counters=2, stores=1, batch=40))
    assert found["holds"]
    assert found["figures"]["accepted"] == 200
    assert found["figures"]["rows"]["op_log"] == 200
    assert found["floor"]["copy_rows_per_s"] > 0
    assert found["ratios"]["ingest"] > 0
