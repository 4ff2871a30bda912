"""A counter that head office takes off: told at its next contact, nothing unsent lost but by `now` (D-12, I12)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from guidedesk.domain.errors import Refused, StorageError
from guidedesk.domain.time import DAY_MS
from guidedesk.models import server_tables as tables
from guidedesk.models.entities import load_rows
from guidedesk.server import hello
from guidedesk.server.audit import verify_audit
from guidedesk.server.devices import revoke_device
from guidedesk.server.quarantine import release_device
from guidedesk.services.demo_key import DemoKeyFile
from guidedesk.sync import orders
from guidedesk.sync.client import SyncRefused
from guidedesk.sync.open_counter import forget_secret, open_counter, profile_name
from guidedesk.sync.orders import DRAIN_MS, TakenOff
from guidedesk.sync.protocol import SCHEMA
from guidedesk.sync.transport import Request, Response
from guidedesk.sync.wipe import wipe_counter
from tests.helpers.counter_parts import ManualClock, log, register
from tests.helpers.world import Till, World, settle


def revoke(till: Till, mode: orders.OrderMode) -> dict[str, Any]:
    return revoke_device(till.world.database, till.device_id, mode, "stolen", till.world.clock)


def ends(till: Till) -> str:
    """The code a step ends with."""
    error = till.counter.engine.step().error
    assert error is not None
    return error.code


def wipe(till: Till) -> list[str]:
    """What happened, in order."""
    steps: list[str] = []

    def forget() -> None:
        assert (till.folder / "journal.db").exists()
        steps.append("secret")

    till.wire.on_send = lambda request: steps.append(request.path)
    wipe_counter(till.counter, forget)
    till._counter = None
    till.wire.on_send = lambda _request: None
    return steps


def device(till: Till) -> Any:
    with till.world.database.read() as conn:
        return conn.execute(select(tables.device).where(tables.device.c.device_id == till.device_id)).one()


def audited(till: Till) -> list[str]:
    about = select(tables.audit.c.action).where(tables.audit.c.subject == till.device_id)
    with till.world.database.read() as conn:
        assert verify_audit(conn, till.store_id).first_bad is None
        return list(conn.execute(about).scalars())


def refused_push(request: Request) -> Response | None:
    busy = b'{"error": {"code": "server_busy", "params": {}}}'
    return Response(503, busy) if request.path == "/v1/sync/push" else None


def test_a_drained_counter_sends_what_it_has_and_forgets_everything_after_three_days(world: World, till: Till) -> None:
    member = register(till.counter, actor=till.actor("a1"))
    settle(till)
    talk = log(till.counter, member, "没发出去的", actor=till.actor("a1"))
    revoke(till, "drain")
    asked = len(till.wire.sent)
    assert ends(till) == "device_suspended"
    assert ends(till) == "device_leaving"
    assert not [r for r in till.wire.sent[asked:] if "/changes" in r.path][1:]  # nothing is fetched once it knows
    assert world.recorded()[till.counter.journal.latest(1)[0].envelope.op_id] == "quarantined"
    with pytest.raises(Refused) as refused:
        till.counter.sign_in("1", "1")
    assert refused.value.code == "device_leaving"
    till.close()  # a restart changes nothing
    world.clock.tick(DRAIN_MS - 60_000)
    assert ends(till) == "device_leaving"
    world.clock.tick(60_000)
    assert isinstance(till.counter.engine.step().error, TakenOff)
    assert wipe(till) == ["secret", "/v1/device/wiped"]
    assert not till.folder.exists()
    assert (device(till).state, device(till).reported_unsent, device(till).wiped_at_ms) == (
        "revoked", 0, world.clock.wall_ms(),
    )  # fmt: skip
    assert audited(till) == ["device.revoked", "device.wiped"]
    done = release_device(world.context, till.device_id, is_accepted=True, reason="it was ours")
    assert (done.state, done.counts) == ("revoked", {"accepted": 1})
    other = world.till()
    settle(other)
    with other.counter.read() as conn:
        assert load_rows(conn, "interaction", other.store_id, [talk])[0]["note"] == "没发出去的"


def test_a_drain_never_takes_unsent_work_with_it(world: World, till: Till) -> None:
    member = register(till.counter, actor=till.actor("a1"))
    revoke(till, "drain")
    till.wire.on_send = refused_push
    till.counter.engine.step()
    world.clock.tick(10 * DRAIN_MS)
    for _ in range(3):
        assert ends(till) == "server_busy"
    assert till.counter.journal.count_unsent() == 1
    till.wire.is_cut = True
    till.close()
    assert ends(till) == "unreachable"
    till.wire.is_cut = False
    till.wire.on_send = lambda _request: None
    assert isinstance(till.counter.engine.step().error, TakenOff)
    assert list(world.recorded().values()) == ["quarantined"]
    assert member


def test_now_sends_first_what_can_be_sent(world: World, till: Till) -> None:
    register(till.counter, actor=till.actor("a1"))
    assert revoke(till, "now")["state"] == "revoked"
    till.close()
    assert isinstance(till.counter.engine.step().error, TakenOff)
    assert list(world.recorded().values()) == ["quarantined"]
    wipe(till)
    assert device(till).reported_unsent == 0


def test_now_takes_what_cannot_be_sent_with_it_and_says_how_much(world: World, till: Till) -> None:
    for name in ("甲", "乙"):
        register(till.counter, name, actor=till.actor("a1"))
    till.wire.on_send = refused_push
    till.counter.engine.step()
    till.close()
    till.counter.engine.step()
    assert revoke(till, "now")["reported_unsent"] == 2
    till.close()
    assert isinstance(till.counter.engine.step().error, TakenOff)
    till.close()
    till.wire.is_cut = True  # killed before it could obey: it knows without being told again
    assert isinstance(till.counter.engine.step().error, TakenOff)
    till.wire.is_cut = False
    wipe(till)
    assert device(till).reported_unsent == 2
    assert world.recorded() == {}


def test_a_wiped_counter_is_heard_no_more(world: World, till: Till) -> None:
    line = till.wire.inner
    assert line is not None
    revoke(till, "now")
    till.counter.engine.step()
    till.counter.engine.step()
    wipe(till)
    for path in ("/v1/sync/hello", "/v1/sync/push", "/v1/device/wiped"):
        answer = line.send(Request("POST", path, b"{}"))
        assert (answer.status, answer.json()["error"]["code"]) == (403, "device_revoked")
    with pytest.raises(Refused) as refused:
        revoke(till, "drain")
    assert refused.value.code == "device_revoked"


def test_a_program_too_old_to_be_given_rows_is_taken_off_all_the_same(
    world: World, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = register(till.counter, actor=till.actor("a1"))
    settle(till)
    monkeypatch.setattr(hello, "OLDEST_SCHEMA", SCHEMA + 1)
    till.close()
    assert ends(till) == "schema_too_old"
    assert till.counter.engine.order is None
    talk = log(till.counter, member, "没发出去的", actor=till.actor("a1"))
    revoke(till, "drain")
    world.clock.tick(60_000)
    till.close()
    assert ends(till) == "device_leaving"
    assert world.recorded()[till.counter.journal.latest(1)[0].envelope.op_id] == "quarantined", talk
    world.clock.tick(DRAIN_MS)
    assert isinstance(till.counter.engine.step().error, TakenOff)


def test_only_a_counter_under_an_order_may_say_that_it_is_wiped(till: Till) -> None:
    assert till.wire.inner is not None
    for body, status in ((b'{"unsent": 0}', 403), (b'{"unsent": -1}', 400), (b"{}", 400)):
        assert till.wire.inner.send(Request("POST", "/v1/device/wiped", body)).status == status
    assert device(till).state == "active"


def test_an_order_that_the_server_did_not_sign_for_this_hello_is_no_order(
    world: World, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(till.counter, actor=till.actor("a1"))
    real = orders.DeviceOrder.to_wire

    def for_another_hello(self: Any, device_id: str, t0: int, key: Any) -> dict[str, Any]:
        return real(self, device_id, t0 - 1, key)

    def for_another_pc(self: Any, device_id: str, t0: int, key: Any) -> dict[str, Any]:
        return real(self, till.counter.new_id(), t0, key)

    def sharper(self: Any, device_id: str, t0: int, key: Any) -> dict[str, Any]:
        return real(self, device_id, t0, key) | {"mode": "now"}

    revoke(till, "drain")
    for forged in (for_another_hello, for_another_pc, sharper):
        monkeypatch.setattr(orders.DeviceOrder, "to_wire", forged)
        till.close()
        assert ends(till) == "bad_server_signature"
        assert till.counter.engine.order is None


def test_a_sharper_order_replaces_a_milder_one_and_not_the_other_way(till: Till) -> None:
    revoke(till, "drain")
    since = device(till).ordered_at_ms
    till.world.clock.tick(1_000)
    revoke(till, "drain")
    assert (device(till).order_mode, device(till).ordered_at_ms) == ("drain", since)
    revoke(till, "now")
    revoke(till, "drain")
    assert (device(till).order_mode, device(till).state) == ("now", "revoked")


def test_the_secret_goes_before_the_files(tmp_path: Path) -> None:
    folder = tmp_path / "profile"
    counter = open_counter(folder, has_demo_key=True)
    counter.close()
    forget_secret(folder, has_demo_key=True)  # and then the PC is switched off
    assert DemoKeyFile(folder).get(profile_name(folder)) is None
    with pytest.raises(Exception, match="secret_missing"):
        open_counter(folder, has_demo_key=True)


def test_two_silent_weeks_lock_people_away_and_thirty_days_drop_them(world: World, till: Till) -> None:
    member, staff = register(till.counter, actor=till.actor("a1")), world.staff["a1"]
    settle(till)
    till.wire.is_cut = True
    talk = log(till.counter, member, "断网后", actor=till.actor("a1"))
    till.counter.save_draft(staff, "log", member, {"note": "写了一半"})
    world.clock.tick(14 * DAY_MS - 120_000)
    till.counter.engine.step()
    with till.counter.read() as conn:
        assert load_rows(conn, "member", till.store_id, [member])
    world.clock.tick(121_000)
    with pytest.raises(Refused) as refused:
        till.counter.sign_in("1", "1")
    assert refused.value.code == "data_locked"
    with pytest.raises(Refused, match="data_locked"), till.counter.read():
        pass
    assert till.counter.load_draft(staff, "log", member)
    world.clock.tick(16 * DAY_MS)
    till.close()
    till.counter.engine.step()
    assert till.counter.load_draft(staff, "log", member) is None
    with till.counter.cache.read() as conn:
        assert load_rows(conn, "member", till.store_id, [member]) == []
    assert till.counter.status().waiting == 1
    till.wire.is_cut = False
    settle(till)  # the line is back: what waited is sent, and what she may see comes again
    assert till.counter.status().waiting == 0
    with till.counter.read() as conn:
        assert load_rows(conn, "member", till.store_id, [member])
        assert load_rows(conn, "interaction", till.store_id, [talk])
    assert set(world.recorded().values()) == {"accepted", "quarantined"}  # a month old: a person looks at it


def test_a_clock_put_forward_drops_nothing_where_head_office_can_say_what_time_it_is(world: World, till: Till) -> None:
    member, staff = register(till.counter, actor=till.actor("a1")), world.staff["a1"]
    settle(till)
    till.counter.save_draft(staff, "log", member, {"note": "写了一半"})
    till.close()
    till.clock = ManualClock(world.clock.at_ms, 3_650 * DAY_MS, "boot-2")
    with pytest.raises(Refused, match="data_locked"), till.counter.read():
        pass  # for all that this PC knows, ten years went by
    settle(till)
    assert till.counter.load_draft(staff, "log", member)
    with till.counter.read() as conn:
        assert load_rows(conn, "member", till.store_id, [member])


def test_the_outbox_of_a_locked_counter_is_sent(world: World, till: Till) -> None:
    till.wire.is_cut = True
    register(till.counter, actor=till.actor("a1"))
    world.clock.tick(20 * DAY_MS)
    till.wire.is_cut = False
    outcome = till.counter.engine.step()
    assert outcome.error is None or isinstance(outcome.error, SyncRefused | StorageError)
    assert till.counter.status().waiting == 0
    with till.counter.read():
        pass
