"""Benchmarks of the product itself; every figure comes with a floor measured in the same run (COMMANDS.md).

A bench is a module with `add_options(parser)` and `measure(args) -> dict`, which returns `params`, `figures`,
`floor` and `ratios`, and may return `holds` (False: what was measured is wrong, exit code 1).
"""

from __future__ import annotations

from typing import Final

# name -> (module, what it measures); imported only when asked for.
BENCHES: Final[dict[str, str]] = {
    "codes": "guidedesk.bench.codes",
    "commission": "guidedesk.bench.commission",
    "import": "guidedesk.bench.journey",
    "ingest": "guidedesk.bench.ingest",
    "insight": "guidedesk.bench.insight",
    "scan": "guidedesk.bench.scan",
    "search": "guidedesk.bench.search",
    "segments": "guidedesk.bench.segments",
    "simulate": "guidedesk.bench.simulate",
    "start": "guidedesk.bench.start",
    "storm": "guidedesk.bench.storm",
    "sync": "guidedesk.bench.sync",
    "team": "guidedesk.bench.team",
}
