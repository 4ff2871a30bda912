"""A PostgreSQL with room for ten connections, all of them taken again and again, and servers killed while they wait."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import psycopg
import pytest

from guidedesk.bench.local_postgres import LocalPostgres
from tests.faults.crash_points import CrashPlan
from tests.faults.forked import KILLED, ForkServer
from tests.faults.office import Desk, Office, check_exactly_once, count_up, open_desk, open_office
from tests.faults.own_postgres import OwnPostgres
from tests.helpers.world import open_world

ROOM: Final = {"max_connections": "12", "superuser_reserved_connections": "2"}
ROUNDS: Final = 12
_END_ALL: Final = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'guidedesk_app'"


@pytest.fixture
def office(tmp_path: Path, server_forks: ForkServer) -> Iterator[Office]:
    with LocalPostgres(is_durable=False, settings=ROOM) as local:
        world = open_world(tmp_path, backend=OwnPostgres(local))
        opened = open_office(world, server_forks)
        world.database.engine.dispose()  # what the test itself holds is not there for the server
        yield opened
        opened.kill()
        world.close()


@contextmanager
def crowded(office: Office) -> Iterator[int]:
    """The server's connections are ended, and every one there may be is taken by others; how many those got."""
    with ExitStack() as taken:
        count = 0
        with office.world.backend.owner(office.world.url).begin() as conn:
            conn.exec_driver_sql(_END_ALL)
        while True:
            try:
                taken.enter_context(psycopg.connect(office.world.url))
            except psycopg.OperationalError:
                break
            count += 1
        yield count


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_server_works_on_as_soon_as_it_has_room(office: Office, counter_forks: ForkServer) -> None:
    told: Tally[str] = Tally()
    taken = deaths = 0
    desk: Desk | None = None
    for number in range(ROUNDS):
        # At once after the last one died with its transactions open: what it had is free again.
        server = office.open(CrashPlan("commit server.push._decide", "before", 3 + number % 3))
        office.wait_until_open()
        desk = desk or open_desk(office, counter_forks)
        office.world.database.engine.dispose()
        with crowded(office) as count:
            taken += count
            told.update(str(code) for code in desk.live("shift", turns=2).all("step"))
        for _ in range(4):
            if not server.is_dead():
                told.update(f"room: {code}" for code in desk.live("shift").all("step"))
        deaths += server.is_dead()
        office.kill()
        assert server.code == KILLED
    office.open()
    office.wait_until_open()
    assert desk is not None
    desk.settle()
    operations = check_exactly_once(office, desk)
    assert taken > ROUNDS
    done = f"{operations} operations, each once"
    count_up(f"{deaths} servers died, others took {taken} connections, steps said {dict(told)}; {done}")
    assert "server_busy" in told
    assert not {"server_fault", "not_initialised"} & {code.removeprefix("room: ") for code in told}
