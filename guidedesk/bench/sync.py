"""A counter and its server: first sync, push after an outage, nothing new, a thousand changes; against RAW.

W1 a new counter takes a store of `--members`; W2 `--ops` operations recorded while the server was down are sent,
decided, answered and settled, and the counter is level with the server again; W3 a round in which nothing is new
(median); W4 head office changed 1,000 members. Each is whole rounds of the product's engine over HTTP on loopback,
into the counter's encrypted files. Ratios are seconds over RAW, the plain insert of the store's rows in the same
run (SYNC.md 9: one floor for all four); for W2 the plain insert of the rows that the operations became is given
beside it as `floor.raw_ops_s`. The server keeps snapshots ready: what building one took is `snapshot_build_s`, and
`W1_with_build_s` what the first counter of all would wait.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any, Final

from guidedesk.bench.sync_data import make_store
from guidedesk.bench.sync_floor import CACHE_KIB, Raw, Rows, insert_raw
from guidedesk.bench.sync_office import BenchCounter, Office, open_office
from guidedesk.domain.errors import TransportError
from guidedesk.sync.cache import digest, schema_version
from guidedesk.sync.client import SyncClient, SyncRefused

MEMBERS: Final = 100_000
OPS: Final = 10_000
CHANGED: Final = 1_000
QUIET_ROUNDS: Final = 20  # more in a row than a device may ask for would be turned away
_BUILDING: Final = "snapshot_building"
_LOOK_AGAIN_S: Final = 0.1


def add_options(parser: argparse.ArgumentParser) -> None:
    """How large the store is, how much waits, and what the server stands on."""
    parser.add_argument("--members", type=int, default=MEMBERS, metavar="N", help="members of the store")
    parser.add_argument("--ops", type=int, default=OPS, metavar="N", help="operations that wait after the outage")
    parser.add_argument("--server", choices=("sqlite", "postgresql"), default="sqlite", help="the server's database")


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """One run; `holds` is False when the digests of server, counter and RAW are not the same."""
    figures: dict[str, Any] = {}
    with open_office(make_store(args.members), args.server) as office:
        build_s = _timed(lambda: build_snapshot(office))
        till = office.enrol("first")
        _measure(figures, "W1", till, till.step)
        figures |= {"snapshot_build_s": _round(build_s), "W1_with_build_s": _round(build_s + figures["W1_s"])}
        rows = till.rows()
        raw = insert_raw(office.folder / "raw.db", rows)
        differing = differences(till, raw)

        office.server.stop()
        till.record(args.ops)
        office.server.start()
        _measure(figures, "W2", till, lambda: send_all(till))
        raw_ops = insert_raw(office.folder / "raw-ops.db", _fresh(rows, till.rows()))

        quiet = [_timed(till.step) for _ in range(QUIET_ROUNDS)]
        _measure(figures, "W3", till, till.step)
        figures |= {"W3_s": _round(statistics.median(quiet)), "W3_best_s": _round(min(quiet))}

        office.change_members(CHANGED)
        _measure(figures, "W4", till, till.step)
        differing |= differences(till)
        state = till.counter.status()
        figures |= {"unsent": state.waiting, "refused": state.needs_person, "differing": sorted(differing)}
    return {
        "params": {"members": args.members, "ops": args.ops, "changed": CHANGED, "server": args.server},
        "figures": figures,
        "floor": {
            "raw_s": _round(raw.seconds),
            "raw_ops_s": _round(raw_ops.seconds),
            "rows": raw.rows,
            "bytes": raw.file_bytes,
            "indexes": list(raw.indexes),
            "page_cache_kib": CACHE_KIB,
        },
        "ratios": {name: round(figures[f"{name}_s"] / raw.seconds, 5) for name in ("W1", "W2", "W3", "W4")},
        "holds": not differing and not state.waiting and not state.needs_person,
    }


def build_snapshot(office: Office) -> None:
    """Let the server make the snapshot that a new counter asks for, and wait until it is there."""
    counter = office.enrol("asker").counter
    counter.engine.hello()
    client = SyncClient(counter.new_transport(counter.identity), lambda _server_ms: None)
    while True:
        try:
            client.snapshot(counter.store_id, schema_version())
        except SyncRefused as refused:
            if refused.code != _BUILDING:
                raise
        except TransportError as error:
            if error.code != "timeout":
                raise
        else:
            return
        time.sleep(_LOOK_AGAIN_S)


def send_all(till: BenchCounter) -> None:
    """Rounds until nothing waits."""
    till.step()
    while till.counter.status().waiting:
        till.step()


def differences(till: BenchCounter, raw: Raw | None = None) -> set[str]:
    """Tables whose row digests are not the same on the server and the counter, or the counter and RAW."""
    found: set[str] = set()
    for check in till.counter.engine.check():
        if not check.is_equal:
            names = {name for name, (ours, theirs) in check.counts.items() if ours != theirs}
            found |= names or {f"scope {check.scope_id}"}
    if raw is not None:
        with till.counter.read() as counter, raw.read() as plain:
            for kind in ("store", "chain"):
                ours, theirs = digest(counter, kind), digest(plain, kind)
                found |= {name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)}
    return found


def _measure(figures: dict[str, Any], name: str, till: BenchCounter, work: Callable[[], None]) -> None:
    before = till.traffic()
    figures[f"{name}_s"] = _round(_timed(work))
    after = till.traffic()
    figures[f"{name}_bytes"] = after.received - before.received
    figures[f"{name}_bytes_sent"] = after.sent - before.sent


def _fresh(before: Rows, after: Rows) -> Rows:
    """Rows that were not there before."""
    found = {name: sorted(set(rows) - set(before.get(name, ()))) for name, rows in after.items()}
    return {name: rows for name, rows in found.items() if rows}


def _timed(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _round(seconds: float) -> float:
    return round(seconds, 5)
