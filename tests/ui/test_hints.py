"""A counter that listens shows what another one did without waiting for its turn to ask (SYNC.md 5, events)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from guidedesk.models.entities import load_rows
from guidedesk.server import events
from guidedesk.server.app import create_app
from guidedesk.server.feed import scope_state
from guidedesk.server.limits import UNLIMITED
from guidedesk.services.keys import MasterSecret, derive
from guidedesk.sync.engine import LISTENING_POLL_MS, POLL_MS
from guidedesk.sync.hints import Hint, HintListener
from guidedesk.sync.http_transport import HttpTransport
from guidedesk.ui.desk import Desk
from guidedesk.ui.sync_loop import SyncLoop
from guidedesk.ui.tasks import Tasks
from tests.helpers.counter_parts import SeededRandom, register
from tests.helpers.world import Till, World, settle
from tests.server.http_server import HttpServer


def serve(world: World) -> HttpServer:
    return HttpServer(create_app(world.database, world.context.secrets, world.clock, SeededRandom(9), UNLIMITED))


@pytest.fixture
def server(world: World) -> Iterator[HttpServer]:
    opened = serve(world)
    yield opened
    opened.close()


def line_of(till: Till, server: HttpServer) -> HttpTransport:
    seed = derive(MasterSecret(till.secret)).signing_seed
    return HttpTransport(
        f"http://{server.authority}", random=SeededRandom(till.secret[0]), now_ms=till.counter.now_ms,
        device_id=till.device_id, signing_seed=seed,
    )  # fmt: skip


class Running:
    """One counter's loop with its real threads."""

    def __init__(self, till: Till, server: HttpServer) -> None:
        self.till = till
        self.tasks = Tasks()
        self.desk = Desk(till.counter, self.tasks)
        scopes = (till.world.chain_id, till.store_id)
        self.listener = HintListener(line_of(till, server), scopes, SeededRandom(3))
        self.loop = SyncLoop(self.desk, lambda: till.counter.engine, listener=lambda: self.listener)
        self.waits: list[int] = []
        self.heard: list[bool] = []
        self.hints: list[Hint] = []
        self.loop._hints.listening.connect(self.heard.append)
        self.loop._hints.heard.connect(self.hints.append)
        real_step = till.counter.engine.step

        def step():
            outcome = real_step()
            self.waits.append(outcome.next_delay_ms)
            return outcome

        till.counter.engine.step = step  # type: ignore[method-assign]

    def close(self) -> None:
        self.loop.close()
        self.tasks.close()

    def shows(self, member: str) -> bool:
        with self.till.counter.read() as conn:
            return bool(load_rows(conn, "member", self.till.store_id, [member]))


@pytest.fixture
def run(server: HttpServer) -> Iterator[Callable[[Till], Running]]:
    made: list[Running] = []

    def start(till: Till) -> Running:
        made.append(Running(till, server))
        made[-1].loop.start()
        return made[-1]

    yield start
    for one in made:
        one.close()


def wait_until_it_listens(qtbot, running: Running) -> None:
    """Its next question by itself is half a minute away then; what it heard first gave it nothing to ask."""
    qtbot.waitUntil(lambda: running.heard == [True] and len(running.hints) == 2, timeout=15_000)
    assert len(running.waits) == 1
    assert not running.loop._is_running
    running.loop.nudge()
    qtbot.waitUntil(lambda: running.waits[-1] > LISTENING_POLL_MS // 2 and not running.loop._is_running, timeout=15_000)


def test_what_another_counter_did_comes_with_a_hint(qtbot, world, server, run) -> None:
    here, there = world.till(), world.till()
    settle(there)
    running = run(here)
    wait_until_it_listens(qtbot, running)
    member = register(there.counter, actor=there.actor("a1"))
    settle(there)
    # The row is there a moment before the step that brought it ends.
    qtbot.waitUntil(lambda: running.shows(member) and not running.loop._is_running, timeout=15_000)
    steps = len(running.waits)
    register(here.counter, "自己", actor=here.actor("a1"))
    running.loop.nudge()
    qtbot.waitUntil(lambda: len(running.waits) > steps and not here.counter.status().waiting, timeout=15_000)
    qtbot.waitUntil(lambda: not here.counter.engine.is_news(Hint(here.store_id, *head(world))), timeout=15_000)
    qtbot.waitUntil(lambda: Hint(here.store_id, *head(world)) in running.hints, timeout=15_000)
    # The hint of what this counter did itself has come by now, and nothing was asked for it.
    assert not running.loop._is_running
    assert len(running.waits) == steps + 1


def head(world: World) -> tuple[int, int]:
    with world.database.read() as conn:
        return scope_state(conn, world.store_id)[:2]


def test_a_lost_stream_is_asked_about_and_polling_is_quick_again(qtbot, world, server, run) -> None:
    running = run(world.till())
    wait_until_it_listens(qtbot, running)
    server.close()
    qtbot.waitUntil(lambda: running.heard == [True, False], timeout=15_000)
    qtbot.waitUntil(lambda: running.waits[-1] < 2 * POLL_MS, timeout=15_000)


def test_a_stream_that_is_back_is_not_waited_out(qtbot, world, server, run) -> None:
    """After a long outage the next question by itself may be minutes away."""
    till = world.till()
    running = run(till)
    wait_until_it_listens(qtbot, running)
    till.wire.is_cut = True
    running.loop.nudge()
    qtbot.waitUntil(lambda: len(running.waits) == 3 and not running.loop._is_running, timeout=15_000)
    running.loop._timer.stop()
    till.wire.is_cut = False
    running.loop._listening(True)
    qtbot.waitUntil(lambda: len(running.waits) == 4 and not running.loop._is_running, timeout=15_000)
    assert till.counter.status().offline_since_ms is None
    running.loop._listening(True)
    assert not running.loop._is_running


def test_heartbeats_are_heard(qtbot, world, server, run, monkeypatch) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_SECONDS", 0.02)
    signs: list[int] = []
    running = run(world.till())
    running.listener._alive = lambda: signs.append(1)
    qtbot.waitUntil(lambda: len(signs) > 5, timeout=15_000)
    assert len(running.hints) == 2


def test_closing_does_not_wait_for_the_next_heartbeat(qtbot, world, server, run) -> None:
    running = run(world.till())
    qtbot.waitUntil(lambda: running.heard == [True], timeout=15_000)
    _, thread = running.loop._hints._running
    running.close()
    assert not thread.is_alive()
