"""Operations pushed over HTTP into PostgreSQL, against COPY of the rows they become.

Counters of one store, or of `--stores`, push at once, each batch signed, decided and acknowledged on disk. Before the
clock starts each has pushed one: a server works for weeks, and is new for a second in which its connections, plans and
statements are made. The floor copies the very same rows into an empty database of the same schema, as many transactions
as there were batches. `figures.rows_per_s` and `floor.copy_rows_per_s` count rows; `ratios.ingest` is the one over the
other. On a PC where others work too, both say mostly what those did: `ratios.processor` is processor time over
processor time, COPY's (its client and the database) over everything that takes part in a push, counters included. It
does not see that pushes use several cores and COPY one.
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any, Final

import psycopg
from sqlalchemy import Table, select

from guidedesk.bench.cpu_time import of_tree
from guidedesk.bench.local_postgres import SUPERUSER, LocalPostgres
from guidedesk.bench.pushing import PushingCounter, enrolled_counter, fill
from guidedesk.demo.leash import scratch
from guidedesk.demo.server_process import ServerProcess
from guidedesk.models import server_tables as tables
from guidedesk.models.base import SERVER
from guidedesk.models.people import staff
from guidedesk.server.connectors.sample_chain import import_sample
from guidedesk.server.connectors.sample_world import SHOPS, store_id
from guidedesk.server.context import SystemClock, SystemRandom
from guidedesk.server.database import ServerDatabase, open_server
from guidedesk.server.roles import APP
from guidedesk.server.schema import create_schema
from guidedesk.server.secrets import new_secrets, write_secrets

SEED: Final = 20_261_121
MEMBERS: Final = 500
_STORE: Final = "HB"
# What a push leaves behind; the rest of the database was there before.
_WRITTEN: Final = (
    "op_log", "op_personal", "device_op", "feed", "visit", "interaction", "member_tag", "follow_up",
    "commission_event", "points_entry", "points_balance",
)  # fmt: skip


def add_options(parser: argparse.ArgumentParser) -> None:
    """How much is pushed."""
    parser.add_argument("--ops", type=int, default=10_000, metavar="N", help="operations in all (default 10000)")
    parser.add_argument("--counters", type=int, default=4, metavar="N", help="counters pushing at once (default 4)")
    parser.add_argument("--stores", type=int, default=1, metavar="N", help="stores they stand in (default 1)")
    parser.add_argument("--batch", type=int, default=500, metavar="N", help="operations a push (default 500)")


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """One run on a PostgreSQL of its own, with fsync."""
    with LocalPostgres(is_durable=True) as local, scratch("guidedesk-bench-") as folder:
        _create(local, "ingest")
        secrets_file = folder / "secrets.json"
        secrets = new_secrets(SystemRandom())
        write_secrets(secrets_file, secrets)
        database = open_server(local.url("ingest"))
        import_sample(database, secrets, members=MEMBERS)
        counters = _counters(database, args)
        server = ServerProcess(local.url("ingest", APP), secrets_file, folder / "server.log")
        server.start()
        try:
            _push(server, counters, 1)
            before = _sizes(local)
            portions = max(len(counter.bodies) for counter in counters)
            started, used = time.perf_counter(), _Processor(local, server.pid)
            accepted = _push(server, counters, portions)
            seconds, push_cpu = time.perf_counter() - started, used.seconds()
        finally:
            server.stop()
            database.close()
        rows = {name: count - before[name] for name, count in _sizes(local).items()}
        copy_seconds, copy_cpu = _copy_floor(local, portions * args.counters, before)
    total = sum(rows.values())
    return {
        "params": {"ops": args.ops, "counters": args.counters, "stores": args.stores, "batch": args.batch,
                   "members": MEMBERS},
        "figures": {
            "ops_per_s": round(args.ops / seconds),
            "rows_per_s": round(total / seconds),
            "seconds": round(seconds, 3),
            "cpu_us_per_op": {name: round(1e6 * one / args.ops) for name, one in push_cpu.items()},
            "accepted": accepted,
            "rows": rows,
        },
        "floor": {"copy_rows_per_s": round(total / copy_seconds), "copy_seconds": round(copy_seconds, 3),
                  "copy_cpu_us_per_op": {name: round(1e6 * one / args.ops) for name, one in copy_cpu.items()}},
        "ratios": {"ingest": round(copy_seconds / seconds, 3)}
        | ({"processor": round(sum(copy_cpu.values()) / sum(push_cpu.values()), 3)} if sum(push_cpu.values()) else {}),
        "holds": accepted == args.ops,
    }


class _Processor:
    """Seconds of the processor that those who take part have used since this was made, by what they are."""

    def __init__(self, local: LocalPostgres, server: int | None = None) -> None:
        self._pids = {"database": local.pid} | ({} if server is None else {"server": server})
        self._before = self._now()

    def _now(self) -> dict[str, float]:
        found = {name: of_tree(pid) for name, pid in self._pids.items()}
        told = {name: seconds for name, seconds in found.items() if seconds is not None}
        return told | {"counters" if "server" in self._pids else "client": time.process_time()}

    def seconds(self) -> dict[str, float]:
        """Until now."""
        return {name: seconds - self._before.get(name, 0.0) for name, seconds in self._now().items()}


def _push(server: ServerProcess, counters: list[PushingCounter], batches: int) -> int:
    """So many of each, all at once; how many operations were accepted."""
    with ThreadPoolExecutor(len(counters)) as pool:
        return sum(pool.map(lambda counter: counter.push(server.url, batches), counters))


def _counters(database: ServerDatabase, args: argparse.Namespace) -> list[PushingCounter]:
    """Each with a batch to begin with, and its share of the operations."""
    random, now_ms = Random(SEED), SystemClock().wall_ms()
    scopes = [store_id(code) for code in (_STORE, *(code for code in SHOPS if code != _STORE))][: args.stores]
    counters = []
    for number in range(args.counters):
        scope_id = scopes[number % len(scopes)]
        members, staff_id = _people(database, scope_id)
        counter = enrolled_counter(database, scope_id, random, now_ms)
        share = args.ops // args.counters + (number < args.ops % args.counters)
        for ops in (args.batch, share):
            fill(counter, members, staff_id, ops, args.batch, random, now_ms)
        counters.append(counter)
    return counters


def _people(database: ServerDatabase, scope_id: str) -> tuple[list[str], str]:
    """The members a store may see, and one of its associates."""
    with database.read() as conn:
        grant = tables.scope_grant.c
        members = sorted(conn.execute(select(grant.member_id).where(grant.scope_id == scope_id)).scalars())
        working = (staff.c.scope_id == database.chain_id()) & (staff.c.store_id == scope_id)
        associates = conn.execute(select(staff.c.id).where(working, staff.c.role == "associate")).scalars()
        return members, sorted(associates)[0]


def _create(local: LocalPostgres, name: str) -> None:
    with psycopg.connect(local.url(SUPERUSER), autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name}".encode())


def _sizes(local: LocalPostgres) -> dict[str, int]:
    with psycopg.connect(local.url("ingest")) as conn:
        return {name: int(_one(conn, f"SELECT count(*) FROM {name}")) for name in _WRITTEN}  # noqa: S608


def _one(conn: psycopg.Connection[Any], query: str) -> Any:
    found = conn.execute(query.encode()).fetchone()
    return found[0] if found else None


def _copy_floor(local: LocalPostgres, portions: int, before: dict[str, int]) -> tuple[float, dict[str, float]]:
    """Seconds, and those of the processor, to COPY the pushed rows into a database of the same schema and indexes."""
    _create(local, "floor")
    target = open_server(local.url("floor"))
    create_schema(target)
    target.close()
    with psycopg.connect(local.url("ingest")) as source:
        loads = {name: _lines(source, SERVER.tables[name], before[name]) for name in _WRITTEN}
    with psycopg.connect(local.url("floor")) as conn:
        started, used = time.perf_counter(), _Processor(local)
        for portion in range(portions):
            for name, lines in loads.items():
                with conn.cursor().copy(f"COPY {name} FROM STDIN".encode()) as copy:
                    copy.write(b"".join(lines[portion::portions]))
            conn.commit()
        return time.perf_counter() - started, used.seconds()


def _lines(conn: psycopg.Connection[Any], table: Table, skipped: int) -> list[bytes]:
    """A table's newest rows as COPY's text, oldest first."""
    order = "seq" if table.name == "feed" else "ctid"
    query = f"COPY (SELECT * FROM {table.name} ORDER BY {order} OFFSET {skipped}) TO STDOUT"  # noqa: S608
    with conn.cursor().copy(query.encode()) as copy:
        return b"".join(copy).splitlines(keepends=True)
