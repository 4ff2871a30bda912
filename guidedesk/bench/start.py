"""process start to a window that takes a scan, warm"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from typing import Any, Final

from guidedesk.bench.data import make_profile
from guidedesk.bench.options import add_size

RUNS: Final = 10
WARM_UP: Final = 2
TIMEOUT_S: Final = 120


def add_options(parser: argparse.ArgumentParser) -> None:
    """Size of the data and number of runs."""
    add_size(parser)
    parser.add_argument("--runs", type=int, default=RUNS, metavar="N", help="times the program is started")


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Start `guidedesk run` on the profile until a scan has come through its event filter, and a bare Qt program."""
    profile = make_profile(args.members, args.lines, args.data)
    ours, bare, memory = [], [], 0.0
    for number in range(args.runs + WARM_UP):
        seconds, memory = _started("guidedesk.bench.started", str(profile.folder))
        floor, _ = _started("guidedesk.bench.started", "--empty")
        if number >= WARM_UP:
            ours.append(seconds)
            bare.append(floor)
    median, least = statistics.median(ours), statistics.median(bare)
    return {
        "params": {"members": args.members, "lines": args.lines, "runs": args.runs},
        "figures": {
            "median_s": round(median, 3), "best_s": round(min(ours), 3), "worst_s": round(max(ours), 3),
            "rss_mb": memory,
        },
        "floor": {"median_s": round(least, 3), "best_s": round(min(bare), 3)},
        "ratios": {"median_s": round(median / least, 2), "best_s": round(min(ours) / min(bare), 2)},
    }  # fmt: skip


def _started(module: str, what: str) -> tuple[float, float]:
    """Seconds until the child said so, and its memory in MB. Both clocks are the system's monotonic one."""
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", module, what], check=True, capture_output=True, text=True, timeout=TIMEOUT_S,
        env=environment,
    )  # fmt: skip
    ready, memory = done.stdout.split()[-2:]
    return float(ready) - started, float(memory)
