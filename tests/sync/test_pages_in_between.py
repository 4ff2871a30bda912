"""Only an answer of head office is contact with it: a page of something in between tells nothing of head office."""

from __future__ import annotations

import pytest

from guidedesk.domain.errors import TransportError
from guidedesk.domain.time import DAY_MS
from guidedesk.models.entities import load_rows
from guidedesk.sync.backoff import CAP_MS
from guidedesk.sync.transport import Request, Response
from tests.helpers.counter_parts import ManualClock, log, register
from tests.helpers.fixtures import sqlite_only  # noqa: F401
from tests.helpers.world import Till, World, settle

HTML = b"<html><title>Sorry</title></html>"


@pytest.mark.parametrize(
    ("page", "cause"),
    [
        (Response(503, HTML), "refused"),
        (Response(503), "refused"),
        (Response(503, b'{"error": "down for maintenance"}'), "refused"),
        (Response(503, HTML, {"retry-after": "1"}), "refused"),
        (Response(502, HTML), "refused"),
        (Response(504, HTML), "silent"),
        (Response(500, HTML), "refused"),
        (Response(429, HTML), "refused"),
        (Response(403, HTML), "refused"),
        (Response(404, HTML), "refused"),
        (Response(415, HTML), "refused"),
        (Response(302, b"", {"location": "https://hotel.example/"}), "refused"),
        (Response(200, HTML), "silent"),
    ],
)
def test_a_page_instead_of_an_answer_is_no_contact(world: World, till: Till, page: Response, cause: str) -> None:
    member = register(till.counter, actor=till.actor("a1"))
    settle(till)
    heard_ms = till.counter.status().last_contact_ms
    world.clock.tick(400_000)  # a hello is due
    log(till.counter, member, "写下", actor=till.actor("a1"))
    till.wire.on_send = lambda _request: page
    for _ in range(2):
        outcome = till.counter.engine.step()
        assert isinstance(outcome.error, TransportError)
        assert not outcome.is_contact
        world.clock.tick(20_000)
    status = till.counter.status()
    assert (status.last_contact_ms, status.cause, status.is_offline, status.waiting) == (heard_ms, cause, True, 1)
    till.wire.on_send = lambda _request: None
    settle(till)
    status = till.counter.status()
    assert (status.is_offline, status.waiting) == (False, 0)


def test_a_busy_head_office_is_one_that_is_there(world: World, till: Till) -> None:
    settle(till)
    busy = b'{"error": {"code": "server_busy", "params": {}}}'
    till.wire.on_send = lambda _request: Response(503, busy)
    world.clock.tick(400_000)
    assert till.counter.engine.step().is_contact
    assert not till.counter.status().is_offline


@pytest.mark.parametrize(("asked_s", "least_ms"), [("30", 30_000), ("86400", CAP_MS)])
def test_a_proxy_is_obeyed_as_far_as_a_counter_waits_by_itself(till: Till, asked_s: str, least_ms: int) -> None:
    till.wire.on_send = lambda _request: Response(503, HTML, {"retry-after": asked_s})
    outcome = till.counter.engine.step()
    assert least_ms <= outcome.next_delay_ms <= least_ms + least_ms // 8


def test_what_somebody_in_between_lets_nobody_send_keeps_no_news_away(world: World, till: Till) -> None:
    other = world.till()
    member = register(till.counter, actor=till.actor("a1"))
    settle(till)
    settle(other)
    talk = log(other.counter, member, "从那边", actor=other.actor("a1"))
    settle(other)
    log(till.counter, member, "<script>", actor=till.actor("a1"))

    def dislikes(request: Request) -> Response | None:
        return Response(403, HTML) if request.path == "/v1/sync/push" else None

    till.wire.on_send = dislikes
    outcome = till.counter.engine.step()
    assert outcome.is_contact, "head office answered what was asked besides"
    assert till.counter.status().waiting == 1
    with till.counter.read() as conn:
        assert load_rows(conn, "interaction", till.store_id, [talk])


@pytest.mark.parametrize("is_page", [True, False])
def test_thirty_silent_days_behind_a_page_drop_what_is_here(world: World, till: Till, is_page: bool) -> None:
    """A clock that was put forward is asked about first, and a page in between cannot say what time it is."""
    member, staff = register(till.counter, actor=till.actor("a1")), world.staff["a1"]
    settle(till)
    till.counter.save_draft(staff, "log", member, {"note": "写了一半"})
    till.close()
    till.clock = ManualClock(world.clock.at_ms, 31 * DAY_MS, "boot-2")
    busy = b'{"error": {"code": "server_busy", "params": {}}}'
    till.wire.on_send = lambda _request: Response(503, HTML if is_page else busy)
    till.counter.engine.step()
    assert (till.counter.load_draft(staff, "log", member) is None) == is_page
