"""Head office and counters for `bench sync`: a server process on loopback, counters enrolled as a manager would."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final, Literal

from sqlalchemy import bindparam, select, update

from guidedesk.bench.local_postgres import LocalPostgres
from guidedesk.bench.people import STORE
from guidedesk.bench.sync_data import DATABASE, SECRETS, StoreData, to_postgresql
from guidedesk.bench.sync_floor import Rows, read_rows
from guidedesk.demo.leash import scratch
from guidedesk.demo.server_process import ServerProcess
from guidedesk.domain.access import Actor
from guidedesk.domain.errors import GuideDeskError
from guidedesk.models.people import member
from guidedesk.server.database import ScopeWrite, ServerDatabase, open_server
from guidedesk.server.enrolment import approve_device
from guidedesk.server.feed import chunks
from guidedesk.server.roles import APP
from guidedesk.server.secrets import load_secrets
from guidedesk.services.operations import LogInteraction, Operation, RecordVisit, ScheduleFollowUp, SetTag
from guidedesk.services.queries.reference import list_staff
from guidedesk.sync.counter import Counter
from guidedesk.sync.enrol_client import Enrolment
from guidedesk.sync.http_transport import HttpTransport, Traffic
from guidedesk.sync.open_counter import open_counter
from guidedesk.sync.system import SystemClock, SystemRandom

ServerKind = Literal["sqlite", "postgresql"]
SEED: Final = 20_261_129
_AT_ONCE: Final = 125  # operations recorded together: nothing of it is measured
_PATIENCE_S: Final = 60


@dataclass
class BenchCounter:
    """An enrolled counter with its real files, and what its lines have carried."""

    counter: Counter
    lines: list[HttpTransport] = field(default_factory=list)

    def traffic(self) -> Traffic:
        """Bytes of all its lines so far."""
        return Traffic(sum(line.traffic.sent for line in self.lines), sum(line.traffic.received for line in self.lines))

    def step(self) -> None:
        """One round of the engine; its error where there is one."""
        outcome = self.counter.engine.step()
        if outcome.error is not None:
            raise outcome.error

    def rows(self) -> Rows:
        """Every row that its subscriptions brought, as its file holds them."""
        with self.counter.read() as conn:
            return read_rows(conn.connection)

    def record(self, count: int) -> list[Operation]:
        """Record `count` operations of a busy store, as people at this counter would."""
        random, counter = Random(SEED), self.counter
        with counter.read() as conn:
            members = list(conn.execute(select(member.c.id).order_by(member.c.id).limit(20_000)).scalars())
            who = next(one for one in list_staff(conn, counter.store_id) if one.role == "associate")
        actor = Actor(who.id, "associate", frozenset({counter.store_id}))
        done: list[Operation] = []
        while len(done) < count:
            some = [_operation(counter, random, members) for _ in range(min(_AT_ONCE, count - len(done)))]
            counter.record_operations(some, actor, 1)
            done += some
        return done


@dataclass
class Office:
    """A central server, and the store whose counters are enrolled."""

    folder: Path
    url: str  # as the server process connects
    admin_url: str
    server: ServerProcess
    counters: list[BenchCounter] = field(default_factory=list)
    store_id: str = STORE
    postgres_pid: int | None = None  # of a PostgreSQL that is this office's own

    def enrol(self, name: str) -> BenchCounter:
        """A new counter of the store, empty."""
        lines: list[HttpTransport] = []
        made = BenchCounter(open_counter(self.folder / name, has_demo_key=True, on_line=lines.append), lines)
        self.counters.append(made)
        enrolment = Enrolment.begin(made.counter, self.server.url, name)
        with self.database() as database:
            approve_device(
                database, load_secrets(self.folder / SECRETS), SystemRandom(), code=enrolment.shown_code,
                store_id=self.store_id, actor=None, now_ms=SystemClock().wall_ms(), label=name,
            )  # fmt: skip
        deadline = time.monotonic() + _PATIENCE_S
        while not enrolment.poll():
            if time.monotonic() > deadline:
                raise GuideDeskError("enrol_expired")
            time.sleep(enrolment.next_poll_ms / 1000)
        return made

    @contextmanager
    def database(self) -> Iterator[ServerDatabase]:
        """The server's database, beside the running server."""
        database = open_server(self.admin_url)
        try:
            yield database
        finally:
            database.close()

    def change_members(self, count: int) -> None:
        """Head office gives `count` members of the store, spread over all, another tier."""
        with self.database() as database:
            with database.read() as conn:
                everyone = list(conn.execute(select(member.c.id).where(member.c.scope_id == STORE)).scalars())
            chosen = sorted(Random(SEED).sample(sorted(everyone), min(count, len(everyone))))
            for chunk in chunks(chosen):
                database.write(STORE, lambda opened, ids=chunk: _change(opened, ids))  # type: ignore[misc]


@contextmanager
def open_office(data: StoreData, kind: ServerKind, options: Sequence[str] = ()) -> Iterator[Office]:
    """The server running on a copy of the data; everything is stopped and removed at the end."""
    with ExitStack() as stack:
        folder = stack.enter_context(scratch("guidedesk-bench-"))
        data.copy_into(folder)
        url = admin_url = f"sqlite:///{folder / DATABASE}"
        postgres_pid: int | None = None
        if kind == "postgresql":
            local = stack.enter_context(LocalPostgres(is_durable=True))
            postgres_pid = local.pid
            to_postgresql(folder, local, "sync")
            url, admin_url = local.url("sync", APP), local.url("sync")
        server = ServerProcess(url, folder / SECRETS, folder / "server.log", options)
        office = Office(folder, url, admin_url, server, postgres_pid=postgres_pid)
        stack.callback(server.stop)
        server.start()
        try:
            yield office
        finally:
            for one in office.counters:
                one.counter.close()


def _change(opened: ScopeWrite, member_ids: Sequence[str]) -> None:
    m = member.c
    changed = (
        update(member)
        .where(m.scope_id == STORE, m.id == bindparam("the_id"))
        .values(tier="super", row_ver=m.row_ver + 1)
    )
    opened.conn.execute(changed, [{"the_id": member_id} for member_id in member_ids])
    for member_id in member_ids:
        opened.touch("member", STORE, member_id, 2)


def _operation(counter: Counter, random: Random, members: Sequence[str]) -> Operation:
    member_id, row_id, kind = random.choice(members), counter.new_id(), random.random()
    if kind < 0.5:
        return RecordVisit(visit_id=row_id, member_id=member_id)
    if kind < 0.8:
        return LogInteraction(
            interaction_id=row_id, member_id=member_id, kind="visit", outcome="tried", note="想看新到的羊绒大衣"
        )
    if kind < 0.9:
        return SetTag(member_id=member_id, is_on=True, tag=f"标签{random.randrange(50)}")
    return ScheduleFollowUp(follow_up_id=row_id, member_id=member_id, due_date="2027-01-15", text="新款到店时通知")
