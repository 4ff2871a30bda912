"""What the server does with requests that are wrong, too many, or from nobody (SECURITY.md 3)."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgpack
import pytest
import zstandard
from fastapi import FastAPI

from guidedesk.commands.serve import listen
from guidedesk.domain.access import PERMISSIONS
from guidedesk.server.app import create_app
from guidedesk.server.limits import PER_MINUTE, UNLIMITED, RateLimits
from guidedesk.server.routing import Policy, Route
from guidedesk.sync.protocol import MAX_BODY
from tests.helpers.postgres import Backend
from tests.server.http_server import HttpServer
from tests.server.people_at_work import hello, joined, registration
from tests.server.shop import Shop, open_shop


@pytest.fixture
def limited(tmp_path: Path, backend: Backend) -> Iterator[Shop]:
    opened = open_shop(tmp_path, RateLimits(), backend)
    yield opened
    opened.close()


def make_app(shop: Shop, *extra: Route) -> FastAPI:
    return create_app(shop.database, shop.secrets, shop.clock, shop.random, UNLIMITED, extra)


def test_every_route_says_who_may_use_it(shop: Shop) -> None:
    app = make_app(shop)
    policies = app.state.policies
    served = {(method, route.path) for route in app.routes for method in route.methods - {"HEAD"}}  # type: ignore[attr-defined]
    assert served == set(policies)
    for policy in policies.values():
        assert policy.is_open != (policy.permission is not None)
        assert policy.permission is None or policy.permission in PERMISSIONS
        assert policy.lane in PER_MINUTE
    with pytest.raises(ValueError, match="says neither"):
        make_app(shop, Route("GET", "/v1/forgotten", Policy("health"), lambda _call: {}))


def test_health_is_open_and_documentation_is_off(shop: Shop) -> None:
    assert shop.client.request("GET", "/v1/health").json()["status"] == "ok"
    for path in ("/docs", "/redoc", "/openapi.json", "/nothing"):
        answer = shop.client.request("GET", path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    assert shop.client.request("GET", "/v1/sync/push").status_code == 405


def test_unsigned_and_foreign_requests_are_refused(shop: Shop) -> None:
    assert shop.client.request("POST", "/v1/sync/hello", b"{}").status_code == 401
    one, two = shop.counter(), shop.counter()
    two.key = one.key
    answer = two.call("POST", "/v1/sync/hello", hello())
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "bad_signature")
    one.device_id = shop.new_id()
    assert one.call("POST", "/v1/sync/hello", hello()).json()["error"]["code"] == "unknown_device"


def test_a_clock_that_is_off_is_told_the_time(shop: Shop) -> None:
    counter = shop.counter()
    right = shop.clock.now_ms

    class Ahead:
        now_ms = right + 3_600_000

    server_clock = shop.clock
    shop.clock = Ahead()  # type: ignore[assignment]
    answer = counter.call("POST", "/v1/sync/hello", hello())
    shop.clock = server_clock
    assert answer.status_code == 401
    assert answer.json()["error"] == {"code": "stale", "params": {"server_time_ms": right}}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{",
        b'{"a":1,"a":2}',
        b'{"a":NaN}',
        b'{"a":1e999}',
        b'{"a":"\\ud800"}',
        b'{"a":' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b"\xef\xbb\xbf{}",
        b"{} {}",
        b"\xff\xfe",
    ],
)
def test_hostile_json_is_a_typed_400(shop: Shop, raw: bytes) -> None:
    counter = shop.counter()
    for path in ("/v1/sync/push", "/v1/sync/hello", "/v1/sync/digest"):
        answer = counter.call("POST", path, raw=raw)
        assert answer.status_code == 400, answer.text
        assert answer.json()["error"]["code"] == "json_refused"


def test_bodies_have_a_limit(shop: Shop) -> None:
    counter = shop.counter()
    answer = counter.call("POST", "/v1/sync/push", raw=b" " * (MAX_BODY + 1))
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")
    packed = shop.client.request("POST", "/v1/sync/push", b"x", {"Content-Encoding": "gzip"})
    assert packed.status_code == 415


def test_packed_pushes_are_taken_and_bombs_are_not(shop: Shop) -> None:
    counter = shop.counter()
    envelope = counter.envelope(registration(shop), "a1").to_wire()
    body = {"batch_id": shop.new_id(), "epoch": 1, "first_seq": 1, "ops": [envelope]}
    good = zstandard.compress(msgpack.packb(body))

    def push(raw: bytes) -> Any:
        sent = {"Content-Type": "application/msgpack", "Content-Encoding": "zstd"}
        return counter.call("POST", "/v1/sync/push", raw=raw, headers=sent)

    assert push(zstandard.compress(bytes(32 << 20))).status_code == 413
    assert push(good[:-2]).status_code == 400
    assert [result["status"] for result in push(good).json()["results"]] == ["accepted"]


def test_malformed_frames_are_refused_whole(shop: Shop) -> None:
    counter = shop.counter()
    good = {"batch_id": shop.new_id(), "epoch": 1, "first_seq": 1, "ops": []}
    assert counter.call("POST", "/v1/sync/push", good).json()["results"] == []
    wrong: list[dict[str, Any]] = [{"ops": [{}] * 501}, {"ops": {}}, {"epoch": True}, {"first_seq": 0}]
    for change in [*wrong, {"batch_id": 3}, {"more": 1}]:
        answer = counter.call("POST", "/v1/sync/push", good | change)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "malformed_batch")


def test_asking_too_often_is_slowed_down_by_lane_and_asker(limited: Shop) -> None:
    one, two = limited.counter(), limited.counter()
    codes = [one.call("POST", "/v1/sync/hello", hello()).status_code for _ in range(61)]
    assert codes == [200] * 60 + [429]
    assert one.call("POST", "/v1/sync/hello", hello()).headers["Retry-After"] == "1"
    assert two.call("POST", "/v1/sync/hello", hello()).status_code == 200
    joined(limited, one)
    limited.clock.now_ms += 1_000
    assert one.call("POST", "/v1/sync/hello", hello()).status_code == 200


def test_a_fault_of_the_server_is_a_typed_500(shop: Shop) -> None:
    def broken(_call: object) -> dict[str, str]:
        raise RuntimeError("secret text")

    server = HttpServer(make_app(shop, Route("GET", "/v1/broken", Policy("health", is_open=True), broken)))
    try:
        answer = server.request("GET", "/v1/broken")
        assert (answer.status_code, answer.json()["error"]["code"]) == (500, "server_fault")
        assert "secret" not in answer.text
    finally:
        server.close()


def test_an_answers_body_does_not_wait_for_its_head_to_be_confirmed() -> None:
    """Nagle's algorithm and delayed confirmations together cost every answer forty milliseconds."""
    with (
        listen("127.0.0.1", 0) as listening,
        socket.create_connection(listening.getsockname()),
        listening.accept()[0] as accepted,
    ):
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
