"""Twenty counters at work while something breaks every half minute: nothing lost, nothing doubled, nothing that grows.

`GUIDEDESK_FAULT_SOAK_S` says how long the work goes on (docs/reliability.md).
"""

from __future__ import annotations

import os
import signal
from collections import Counter as Tally
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, Final

import pytest

from guidedesk.server.commission_book import refresh
from guidedesk.server.commission_reads import lines_of
from guidedesk.server.commission_rules import publish_plan
from guidedesk.sync.system import SystemClock
from tests.faults.fault_proxy import FAULTS, FaultProxy
from tests.faults.forked import KILLED, Child, ForkServer
from tests.faults.office import Desk, Office, check_exactly_once, count_up, open_desk
from tests.helpers.counter_parts import START_MS
from tests.helpers.world import badge_of

SOAK_S: Final = int(os.environ.get("GUIDEDESK_FAULT_SOAK_S", "1200"))
COUNTERS: Final = 20
EVERY_S: Final = 30  # from one fault to the next
LASTS_S: Final = 10
PACE_S: Final = 4.0
READ_S: Final = 2.0  # how long a counter waits for an answer here: thirty seconds are for shops
# A new server begins with nothing in memory: those that are to be compared live to the end.
KILLS_UNTIL: Final = 0.4
CAUSES: Final = ("server killed", "line gone", "bad line", "server hangs", "answers never come")
MORE_KB: Final = 12 << 10
# Of each counter a kept connection, and the thread that serves it, is there or not at a moment; what leaks with each
# fault, or each exchange, is many times that in twenty minutes.
MORE_HANDLES: Final = COUNTERS
PLAN: Final[dict[str, Any]] = {
    "plan": "sales",
    "version": 1,
    "effective_from": "2026-11-01",
    "components": [{"id": "rate", "kind": "line_rate", "rules": [{"match": {}, "rate_bp": 1000}]}],
}


@dataclass
class Line:
    """Between all counters and head office."""

    how: str = ""
    random: Random = field(default_factory=lambda: Random(3))

    def __call__(self, _method: str, _path: str) -> str | None:
        if self.how == "line gone":
            return "refused"
        if self.how == "answers never come":
            return "stalled"
        if self.how == "bad line" and self.random.random() < 0.45:
            return self.random.choice(FAULTS)
        return None


@dataclass(frozen=True, slots=True)
class Sample:
    """What a process holds of its PC at a moment."""

    rss_kb: int
    handles: int
    threads: int


def sample(pid: int) -> Sample | None:
    """None where it is gone."""
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        status = dict(line.split(":", 1) for line in lines)
        handles = len(os.listdir(f"/proc/{pid}/fd"))
        return Sample(int(status["VmRSS"].split()[0]), handles, int(status["Threads"]))
    return None


@dataclass
class Trouble:
    """One fault at a time: it comes, lasts, and goes."""

    office: Office
    line: Line
    happened: Tally[str] = field(default_factory=Tally)
    _now: str = ""

    def at(self, second: int) -> None:
        """This second of the soak has come."""
        number, since = divmod(second, EVERY_S)
        if since == 0:
            cause = CAUSES[(number - 1) % len(CAUSES)]
            if cause == CAUSES[0] and second > SOAK_S * KILLS_UNTIL:
                cause = "server hangs"
            self._begin(cause)
        elif since == LASTS_S:
            self.end()

    def _begin(self, cause: str) -> None:
        self._now = self.line.how = cause
        self.happened[cause] += 1
        if cause == "server killed":
            self.office.kill()
        elif cause == "server hangs":
            self._signal(signal.SIGSTOP)

    def end(self) -> None:
        """Everything is well again."""
        if self._now == "server killed":
            self.office.open()
            self.office.wait_until_open()
        elif self._now == "server hangs":
            self._signal(signal.SIGCONT)
        self._now = self.line.how = ""

    def _signal(self, number: signal.Signals) -> None:
        assert self.office.server is not None
        os.kill(self.office.server.pid, number)


@dataclass
class Watch:
    """Memory and handles of the counters' process and of each server's, in time."""

    samples: dict[tuple[str, int], list[Sample]] = field(default_factory=dict)

    def look(self, fleet: Child, office: Office) -> None:
        """Now."""
        pids = [("counters", fleet.pid)] + ([("server", office.server.pid)] if office.server is not None else [])
        for who in pids:
            if (found := sample(who[1])) is not None:
                self.samples.setdefault(who, []).append(found)

    def check(self) -> list[str]:
        """Flat: of each process that lived to the end the last quarter beside the second one."""
        told: list[str] = []
        for who in ("counters", "server"):
            seen = [samples for (name, _pid), samples in self.samples.items() if name == who][-1]
            quarter = len(seen) // 4
            assert quarter > 2, seen
            early, late = seen[quarter : 2 * quarter], seen[-quarter:]
            before, after = (round(median(one.rss_kb for one in part)) for part in (early, late))
            few, many = (min(one.handles for one in part) for part in (early, late))
            threads = [min(one.threads for one in part) for part in (early, late)]
            minutes = [one.rss_kb >> 10 for one in seen[:: max(1, len(seen) // 20)]]
            memory = f"{before >> 10} -> {after >> 10} MB {minutes}"
            told.append(f"{who}: {memory}, {few} -> {many} handles, {threads} threads")
            assert after <= before * 1.1 + MORE_KB, "\n".join(told)
            assert many <= few + MORE_HANDLES, "\n".join(told)
            assert threads[1] <= threads[0] + MORE_HANDLES, "\n".join(told)
        return told


def paid(office: Office) -> int:
    """The sum of the ledger, minor units."""
    refresh(office.world.database, SystemClock().wall_ms())
    with office.world.database.read() as conn:
        return sum(line.amount for line in lines_of(conn, office.world.chain_id))


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_twenty_counters_work_on_whatever_breaks(office: Office, counter_forks: ForkServer) -> None:
    publish_plan(office.world.database, PLAN, actor=None, now_ms=START_MS)
    office.open()
    office.wait_until_open()
    line, watch = Line(), Watch()
    with FaultProxy(office.authority, line) as proxy, ForkServer("fleet") as forks:
        desks = [open_desk(office, counter_forks, proxy.authority, f"desk{n}") for n in range(COUNTERS)]
        trouble = Trouble(office, line)
        sold = work(forks, desks, trouble, watch)
        trouble.end()
        for desk in desks:
            desk.settle()
        operations = check_exactly_once(office, *desks)
    saved = sum(len(desk.saved) for desk in desks)
    assert operations >= saved > SOAK_S
    # A kill comes between a record and the word of it: what was sold then is at head office, and nobody was told.
    books, unheard = paid(office), operations - saved
    assert 0 <= books * 10 - sold <= unheard * 9_000, (books, sold, unheard)
    flat = watch.check()
    faults = f"{trouble.happened.total()} faults {dict(trouble.happened)}, {proxy.done.total()} requests"
    done = f"{saved} operations told as saved, {operations} at head office, each once; ledger {books} of {sold} sold"
    count_up(f"{SOAK_S} s, {COUNTERS} counters, {faults}; {done}; " + "; ".join(flat))


def work(forks: ForkServer, desks: Sequence[Desk], trouble: Trouble, watch: Watch) -> int:
    """The counters' whole time; the sum of what they say they sold. At the end their process is killed."""
    office, sold = trouble.office, 0
    whom = [{"profile": str(desk.folder), "actor": desk.actor, "members": office.members} for desk in desks]
    fleet = forks.start(desks=whom, badge=badge_of(desks[0].actor)["digits"], pace_s=PACE_S, read_s=READ_S)
    for said in fleet.listen():
        if "saved" in said:
            desks[said["desk"]].saved += said["saved"]
        sold += said.get("sold", 0)
        if "beat" in said:
            trouble.at(said["beat"])
            watch.look(fleet, office)
            if said["beat"] >= SOAK_S:
                break
        fleet.told.clear()
    assert fleet.kill() == KILLED
    for said in fleet.told:  # what it still said
        if "saved" in said:
            desks[said["desk"]].saved += said["saved"]
        sold += said.get("sold", 0)
    return sold
