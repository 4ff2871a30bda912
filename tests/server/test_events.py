"""Hints over a real connection: what a counter that listens hears, from whichever server process (SYNC.md 5, S-4)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests
from sqlalchemy import update

from guidedesk.models import server_tables as tables
from guidedesk.server import events
from guidedesk.server.app import create_app
from guidedesk.server.limits import UNLIMITED, RateLimits
from guidedesk.sync.hints import Hint, _hints
from guidedesk.sync.signing import sign_request
from tests.server.http_server import HttpServer
from tests.server.people_at_work import joined
from tests.server.shop import Counter, Shop

PATH = "/v1/sync/events"


@pytest.fixture
def other(shop: Shop) -> Iterator[HttpServer]:
    """A second server process over the same database."""
    server = HttpServer(create_app(shop.database, shop.secrets, shop.clock, shop.random, UNLIMITED))
    yield server
    server.close()


@contextmanager
def listening(counter: Counter, server: HttpServer, *scopes: str) -> Iterator[requests.Response]:
    query = "&".join(f"scope={scope}" for scope in scopes)
    signed = sign_request(
        "GET", server.authority, PATH, query, b"", device_id=counter.device_id, key_id="1", session_id=None,
        created=counter.shop.clock.now_ms // 1000, nonce=counter.shop.random.bytes(16), private_key=counter.key,
    )  # fmt: skip
    with requests.Session() as session:
        session.trust_env = False
        url = f"http://{server.authority}{PATH}?{query}"
        with session.get(url, headers=signed, stream=True, timeout=(5, 30)) as answer:
            yield answer


def heard(answer: requests.Response) -> Iterator[Hint]:
    return _hints(answer.iter_content(chunk_size=None))


def test_a_change_made_at_one_process_is_heard_at_the_other(shop: Shop, other: HttpServer) -> None:
    writer, listener = shop.counter(), shop.counter()
    with listening(listener, other, shop.chain_id, listener.scope_id) as answer:
        assert answer.headers["content-type"] == events.EVENT_TYPE
        hints = heard(answer)
        first = {hint.scope_id: hint for hint in (next(hints), next(hints))}
        assert set(first) == {shop.chain_id, listener.scope_id}
        joined(shop, writer)
        told = next(hints)
        assert (told.scope_id, told.epoch) == (listener.scope_id, 1)
        assert told.head > first[listener.scope_id].head
        listener.pull()
        assert listener.cursors[listener.scope_id] == (1, told.head)


def test_silence_is_broken_by_heartbeats(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_SECONDS", 0.02)
    listener = shop.counter()
    with listening(listener, shop.client, listener.scope_id) as answer:
        lines = answer.iter_lines()
        assert [line for line, _ in zip(lines, range(7), strict=False)][3::2] == [b": still here"] * 2


def test_the_newest_connection_of_a_counter_ends_its_older_one(shop: Shop) -> None:
    listener = shop.counter()
    with (
        listening(listener, shop.client, listener.scope_id) as older,
        listening(listener, shop.client, listener.scope_id) as newer,
    ):
        assert next(heard(newer)).scope_id == listener.scope_id
        assert len(list(heard(older))) == 1  # what it had been told, then the end


def test_a_server_that_stops_ends_its_streams_first(shop: Shop, other: HttpServer) -> None:
    listener = shop.counter()
    with listening(listener, other, listener.scope_id) as answer:
        hints = heard(answer)
        next(hints)
        other.close()
        assert list(hints) == []
        assert not other.is_running


def test_a_stream_has_an_end_of_its_own(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a counter taken off since is looked at again."""
    monkeypatch.setattr(events, "LIFE_SECONDS", 0.0)
    listener = shop.counter()
    with listening(listener, shop.client, listener.scope_id) as answer:
        assert list(heard(answer)) == []


def test_only_a_working_counter_hears_and_only_of_its_own(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    listener = shop.counter()

    def refused(*scopes: str) -> tuple[int, str]:
        with listening(listener, shop.client, *scopes) as answer:
            return answer.status_code, answer.json()["error"]["code"]

    assert refused(shop.stores[1]) == (404, "not_found")
    assert refused() == (400, "validation")
    with shop.database.engine.begin() as conn:
        conn.execute(update(tables.device).values(state="suspended"))
    assert refused(listener.scope_id) == (403, "device_suspended")
    with shop.database.engine.begin() as conn:
        conn.execute(update(tables.device).values(state="active"))
    monkeypatch.setattr(events, "MOST_STREAMS", 0)
    assert refused(listener.scope_id) == (503, "events_full")


def test_streams_have_a_lane_of_their_own() -> None:
    assert RateLimits().per_minute["events"] < RateLimits().per_minute["hello"]
