"""A store with real counters and a real head office in processes of their own, and what must be true of them."""

from __future__ import annotations

import json
import socket
import sys
from collections import Counter as Tally
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import func, select

from guidedesk.models import server_tables as tables
from guidedesk.models.entities import entity_tables
from guidedesk.server.audit import verify_audit
from guidedesk.server.secrets import write_secrets
from guidedesk.server.settings import write_settings
from guidedesk.services.operations import RegisterMember
from tests.faults.crash_points import CrashPlan
from tests.faults.forked import KILLED, Child, ForkServer
from tests.helpers.counter_parts import record
from tests.helpers.postgres import BACKENDS
from tests.helpers.real_profile import new_profile
from tests.helpers.world import World, settle

PEOPLE: Final = 12
# What an operation leaves, once each: type -> (table, field of the body that names the row).
_LEAVES: Final = {
    "interaction": ("interaction", "interaction_id"),
    "follow_up": ("follow_up", "follow_up_id"),
    "register": ("member", "member_id"),
}


def gate_on(name: str) -> pytest.MarkDecorator:
    """Runs in the gate with this database under the server, and with the other one among the long tests."""
    kinds = [pytest.param(kind, marks=() if kind == name else pytest.mark.long) for kind in sorted(BACKENDS)]
    return pytest.mark.parametrize("backend", kinds, indirect=True)


def count_up(text: str) -> None:
    """What a long test did, for whoever runs it with `-s`."""
    sys.stdout.write(f"\n{text}\n")


def free_port() -> int:
    """One that nobody has now."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        return int(listening.getsockname()[1])


@dataclass
class Office:
    """The world of the other suites, served by `guidedesk serve` on a port that stays the same."""

    world: World
    server_forks: ForkServer
    authority: str
    secrets: Path
    members: list[str]
    server: Child | None = None

    def open(self, plan: CrashPlan | None = None) -> Child:
        """Serve, until killed or `close`."""
        self.server = self.server_forks.start(
            database=self.world.url,
            secrets=str(self.secrets),
            listen=self.authority,
            plan=None if plan is None else _told(plan),
        )
        return self.server

    def wait_until_open(self) -> None:
        """Returns once it says that it listens."""
        assert self.server is not None
        assert self.server.wait_for("says").endswith(self.authority)

    def stop(self) -> Child:
        """End it as whoever runs a server does."""
        assert self.server is not None
        ended, self.server = self.server, None
        ended.stop()
        return ended

    def kill(self) -> None:
        """SIGKILL, unless it is dead already."""
        if self.server is not None:
            self.server.kill()
            self.server = None


@dataclass
class Desk:
    """One counter's profile through all its lives, and everything it ever showed as saved."""

    office: Office
    forks: ForkServer
    folder: Path
    device_id: str
    actor: str
    saved: list[str] = field(default_factory=list)
    lives: int = 0
    pruned: bool = False

    def begin(self, act: str, plan: CrashPlan | None = None, **more: Any) -> Child:
        """One more life; `finish` it."""
        self.lives += 1
        told = {"profile": str(self.folder), "actor": self.actor, "seed": self.lives, "members": self.office.members}
        expected = [] if self.pruned else self.saved[-60:]
        told |= {"act": act, "plan": None if plan is None else _told(plan), "expect": expected}
        self.pruned = self.pruned or act == "clean_up"
        return self.forks.start(**told | more)

    def finish(self, child: Child) -> Child:
        """Wait for its end; fails where the files were not whole when it opened, or what was saved was missing."""
        code = child.end()
        for operations in child.all("saved"):
            self.saved += operations
        assert code in (0, KILLED), child.told
        (*rest,) = child.all("opened")
        for found in rest:
            assert found["journal"] == ["('ok',)"], found
            assert found["cache"] == ["('ok',)"], found
            assert found["numbers"], found
            assert found["missing"] == [], found
        return child

    def live(self, act: str, plan: CrashPlan | None = None, **more: Any) -> Child:
        """`begin` and `finish`."""
        return self.finish(self.begin(act, plan, **more))

    def settle(self) -> dict[str, Any]:
        """Faults are over: everything is answered, and both sides hold the same."""
        child = self.live("settle")
        assert child.code == 0, child.told
        (settled,) = child.all("settled")
        assert settled["error"] is None, child.told
        assert settled["waiting"] == []
        assert settled["equal"] == [True, True]
        return dict(settled)


def _told(plan: CrashPlan) -> dict[str, Any]:
    return {"point": plan.point, "when": plan.when, "nth": plan.nth}


def open_office(world: World, server_forks: ForkServer) -> Office:
    """A store in which a dozen people are known, behind an address at which nobody listens yet."""
    till = world.till()
    settle(till)
    members = []
    for number in range(PEOPLE):
        members.append(till.counter.new_id())
        joining = RegisterMember(member_id=members[-1], name=f"客{number}", consents=(("service", True),))
        record(till.counter, joining, actor=till.actor("a1"))
    settle(till)
    till.close()
    write_settings(world.database, {"snapshot_rows": "10"})
    secrets = world.folder / "secrets.json"
    write_secrets(secrets, world.context.secrets)
    return Office(world, server_forks, f"127.0.0.1:{free_port()}", secrets, members)


def open_desk(office: Office, forks: ForkServer, authority: str | None = None, name: str = "desk") -> Desk:
    """A counter of the store that was let in and has fetched nothing; `authority` where a proxy stands between."""
    profile = new_profile(office.world, authority or office.authority, name)
    return Desk(office, forks, profile.folder, profile.device_id, office.world.staff["a1"])


def check_exactly_once(office: Office, *desks: Desk) -> int:
    """Everything shown as saved is at head office and left its rows once; gives how many operations that were.

    What is there besides must have come from these counters too: a kill between the commit and the word "saved".
    """
    world = office.world
    log = tables.op_log.c
    with world.database.read() as conn:
        rows = conn.execute(
            select(log.op_id, log.type, log.status, log.body, log.device_id).where(log.scope_id == world.store_id)
        ).all()
        ours = {desk.device_id for desk in desks}
        decided = {row.op_id: row for row in rows if row.device_id in ours}
        assert len(decided) == sum(row.device_id in ours for row in rows)
        for desk in desks:
            lost = set(desk.saved) - decided.keys()
            assert not lost, lost
            assert len(set(desk.saved)) == len(desk.saved)
            _check_numbers(conn, world, desk)
        assert {row.status for row in decided.values()} <= {"accepted", "merged"}, Tally(
            row.status for row in decided.values()
        )
        for kind, (name, key) in _LEAVES.items():
            expected = Tally(_body(row.body)[key] for row in decided.values() if row.type == kind)
            table = entity_tables()[name]
            found = Tally(conn.execute(select(table.c.id).where(table.c.id.in_(list(expected)))).scalars())
            assert found == expected, (kind, found - expected, expected - found)
            assert set(expected.values()) <= {1}
        _check_feed(conn, world)
        assert verify_audit(conn, world.store_id).first_bad is None
        if world.database.is_sqlite:
            assert conn.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
    return len(decided)


def _check_numbers(conn: Any, world: World, desk: Desk) -> None:
    """I7: no gaps within an epoch at the server."""
    d = tables.device_op.c
    mine = (d.scope_id == world.store_id) & (d.device_id == desk.device_id)
    found: dict[int, list[int]] = {}
    for row in conn.execute(select(d.device_epoch, d.device_seq).where(mine).order_by(d.device_epoch, d.device_seq)):
        found.setdefault(row.device_epoch, []).append(row.device_seq)
    for numbers in found.values():
        assert numbers == list(range(1, len(numbers) + 1))


def _check_feed(conn: Any, world: World) -> None:
    """I3: the head is at or above every number."""
    scope, feed = tables.scope.c, tables.feed.c
    heads = {row.scope_id: row.head for row in conn.execute(select(scope.scope_id, scope.head))}
    for scope_id, top in conn.execute(select(feed.scope_id, func.max(feed.seq)).group_by(feed.scope_id)):
        assert heads[scope_id] >= top


def _body(stored: Any) -> dict[str, Any]:
    found = json.loads(stored) if isinstance(stored, str) else stored
    return dict(found.get("body", found))
