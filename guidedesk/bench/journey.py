"""The real purchases into PostgreSQL, against COPY of the rows they become; and that what is there is right.

The import is the product's own, its people and products included, into a database of its own with fsync; lines per
second are over the whole of it. The floor copies the very same rows of every table, table by table, into an empty
database of the same schema. Then three proofs, any of which makes `holds` false: the totals per household and month
equal a computation over the parquet files that shares no code (`totals_differing` is 0); a second run lands nothing
and leaves every table as large as it was; a counter at the busiest store takes its first sync over HTTP, its digest
is the server's, and the history it shows for each of its members equals that computation too.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import psycopg

from guidedesk.bench.journey_proof import Shown, counter_differences, server_totals, totals_differing
from guidedesk.bench.local_postgres import SUPERUSER, LocalPostgres
from guidedesk.bench.sync_data import SECRETS
from guidedesk.bench.sync_office import BenchCounter, Office
from guidedesk.demo.real_totals import first_households, real_totals
from guidedesk.demo.server_process import ServerProcess
from guidedesk.models.base import SERVER
from guidedesk.server.connectors.completejourney import ImportSummary, import_completejourney
from guidedesk.server.context import SystemRandom
from guidedesk.server.database import open_server
from guidedesk.server.roles import APP
from guidedesk.server.schema import create_schema
from guidedesk.server.secrets import ServerSecrets, new_secrets, write_secrets

HOUSEHOLDS: Final = 2_469
_PATIENCE_S: Final = 900
_BLOCK: Final = 1 << 20


def add_options(parser: argparse.ArgumentParser) -> None:
    """How much is brought in."""
    parser.add_argument("--households", type=int, default=HOUSEHOLDS, metavar="N", help="how many (default: all)")


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """One run on a PostgreSQL of its own."""
    with LocalPostgres(is_durable=True) as local, TemporaryDirectory(prefix="guidedesk-bench-") as name:
        folder = Path(name)
        secrets = new_secrets(SystemRandom())
        write_secrets(folder / SECRETS, secrets)
        _create(local, "real")
        cpu_before = time.process_time()
        summary, seconds = _import(local, secrets, args.households)
        cpu_seconds = time.process_time() - cpu_before
        sizes = _sizes(local, "real")
        copy_seconds = _copy_floor(local, folder, [table for table, count in sizes.items() if count])

        chosen = first_households(args.households)
        expected = real_totals(chosen)
        differing = totals_differing(server_totals(local.url("real")), chosen, expected)
        again, again_seconds = _import(local, secrets, args.households)
        is_unchanged = again.landed == 0 and _sizes(local, "real") == sizes
        with _counter(local, folder, summary) as (counter, sync_seconds):
            shown = counter_differences(counter, chosen, expected)
    return _document(
        _Run(
            summary=summary,
            seconds=seconds,
            cpu_seconds=cpu_seconds,
            sizes=sizes,
            copy_seconds=copy_seconds,
            differing=len(differing),
            again_seconds=again_seconds,
            is_unchanged=is_unchanged,
            sync_seconds=sync_seconds,
            shown=shown,
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    summary: ImportSummary
    seconds: float
    cpu_seconds: float
    sizes: dict[str, int]
    copy_seconds: float
    differing: int
    again_seconds: float
    is_unchanged: bool
    sync_seconds: float
    shown: Shown


def _document(run: _Run) -> dict[str, Any]:
    summary, rows = run.summary, sum(run.sizes.values())
    return {
        "params": {"households": summary.households},
        "figures": {
            "lines_per_s": round(summary.landed / run.seconds),
            "seconds": round(run.seconds, 3),
            "importer_cpu_s": round(run.cpu_seconds, 3),
            "lines": summary.landed,
            "baskets": summary.orders,
            "stores": summary.stores,
            "products": summary.products,
            "noticed": summary.noticed,
            "skipped": summary.skipped,
            "rows": {table: count for table, count in run.sizes.items() if count},
            "totals_differing": run.differing,
            "second_run_s": round(run.again_seconds, 3),
            "second_run_adds_nothing": run.is_unchanged,
            "counter": {
                "first_sync_s": round(run.sync_seconds, 3),
                "members": run.shown.members,
                "baskets": run.shown.baskets,
                "lines": run.shown.lines,
                "differing": run.shown.differing,
                "is_level_with_server": run.shown.is_level,
            },
        },
        "floor": {
            "copy_lines_per_s": round(summary.landed / run.copy_seconds),
            "copy_rows_per_s": round(rows / run.copy_seconds),
            "copy_seconds": round(run.copy_seconds, 3),
        },
        "ratios": {"import": round(run.copy_seconds / run.seconds, 3)},
        "holds": summary.landed + sum(summary.skipped.values()) == summary.read
        and not run.differing
        and run.is_unchanged
        and run.shown.members > 0
        and not run.shown.differing
        and run.shown.is_level,
    }


def _import(local: LocalPostgres, secrets: ServerSecrets, households: int) -> tuple[ImportSummary, float]:
    """One import with its progress on standard error; what it says and its seconds."""
    last = time.monotonic()

    def tell(step: str, done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last > 5:
            last = time.monotonic()
            sys.stderr.write(f"{step}: {done} of {total}\n")

    database = open_server(local.url("real"))
    try:
        started = time.perf_counter()
        found = import_completejourney(database, secrets, households=households, progress=tell)
        return found, time.perf_counter() - started
    finally:
        database.close()


@contextmanager
def _counter(local: LocalPostgres, folder: Path, summary: ImportSummary) -> Iterator[tuple[BenchCounter, float]]:
    """A counter of the busiest store after its first sync from a server on this database, and how long that took."""
    server = ServerProcess(local.url("real", APP), folder / SECRETS, folder / "server.log")
    office = Office(folder, local.url("real", APP), local.url("real"), server, store_id=summary.store_id)
    server.start()
    try:
        counter = office.enrol("counter")
        started = time.perf_counter()
        _sync(counter)
        yield counter, time.perf_counter() - started
    finally:
        for one in office.counters:
            one.counter.close()
        server.stop()


def _sync(counter: BenchCounter) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        outcome = counter.counter.engine.step()
        if outcome.error is None:
            return
        if time.monotonic() > deadline:
            raise outcome.error
        time.sleep(min(outcome.next_delay_ms, 200) / 1000)


def _create(local: LocalPostgres, name: str) -> None:
    with psycopg.connect(local.url(SUPERUSER), autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name}".encode())


def _sizes(local: LocalPostgres, name: str) -> dict[str, int]:
    """Table -> rows, in an order in which they may be written."""
    with psycopg.connect(local.url(name)) as conn:
        found = {}
        for table in SERVER.sorted_tables:
            counted = conn.execute(f"SELECT count(*) FROM {table.name}".encode()).fetchone()  # noqa: S608
            found[table.name] = int(counted[0]) if counted else 0
        return found


def _copy_floor(local: LocalPostgres, folder: Path, tables: list[str]) -> float:
    """Seconds to COPY the imported rows into a database of the same schema, indexes and all."""
    _create(local, "floor")
    target = open_server(local.url("floor"))
    create_schema(target)
    target.close()
    with psycopg.connect(local.url("real")) as source:
        for table in tables:
            with (folder / table).open("wb") as file, source.cursor().copy(f"COPY {table} TO STDOUT".encode()) as copy:
                for block in copy:
                    file.write(block)
    with psycopg.connect(local.url("floor")) as conn:
        started = time.perf_counter()
        for table in tables:
            with (folder / table).open("rb") as file, conn.cursor().copy(f"COPY {table} FROM STDIN".encode()) as copy:
                while block := file.read(_BLOCK):
                    copy.write(block)
            conn.commit()
        seconds = time.perf_counter() - started
    for table in tables:
        (folder / table).unlink()
    return seconds
