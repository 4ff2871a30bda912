"""A full server says when to come back instead of letting everybody wait, and people never wait behind counters."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from guidedesk.domain.errors import Refused
from guidedesk.server.admission import WorkQueue
from guidedesk.server.app import create_app
from guidedesk.server.limits import UNLIMITED
from guidedesk.server.routing import Call, Policy, Route
from tests.server.http_server import HttpServer
from tests.server.shop import Shop


@dataclass
class Now:
    """A clock that the test moves."""

    at: float = 1_000.0

    def __call__(self) -> float:
        return self.at


@dataclass
class Line:
    """A queue, and who is in it."""

    now: Now = field(default_factory=Now)
    inside: ExitStack = field(default_factory=ExitStack)

    def queue(self, workers: int, most_waiting: int, each_s: float) -> WorkQueue:
        made = WorkQueue("sync", workers, most_waiting, self.now)
        made.each_s = each_s
        return made

    def fill(self, queue: WorkQueue, count: int) -> None:
        for number in range(count):
            self.inside.enter_context(queue.enter(f"early-{number}"))


def told(queue: WorkQueue, asker: str) -> int:
    with pytest.raises(Refused) as refused, queue.enter(asker):
        raise AssertionError("let in")
    assert refused.value.code == "server_busy"
    seconds = refused.value.params["seconds"]
    assert isinstance(seconds, int)
    return seconds


def test_those_who_find_it_full_are_told_one_behind_the_other() -> None:
    line = Line()
    queue = line.queue(workers=2, most_waiting=4, each_s=2.0)
    line.fill(queue, 6)
    assert queue.waiting == 4
    # Six calls of two seconds for two workers: half of that, and then one each second.
    assert [told(queue, f"late-{n}") for n in range(4)] == [4, 5, 6, 7]
    assert queue.turned_away == 4
    line.inside.close()
    assert (queue.inside, queue.waiting) == (0, 0)


def test_who_comes_back_at_her_time_goes_before_who_is_new() -> None:
    line = Line()
    queue = line.queue(workers=1, most_waiting=4, each_s=1.0)
    line.fill(queue, 5)
    seconds = told(queue, "first")
    told(queue, "second")
    line.inside.close()
    line.fill(queue, 3)  # two wait: half of the queue
    assert told(queue, "new") >= 1
    line.now.at += seconds
    with queue.enter("first"):
        assert queue.inside == 4


def test_one_that_waits_longer_than_an_answer_may_take_is_not_let_in() -> None:
    line = Line()
    queue = line.queue(workers=1, most_waiting=1_000, each_s=4.0)
    line.fill(queue, 3)
    assert told(queue, "late") <= 12


def test_nobody_is_sent_away_for_ever_however_many_ask() -> None:
    line = Line()
    queue = line.queue(workers=1, most_waiting=0, each_s=30.0)
    line.fill(queue, 1)
    assert max(told(queue, f"late-{n}") for n in range(200)) == 300
    line.now.at += 4_000
    assert told(queue, "again") <= 60  # who was promised a time and never came holds up nobody


def test_who_fetches_waits_while_a_crowd_brings_what_it_did() -> None:
    line = Line()
    pushes = line.queue(workers=2, most_waiting=8, each_s=1.0)
    pulls = WorkQueue("pull", 2, 8, line.now, behind=pushes)
    pulls.each_s = 0.5
    line.fill(pushes, 3)
    with pulls.enter("one waits, and that is no crowd"):
        assert pulls.inside == 1
    line.inside.enter_context(pushes.enter("and one more"))
    assert [told(pulls, f"late-{n}") for n in range(3)] == [2, 2, 2]
    line.now.at += 2
    with pulls.enter("late-0"):  # at her time, however many wait elsewhere
        assert pulls.inside == 1
    assert told(pulls, "late-1") == 2  # but not all at once
    line.now.at += 1.5
    with pulls.enter("late-2"):
        assert pulls.inside == 1
    line.inside.close()
    with pulls.enter("anybody"):
        assert pulls.inside == 1


def test_the_longer_a_crowd_lasts_the_later_is_who_fetches_told_to_ask_again() -> None:
    line = Line()
    pushes = line.queue(workers=1, most_waiting=8, each_s=1.0)
    pulls = WorkQueue("pull", 1, 8, line.now, behind=pushes)
    pulls.each_s = 1_000.0
    line.fill(pushes, 4)
    assert told(pulls, "at once") == 2
    line.now.at += 20
    assert told(pulls, "after twenty seconds") == 10
    line.now.at += 500
    assert told(pulls, "after minutes") == 60
    line.inside.close()
    line.fill(pushes, 1)  # it is over, and a push now and then is no crowd
    line.inside.close()
    line.fill(pushes, 4)
    assert told(pulls, "the next crowd") == 2


def test_who_fetches_waits_for_those_who_were_sent_away_before_they_could_bring_theirs() -> None:
    line = Line()
    pushes = line.queue(workers=1, most_waiting=1, each_s=4.0)
    pulls = WorkQueue("pull", 2, 8, line.now, behind=pushes)
    line.fill(pushes, 2)
    seconds = told(pushes, "sent away")
    line.inside.close()
    assert not pushes.is_crowded
    told(pulls, "fetching")
    line.now.at += seconds
    told(pulls, "another")  # at her time, and a little after: she may be on her way
    with pushes.enter("sent away"), pulls.enter("a third"):
        assert pulls.inside == 1


def test_one_who_was_told_a_time_and_never_comes_holds_nobody_up_for_long() -> None:
    line = Line()
    pushes = line.queue(workers=1, most_waiting=0, each_s=1.0)
    pulls = WorkQueue("pull", 2, 8, line.now, behind=pushes)
    line.fill(pushes, 1)
    seconds = told(pushes, "gone")
    line.inside.close()
    line.now.at += seconds + 4
    with pulls.enter("fetching"):
        assert pulls.inside == 1


def test_asking_too_early_costs_nobody_her_place() -> None:
    line = Line()
    queue = line.queue(workers=1, most_waiting=0, each_s=5.0)
    line.fill(queue, 1)
    seconds = told(queue, "hasty")
    assert told(queue, "patient") > seconds
    line.now.at += 1
    assert told(queue, "hasty") == seconds - 1


@dataclass
class Held:
    """Calls of the exchange that a test keeps at work."""

    server: HttpServer
    queue: WorkQueue
    go_on: threading.Event
    begun: threading.Semaphore
    pool: ThreadPoolExecutor

    def hold(self, count: int) -> None:
        for _ in range(count):
            self.pool.submit(self.ask, "/test/held")
        for _ in range(min(count, self.queue.workers)):
            assert self.begun.acquire(timeout=20)

    def ask(self, path: str) -> requests.Response:
        return requests.get(f"http://{self.server.authority}{path}", timeout=(5, 30))


@pytest.fixture
def held(shop: Shop) -> Iterator[Held]:
    go_on, begun = threading.Event(), threading.Semaphore(0)

    def wait(_call: Call) -> Mapping[str, Any]:
        begun.release()
        assert go_on.wait(30)
        return {}

    routes = [
        Route("GET", "/test/held", Policy("push", is_open=True), wait),
        Route("GET", "/test/fetched", Policy("changes", is_open=True), lambda _call: {"fetched": 1}),
        Route("GET", "/test/person", Policy("look_up", is_open=True), lambda _call: {"found": 1}),
    ]
    app = create_app(shop.database, shop.secrets, shop.clock, shop.random, UNLIMITED, routes)
    server = HttpServer(app)
    with ThreadPoolExecutor(12) as pool:
        yield Held(server, app.state.queues["sync"], go_on, begun, pool)
        go_on.set()
    server.close()


def test_a_full_exchange_turns_counters_away_and_answers_people(held: Held) -> None:
    held.queue.most_waiting = 0
    held.hold(held.queue.workers)
    busy = held.ask("/test/held")
    assert busy.status_code == 503
    assert busy.json()["error"]["code"] == "server_busy"
    assert int(busy.headers["Retry-After"]) >= 1
    assert held.ask("/test/person").json() == {"found": 1}
    assert held.ask("/test/fetched").status_code == 503  # before who was just sent away
    assert held.ask("/v1/health").json()["status"] == "ok"
    held.go_on.set()
    # What was let in is answered; then there is room again.
    held.pool.shutdown()
    assert held.queue.inside == 0
    assert held.ask("/test/held").status_code == 200


def test_a_page_is_not_fetched_while_a_crowd_of_pushes_waits(held: Held) -> None:
    held.hold(2 * held.queue.workers)
    deadline = time.monotonic() + 20
    while not held.queue.is_crowded:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    page = held.ask("/test/fetched")
    assert page.status_code == 503
    assert int(page.headers["Retry-After"]) >= 1
    assert held.ask("/test/person").json() == {"found": 1}
    held.go_on.set()
    held.pool.shutdown()
    assert held.ask("/test/fetched").json() == {"fetched": 1}
