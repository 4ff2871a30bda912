"""Batches are as large as a second of the line and the server takes (SYNC.md 6, retry)."""

from __future__ import annotations

from typing import Any

import pytest

from guidedesk.domain.errors import StorageError, TransportError
from guidedesk.server import batch_run
from guidedesk.services import apply
from guidedesk.sync.transport import Request, Response
from tests.helpers.counter_parts import log, register, sent_body
from tests.helpers.eager import EagerWire
from tests.helpers.fixtures import sqlite_only  # noqa: F401
from tests.helpers.world import Till, World, settle


class SlowLine:
    """Takes so many milliseconds an operation; remembers how many came at once."""

    def __init__(self, till: Till, ms_each: int) -> None:
        self._till = till
        self.ms_each = ms_each
        self.sizes: list[int] = []
        till.wire.on_send = self.carry

    def carry(self, request: Request) -> Response | None:
        if request.path != "/v1/sync/push":
            return None
        self.sizes.append(len(sent_body(request)["ops"]))
        self._till.world.clock.tick(self.sizes[-1] * self.ms_each)
        return None


def test_a_slow_line_gets_small_batches_and_a_quick_one_large_ones_again(till: Till) -> None:
    member = register(till.counter, actor=till.actor("a1"))
    line = SlowLine(till, 60)
    for number in range(119):
        log(till.counter, member, f"{number}", actor=till.actor("a1"))
    settle(till)
    assert line.sizes == [120]  # nothing is known of the line before the first
    for number in range(50):
        log(till.counter, member, f"然后{number}", actor=till.actor("a1"))
    settle(till)
    assert line.sizes[1:] == [16, 16, 16, 2]
    line.ms_each = 1
    for number in range(150):
        log(till.counter, member, f"最后{number}", actor=till.actor("a1"))
    settle(till)
    assert line.sizes[5:] == [16, 32, 64, 38]
    assert till.counter.status().waiting == 0


def test_what_takes_long_whatever_its_size_is_not_cut_smaller_and_smaller(till: Till) -> None:
    """A server that many want at once: three seconds a push, and a thousandth for each operation."""
    member = register(till.counter, actor=till.actor("a1"))
    settle(till)
    sizes: list[int] = []

    def crowded(request: Request) -> Response | None:
        if request.path == "/v1/sync/push":
            sizes.append(len(sent_body(request)["ops"]))
            till.world.clock.tick(3_000 + sizes[-1])
        return None

    till.wire.on_send = crowded
    for number in range(400):
        log(till.counter, member, f"{number}", actor=till.actor("a1"))
    settle(till)
    assert sizes == [125, 40, 80, 155]


def test_a_batch_that_never_came_back_is_the_same_batch_again(till: Till) -> None:
    member = register(till.counter, actor=till.actor("a1"))
    for number in range(5):
        log(till.counter, member, f"{number}", actor=till.actor("a1"))
    sent: list[list[str]] = []

    def lose(request: Request) -> Response | None:
        if request.path == "/v1/sync/push":
            sent.append([op["op_id"] for op in sent_body(request)["ops"]])
            if len(sent) == 1:
                assert till.wire.inner is not None
                till.wire.inner.send(request)
                raise TransportError("timeout")
        return None

    till.wire.on_send = lose
    assert till.counter.engine.step().error is not None
    settle(till)
    assert sent[0] == sent[1]
    assert {info.state for info in till.counter.records.latest(9)} == {"accepted"}
    assert len(till.world.recorded()) == 6


@pytest.fixture
def eager(till: Till) -> EagerWire:
    """The till's line, carrying calls ahead from now on."""
    wire = EagerWire(till.wire.inner)
    till.counter.engine._client._transport = wire
    return wire


def fill(till: Till, count: int) -> None:
    member = register(till.counter, actor=till.actor("a1"))
    for number in range(count):
        log(till.counter, member, f"{number}", actor=till.actor("a1"))


def pushes(wire: EagerWire) -> list[list[int]]:
    sent = [sent_body(request)["ops"] for request in wire.sent if request.path == "/v1/sync/push"]
    return [[op["device_seq"] for op in ops] for ops in sent]


def test_the_next_batch_is_under_way_while_answers_are_taken_in(till: Till, eager: EagerWire) -> None:
    fill(till, 10)
    till.counter.engine._pusher._limit = 3
    settle(till)
    assert till.counter.status().waiting == 0
    assert [seq for some in pushes(eager) for seq in some] == list(range(1, 12))
    assert eager.taken >= 2
    assert all(check.is_equal for check in till.counter.engine.check())


def test_what_was_begun_before_a_fault_takes_effect_once(
    world: World, till: Till, eager: EagerWire, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(till, 15)
    till.counter.engine._pusher._limit = 3
    journal = till.counter.journal

    def full(*_: object) -> None:
        raise StorageError("storage_full", file="journal")

    with monkeypatch.context() as patch:
        patch.setattr(journal, "settle", full)
        assert till.counter.engine.step().error is not None
    assert len(world.recorded()) == 3 + 6 + 6  # three batches were decided, and this PC kept none of the answers
    assert till.counter.status().waiting == 16
    settle(till)
    assert till.counter.status().waiting == 0
    assert len(world.recorded()) == 16
    assert all(check.is_equal for check in till.counter.engine.check())


def test_a_line_that_breaks_on_what_was_begun_is_told_where_it_is_asked_for(till: Till, eager: EagerWire) -> None:
    fill(till, 5)
    till.counter.engine._pusher._limit = 2

    def cut(request: Request) -> Response | None:
        if request.path == "/v1/sync/push" and sent_body(request)["first_seq"] > 1:
            raise TransportError("connection_lost")
        return None

    eager.on_send = cut
    assert isinstance(till.counter.engine.step().error, TransportError)
    assert till.counter.status().waiting == 4
    eager.on_send = lambda _request: None
    settle(till)
    assert till.counter.status().waiting == 0


def test_two_batches_are_on_their_way_so_that_the_server_never_waits(till: Till, eager: EagerWire) -> None:
    fill(till, 14)
    till.counter.engine._pusher._limit = 3
    most = 0

    def look(request: Request) -> Response | None:
        nonlocal most
        most = max(most, len(eager.begun) + 1)
        return None

    eager.on_send = look
    settle(till)
    assert most == 2
    assert [seq for some in pushes(eager) for seq in some] == list(range(1, 16))


@pytest.mark.parametrize("status", [400, 413])
def test_a_refusal_takes_back_what_was_sent_behind_it(till: Till, eager: EagerWire, status: int) -> None:
    """One operation that the line lets nobody send is found and parked, whatever was under way behind it."""
    fill(till, 20)
    other = register(till.counter, actor=till.actor("a1"), name="王芳")
    log(till.counter, other, "bad", actor=till.actor("a1"))
    log(till.counter, other, "after", actor=till.actor("a1"))
    fill(till, 3)
    bad = till.counter.journal.outgoing(23, 1)[0].op_id
    till.counter.engine._pusher._limit = 4

    def turn_away(request: Request) -> Response | None:
        if request.path == "/v1/sync/push" and bad in [op["op_id"] for op in sent_body(request)["ops"]]:
            return Response(status, b"{}", {})
        return None

    eager.on_send = turn_away
    settle(till)
    states = [info.state for info in till.counter.records.latest(50)]
    assert (states.count("accepted"), states.count("parked")) == (26, 2)
    assert not eager.begun


def test_what_follows_an_undecided_operation_is_not_taken_before_it(
    world: World, till: Till, eager: EagerWire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Her lane keeps its order though the next batch was under way when the server failed at one of hers."""
    fill(till, 19)
    till.counter.engine._pusher._limit = 3
    real, failed = apply.apply_operation, [0]

    def flaky(conn: Any, operation: Any, context: Any) -> Any:
        effect = real(conn, operation, context)
        if getattr(operation, "note", "") == "4" and failed[0] < 4:
            failed[0] += 1
            raise RuntimeError("boom")
        return effect

    monkeypatch.setattr(batch_run, "apply_operation", flaky)
    till.counter.engine.step()
    assert pushes(eager)[1:] == [[*range(4, 10)], [*range(10, 16)]]
    assert len(world.recorded()) == 5  # what came before the undecided one, and nothing after it
    for _ in range(4):
        world.clock.tick(60_000)
        settle(till)
    assert till.counter.status().waiting == 0
    assert all(check.is_equal for check in till.counter.engine.check())
