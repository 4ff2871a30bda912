"""Bodies say the same in every form, and a spoilt or hostile one is never half read."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import msgpack
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from guidedesk.domain.errors import Refused
from guidedesk.sync.encoding import (
    COMPACT,
    MOST_RATIO,
    MOST_REQUEST,
    MSGPACK,
    ZSTD,
    pack_answer,
    pack_request,
    unpack_answer,
    unpack_request,
)
from guidedesk.sync.protocol import Envelope, canonical
from guidedesk.sync.strict_json import MAX_INTEGER, JsonRefused
from guidedesk.sync.transport import Request, Response
from tests.helpers.counter_parts import log, register, sent_body
from tests.helpers.fixtures import sqlite_only  # noqa: F401
from tests.helpers.world import World, settle

ANSWER = {"rows": [["member", {"name": "沈知微", "row_ver": 2**53 - 1, "card_no": None}]] * 40, "more": False}


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


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
ANY_BYTES = st.binary(max_size=200)


def read(packed: tuple[bytes, dict[str, str]]) -> object:
    return unpack_request(packed[0], packed[1]["Content-Type"], packed[1].get("Content-Encoding", ""))


@given(st.dictionaries(TEXTS, VALUES, max_size=4), st.booleans())
def test_a_request_says_the_same_packed_and_plain(body, is_long: bool) -> None:
    body = body | ({"ops": ["操作"] * 500} if is_long else {})
    plain, packed = pack_request(body, is_packed=False), pack_request(body, is_packed=True)
    assert read(plain) == read(packed) == body
    assert (packed[1]["Content-Type"] == MSGPACK) == (len(msgpack.packb(body)) >= 1024)


@given(ANY_BYTES | ANY_BYTES.map(zstandard.ZstdCompressor().compress), st.sampled_from([MSGPACK, ""]))
def test_no_bytes_are_more_than_a_typed_refusal(raw: bytes, content_type: str) -> None:
    for encoding in ("", ZSTD):
        with suppress(Refused):
            assert isinstance(unpack_request(raw, content_type, encoding), dict)


@pytest.mark.parametrize(
    "raw",
    [
        b"\x82\xa1a\x01\xa1a\x02",  # a key twice
        msgpack.packb({"a": b"bytes"}),
        msgpack.packb({"a": msgpack.ExtType(5, b"x")}),
        msgpack.packb({"a": msgpack.Timestamp(1)}),
        msgpack.packb({"a": 2**60}),
        msgpack.packb({"a": float("nan")}),
        msgpack.packb({"a": "x\0"}),
        msgpack.packb({"a": "x" * 9_000}),
        b"\x81\x01\x02",  # a number for a key
        b"\x81\xa1a" + b"\x91" * 40 + b"\xc0",
        b"\x81\xa1a" + b"\x91" * 100_000 + b"\xc0",
        b"\x81\xa1a\xdd\xff\xff\xff\xff",  # a list of four thousand million, it says
        b"\x81\xa1a\xa1\xff",  # no UTF-8
        b"\x81\xa1a\xa3\xed\xa0\x80",  # half a surrogate
        msgpack.packb({"a": [{"a": 1}, {"a": 1, "b\0": 2}]}),
        msgpack.packb({"a": [{"a": 1}, {"a": 1, "k" * 9_000: 2}]}),
        b"\x81\xa1a\x81\xc4\x00\x01",  # no bytes for a key
        msgpack.packb({}) + b"\x00",
        msgpack.packb([]),
    ],
)
def test_hostile_msgpack_is_refused_like_hostile_json(raw: bytes) -> None:
    with pytest.raises(JsonRefused):
        unpack_request(raw, MSGPACK, "")


def test_a_body_that_unpacks_to_too_much_is_refused_before_it_is_unpacked() -> None:
    def code(raw: bytes) -> str:
        with pytest.raises(Refused) as refused:
            unpack_request(raw, MSGPACK, ZSTD)
        return refused.value.code

    pack = zstandard.ZstdCompressor()
    assert code(pack.compress(bytes(64 << 20))) == "too_large"
    varied = bytes(range(256)) * 8
    assert code(pack.compress(varied * MOST_RATIO)) == "too_large"
    mixed = b"".join(n.to_bytes(4, "big") for n in range(MOST_REQUEST // 4 + 1))
    assert len(pack.compress(mixed)) > MOST_REQUEST // MOST_RATIO
    assert code(pack.compress(mixed)) == "too_large"
    says_nothing = zstandard.ZstdCompressor().compressobj()
    assert code(says_nothing.compress(b"\x80") + says_nothing.flush()) == "json_refused"
    assert code(pack.compress(b"\x80") + b"more") == "json_refused"


def test_work_is_sent_packed_and_plain_where_the_line_takes_no_packed_bodies(world: World) -> None:
    till = world.till()
    settle(till)
    member = register(till.counter, actor=till.actor("a1"))
    for number in range(20):
        log(till.counter, member, f"第{number}次", actor=till.actor("a1"))
    pushes: list[Request] = []

    def old_proxy(request: Request) -> Response | None:
        if request.path != "/v1/sync/push":
            return None
        pushes.append(request)
        return Response(415) if "Content-Encoding" in request.headers else None

    till.wire.on_send = old_proxy
    settle(till)
    packed, plain = pushes
    assert sent_body(packed)["ops"] == sent_body(plain)["ops"]
    assert len(packed.body) * 2 < len(plain.body)
    assert till.counter.status().waiting == 0


def test_a_note_that_packs_too_well_goes_unpacked() -> None:
    body = {"ops": ["哈" * 2_000]}
    packed = pack_request(body, is_packed=True)
    assert packed[1] == {"Content-Type": MSGPACK}
    assert read(packed) == body


@given(
    st.text(max_size=20),
    st.lists(st.text(max_size=5), max_size=3),
    st.dictionaries(st.text(max_size=5), st.text(max_size=20) | st.integers() | st.booleans() | st.none(), max_size=4),
    st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=3),
)
def test_what_is_chained_is_written_in_its_one_form(
    word: str, deps: list[str], body: dict[str, Any], personal: dict[str, Any]
) -> None:
    envelope = Envelope(
        op_id="id", device_seq=1, prev_hash=bytes(32), type=word, v=1, lane="lane", deps=tuple(deps), actor="actor",
        session=word or None, assurance=1, wall_ms=-1, offset_ms=0, boot_id=word, mono_ms=2, occurred_at_ms=3,
        body=body, personal_salt=word or None, personal=personal,
    )  # fmt: skip
    plain = json.dumps(envelope.chained(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert envelope.chained_text(envelope.personal_hash()) == canonical(envelope.chained()) == plain
    assert canonical(personal) == json.dumps(personal, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
