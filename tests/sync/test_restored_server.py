"""A server brought back from a backup gets everything again, with the times at which it had received it (SYNC.md 4)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from guidedesk.domain.time import DAY_MS
from guidedesk.models import server_tables as tables
from guidedesk.models.entities import load_rows
from guidedesk.server.audit import verify_audit
from guidedesk.server.quarantine import release_device
from guidedesk.server.restored import begin_new_epoch
from guidedesk.services.operations import RegisterMember
from guidedesk.sync.encoding import pack_request
from guidedesk.sync.push import ASK_AGAIN_MS
from guidedesk.sync.transport import Request, Response
from tests.helpers.counter_parts import log, record, register, sent_body
from tests.helpers.world import Till, World, settle

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
        assert {info.state for info in till.counter.operations(20)} == {"accepted"}
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
    assert {info.state for info in here.counter.operations(9)} == {"accepted"}
    register(here.counter, actor=here.actor("a1"))
    settle(here)
    assert {info.state for info in here.counter.operations(9)} == {"accepted"}
