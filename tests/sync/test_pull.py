"""Rows of the server as they reach a counter: never a hole that stays, never a row that should be gone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from guidedesk.domain.errors import TransportError
from guidedesk.domain.time import DAY_MS
from guidedesk.models import counter_tables, server_tables
from guidedesk.models.entities import load_row, load_rows
from guidedesk.services.apply import RowRef
from guidedesk.sync import client, pull
from guidedesk.sync.apply_page import apply_page, read_cursor
from guidedesk.sync.cache import count_rows
from guidedesk.sync.overlay import LoadLanes
from guidedesk.sync.protocol import Change, ChangesPage
from guidedesk.sync.transport import Request
from tests.helpers.counter_parts import log, register
from tests.helpers.eager import EagerWire
from tests.helpers.fixtures import sqlite_only  # noqa: F401
from tests.helpers.world import Till, World, settle


def page(till: Till, *changes: Change, at: int = 1_000_000) -> ChangesPage:
    return ChangesPage(scope_id=till.store_id, epoch=1, changes=changes, next=at, head=at, more=False)


def change(tbl: str, row: dict[str, Any], op: int = 1) -> Change:
    return Change(seq=1, tbl=tbl, op=op, row_id=row["id"], row_scope_id=row["scope_id"], row=row if op == 1 else None)


def take(till: Till, given: ChangesPage) -> None:
    with till.counter.cache.write() as conn:
        apply_page(conn, given, till.counter.engine._puller._load_lanes)


def member_row(till: Till, member: str) -> dict[str, Any]:
    with till.counter.read() as conn:
        row = load_row(conn, "member", till.store_id, member)
    assert row is not None
    return row


@pytest.mark.parametrize("is_late", [False, True])
def test_the_next_page_is_fetched_while_one_is_written(
    world: World, till: Till, monkeypatch: pytest.MonkeyPatch, is_late: bool
) -> None:
    other = world.till()
    settle(other)
    wire = EagerWire(other.wire.inner, is_late=is_late)
    other.counter.engine._client._transport = wire
    members = {register(till.counter, f"客{number}", actor=till.actor("a1")) for number in range(7)}
    settle(till)
    monkeypatch.setattr(client, "PAGE_ROWS", 2)
    applied: list[int] = []

    def apply_then_record(conn: Connection, given: ChangesPage, load: LoadLanes) -> set[RowRef]:
        if given.scope_id == other.store_id:
            applied.append(len(given.changes))
            if len(applied) == 2:  # somebody records meanwhile: pulling makes way, what was begun is forgotten
                other.counter.engine.stop()
        return apply_page(conn, given, load)

    monkeypatch.setattr(pull, "apply_page", apply_then_record)
    assert other.counter.engine.step().error is None
    assert (applied, wire.taken, len(wire.begun)) == ([2, 2], 1, 1)
    register(till.counter, "后来的", actor=till.actor("a1"))
    settle(till, other)
    assert wire.taken > 1
    with other.counter.read() as conn:
        assert {row["id"] for row in load_rows(conn, "member", till.store_id, sorted(members))} == members
    assert all(check.is_equal for check in other.counter.engine.check())


def test_a_first_sync_brings_stores_and_staff(till: Till) -> None:
    with till.counter.read() as conn:
        assert count_rows(conn, "chain")["staff"] == 3
        assert count_rows(conn, "chain")["store"] == 1
    assert till.counter.codes.take_blank() is not None


def test_a_row_that_cannot_be_stored_does_not_stop_the_page(till: Till) -> None:
    member = register(till.counter, actor=till.actor("a1"))
    settle(till)
    good = member_row(till, member) | {"name": "新名字", "row_ver": 99}
    bad = {k: v for k, v in good.items() if k != "name"} | {"id": till.counter.new_id()}
    take(till, page(till, change("member", bad), change("member", good), change("a_newer_table", good)))
    assert member_row(till, member)["name"] == "新名字"
    with till.counter.read() as conn:
        kept = conn.execute(select(counter_tables.inbox_bad.c.tbl, counter_tables.inbox_bad.c.row_id)).all()
        assert {tuple(row) for row in kept} == {("member", bad["id"]), ("a_newer_table", good["id"])}
        assert read_cursor(conn, till.store_id) == (1, 1_000_000)
    take(till, page(till, change("member", good | {"id": bad["id"]}), at=1_000_001))
    with till.counter.read() as conn:
        assert len(conn.execute(select(counter_tables.inbox_bad)).all()) == 1


def test_an_older_row_or_page_never_replaces_a_newer(till: Till) -> None:
    member = register(till.counter, actor=till.actor("a1"))
    settle(till)
    row = member_row(till, member)
    take(till, page(till, change("member", row | {"name": "新", "row_ver": 9})))
    take(till, page(till, change("member", row | {"name": "旧", "row_ver": 8}), at=1_000_002))
    assert member_row(till, member)["name"] == "新"
    take(till, page(till, change("member", row | {"name": "更旧", "row_ver": 10}), at=999_999))
    assert member_row(till, member)["name"] == "新"


def test_an_evicted_member_goes_and_her_pending_work_comes_back_with_her(till: Till) -> None:
    member = register(till.counter, actor=till.actor("a1"))
    settle(till)
    row = member_row(till, member)
    interaction = log(till.counter, member, actor=till.actor("a1"))
    take(till, page(till, change("member", row, op=3)))
    with till.counter.read() as conn:
        assert load_rows(conn, "member", till.store_id, [member]) == []
        assert load_rows(conn, "interaction", till.store_id, [interaction]) == []
    assert till.counter.status().waiting == 1
    take(till, page(till, change("member", row), at=1_000_001))
    with till.counter.read() as conn:
        assert len(load_rows(conn, "interaction", till.store_id, [interaction])) == 1


def test_a_history_that_was_cut_is_fetched_from_the_beginning(world: World, till: Till) -> None:
    member = register(till.counter, actor=till.actor("a1"))
    settle(till)
    with world.database.engine.begin() as conn:
        conn.execute(update(server_tables.scope).values(epoch=2))
        conn.exec_driver_sql("UPDATE member SET name = '恢复后'")
    settle(till)
    assert member_row(till, member)["name"] == "恢复后"
    assert {epoch for epoch, _ in till.counter.cache.cursors().values()} == {2}
    assert all(check.is_equal for check in till.counter.engine.check())


def test_rows_that_differ_are_found_and_mended_once_a_day(world: World, till: Till) -> None:
    member = register(till.counter, actor=till.actor("a1"))
    log(till.counter, member, actor=till.actor("a1"))
    settle(till)
    with till.counter.cache.write() as conn:
        conn.exec_driver_sql("UPDATE member SET name = 'wrong'")
        conn.exec_driver_sql("DELETE FROM interaction")
        conn.exec_driver_sql("UPDATE visit SET row_ver = 7")
    checks = till.counter.engine.check()
    assert [c.is_equal for c in checks if c.scope_id == till.store_id] == [False]
    world.clock.tick(DAY_MS + 1)
    settle(till)
    assert all(check.is_equal for check in till.counter.engine.check())
    assert member_row(till, member)["name"] == "沈知微"


def test_a_crash_between_the_answer_and_the_journal_is_answered_again(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = register(till.counter, actor=till.actor("a1"))
    row = log(till.counter, member, actor=till.actor("a1"))

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(till.counter.journal, "settle", die)
        with pytest.raises(Killed):
            till.counter.engine.step()
    till.close()
    assert till.counter.status().waiting == 2
    settle(till)
    assert till.counter.status().waiting == 0
    assert set(till.world.recorded().values()) == {"accepted"}
    with till.counter.read() as conn:
        assert len(load_rows(conn, "interaction", till.store_id, [row])) == 1
    assert all(check.is_equal for check in till.counter.engine.check())


def test_a_cache_older_than_the_journal_catches_up(till: Till) -> None:
    """NORMAL may lose the cache's last commits at power loss: the journal is then ahead of it."""
    member = register(till.counter, actor=till.actor("a1"))
    row = log(till.counter, member, actor=till.actor("a1"))
    till.close()
    before = {p.name: p.read_bytes() for p in till.folder.glob("cache.db*")}
    settle(till)
    till.close()
    for path in till.folder.glob("cache.db*"):
        path.unlink()
    for name, data in before.items():
        (till.folder / name).write_bytes(data)
    with till.counter.read() as conn:
        assert len(load_rows(conn, "interaction", till.store_id, [row])) == 1
    settle(till)
    assert all(check.is_equal for check in till.counter.engine.check())


def test_only_one_process_syncs_a_counter(till: Till) -> None:
    register(till.counter, actor=till.actor("a1"))
    with till.counter._lock.try_hold() as held:
        assert held
        outcome = till.counter.engine.step()
    assert (outcome.answered, outcome.error) == (0, None)
    assert till.counter.status().waiting == 1
    settle(till)
    assert till.counter.status().waiting == 0


def test_the_outage_is_told_after_ten_seconds_and_ends_with_one_exchange(world: World, till: Till) -> None:
    till.wire.is_cut = True
    error = till.counter.engine.step().error
    assert isinstance(error, TransportError)
    assert not till.counter.status().is_offline
    world.clock.tick(11_000)
    till.counter.engine.step()
    status = till.counter.status()
    assert status.is_offline
    assert status.last_contact_ms is not None
    assert status.next_try_ms is not None
    till.wire.is_cut = False
    till.counter.engine.step()
    assert not till.counter.status().is_offline
    assert replace(till.counter.status(), now_ms=0).waiting == 0


def asked(till: Till) -> list[str]:
    return [request.path for request in till.wire.sent if request.path.startswith("/v1/sync/changes")]


def test_a_round_without_news_is_one_call_for_all_scopes(world: World, till: Till) -> None:
    settle(till)
    till.wire.sent.clear()
    assert till.counter.engine.step().error is None
    assert len(till.wire.sent) == len(asked(till)) == 1


@pytest.mark.parametrize("tables", [("store",), ("member",), ("store", "member")])
def test_news_in_any_scope_are_found_by_the_one_call(world: World, till: Till, tables: tuple[str, ...]) -> None:
    other = world.till()
    settle(other, till)
    member = ""
    if "store" in tables:
        world.open_store("S2")
    if "member" in tables:
        member = register(other.counter, actor=other.actor("a1"))
        settle(other, rounds=1)
    till.wire.sent.clear()
    assert till.counter.engine.step().error is None
    with till.counter.read() as conn:
        assert count_rows(conn, "chain")["store"] == 1 + ("store" in tables)
    if member:
        assert member_row(till, member)["id"] == member
    assert len(asked(till)) <= len(tables) + 1
    assert all(check.is_equal for check in till.counter.engine.check())


@pytest.mark.parametrize("also", ["x", "1:2:3", "00000000-0000-8000-8000-000000000000:1:1", "a:b:c,", ":1:1"])
def test_cursors_that_are_none_of_ours_are_refused(till: Till, also: str) -> None:
    assert till.wire.inner is not None
    with till.counter.read() as conn:
        epoch, seq = read_cursor(conn, till.store_id) or (0, 0)
    path = f"/v1/sync/changes?scope={till.store_id}&epoch={epoch}&after={seq}&limit=1&also={also}"
    assert till.wire.inner.send(Request("GET", path)).status in (400, 404)


def test_a_huge_store_is_compared_in_several_calls(world: World, till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    member = register(till.counter, actor=till.actor("a1"))
    log(till.counter, member, "聊过", actor=till.actor("a1"))
    settle(till)
    monkeypatch.setattr(pull, "_COMPARED_ROWS", 1)
    till.wire.sent.clear()
    assert all(check.is_equal for check in till.counter.engine.check())
    assert len([request for request in till.wire.sent if request.path == "/v1/sync/digest"]) > 4
    with till.counter.cache.write() as conn:
        conn.exec_driver_sql("UPDATE member SET name = '别人'")
        conn.exec_driver_sql("DELETE FROM interaction")
    found = next(check for check in till.counter.engine.check() if not check.is_equal)
    assert found.counts["interaction"] == (0, 1)
    world.clock.tick(2 * DAY_MS)
    settle(till)
    assert all(check.is_equal for check in till.counter.engine.check())
