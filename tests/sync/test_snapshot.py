"""The first sync of a large store: loaded whole, interrupted, resumed, and equal to what the server says."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from guidedesk.domain.errors import StorageError, TransportError
from guidedesk.models import server_tables as tables
from guidedesk.models.base import CACHE
from guidedesk.models.entities import entity_tables
from guidedesk.models.people import member
from guidedesk.server import snapshots
from guidedesk.server.settings import write_settings
from guidedesk.server.snapshot_image import write_image
from guidedesk.services.operations import RegisterMember, SetTag
from guidedesk.sync.transport import Request, Response
from tests.helpers.counter_parts import log, record
from tests.helpers.world import Till, World, settle
from tests.sync.test_grants_end import buy

PEOPLE = 12


@pytest.fixture
def form(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the server sends: to counters whose tables it knows a file, to others rows."""
    monkeypatch.setattr(snapshots, "_PAGE_ROWS", 3)
    monkeypatch.setattr(snapshots, "_PORTION", 9)
    wanted = str(getattr(request, "param", "image"))
    if wanted == "rows":
        monkeypatch.setattr(snapshots, "schema_version", lambda: 1)
    return wanted


both_forms = pytest.mark.parametrize("form", ["image", "rows"], indirect=True)


@pytest.fixture
def world(world: World, form: str) -> World:
    write_settings(world.database, {"snapshot_rows": "10"})
    return world


@pytest.fixture
def full(world: World) -> Till:
    """A counter whose store has members, tags and purchases."""
    till = world.till()
    settle(till)
    members = [till.counter.new_id() for _ in range(PEOPLE)]
    for number, member_id in enumerate(members):
        joining = RegisterMember(member_id=member_id, name=f"客{number}", consents=(("service", True),))
        record(till.counter, joining, SetTag(member_id=member_id, is_on=True, tag="丝绸"), actor=till.actor("a1"))
    settle(till)
    for member_id in members:
        buy(till, member_id, f"T-{member_id}")
    settle(till)
    return till


def asked(till: Till, part: str) -> list[str]:
    return [request.path for request in till.wire.sent if part in request.path]


def names(till: Till) -> set[str]:
    with till.counter.read() as conn:
        return set(conn.execute(select(member.c.name)).scalars())


def is_whole(till: Till) -> bool:
    return all(check.is_equal for check in till.counter.engine.check()) and len(names(till)) == PEOPLE


@both_forms
def test_a_large_store_comes_as_a_snapshot_and_the_rest_is_pulled(world: World, full: Till) -> None:
    new = world.till()
    settle(new)
    assert asked(new, "/v1/sync/snapshot?")
    assert is_whole(new)
    with new.counter.read() as conn:
        indexes = set(conn.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'index'").scalars())
        lines = conn.execute(select(func.count()).select_from(CACHE.tables["purchase_line"])).scalar_one()
    assert {str(index.name) for table in CACHE.tables.values() for index in table.indexes} <= indexes
    assert lines == PEOPLE
    assert not list(new.folder.glob("cache.next*"))
    pages = len(asked(new, "/v1/sync/snapshot/"))
    record(full.counter, RegisterMember(member_id=full.counter.new_id(), name="新客"), actor=full.actor("a1"))
    settle(full, new)
    assert "新客" in names(new)
    assert len(asked(new, "/v1/sync/snapshot/")) == pages


@both_forms
def test_a_first_sync_cut_off_goes_on_at_the_page_it_had_reached(world: World, full: Till) -> None:
    new = world.till()
    seen: list[tuple[int, int]] = []

    def cut_off(request: Request) -> Response | None:
        if request.path.startswith("/v1/sync/snapshot/"):
            seen.append(new.counter.status().loading or (0, 0))
            if len(seen) == 5:
                raise TransportError("connection_lost")
        return None

    new.wire.on_send = cut_off
    assert new.counter.engine.step().error is not None
    new.close()  # the process is gone; what it had fetched is in the file beside the cache
    new.wire.on_send = lambda _request: None
    settle(new)
    assert is_whole(new)
    fetched = asked(new, "/v1/sync/snapshot/")
    assert len(fetched) == len(set(fetched)) + 1  # only the page that was lost came again
    assert [done for done, _ in seen] == [0, 1, 2, 3, 4]
    assert new.counter.status().loading is None


def test_a_snapshot_the_server_no_longer_has_is_begun_anew(world: World, full: Till) -> None:
    new = world.till()
    new.wire.on_send = lambda request: stop_after(request, "/3")
    assert new.counter.engine.step().error is not None
    with world.database.engine.begin() as conn:
        conn.execute(tables.snapshot.delete())
        conn.execute(tables.snapshot_page.delete())
    new.wire.on_send = lambda _request: None
    settle(new)
    assert is_whole(new)


def stop_after(request: Request, end: str) -> Response | None:
    if request.path.startswith("/v1/sync/snapshot/") and request.path.endswith(end):
        raise TransportError("connection_lost")
    return None


def test_a_spoilt_page_is_not_taken(world: World, full: Till) -> None:
    new = world.till()

    def spoil(request: Request) -> Response | None:
        if not request.path.startswith("/v1/sync/snapshot/"):
            return None
        assert new.wire.inner is not None
        answer = new.wire.inner.send(request)
        return Response(answer.status, answer.body[:-1] + b"!", answer.headers)

    new.wire.on_send = spoil
    outcome = new.counter.engine.step()
    assert isinstance(outcome.error, TransportError)
    assert names(new) == set()
    new.wire.on_send = lambda _request: None
    settle(new)
    assert is_whole(new)


def test_a_file_that_is_not_exactly_ours_is_refused_and_rows_are_fetched(
    world: World, full: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_more(path: Path, *rest: Any) -> dict[str, int]:
        counts = write_image(path, *rest)
        with sqlite3.connect(path) as image:
            image.execute("CREATE TRIGGER t AFTER INSERT ON member BEGIN DELETE FROM visit; END")
        image.close()
        return counts

    monkeypatch.setattr(snapshots, "write_image", write_more)
    new = world.till()
    outcome = new.counter.engine.step()
    assert isinstance(outcome.error, StorageError)
    assert names(new) == set()
    settle(new)
    assert is_whole(new)
    assert not list(new.folder.glob("cache.next*"))


def test_a_server_without_room_for_a_file_sends_rows(
    world: World, full: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> dict[str, int]:
        raise OSError(errno.ENOSPC, "no room")

    monkeypatch.setattr(snapshots, "write_image", fail)
    new = world.till()
    settle(new)
    assert asked(new, "/v1/sync/snapshot?")
    assert is_whole(new)


def test_a_page_half_written_is_fetched_again(world: World, full: Till) -> None:
    new = world.till()
    new.wire.on_send = lambda request: stop_after(request, "/4")
    assert new.counter.engine.step().error is not None
    new.close()
    staged = new.folder / "cache.next.db"
    staged.write_bytes(staged.read_bytes()[:-5_000])
    new.wire.on_send = lambda _request: None
    settle(new)
    assert is_whole(new)
    pages = asked(new, "/v1/sync/snapshot/")
    assert sum(path.endswith("/3") for path in pages) == 2
    assert sum(path.endswith("/2") for path in pages) == 1


def test_a_lost_cache_comes_back_with_the_work_that_waits(world: World, full: Till) -> None:
    with full.counter.read() as conn:
        someone = conn.execute(select(member.c.id).limit(1)).scalar_one()
    full.wire.is_cut = True
    interaction = log(full.counter, someone, "还没发送", actor=full.actor("a1"))
    full.close()
    for path in full.folder.glob("cache.db*"):
        path.unlink()
    full.wire.is_cut = False
    full.wire.on_send = refuse_push
    full.counter.engine.step()
    table = entity_tables()["interaction"]
    with full.counter.read() as conn:
        assert conn.execute(select(table.c.note).where(table.c.id == interaction)).scalar() == "还没发送"
    assert full.counter.status().waiting == 1
    full.wire.on_send = lambda _request: None
    settle(full)
    assert is_whole(full)
    assert full.counter.status().waiting == 0


def test_work_recorded_during_a_first_sync_is_sent_before_it_ends(world: World, full: Till) -> None:
    new = world.till()
    new.wire.on_send = lambda request: join_somebody(new) if request.path.endswith("/2") else None
    settle(new)
    paths = [request.path for request in new.wire.sent]
    pages = [n for n, path in enumerate(paths) if path.startswith("/v1/sync/snapshot/")]
    assert pages[0] < paths.index("/v1/sync/push") < pages[-1]
    assert "路过" in names(new)
    assert all(check.is_equal for check in new.counter.engine.check())


def join_somebody(till: Till) -> None:
    member_id = till.counter.new_id()
    if till.counter.status().waiting == 0:
        record(till.counter, RegisterMember(member_id=member_id, name="路过"), actor=till.actor("a1"))


def refuse_push(request: Request) -> Response | None:
    fault = b'{"error": {"code": "server_fault", "params": {}}}'
    return Response(500, fault) if request.path == "/v1/sync/push" else None


def test_a_history_that_was_cut_is_loaded_whole_and_the_chain_stays(world: World, full: Till) -> None:
    with world.database.engine.begin() as conn:
        conn.execute(update(tables.scope).where(tables.scope.c.scope_id == full.store_id).values(epoch=2))
    before = len(asked(full, "/v1/sync/snapshot/"))
    settle(full)
    assert len(asked(full, "/v1/sync/snapshot/")) > before
    assert is_whole(full)
    assert full.counter.cache.cursors()[full.store_id][0] == 2
