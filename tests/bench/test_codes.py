"""The bench of codes proves what it measures."""

import json

from guidedesk.cli import main


def test_every_code_of_the_bench_is_read_as_what_it_is(capfd, tmp_path):
    small = ["--codes", "8", "--views", "3", "--members", "60", "--lines", "700", "--data", str(tmp_path)]
    assert main(["bench", "codes", *small, "--json"]) == 0
    document = json.loads(capfd.readouterr().out)
    assert document["figures"]["symbols_per_s"] > 0
    assert set(document["figures"]) == {
        "short", "signed", "draw", "symbols_per_s", "cards_per_s", "frame", "view_to_card",
    }  # fmt: skip
    assert set(document["floor"]) == {"verify", "frame_touched"}
