"""A chain in one file: taken beside a working server, brought back into either kind of database, or refused whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from guidedesk.domain.errors import Refused, StorageError
from guidedesk.domain.time import DAY_MS
from guidedesk.models.base import SERVER
from guidedesk.server.audit import verify_audit
from guidedesk.server.backup import restore_backup, write_backup
from guidedesk.server.backup_file import BackupWriter
from guidedesk.server.context import SystemRandom
from guidedesk.server.database import ServerDatabase, open_server
from guidedesk.server.schema import check_schema
from guidedesk.server.secrets import new_secrets
from tests.helpers.counter_parts import log, register
from tests.helpers.postgres import BACKENDS, SQLITE, Backend
from tests.helpers.world import World, open_world, settle

RANDOM = SystemRandom()


def save(world: World, name: str = "monday.gdbackup") -> Path:
    path = world.folder / name
    write_backup(world.database, world.context.secrets, path, clock=world.clock, random=RANDOM)
    return path


def everything(database: ServerDatabase) -> dict[str, list[str]]:
    """Every row of every table, as text."""
    with database.read_snapshot() as conn:
        return {
            table.name: sorted(repr(tuple(row)) for row in conn.execute(select(table)))
            for table in SERVER.sorted_tables
        }


def empty(folder: Path, backend: Backend) -> str:
    inside = folder / "new"
    inside.mkdir()
    return backend.empty(inside)


@pytest.mark.parametrize("kind", sorted(BACKENDS))
def test_every_row_comes_back_in_either_kind_of_database(world: World, kind: str) -> None:
    till = world.till()
    log(till.counter, register(till.counter, actor=till.actor("a1")), "scarf", actor=till.actor("a1"))
    settle(till)
    before, path = everything(world.database), save(world)
    backend = BACKENDS[kind]
    url = empty(world.folder, backend)
    database = open_server(url)
    try:
        restored = restore_backup(database, world.context.secrets, path, world.clock)
        check_schema(database)
        after = everything(database)
        with database.read() as conn:
            assert verify_audit(conn, world.store_id).first_bad is None
    finally:
        database.close()
        backend.discard(url)
    assert restored.rows == sum(map(len, before.values()))
    # A new epoch in every scope, told in the audit log and to the feed's reader; nothing else is another.
    new = {name for name in before if before[name] != after[name]}
    assert {"scope", "audit"} <= new <= {"scope", "audit", "scope_head", "feed"}
    assert set(before["audit"]) < set(after["audit"])


def test_counters_send_again_what_the_backup_does_not_hold(world: World, backend: Backend) -> None:
    here, there = world.till(), world.till()
    member = register(here.counter, actor=here.actor("a1"))
    settle(here, there)
    path = save(world)
    log(here.counter, member, "after the backup", actor=here.actor("a1"))
    settle(here, there)
    world.clock.tick(DAY_MS)
    log(there.counter, member, "while it was broken", actor=there.actor("a2"))
    known = world.recorded()
    url = empty(world.folder, backend)
    database = open_server(url)
    restore_backup(database, world.context.secrets, path, world.clock)
    database.close()
    world.restore(url)
    settle(here, there)
    recorded = world.recorded()
    assert known.items() < recorded.items()
    assert set(recorded.values()) == {"accepted"}
    for till in (here, there):
        assert {info.state for info in till.counter.records.latest(20)} == {"accepted"}
        assert all(check.is_equal for check in till.counter.engine.check())


def test_a_backup_made_while_a_counter_sends_is_of_one_moment(
    world: World, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    till = world.till()
    settle(till)
    before, add = everything(world.database), BackupWriter.add

    def busy(self: BackupWriter, value: Any, *, is_last: bool = False) -> None:
        if isinstance(value, list) and not world.recorded():  # the first rows are written: now somebody works
            register(till.counter, actor=till.actor("a1"))
            settle(till)
        add(self, value, is_last=is_last)

    monkeypatch.setattr(BackupWriter, "add", busy)
    path = save(world)
    assert len(world.recorded()) == 1
    url = empty(world.folder, backend)
    database = open_server(url)
    restore_backup(database, world.context.secrets, path, world.clock)
    after = everything(database)
    database.close()
    backend.discard(url)
    assert after["member"] == before["member"]
    assert after["op_log"] == before["op_log"] == []


def test_nothing_is_replaced_and_nothing_half_made_is_left(world: World) -> None:
    path = save(world)
    kept = path.read_bytes()
    with pytest.raises(StorageError, match="backup_exists"):
        save(world)
    with pytest.raises(StorageError, match="backup_unwritable"):
        save(world, "no such folder/monday.gdbackup")
    assert path.read_bytes() == kept
    assert path.stat().st_mode & 0o077 == 0
    assert not list(world.folder.glob("*.part"))


def test_a_backup_is_only_for_who_holds_its_keys_and_for_an_empty_database(world: World, backend: Backend) -> None:
    path = save(world)
    before = everything(world.database)
    with pytest.raises(Refused, match="database_not_empty"):
        restore_backup(world.database, world.context.secrets, path, world.clock)
    assert everything(world.database) == before
    url = empty(world.folder, backend)
    database = open_server(url)
    with pytest.raises(Refused, match="backup_wrong_keys"):
        restore_backup(database, new_secrets(RANDOM), path, world.clock)
    database.close()
    backend.discard(url)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, bytes]]:
    world = open_world(tmp_path_factory.mktemp("saved"), backend=SQLITE)
    till = world.till()
    register(till.counter, actor=till.actor("a1"))
    settle(till)
    yield world, save(world).read_bytes()
    world.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 1 << 30), change=st.sampled_from(("flip", "cut", "double", "more")))
@example(place=0, change="cut")
@example(place=1, change="more")
@example(place=60, change="flip")  # the length of the first frame
def test_a_damaged_backup_brings_nothing_back(
    saved: tuple[World, bytes], tmp_path: Path, place: int, change: str
) -> None:
    world, whole = saved
    at = place % len(whole)
    damaged = {
        "flip": whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :],
        "cut": whole[:at],
        "double": whole[: at + 1] + whole[at:],
        "more": whole + b"\n",
    }[change]
    path = tmp_path / "damaged.gdbackup"
    path.write_bytes(damaged)
    (tmp_path / "server.db").unlink(missing_ok=True)
    database = open_server(SQLITE.empty(tmp_path))
    try:
        with pytest.raises(Refused, match=r"backup_(unreadable|wrong_keys)"):
            restore_backup(database, world.context.secrets, path, world.clock)
        with pytest.raises(Refused, match="not_initialised"):
            check_schema(database)
    finally:
        database.close()
