"""One operation that cannot be taken never blocks the others, wherever it goes wrong (SYNC.md 5, 6)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update

from guidedesk.domain.errors import Refused
from guidedesk.models import server_tables
from guidedesk.models.entities import load_rows
from guidedesk.server import batch_run
from guidedesk.server import hello as hello_module
from guidedesk.services import apply
from guidedesk.sync.encoding import ACCEPTED, MSGPACK
from guidedesk.sync.transport import Request, Response
from tests.helpers.counter_parts import log, register, sent_body
from tests.helpers.world import Till, World, settle


def states(till: Till) -> list[str]:
    return [o.state for o in reversed(till.counter.records.latest(20))]


def append_strange(till: Till, member: str, **strange: Any) -> None:
    """An operation as a newer program, or an older bug, may have left it in the journal."""
    last = till.counter.journal.latest(1)[0].envelope
    values = {"op_id": till.counter.new_id(), "lane": member, "deps": ()} | strange
    till.counter.journal.append([replace(last, **values)])


@pytest.mark.parametrize(
    ("strange", "reason"),
    [
        ({"assurance": 99}, "validation"),
        ({"type": "from_the_future"}, "unknown_type"),
        ({"body": {"member_id": "nobody"}}, "validation"),
        ({"session": "\U0001f600" * 90}, "validation"),
    ],
)
def test_an_operation_the_server_cannot_read_is_refused_alone(till: Till, strange: dict[str, Any], reason: str) -> None:
    first = register(till.counter, "甲", actor=till.actor("a1"))
    append_strange(till, first, **strange)
    log(till.counter, first, actor=till.actor("a1"))
    settle(till)
    assert states(till) == ["accepted", "rejected", "accepted"]
    assert till.counter.records.latest(2)[1].reason == reason
    assert till.counter.status().needs_person == 1


@pytest.mark.parametrize(("accepted", "status"), [(ACCEPTED, 400), (ACCEPTED, 413), ((), 413)])
def test_a_batch_the_server_cannot_read_is_halved_until_one_is_found(
    till: Till, monkeypatch: pytest.MonkeyPatch, accepted: tuple[str, ...], status: int
) -> None:
    monkeypatch.setattr(hello_module, "ACCEPTED", accepted)
    till.close()
    names = [f"客人{n}" for n in range(9)]
    members = [register(till.counter, name, actor=till.actor("a1")) for name in names]
    log(till.counter, members[4], actor=till.actor("a1"))
    bad = till.counter.journal.pending()[4].envelope.op_id
    pushes: list[str] = []

    def refuse_bad(request: Request) -> Response | None:
        if request.path != "/v1/sync/push":
            return None
        ops = [op["op_id"] for op in sent_body(request)["ops"]]
        pushes.append(request.headers["Content-Type"])
        answer = Response(status, b'{"error": {"code": "json_refused", "params": {}}}')
        return answer if bad in ops else None

    till.wire.on_send = refuse_bad
    outcome = till.counter.engine.step()
    assert outcome.error is None
    assert states(till) == ["accepted"] * 4 + ["parked"] + ["accepted"] * 4 + ["parked"]
    assert len(pushes) <= 10
    assert (MSGPACK in pushes) == bool(accepted)
    till.wire.on_send = lambda _request: None
    till.close()
    settle(till)
    assert set(states(till)) == {"accepted"}


def test_an_operation_that_makes_the_server_fail_does_not_stop_the_others(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = [register(till.counter, name, actor=till.actor("a1")) for name in ("甲", "乙", "丙")]
    real = apply.apply_operation

    def fails_for_one(conn, operation, context):
        if operation.member_id == members[1]:
            raise RuntimeError("a fault of the server")
        return real(conn, operation, context)

    with monkeypatch.context() as patch:
        patch.setattr(batch_run, "apply_operation", fails_for_one)
        for _ in range(8):
            till.counter.engine.step()
            till.wire.inner.context.clock.tick(5_000)  # type: ignore[union-attr]
        assert states(till) == ["accepted", "parked", "accepted"]
        log(till.counter, members[0], actor=till.actor("a1"))
        settle(till)
        assert states(till) == ["accepted", "parked", "accepted", "accepted"]
    till.world.clock.tick(700_000)
    settle(till)
    with till.counter.read() as conn:
        assert len(load_rows(conn, "member", till.store_id, members)) == 3


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_left_alone_as_long_as_it_asks(till: Till, status: int) -> None:
    register(till.counter, actor=till.actor("a1"))
    busy = b'{"error": {"code": "server_busy", "params": {}}}'
    till.wire.on_send = lambda _request: Response(status, busy, {"retry-after": "30"})
    outcome = till.counter.engine.step()
    assert 30_000 <= outcome.next_delay_ms <= 45_001
    assert outcome.is_contact
    till.wire.on_send = lambda _request: None
    settle(till)
    assert states(till) == ["accepted"]


def test_waits_grow_only_to_five_minutes_and_begin_anew(till: Till) -> None:
    till.wire.on_send = lambda _request: Response(500, b"<html>oops</html>")
    waits = [till.counter.engine.step().next_delay_ms for _ in range(25)]
    assert max(waits[:3]) <= 4_000
    assert 60_000 < max(waits) <= 300_000
    till.wire.is_cut = True
    assert all(till.counter.engine.step().next_delay_ms <= 4_000 for _ in range(10))
    till.wire.is_cut = False
    till.wire.on_send = lambda _request: None
    assert till.counter.engine.step().next_delay_ms < 3_000


def test_a_server_restored_from_a_backup_gets_everything_again(world: World, till: Till) -> None:
    member = register(till.counter, actor=till.actor("a1"))
    settle(till)
    for _ in range(3):
        log(till.counter, member, actor=till.actor("a1"))
    settle(till)
    entries = {e.device_seq: e for e in till.counter.journal.latest(9)}
    with world.database.engine.begin() as conn:
        kept = entries[1].envelope
        for table in (server_tables.op_log, server_tables.op_personal, server_tables.device_op):
            conn.execute(table.delete().where(table.c.op_id != kept.op_id))
        conn.exec_driver_sql("DELETE FROM interaction")
        conn.execute(update(server_tables.device).values(last_seq=1, last_hash=kept.chain_hash()))
    till.world.clock.tick(400_000)
    settle(till)
    assert len(world.recorded()) == 4
    assert set(states(till)) == {"accepted"}


def test_what_the_server_could_never_read_is_refused_at_once(till: Till) -> None:
    member = register(till.counter, actor=till.actor("a1"))
    for note in ("a\0b", "\ud800", "x" * 3000):
        with pytest.raises(Refused):
            log(till.counter, member, note, actor=till.actor("a1"))
    assert len(till.counter.journal.pending()) == 1
