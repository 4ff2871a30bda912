"""Processes beside the server: what they give is what the server would have given, with or without them."""

from __future__ import annotations

import collections
import json
import os
import signal
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import derived_id
from guidedesk.server.deciders import Deciders, start_deciders
from guidedesk.server.device_auth import AuthenticatedDevice
from guidedesk.server.helper_process import HelperProcess
from guidedesk.server.large_pushes import FEWEST_BYTES, Packed, Sent
from guidedesk.server.push import DeviceForked
from guidedesk.server.signer import FEWEST, start_signer
from guidedesk.sync.protocol import SCHEMA, Envelope
from guidedesk.sync.server_signing import sign_acknowledgement
from tests.server.people_at_work import interaction, joined
from tests.server.shop import Counter, Shop

_JSON = "application/json"


def kill(helper: HelperProcess) -> None:
    process = helper._process
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()


def sent(counter: Counter, envelopes: list[Envelope]) -> tuple[Sent, AuthenticatedDevice]:
    """A push as the server would pass it on."""
    body = {
        "batch_id": counter.shop.new_id(),
        "epoch": 1,
        "first_seq": envelopes[0].device_seq,
        "ops": [envelope.to_wire() for envelope in envelopes],
    }
    raw = json.dumps(body).encode()
    assert len(raw) >= FEWEST_BYTES
    who = AuthenticatedDevice(counter.device_id, counter.scope_id, "active", None, "nonce", SCHEMA)
    return Sent(raw, _JSON, "", _JSON, ""), who


def statuses(answer: Packed | None) -> set[str]:
    assert answer is not None
    assert answer.headers["Content-Type"] == _JSON
    found: list[dict[str, Any]] = json.loads(answer.content)["results"]
    assert answer.statuses == collections.Counter(result["status"] for result in found)
    assert all(result["signature"] for result in found)
    return {result["status"] for result in found}


def test_a_large_push_is_decided_beside_the_server(shop: Shop) -> None:
    shop.clock.now_ms = time.time_ns() // 1_000_000 - 10_000
    deciders = start_deciders(shop.url, shop.secrets, lambda: None)
    if shop.backend.name == "sqlite":
        assert deciders is None  # one writer at a time: they would only wait for each other
        return
    assert isinstance(deciders, Deciders)
    try:
        counter = shop.counter()
        member_id = joined(shop, counter)
        talks = [counter.envelope(interaction(shop, member_id), "a1") for _ in range(30)]
        assert statuses(deciders.push(*sent(counter, talks))) == {"accepted"}
        assert statuses(deciders.push(*sent(counter, talks))) == {"already_applied"}
        counter.pull()
        assert len(counter.table("interaction")) == 30
        counter.seq += 1
        late = [counter.envelope(interaction(shop, member_id), "a1") for _ in range(30)]
        with pytest.raises(Refused) as gap:
            deciders.push(*sent(counter, late))
        assert (gap.value.code, gap.value.params) == ("seq_gap", {"expected": talks[-1].device_seq + 1})
        for helper in deciders.helpers:
            kill(helper)
        # Nobody is there: the server does it.
        assert all(deciders.push(*sent(counter, talks)) is None for _ in range(len(deciders.helpers) + 1))
    finally:
        deciders.close()


def test_a_fork_is_told_as_the_server_tells_it(shop: Shop) -> None:
    shop.clock.now_ms = time.time_ns() // 1_000_000 - 10_000
    deciders = start_deciders(shop.url, shop.secrets, lambda: None)
    if deciders is None:
        assert shop.backend.name == "sqlite"
        return
    try:
        counter = shop.counter()
        member_id = joined(shop, counter)
        counter.link = bytes(32)  # the chain of another disk
        other = [counter.envelope(interaction(shop, member_id), "a1") for _ in range(30)]
        with pytest.raises(DeviceForked) as fork:
            deciders.push(*sent(counter, other))
        assert fork.value.params == {"epoch": 2, "history": 1}
    finally:
        deciders.close()


def test_acknowledgements_are_the_same_signed_beside() -> None:
    seed = bytes(range(1, 33))
    key = Ed25519PrivateKey.from_private_bytes(seed)
    asked = [(derived_id("op", n), n.to_bytes(32, "big"), 1_795_000_000_000 + n) for n in range(FEWEST)]
    signer = start_signer(seed)
    assert signer is not None
    try:
        first, second = signer.ask(asked), signer.ask(asked[::-1])
        assert first is not None
        assert second is not None
        expected = {one: sign_acknowledgement(*one, key) for one in asked}
        assert signer.signatures(second) == expected
        assert signer.signatures(first) == expected
        assert signer.ask(asked[1:]) is None  # so few are signed at once
        kill(signer.helper)
        third = signer.ask(asked)
        assert third is None or signer.signatures(third) == {}
        assert signer.ask(asked) is None
    finally:
        signer.helper.close()
