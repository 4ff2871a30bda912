"""Batches are as large as a second of the line and the server takes (SYNC.md 6, retry)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from guidedesk.domain.errors import TransportError
from guidedesk.sync.transport import Request, Response
from tests.helpers.counter_parts import log, register, sent_body
from tests.helpers.world import Till, World, open_world, settle


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    opened = open_world(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def till(world: World) -> Till:
    made = world.till()
    settle(made)
    return made


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
    assert {info.state for info in till.counter.operations(9)} == {"accepted"}
    assert len(till.world.recorded()) == 6
