"""The dates of the next purchase, on a year of real ones."""

import json

from guidedesk.cli import main


def test_the_dates_are_nearer_than_last_purchase_plus_average_gap(capsys):
    assert main(["bench", "insight", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    figures, floor = document["figures"], document["floor"]
    assert figures["predicted_share"] >= 0.9
    assert figures["median_error_days"] < min(floor["median_error_days"], floor["median_error_days.not_before_asked"])
    assert figures["held_out.median_error_days"] < floor["held_out.median_error_days"]
