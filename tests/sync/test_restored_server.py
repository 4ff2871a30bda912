"""A server brought back from a backup gets everything again, with the times at which it had received it (SYNC.md 4)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select, update

from guidedesk.domain.time import DAY_MS
from guidedesk.models import server_tables as tables
from guidedesk.models.entities import load_rows
from guidedesk.server.audit import verify_audit
from guidedesk.server.quarantine import release_device
from guidedesk.server.restored import begin_new_epoch
from guidedesk.services.operations import RegisterMember
from guidedesk.sync import push
from guidedesk.sync.encoding import pack_request
from guidedesk.sync.engine import HELLO_EVERY_MS
from guidedesk.sync.protocol import GENESIS, OpResult
from guidedesk.sync.push import ASK_AGAIN_MS
from guidedesk.sync.transport import Request, Response
from tests.helpers.counter_parts import log, record, register, sent_body
from tests.helpers.world import Till, World, settle
from tests.sync.test_forks import copy_of

OTHERS_SIGNATURE = "A" * 86 + "=="


@pytest.fixture
def tills(world: World) -> tuple[Till, Till]:
    made = (world.till(), world.till())
    settle(*made)
    return made


def received(world: World) -> dict[str, tuple[str, int, int]]:
    """Op id -> status, time received, time done."""
    o = tables.op_log.c
    with world.database.read() as conn:
        rows = conn.execute(select(o.op_id, o.status, o.received_at_ms, o.occurred_at_ms))
        return {row.op_id: (row.status, row.received_at_ms, row.occurred_at_ms) for row in rows}


def a_week(world: World, tills: tuple[Till, Till]) -> str:
    """Both counters work, now and then offline; gives a member known before."""
    here, there = tills
    member = register(here.counter, actor=here.actor("a1"))
    settle(here, there)
    for day in range(3):
        there.wire.is_cut = day == 1
        log(here.counter, member, f"A{day}", actor=here.actor("a1"))
        log(there.counter, member, f"B{day}", actor=there.actor("a2"))
        for till in tills:
            till.counter.engine.step()
        world.clock.tick(DAY_MS)
    settle(here, there)
    return member


def interactions(till: Till) -> list[dict[str, Any]]:
    with till.counter.read() as conn:
        ids = [e.envelope.body["interaction_id"] for t in till.world.tills for e in t.counter.journal.latest(99)
               if e.envelope.type == "interaction"]  # fmt: skip
        return sorted(load_rows(conn, "interaction", till.store_id, ids), key=lambda row: str(row["id"]))


def test_times_and_rows_come_out_as_before(world: World, tills: tuple[Till, Till]) -> None:
    backup = world.backup()
    a_week(world, tills)
    before, rows = received(world), interactions(tills[0])
    assert len(before) == len(rows) + 1 == 7
    world.clock.tick(20 * DAY_MS)  # long past what would be believed of work that comes for the first time
    world.restore(backup)
    assert received(world) == {}
    begin_new_epoch(world.database, "the disk failed", world.clock)
    settle(*tills)
    assert received(world) == before
    for till in tills:
        assert [(r["id"], r["occurred_at_ms"], r["note"]) for r in interactions(till)] == [
            (r["id"], r["occurred_at_ms"], r["note"]) for r in rows
        ]
        assert all(check.is_equal for check in till.counter.engine.check())
        assert {info.state for info in till.counter.records.latest(20)} == {"accepted"}
    with world.database.read() as conn:
        assert verify_audit(conn, world.store_id).first_bad is None


def test_a_phone_typed_offline_is_at_the_server_again(world: World, tills: tuple[Till, Till]) -> None:
    """The counter itself cannot open it; it keeps the sealed number as long as the operation."""
    backup = world.backup()
    here = tills[0]
    member_id = here.counter.new_id()
    phone: dict[str, Any] = dict(here.counter.phone_fields("13812348000"))
    joining = RegisterMember(member_id=member_id, name="沈知微", **phone)
    record(here.counter, joining, actor=here.actor("a1"))
    settle(here)

    def sealed() -> list[bytes]:
        p = tables.member_phone.c
        with world.database.read() as conn:
            return list(conn.execute(select(p.phone_sealed).where(p.member_id == member_id)).scalars())

    before = sealed()
    assert len(before) == 1
    world.restore(backup)
    assert sealed() == []
    begin_new_epoch(world.database, "the disk failed", world.clock)
    settle(*tills)
    assert sealed() == before


@pytest.mark.parametrize("forgery", ["signature", "time", "none"])
def test_a_time_the_server_did_not_sign_is_worth_nothing(world: World, tills: tuple[Till, Till], forgery: str) -> None:
    backup = world.backup()
    a_week(world, tills)
    world.clock.tick(20 * DAY_MS)
    world.restore(backup)
    here = tills[0]

    def forged(request: Request) -> Response | None:
        if request.path != "/v1/sync/push":
            return None
        body = sent_body(request)
        for op in body["ops"]:
            at_ms, signature = op.pop("acknowledged")
            if forgery != "none":
                told = [at_ms, OTHERS_SIGNATURE] if forgery == "signature" else [at_ms + 1, signature]
                op["acknowledged"] = told
        raw, headers = pack_request(body, is_packed=False)
        assert here.wire.inner is not None
        return here.wire.inner.send(Request("POST", request.path, raw, headers))

    here.wire.on_send = forged
    for _ in range(2):
        here.counter.engine.step()
    now_ms = world.clock.wall_ms()
    assert {status for status, _, _ in received(world).values()} == {"quarantined"}
    assert {at_ms for _, at_ms, _ in received(world).values()} == {now_ms}


def test_the_same_backup_brought_back_twice_is_told_apart(world: World, tills: tuple[Till, Till]) -> None:
    backup = world.backup()
    again = world.backend.backup(backup, world.folder)
    for copy in (backup, again):
        member = a_week(world, tills)
        world.clock.tick(DAY_MS)
        world.restore(copy)
        begin_new_epoch(world.database, "twice", world.clock)
        settle(*tills)
        for till in tills:
            assert all(check.is_equal for check in till.counter.engine.check())
            with till.counter.read() as conn:
                assert load_rows(conn, "member", till.store_id, [member])
    assert len(received(world)) == 14


def test_work_gets_out_when_the_backup_is_older_than_what_counters_keep(world: World, tills: tuple[Till, Till]) -> None:
    backup = world.backup()
    here, there = tills
    a_week(world, tills)
    for _ in range(2):  # what was acknowledged is kept for 30 days, and pruned with the daily comparison
        world.clock.tick(20 * DAY_MS)
        settle(here, there)
    assert here.counter.journal.latest(99) == []
    world.restore(backup)
    begin_new_epoch(world.database, "all newer backups were lost", world.clock)
    register(here.counter, actor=here.actor("a1"))
    here.counter.engine.step()
    assert {status for status, _, _ in received(world).values()} == {"quarantined"}
    release_device(world.context, here.device_id, is_accepted=True, reason="it is the one")
    world.clock.tick(ASK_AGAIN_MS + 1)
    settle(here, there)
    assert {info.state for info in here.counter.records.latest(9)} == {"accepted"}
    register(here.counter, actor=here.actor("a1"))
    settle(here)
    assert {info.state for info in here.counter.records.latest(9)} == {"accepted"}


def test_a_backup_brought_back_again_a_moment_later_is_told_apart(world: World, tills: tuple[Till, Till]) -> None:
    """An operator tries again within the minute, and a counter has exchanged in between."""
    member = register(tills[0].counter, actor=tills[0].actor("a1"))
    settle(*tills)
    backup = world.backup()
    again = world.backend.backup(backup, world.folder)
    here, there = tills
    log(here.counter, member, "A", actor=here.actor("a1"))
    world.restore(backup)
    begin_new_epoch(world.database, "the first try", world.clock)
    settle(here)
    world.clock.tick(600)
    world.restore(again)
    begin_new_epoch(world.database, "the second try", world.clock)
    log(there.counter, member, "B", actor=there.actor("a2"))
    for _ in range(3):
        settle(there, here)
        world.clock.tick(HELLO_EVERY_MS)
    for till in tills:
        assert all(check.is_equal for check in till.counter.engine.check())
        assert len(interactions(till)) == 2


def test_what_is_kept_comes_back_though_what_came_before_it_was_forgotten(
    world: World, tills: tuple[Till, Till]
) -> None:
    """The backup is older than the thirty days that a counter keeps its settled work."""
    backup = world.backup()
    there = tills[1]
    member = register(there.counter, actor=there.actor("a2"))
    settle(there)
    lost = world.recorded()
    world.clock.tick(20 * DAY_MS)
    for till in tills:
        register(till.counter, actor=till.actor("a1"))
    settle(*tills)
    world.clock.tick(11 * DAY_MS)
    settle(*tills)
    kept = world.recorded().keys() - lost.keys()
    assert there.counter.journal.find(*lost) is None
    world.restore(backup)
    begin_new_epoch(world.database, "all newer backups were lost", world.clock)
    for till in tills:
        till.counter.engine.step()
    assert world.recorded().keys() == kept  # nothing had to be recorded anew for it
    assert there.counter.records.latest(9)[0].state == "accepted"  # what was told as settled stays so (I8)
    release_device(world.context, there.device_id, is_accepted=True, reason="it is the one")
    settle(*tills)
    assert set(world.recorded().values()) == {"accepted"}
    with there.counter.read() as conn:
        assert not load_rows(conn, "member", there.store_id, [member])
    assert all(check.is_equal for till in tills for check in till.counter.engine.check())


@pytest.mark.parametrize("is_more_to_come", [False, True])
def test_what_a_forked_counter_had_settled_comes_back(world: World, is_more_to_come: bool) -> None:
    """Its numbers are of an epoch that the server of the backup never gave."""
    till = world.till()
    member = register(till.counter, actor=till.actor("a1"))
    settle(till)
    backup = world.backup()
    log(till.counter, member, "A", actor=till.actor("a1"))
    settle(till)
    mine = tables.device.c.device_id == till.device_id
    with world.database.engine.begin() as conn:
        conn.execute(update(tables.device).where(mine).values(epoch=2, last_seq=0, last_hash=GENESIS))
    log(till.counter, member, "B", actor=till.actor("a1"))
    settle(till)
    assert till.counter.journal.chain().epoch == 2
    before = received(world)
    assert len(before) == 3
    world.restore(backup)
    begin_new_epoch(world.database, "the disk failed", world.clock)
    if is_more_to_come:
        log(till.counter, member, "C", actor=till.actor("a1"))
    till.counter.engine.step()
    release_device(world.context, till.device_id, is_accepted=True, reason="it is the one")
    world.clock.tick(ASK_AGAIN_MS + 1)
    settle(till)
    after = received(world)
    assert {op_id: after.get(op_id) for op_id in before} == before
    assert len(after) == len(before) + is_more_to_come
    assert {info.state for info in till.counter.records.latest(9)} == {"accepted"}


def test_numbers_that_a_copied_disk_took_meanwhile_do_not_hide_what_is_missing(world: World) -> None:
    till = world.till()
    member = register(till.counter, actor=till.actor("a1"))
    settle(till)
    backup = world.backup()
    clone = copy_of(till)
    log(till.counter, member, "here", actor=till.actor("a1"))
    settle(till)
    before = received(world)
    world.restore(backup)
    begin_new_epoch(world.database, "the disk failed", world.clock)
    log(clone.counter, member, "there", actor=clone.actor("a2"))
    settle(clone)
    assert len(received(world)) == len(before)
    for _ in range(2):  # the first finds that somebody else spoke for it
        till.counter.engine.step()
    release_device(world.context, till.device_id, is_accepted=True, reason="both worked")
    settle(till)
    after = received(world)
    assert {op_id: after.get(op_id) for op_id in before} == before
    assert len(after) == len(before) + 1


def test_all_that_is_missing_is_sent_in_one_exchange(
    world: World, tills: tuple[Till, Till], monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = world.backup()
    a_week(world, tills)
    before = received(world)
    world.restore(backup)
    begin_new_epoch(world.database, "the disk failed", world.clock)
    monkeypatch.setattr(push, "_FIRST_OPS", 1)
    for till in tills:
        till.counter.engine.step()
    assert received(world) == before


def test_what_a_restored_server_puts_off_is_sent_once_more(world: World) -> None:
    till = world.till()
    backup = world.backup()
    register(till.counter, actor=till.actor("a1"))
    settle(till)
    before = received(world)
    world.restore(backup)
    begin_new_epoch(world.database, "the disk failed", world.clock)
    put_off: list[str] = []

    def not_now(request: Request) -> Response | None:
        if request.path != "/v1/sync/push" or len(put_off) == 2:
            return None
        body = sent_body(request)
        put_off.extend(op["op_id"] for op in body["ops"])
        results = [OpResult(op_id=op["op_id"], status="retry", delay_ms=1_000).to_wire() for op in body["ops"]]
        told = {"batch_id": body["batch_id"], "epoch": 1, "last_seq": 1, "server_time_ms": world.clock.wall_ms()}
        return Response(200, json.dumps(told | {"results": results}).encode())

    till.wire.on_send = not_now
    settle(till)
    assert put_off == [*before, *before]
    assert received(world) == before
