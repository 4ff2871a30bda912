"""What an operator watches: calls, queues, operations, connections, memory, and which stores were not heard of.

Kept in the memory of one process and written in the text format of Prometheus. Nothing in it is about a person: stores
are named by their codes, counters are counted.
"""

from __future__ import annotations

import os
import sys
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from threading import Lock
from typing import Any, Final

from sqlalchemy import case, func, select

from guidedesk import __version__
from guidedesk.models.people import store
from guidedesk.models.server_tables import device
from guidedesk.server.admission import WorkQueue
from guidedesk.server.database import ServerDatabase
from guidedesk.server.sharding import cross_scope

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
# Seconds; the goals for people (0.5) and for a push (1) are bounds of their own.
BOUNDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
Labels = Mapping[str, str]
Sample = tuple[str, Labels, float]  # what its name ends with, labels, value


class Metrics:
    """Counts of one process. Safe between threads."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._calls: Counter[tuple[str, int]] = Counter()
        self._took: dict[str, list[int]] = {}  # by lane: calls up to each bound, and beyond the last
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._operations: Counter[str] = Counter()
        self.queues: tuple[WorkQueue, ...] = ()

    def answered(self, lane: str, status: int, seconds: float) -> None:
        """A call was answered; `seconds` from its arrival, waiting included."""
        with self._guard:
            self._calls[lane, status] += 1
            self._took.setdefault(lane, [0] * (len(BOUNDS) + 1))[bisect_left(BOUNDS, seconds)] += 1
            self._seconds[lane] += seconds

    def decided(self, statuses: Mapping[str, int]) -> None:
        """Operations were answered, by status (SYNC.md 5)."""
        with self._guard:
            self._operations.update(statuses)

    def text(self, database: ServerDatabase, streams: int) -> str:
        """Everything as it is now; asks the database for what counters said of themselves."""
        parts = [
            _family("guidedesk_build_info", "gauge", "The version that serves.", [("", {"version": __version__}, 1)]),
            self._call_families(),
            _queue_families(self.queues),
            _family("guidedesk_event_streams", "gauge", "Counters that listen.", [("", {}, streams)]),
            _pool_family(database),
            _family("guidedesk_memory_bytes", "gauge", "Memory of this process.", _memory()),
            _store_families(database),
        ]
        return "".join(parts)

    def _call_families(self) -> str:
        with self._guard:
            calls, operations = dict(self._calls), dict(self._operations)
            took = {lane: list(counts) for lane, counts in self._took.items()}
            seconds = dict(self._seconds)
        by_status = [("", {"lane": lane, "status": str(status)}, n) for (lane, status), n in sorted(calls.items())]
        buckets: list[Sample] = []
        for lane, counts in sorted(took.items()):
            sums = 0
            for bound, count in zip((*map(str, BOUNDS), "+Inf"), counts, strict=True):
                sums += count
                buckets.append(("_bucket", {"lane": lane, "le": bound}, sums))
            buckets += [("_sum", {"lane": lane}, round(seconds[lane], 6)), ("_count", {"lane": lane}, sums)]
        decided = [("", {"status": status}, n) for status, n in sorted(operations.items())]
        return (
            _family("guidedesk_requests_total", "counter", "Calls answered, by lane and HTTP status.", by_status)
            + _family("guidedesk_request_seconds", "histogram", "From arrival to answer.", buckets)
            + _family("guidedesk_operations_total", "counter", "Operations answered, by status.", decided)
        )


def _queue_families(queues: Iterable[WorkQueue]) -> str:
    named = [({"queue": queue.name}, queue) for queue in queues]
    return (
        _family("guidedesk_queue_waiting", "gauge", "Calls that no worker has taken up.",
                [("", labels, queue.waiting) for labels, queue in named])
        + _family("guidedesk_queue_limit", "gauge", "Calls that may wait before others are told to come back.",
                  [("", labels, queue.most_waiting) for labels, queue in named])
        + _family("guidedesk_queue_turned_away_total", "counter", "Calls answered 503 because the queue was full.",
                  [("", labels, queue.turned_away) for labels, queue in named])
        + _family("guidedesk_queue_call_seconds", "gauge", "What a call takes a worker, lately.",
                  [("", labels, round(queue.each_s, 6)) for labels, queue in named])
    )  # fmt: skip


def _pool_family(database: ServerDatabase) -> str:
    pool: Any = database.engine.pool
    used, most = pool.checkedout(), pool.size() + pool._max_overflow
    samples: list[Sample] = [("", {"state": "used"}, used), ("", {"state": "most"}, most)]
    return _family("guidedesk_database_connections", "gauge", "Connections in use, and how many there may be.", samples)


def _memory() -> list[Sample]:
    """Nothing where the system does not tell."""
    if sys.platform != "linux":
        return []
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return [("", {}, pages * os.sysconf("SC_PAGE_SIZE"))]


def _store_families(database: ServerDatabase) -> str:
    rows = _counters_by_store(database)
    named = [({"store": row.code or "?"}, row) for row in rows]
    heard = [(labels, row) for labels, row in named if row.oldest is not None]
    return (
        _family("guidedesk_counters", "gauge", "Counters that are let in.",
                [("", labels, row.counters) for labels, row in named])
        + _family("guidedesk_counters_silent", "gauge", "Of these, how many were never heard of.",
                  [("", labels, row.silent) for labels, row in named])
        + _family("guidedesk_counters_unsent", "gauge", "Records that counters hold unsent, by their last word.",
                  [("", labels, row.unsent) for labels, row in named])
        + _family("guidedesk_last_contact_seconds", "gauge", "Unix time of the store's last contact.",
                  [("", labels, row.newest / 1000) for labels, row in heard])
        + _family("guidedesk_longest_silent_contact_seconds", "gauge",
                  "Unix time of the last contact of the counter that was silent longest.",
                  [("", labels, row.oldest / 1000) for labels, row in heard])
    )  # fmt: skip


@cross_scope
def _counters_by_store(database: ServerDatabase) -> list[Any]:
    """Counts a store; its code is looked up among the chain's stores, never joined across shards (SCALE.md 3)."""
    d = device.c
    counted = (
        select(
            d.scope_id,
            func.count().label("counters"),
            func.sum(case((d.last_contact_ms.is_(None), 1), else_=0)).label("silent"),
            func.sum(func.coalesce(d.reported_unsent, 0)).label("unsent"),
            func.min(d.last_contact_ms).label("oldest"),
            func.max(d.last_contact_ms).label("newest"),
        )
        .where(d.state == "active")
        .group_by(d.scope_id)
    )
    with database.read() as conn:
        codes = {
            row.id: row.code
            for row in conn.execute(select(store.c.id, store.c.code).where(store.c.scope_id == database.chain_id()))
        }
        rows = [_Row(codes.get(row.scope_id), row) for row in conn.execute(counted)]
    return sorted(rows, key=lambda row: row.code or "")


class _Row:
    """Counters of one store."""

    def __init__(self, code: str | None, row: Any) -> None:
        self.code = code
        self.counters, self.silent, self.unsent = int(row.counters), int(row.silent), int(row.unsent)
        self.oldest: int | None = row.oldest
        self.newest: int = row.newest


def _family(name: str, kind: str, about: str, samples: Iterable[Sample]) -> str:
    """One metric with its samples in Prometheus' text format; nothing where there is none."""
    lines = list(_lines(name, samples))
    return "".join((f"# HELP {name} {about}\n# TYPE {name} {kind}\n", *lines)) if lines else ""


def _lines(name: str, samples: Iterable[Sample]) -> Iterator[str]:
    for end, labels, value in samples:
        inside = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        number = repr(float(value)) if value != int(value) else str(int(value))
        yield f"{name}{end}{{{inside}}} {number}\n" if inside else f"{name}{end} {number}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
