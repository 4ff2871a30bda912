"""A storm: every counter of a chain comes back at the same moment after an outage, with its day's work.

`--counters` counters, four a store, each with `--ops` operations in its journal, find the server again at once. They
are the product's own: real journals and caches, real engine, HTTP on loopback. The ideal is what the same number of
operations would take if the counters came a few at a time, enough that the server never rests (the next one comes when
one has brought everything, not when it has also fetched what others did): some sixth of all, whole stores, one half
right before the storm and one half right after it, against the same server, so that what else this PC does is in both.
Meanwhile, in both, people at four more counters look members up; they also do with nothing else to do for the server,
before.

`ratios.storm` is the time from the first step to the last acknowledgement over the ideal; `figures.level_s` is when
the last counter also had everything of the others of its store.
`figures.slowest_over_median` compares counters; `figures.interactive_p95_ms` is what people waited for a look-up.
On a PC where others work too, a crowd gets more of the processors than a few do, and the ideal is none: then
`ratios.processor` is what counts, the processor time of server and database for an operation in the storm over that
among a few, and `floor.quiet_p95_ms` says what a look-up takes there with nothing else to do.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from guidedesk.bench.cpu_time import children, of_tree
from guidedesk.bench.figures import percentile
from guidedesk.bench.options import positive
from guidedesk.bench.storm_chain import MEMBERS, associate_id, decided, let_in, make_chain, shop_id
from guidedesk.bench.storm_counters import Came, Counters, Prober, serve_counters
from guidedesk.bench.sync_office import Office, open_office
from guidedesk.demo.leash import leash, scratch
from guidedesk.domain.errors import TransportError
from guidedesk.models.people import member_code
from guidedesk.server.admission import MOST_WAITING
from guidedesk.sync.client import call
from guidedesk.sync.identity import Identity

COUNTERS: Final = 200
OPS: Final = 500
A_STORE: Final = 4
_PART: Final = 6  # of all counters come back for the ideal
# At a time. With half as many the server rested while they took its answers in, and that was no floor: it took longer
# than a crowd does. It has five workers for exchanges (server/admission.py): three more wait, so that it never rests.
_FEW: Final = 8
_QUIET: Final = 8  # look-ups of each before, with nothing else to do
_PROBERS: Final = 4
_THINK_S: Final = 0.6  # 100 questions a minute of the 120 that a counter may ask (S-4)
_PROCESSES: Final = 4
_LAST_S: Final = 30


def add_options(parser: argparse.ArgumentParser) -> None:
    """How many, with how much, and what the server stands on."""
    parser.add_argument("--counters", type=positive, default=COUNTERS, metavar="N", help="counters (default 200)")
    parser.add_argument("--ops", type=positive, default=OPS, metavar="N", help="operations of each (default 500)")
    parser.add_argument(
        "--members", type=positive, default=MEMBERS, metavar="N", help=f"members of each store (default {MEMBERS})"
    )
    parser.add_argument(
        "--queue", type=int, default=MOST_WAITING, metavar="N", help="exchanges that may wait at the server"
    )
    parser.add_argument(
        "--server", choices=("sqlite", "postgresql"), default="postgresql", help="the server's database"
    )


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """One run; `holds` is False when an operation is missing, doubled or refused."""
    # The same number before and after, and at the end of neither are fewer than a few at work.
    half = min(args.counters, _FEW * max(1, round(args.counters / _PART / _FEW / 2)))
    few = 2 * half
    shops = -(-args.counters // A_STORE)
    few_shops = -(-few // A_STORE)
    with ExitStack() as stack:
        _say(f"{args.counters} counters in {shops} stores, and {few} for the ideal")
        data = stack.enter_context(scratch("guidedesk-storm-"))
        options = ("--sync-queue", str(args.queue))
        office = stack.enter_context(
            open_office(make_chain(data / "chain", shops + few_shops, args.members), args.server, options)
        )
        many = {f"storm-{n}": shop_id(n // A_STORE) for n in range(args.counters)}
        others = {f"ideal-{n}": shop_id(shops + n // A_STORE) for n in range(few)}
        crowd = stack.enter_context(_crowd(data, many | others))
        identities = crowd.enrol(office, many | others)
        probers = [_prober(stack, office, data, number % shops, number) for number in range(_PROBERS)]

        office.server.stop()
        _say(f"{len(identities)} counters are let in; each records {args.ops} operations")
        crowd.ask_all("record", args.ops)
        _say("the server is back")
        office.server.start()
        began_mb = _highest_mb(office.server.pid)
        for prober in probers:
            prober.ask(_QUIET)
        quiet = [seconds for prober in probers for seconds in prober.taken()]
        # One store's counters one after the other, as many stores at once as there are few.
        apart = _apart(list(others))
        for prober in probers:
            prober.start()
        used = [_used(office)]
        before_s = _seconds(crowd.come_back(apart[:half], _FEW))
        used.append(_used(office))
        _say(f"{half} at {_FEW} a time took {before_s:.1f} s; now all others")
        for prober in probers:
            prober.taken()
        storm = crowd.come_back(list(many), args.counters)
        asked = [seconds for prober in probers for seconds in prober.taken()]
        used.append(_used(office))
        after_s = _seconds(crowd.come_back(apart[half:], _FEW))
        used.append(_used(office))
        for prober in probers:
            prober.stop()
        ideal_s = (before_s + after_s) * args.counters / few
        highest_mb = _highest_mb(office.server.pid)
        statuses = decided(office, list(identities.values()))
        left = crowd.unsent()
    took = sorted(came.acknowledged_s - min(one.began_s for one in storm) for came in storm)
    refused = sum(prober.refused for prober in probers)
    total = args.ops * (args.counters + few)
    first, crowded, last = (after - before for before, after in itertools.pairwise(used))
    few_us, storm_us = 1e6 * (first + last) / (args.ops * few), 1e6 * crowded / (args.ops * args.counters)
    return {
        "params": {"counters": args.counters, "ops": args.ops, "server": args.server, "stores": shops,
                   "members": args.members, "queue": args.queue},
        "figures": {
            "seconds": round(took[-1], 3),
            "ops_per_s": round(args.ops * args.counters / took[-1]),
            "first_s": round(took[0], 3),
            "median_s": round(statistics.median(took), 3),
            "level_s": round(max(came.level_s for came in storm) - min(came.began_s for came in storm), 3),
            "slowest_over_median": round(took[-1] / statistics.median(took), 3),
            "cpu_us_per_op": round(storm_us),
            "told_to_wait": sum(came.turned_away for came in storm),
            "failed_steps": sum(came.failed for came in storm),
            "interactive_p50_ms": round(percentile(asked, 50) * 1000, 1),
            "interactive_p95_ms": round(percentile(asked, 95) * 1000, 1),
            "interactive_asked": len(asked),
            "interactive_refused": refused,
            "server_rss_mb": highest_mb,
            "server_rss_before_mb": began_mb,
            "by_status": statuses,
            "unsent": sum(queued for queued, _ in left.values()),
            "refused": sum(bad for _, bad in left.values()),
        },
        "floor": {
            "ideal_s": round(ideal_s, 3),
            "ideal_counters": few,
            "before_s": round(before_s, 3),
            "after_s": round(after_s, 3),
            "cpu_us_per_op": round(few_us),
            "quiet_p50_ms": round(percentile(quiet, 50) * 1000, 1),
            "quiet_p95_ms": round(percentile(quiet, 95) * 1000, 1),
        },
        "ratios": {"storm": round(took[-1] / ideal_s, 3)}
        | ({"processor": round(storm_us / few_us, 3)} if few_us else {}),
        "holds": statuses == {"accepted": total} and not any(q or bad for q, bad in left.values()) and not refused,
    }


class _Crowd:
    """All counters, in a few processes."""

    def __init__(self, pipes: Sequence[Connection], names: Sequence[str]) -> None:
        self._pipes = pipes
        self._names = names

    def _mine(self, number: int) -> list[str]:
        return list(self._names[number :: len(self._pipes)])

    def enrol(self, office: Office, stores: Mapping[str, str]) -> dict[str, Identity]:
        made: dict[str, tuple[str, bytes]] = {}
        for one in self._asked("make", [self._mine(n) for n in range(len(self._pipes))]):
            made |= one
        identities = let_in(office, made, stores)
        mine = [{name: identities[name] for name in self._mine(n)} for n in range(len(self._pipes))]
        self._asked("enrol", mine)
        return identities

    def come_back(self, names: Sequence[str], at_once: int) -> list[Came]:
        count = len(self._pipes)
        shares = [[name for name in names if name in set(self._mine(n))] for n in range(count)]
        given = [(share, max(1, at_once // count)) for share in shares]
        return [came for some in self._asked("come_back", given) for came in some]

    def unsent(self) -> dict[str, tuple[int, int]]:
        found: dict[str, tuple[int, int]] = {}
        for one in self.ask_all("unsent", None):
            found |= one
        return found

    def ask_all(self, word: str, given: Any) -> list[Any]:
        return self._asked(word, [given] * len(self._pipes))

    def _asked(self, word: str, given: Sequence[Any]) -> list[Any]:
        for pipe, one in zip(self._pipes, given, strict=True):
            pipe.send((word, one))
        answers = [pipe.recv() for pipe in self._pipes]
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return answers


@contextmanager
def _crowd(folder: Path, names: Mapping[str, str]) -> Iterator[_Crowd]:
    making = multiprocessing.get_context("spawn")
    pipes, processes, held = [], [], []
    for _ in range(_PROCESSES):
        ours, theirs = making.Pipe()
        process = making.Process(target=serve_counters, args=(theirs, folder), daemon=True)
        process.start()
        held.append(leash().hold_process(process.pid or 0))
        theirs.close()
        pipes.append(ours)
        processes.append(process)
    try:
        yield _Crowd(pipes, list(names))
    finally:
        for pipe in pipes:
            pipe.close()
        for process in processes:
            process.join(_LAST_S)
            if process.is_alive():  # its counters wait for a server that is gone
                process.kill()
                process.join()
        for number in held:
            leash().release(number)


def _prober(stack: ExitStack, office: Office, folder: Path, shop: int, number: int) -> Prober:
    """Somebody who looks up members of this store by their codes."""
    name = f"asking-{number}"
    counters = Counters(folder)
    stack.callback(counters.close)
    made = counters.make([name])
    identity = let_in(office, made, {name: shop_id(shop)})[name]
    line = counters.line(name, identity)
    with office.database() as database, database.read() as conn:
        codes = list(
            conn.execute(select(member_code.c.digits).where(member_code.c.scope_id == shop_id(shop))).scalars()
        )
    asked = iter(range(sys.maxsize))

    def ask() -> None:
        digits = codes[next(asked) % len(codes)]
        answer = call(line, "/v1/codes/resolve", {"digits": digits, "staff_id": associate_id(shop)})
        if not answer["rows"]:
            raise TransportError("bad_answer")

    return Prober(ask, _THINK_S)


def _apart(names: Sequence[str]) -> list[str]:
    """Counters of one store not side by side."""
    return [name for first in range(A_STORE) for name in names[first::A_STORE]]


def _used(office: Office) -> float:
    """Seconds of the processor that server and database have used so far; 0 where the system does not tell."""
    return (of_tree(office.server.pid) or 0.0) + (of_tree(office.postgres_pid) or 0.0)


def _say(text: str) -> None:
    """How far it is: at the full size it takes many minutes."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")


def _seconds(came: Sequence[Came]) -> float:
    return max(one.acknowledged_s for one in came) - min(one.began_s for one in came)


def _highest_mb(pid: int | None) -> float | None:
    """The most memory that a process and those it started had so far, MB; None where the system does not tell."""
    if pid is None or sys.platform != "linux":
        return None
    kilobytes = 0
    for one in (pid, *children(pid)):
        lines = Path(f"/proc/{one}/status").read_text(encoding="ascii").splitlines()
        kilobytes += next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    return round(kilobytes * 1_024 / 1_000_000, 1)
