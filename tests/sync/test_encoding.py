"""Answers say the same in every form, and a spoilt one is never half read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from guidedesk.sync.encoding import COMPACT, MSGPACK, pack_answer, unpack_answer
from guidedesk.sync.strict_json import JsonRefused
from guidedesk.sync.transport import Request
from tests.helpers.counter_parts import register
from tests.helpers.world import World, open_world, settle

ANSWER = {"rows": [["member", {"name": "沈知微", "row_ver": 2**53 - 1, "card_no": None}]] * 40, "more": False}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    opened = open_world(tmp_path)
    yield opened
    opened.close()


@pytest.mark.parametrize("accept", ["", "application/json", COMPACT["Accept"]])
@pytest.mark.parametrize("encoding", ["", "gzip, deflate", "zstd"])
def test_every_form_holds_the_same(accept: str, encoding: str) -> None:
    raw, headers = pack_answer(ANSWER, accept, encoding)
    assert unpack_answer(raw, {name.lower(): value for name, value in headers.items()}) == ANSWER
    assert ("Content-Encoding" in headers) == (encoding == "zstd")
    assert (headers["Content-Type"] == MSGPACK) == ("msgpack" in accept)


def test_a_small_answer_is_not_packed() -> None:
    assert "Content-Encoding" not in pack_answer({"more": False}, "", "zstd")[1]


@pytest.mark.parametrize("spoil", [lambda raw: raw[:-3], lambda raw: b"", lambda raw: raw[: len(raw) // 2] + b"\xff"])
@pytest.mark.parametrize("encoding", ["", "zstd"])
def test_a_spoilt_answer_is_refused(spoil, encoding: str) -> None:
    raw, headers = pack_answer(ANSWER, MSGPACK, encoding)
    with pytest.raises(JsonRefused):
        unpack_answer(spoil(raw), {name.lower(): value for name, value in headers.items()})


def test_something_that_is_no_object_is_refused() -> None:
    with pytest.raises(JsonRefused):
        unpack_answer(b"\x93\x01\x02\x03", {"content-type": MSGPACK})


def test_a_counter_asks_for_the_compact_form_and_a_person_gets_json(world: World) -> None:
    till = world.till()
    register(till.counter, actor=till.actor("a1"))
    settle(till)
    exchange = [request for request in till.wire.sent if "/v1/sync/" in request.path]
    assert all(request.headers["Accept"] == COMPACT["Accept"] for request in exchange)
    assert till.wire.inner is not None
    hello = next(request for request in exchange if request.path.endswith("hello"))
    plain = till.wire.inner.send(Request("POST", hello.path, hello.body, {"Content-Type": "application/json"}))
    compact = till.wire.inner.send(hello)
    assert (plain.headers["content-type"], compact.headers["content-type"]) == ("application/json", MSGPACK)
    assert plain.json()["chain_id"] == compact.json()["chain_id"] == world.chain_id
    assert len(compact.body) < len(plain.body) * 0.7  # card codes are random digits
