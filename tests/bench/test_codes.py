"""The bench of codes proves what it measures."""

import json

from guidedesk.cli import main


def test_every_code_of_the_bench_is_read_as_what_it_is(capsys):
    assert main(["bench", "codes", "--codes", "8", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["figures"]["symbols_per_s"] > 0
    assert set(document["figures"]) == {
        "short", "signed", "draw", "symbols_per_s", "cards_per_s", "frame",
    }  # fmt: skip
    assert set(document["floor"]) == {"verify", "frame_touched"}
