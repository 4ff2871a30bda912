"""The bench of segments proves what it measures."""

import json

import pytest

from guidedesk.cli import main


@pytest.mark.timeout(240)
def test_made_members_are_counted_as_the_rule_says(capfd):
    small = ["--members", "1500", "--orders", "4", "--counts", "4", "--check"]
    assert main(["bench", "segments", *small, "--json"]) == 0
    document = json.loads(capfd.readouterr().out)
    assert set(document["figures"]) == {
        "count", "count_after_a_change", "load_s", "memory_bytes_a_member", "made_s", "stored_bytes_a_member",
    }  # fmt: skip
    assert document["floor"]["count_star"]["p50_ms"] > 0
