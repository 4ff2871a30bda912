"""Work the server does not take at once: kept on both sides until a person says what it is worth."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, select, update

from guidedesk.domain.errors import Refused
from guidedesk.domain.time import DAY_MS
from guidedesk.models import server_tables as tables
from guidedesk.models.entities import load_rows
from guidedesk.server import batch_run
from guidedesk.server import hello as hello_module
from guidedesk.server.audit import verify_audit
from guidedesk.server.quarantine import release_device
from guidedesk.services.apply import ApplyContext, Effect, apply_operation
from guidedesk.services.operations import LogInteraction, Operation
from guidedesk.sync.client import SyncRefused
from guidedesk.sync.protocol import SCHEMA
from guidedesk.sync.push import ASK_AGAIN_MS
from tests.helpers.counter_parts import log, register
from tests.helpers.world import Till, World, settle


def states(till: Till) -> list[str]:
    """Newest first."""
    return [info.state for info in till.counter.records.latest(20)]


def suspend(till: Till, state: str = "suspended") -> None:
    with till.world.database.engine.begin() as conn:
        device = tables.device.c
        conn.execute(update(tables.device).where(device.device_id == till.device_id).values(state=state))


def ask_again(till: Till) -> None:
    till.world.clock.tick(ASK_AGAIN_MS + 1)
    till.counter.engine.step()


def test_what_a_suspended_pc_sent_is_carried_out_when_a_manager_believes_it(world: World, till: Till) -> None:
    other = world.till()
    known = register(till.counter, actor=till.actor("a1"))
    settle(till, other)
    suspend(till)
    new = register(till.counter, "新客", actor=till.actor("a1"))
    talk = log(till.counter, new, "丝巾", actor=till.actor("a1"))
    log(till.counter, known, actor=till.actor("a1"))
    outcome = till.counter.engine.step()
    assert outcome.error is not None
    assert outcome.error.code == "device_suspended"
    assert states(till) == ["quarantined"] * 3 + ["accepted"]
    done = release_device(world.context, till.device_id, is_accepted=True, reason="the real one")
    assert (done.state, done.counts) == ("active", {"accepted": 3})
    ask_again(till)
    settle(till, other)
    assert states(till) == ["accepted"] * 4
    with other.counter.read() as conn:
        assert load_rows(conn, "interaction", till.store_id, [talk])[0]["note"] == "丝巾"
    assert all(check.is_equal for one in (till, other) for check in one.counter.engine.check())
    again = release_device(world.context, till.device_id, is_accepted=True, reason="twice")
    assert again.counts == {}
    with world.database.read() as conn:
        assert verify_audit(conn, till.store_id).first_bad is None


def test_what_fails_by_a_fault_of_ours_waits_for_another_release_and_holds_up_nothing(
    world: World, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = register(till.counter, actor=till.actor("a1"))
    settle(till)
    suspend(till)
    new = register(till.counter, "新客", actor=till.actor("a1"))
    log(till.counter, known, actor=till.actor("a1"))
    last = register(till.counter, "又一位", actor=till.actor("a1"))
    till.counter.engine.step()
    true = apply_operation

    def flaky(conn: Connection, operation: Operation, context: ApplyContext) -> Effect:
        if isinstance(operation, LogInteraction) or getattr(operation, "member_id", None) == new:
            raise ZeroDivisionError
        return true(conn, operation, context)

    monkeypatch.setattr(batch_run, "apply_operation", flaky)
    done = release_device(world.context, till.device_id, is_accepted=True, reason="the real one")
    assert done.counts == {"quarantined": 2, "accepted": 1}
    assert sorted(world.recorded().values()) == ["accepted", "accepted", "quarantined", "quarantined"]
    ask_again(till)
    assert states(till) == ["accepted", "quarantined", "quarantined", "accepted"]
    log(till.counter, last, actor=till.actor("a1"))
    monkeypatch.setattr(batch_run, "apply_operation", true)
    settle(till)
    assert states(till)[0] == "accepted"
    again = release_device(world.context, till.device_id, is_accepted=True, reason="once more")
    assert again.counts == {"accepted": 2}
    ask_again(till)
    settle(till)
    assert states(till) == ["accepted"] * 5
    assert all(check.is_equal for check in till.counter.engine.check())


def test_what_a_manager_does_not_believe_leaves_nothing_and_stays_refused(world: World, till: Till) -> None:
    suspend(till)
    new = register(till.counter, "假的", actor=till.actor("a1"))
    till.counter.engine.step()
    done = release_device(world.context, till.device_id, is_accepted=False, reason="a copied disk")
    assert (done.state, done.counts) == ("suspended", {"rejected": 1})
    ask_again(till)
    assert states(till) == ["rejected"]
    with till.counter.read() as conn:
        assert load_rows(conn, "member", till.store_id, [new]) == []
    release_device(world.context, till.device_id, is_accepted=True, reason="let it in again")
    settle(till)
    assert states(till) == ["rejected"]  # I8: a final answer never changes


def test_a_revoked_pc_stays_off_and_an_unknown_one_is_no_pc(world: World, till: Till) -> None:
    suspend(till, "revoked")
    done = release_device(world.context, till.device_id, is_accepted=True, reason="why not")
    assert (done.state, done.counts) == ("revoked", {})
    with pytest.raises(Refused) as refused:
        release_device(world.context, till.counter.new_id(), is_accepted=True, reason="why not")
    assert refused.value.code == "device_unknown"


def test_work_more_than_a_week_old_waits_for_a_person(world: World, till: Till) -> None:
    member = register(till.counter, actor=till.actor("a1"))
    settle(till)
    till.wire.is_cut = True
    old = log(till.counter, member, "上周", actor=till.actor("a1"))
    world.clock.tick(7 * DAY_MS - 60_000)
    young = log(till.counter, member, "今天", actor=till.actor("a1"))
    world.clock.tick(120_000)
    till.wire.is_cut = False
    till.counter.engine.step()
    assert states(till) == ["accepted", "quarantined", "accepted"]
    assert till.counter.records.latest(3)[1].reason == "stale_offline"
    with till.counter.read() as conn:
        assert len(load_rows(conn, "interaction", till.store_id, [old, young])) == 2  # still shown as recorded
    received = _received(world)
    assert release_device(world.context, till.device_id, is_accepted=True, reason="seen").counts == {"accepted": 1}
    assert _received(world) == received
    ask_again(till)
    assert states(till) == ["accepted"] * 3


def _received(world: World) -> dict[str, int]:
    with world.database.read() as conn:
        rows = conn.execute(select(tables.op_log.c.op_id, tables.op_log.c.received_at_ms))
        return {row.op_id: row.received_at_ms for row in rows}


def test_a_program_too_old_to_pull_still_sends(world: World, till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hello_module, "OLDEST_SCHEMA", SCHEMA + 1)
    member = register(till.counter, actor=till.actor("a1"))
    till.close()
    outcome = till.counter.engine.step()
    assert isinstance(outcome.error, SyncRefused)
    assert (outcome.error.status, outcome.error.code) == (426, "schema_too_old")
    assert states(till) == ["accepted"]
    with till.counter.read() as conn:
        assert len(load_rows(conn, "member", till.store_id, [member])) == 1
