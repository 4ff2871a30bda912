"""Percentiles, memory and floors that several benches share."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from guidedesk.models.database import open_encrypted

PERCENTILES: Final = (50, 95, 99)
_RECORD: Final = "x" * 900  # about what one operation takes in the journal


def percentile(values: Sequence[float], wanted: int) -> float:
    """The value that `wanted` percent of the values do not exceed (nearest rank)."""
    ranked = sorted(values)
    return ranked[max(0, -(-len(ranked) * wanted // 100) - 1)]


def summary(seconds: Sequence[float]) -> dict[str, float]:
    """p50_ms, p95_ms and p99_ms of durations in seconds; empty when nothing was measured."""
    return {f"p{p}_ms": round(percentile(seconds, p) * 1000, 2) for p in PERCENTILES} if seconds else {}


def by_kind(measured: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    """`summary` over everything, and the same for each kind with how many there were."""
    everything = [value for values in measured.values() for value in values]
    kinds = {kind: summary(values) | {"count": len(values)} for kind, values in measured.items() if values}
    return summary(everything) | {"max_ms": round(max(everything) * 1000, 2), "by_kind": kinds}


def ratio(of: Mapping[str, float], over: Mapping[str, float]) -> dict[str, float]:
    """How many times the floor each percentile is."""
    return {name: round(of[name] / over[name], 1) for name in over if over[name]}


def rss_mb() -> float:
    """Memory of this process now, in MB (where the system tells only the highest, that)."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return highest_rss_mb()
    import resource

    return round(pages * resource.getpagesize() / 1_000_000, 1)


def highest_rss_mb() -> float:
    """The most memory this process had until now, in MB."""
    import resource

    highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(highest / 1_000_000 if sys.platform == "darwin" else highest * 1_024 / 1_000_000, 1)


class CommitFloor:
    """What one durable commit costs here: one row into an encrypted file of its own, `synchronous=FULL`."""

    def __init__(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        self._db = open_encrypted(path, bytes(32), name="journal", synchronous="FULL")
        self._raw = self._db.engine.raw_connection()
        self._cursor = self._raw.cursor()
        self._cursor.execute("CREATE TABLE IF NOT EXISTS row (n INTEGER PRIMARY KEY, body TEXT)")

    def commit(self) -> None:
        """One transaction."""
        self._cursor.execute("BEGIN IMMEDIATE")
        self._cursor.execute("INSERT INTO row (body) VALUES (?)", (_RECORD,))
        self._cursor.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        self._cursor.close()
        self._raw.close()
        self._db.close()


@contextmanager
def timed(into: list[float], clock: Callable[[], float] = time.perf_counter) -> Iterator[None]:
    """Add how long the block took, in seconds of a clock."""
    started = clock()
    yield
    into.append(clock() - started)
