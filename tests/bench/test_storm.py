"""A small storm: what counters bring at once is acknowledged exactly once, and who is told to wait waits."""

from __future__ import annotations

import argparse
from typing import Any

from guidedesk.bench import storm
from tests.helpers.postgres import Backend

COUNTERS, OPS, MEMBERS = 12, 20, 20
QUEUE = 0  # so few that even twelve are too many at once for the three workers over SQLite


def measured(server: str) -> dict[str, Any]:
    return storm.measure(
        argparse.Namespace(counters=COUNTERS, ops=OPS, members=MEMBERS, server=server, queue=QUEUE)
    )


def test_everything_is_acknowledged_once_and_refusals_are_obeyed(backend: Backend) -> None:
    found = measured(backend.name)
    figures = found["figures"]
    everybody = COUNTERS + found["floor"]["ideal_counters"]
    assert figures["by_status"] == {"accepted": everybody * OPS}
    assert (figures["unsent"], figures["refused"], figures["failed_steps"]) == (0, 0, 0)
    assert figures["told_to_wait"] > 0 or backend.name == "postgresql"
    assert figures["interactive_asked"] > 0
    assert figures["interactive_refused"] == 0
    assert found["holds"]
    assert found["ratios"]["storm"] > 0
    assert figures["level_s"] > figures["seconds"]  # what others did is fetched after the last answer
    assert {"interactive_p95_ms", "slowest_over_median", "server_rss_mb"} <= figures.keys()
