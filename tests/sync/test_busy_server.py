"""A server that has no time is left in peace as long as it asks, and not asked for more than before (SYNC.md 6)."""

from __future__ import annotations

import pytest

from guidedesk.sync.backoff import Backoff
from guidedesk.sync.outgoing import Outgoing
from guidedesk.sync.transport import Request, Response
from tests.helpers.counter_parts import SeededRandom, log, register, sent_body
from tests.helpers.eager import EagerWire
from tests.helpers.fixtures import sqlite_only  # noqa: F401
from tests.helpers.world import Till, settle

BUSY = b'{"error": {"code": "server_busy", "params": {"seconds": 7}}}'


def paths(till: Till) -> list[str]:
    return [request.path.partition("?")[0].rpartition("/")[2] for request in till.wire.sent]


@pytest.mark.parametrize("status", [429, 503])
def test_it_comes_back_when_it_was_told_with_the_same_work_and_no_new_hello(till: Till, status: int) -> None:
    member = register(till.counter, actor=till.actor("a1"))
    settle(till)
    log(till.counter, member, "写下", actor=till.actor("a1"))
    busy = [2]

    def turn_away(request: Request) -> Response | None:
        if request.path == "/v1/sync/push" and busy[0]:
            busy[0] -= 1
            return Response(status, BUSY, {"retry-after": "7"})
        return None

    till.wire.on_send = turn_away
    till.wire.sent.clear()
    for _ in range(2):
        outcome = till.counter.engine.step()
        assert outcome.is_contact
        assert 7_000 <= outcome.next_delay_ms <= 8_000
        till.world.clock.tick(outcome.next_delay_ms)
    assert till.counter.status().waiting == 1
    assert paths(till) == ["push", "push"]  # nothing is fetched meanwhile either
    settle(till)
    assert till.counter.status().waiting == 0
    assert len(till.world.recorded()) == 2


def test_long_waits_are_spread_by_an_eighth_so_that_the_server_does_not_stand_idle() -> None:
    backoff = Backoff(SeededRandom(7))
    waits = [backoff.failed_ms(retry_after_ms=80_000) for _ in range(300)]
    assert min(waits) >= 80_000
    assert 88_000 < max(waits) <= 90_000


def test_being_told_a_time_makes_no_later_wait_longer() -> None:
    backoff = Backoff(SeededRandom(7))
    for _ in range(20):
        backoff.failed_ms(retry_after_ms=1_000)
    assert backoff.failed_ms() <= 1_000  # the first connection that broke in a storm: a second, not minutes


def test_what_was_turned_away_is_not_made_anew_but_for_a_journal_that_changed(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = register(till.counter, actor=till.actor("a1"))
    settle(till)
    for number in range(6):
        log(till.counter, member, f"{number}", actor=till.actor("a1"))
    read: list[int] = []
    outgoing = till.counter.journal.outgoing

    def counted(from_seq: int, limit: int) -> list[Outgoing]:
        read.append(from_seq)
        return outgoing(from_seq, limit)

    monkeypatch.setattr(till.counter.journal, "outgoing", counted)
    busy = [True]

    def turn_away(request: Request) -> Response | None:
        return Response(503, BUSY, {"retry-after": "1"}) if busy[0] and request.path == "/v1/sync/push" else None

    till.wire.on_send = turn_away
    for _ in range(3):
        till.counter.engine.step()
        till.world.clock.tick(2_000)
    assert len(read) == 1
    log(till.counter, member, "meanwhile", actor=till.actor("a1"))
    till.counter.journal.mark_seen([])  # something that had been recorded may be another now
    till.counter.engine.step()
    assert len(read) == 2
    busy[0] = False
    settle(till)
    assert till.counter.status().waiting == 0
    assert len(till.world.recorded()) == 8


def test_waiting_for_others_at_the_server_makes_no_batch_smaller(till: Till) -> None:
    member = register(till.counter, actor=till.actor("a1"))
    settle(till)
    till.counter.engine._pusher._limit = 20
    sizes: list[int] = []

    def crowd(request: Request) -> Response | None:
        if request.path != "/v1/sync/push":
            return None
        sizes.append(len(sent_body(request)["ops"]))
        till.world.clock.tick(9_100)
        assert till.wire.inner is not None
        answer = till.wire.inner.send(request)
        return Response(answer.status, answer.body, {**answer.headers, "server-timing": "queue;dur=9000"})

    till.wire.on_send = crowd
    for number in range(60):
        log(till.counter, member, f"{number}", actor=till.actor("a1"))
    settle(till)
    assert sizes == [20, 40]


def test_nothing_is_sent_ahead_while_others_wait(till: Till) -> None:
    member = register(till.counter, actor=till.actor("a1"))
    settle(till)
    eager = EagerWire(till.wire.inner)
    till.counter.engine._client._transport = eager
    till.counter.engine._pusher._limit = 4

    def crowd(request: Request) -> Response | None:
        if request.path != "/v1/sync/push":
            return None
        assert eager.inner is not None
        answer = eager.inner.send(request)
        return Response(answer.status, answer.body, {**answer.headers, "server-timing": "queue;dur=900"})

    eager.on_send = crowd
    for number in range(20):
        log(till.counter, member, f"{number}", actor=till.actor("a1"))
    settle(till)
    assert eager.taken == 0
    assert till.counter.status().waiting == 0
    assert all(check.is_equal for check in till.counter.engine.check())
