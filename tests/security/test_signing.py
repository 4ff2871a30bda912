"""A signed request is taken once, in time, unchanged; every way of spoiling it is refused (D-3)."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import assume, given
from hypothesis import strategies as st

from guidedesk.domain.errors import GuideDeskError
from guidedesk.sync.nonces import REMEMBER_MS, NonceCache
from guidedesk.sync.server_signing import (
    Purpose,
    acknowledgement_payload,
    server_sign,
    server_verify,
    sign_acknowledgement,
    time_payload,
)
from guidedesk.sync.signing import (
    WINDOW_MS,
    Refusal,
    RequestRefused,
    VerifiedRequest,
    read_claims,
    sign_request,
    verify_request,
)

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
NOW_MS = 1_790_000_000_000
DEVICE = "0190a1b2-0000-7000-8000-000000000001"


@dataclass
class Wire:
    """One request as it reaches the server."""

    headers: dict[str, str]
    method: str = "POST"
    authority: str = "guide.example"
    path: str = "/v1/sync/push"
    query: str = "a=1&b=2"
    body: bytes = b'{"ops":[]}'
    more_headers: list[tuple[str, str]] = field(default_factory=list)

    def verify(self, now_ms: int = NOW_MS, seen: Callable[[str, str], bool] | None = None) -> VerifiedRequest:
        return verify_request(
            [*self.headers.items(), *self.more_headers],
            self.method,
            self.authority,
            self.path,
            self.query,
            self.body,
            public_key=KEY.public_key(),
            now_ms=now_ms,
            nonce_seen=seen or (lambda _device, _nonce: False),
        )


def signed(key: Ed25519PrivateKey = KEY, session: str | None = "s-1", created: int = NOW_MS // 1000) -> Wire:
    wire = Wire({})
    wire.headers = sign_request(
        wire.method,
        wire.authority,
        wire.path,
        wire.query,
        wire.body,
        device_id=DEVICE,
        key_id="k1",
        session_id=session,
        created=created,
        nonce=b"n" * 16,
        private_key=key,
    )
    return wire


def refusal_of(wire: Wire, **how: object) -> Refusal:
    with pytest.raises(RequestRefused) as caught:
        wire.verify(**how)  # type: ignore[arg-type]
    return caught.value.refusal


def with_input(old: str, new: str) -> Wire:
    wire = signed()
    assert old in wire.headers["Signature-Input"]
    wire.headers["Signature-Input"] = wire.headers["Signature-Input"].replace(old, new)
    return wire


@pytest.mark.parametrize("session", ["s-1", None])
def test_an_untouched_request_is_taken_with_its_claims(session: str | None) -> None:
    request = signed(session=session).verify()
    assert (request.device_id, request.key_id, request.session_id) == (DEVICE, "k1", session)
    assert request.created == NOW_MS // 1000


def test_header_case_and_default_port_do_not_matter() -> None:
    wire = signed()
    wire.headers = {name.upper(): value for name, value in wire.headers.items()}
    wire.authority = "GUIDE.example:443"
    assert wire.verify().device_id == DEVICE


@pytest.mark.parametrize(
    "change",
    [
        {"method": "PUT"},
        {"authority": "evil.example"},
        {"authority": "guide.example:8443"},
        {"path": "/v1/sync/pushed"},
        {"path": "/v1/sync/push/"},
        {"query": "a=1&b=3"},
        {"query": ""},
    ],
)
def test_what_is_covered_cannot_change(change: dict[str, str]) -> None:
    assert refusal_of(replace(signed(), **change)) is Refusal.BAD_SIGNATURE  # type: ignore[arg-type]


def test_the_body_cannot_change_with_or_without_its_digest() -> None:
    wire = replace(signed(), body=b'{"ops":[1]}')
    assert refusal_of(wire) is Refusal.DIGEST_MISMATCH
    fresh = replace(signed(), body=b'{"ops":[1]}')
    fresh.headers["Content-Digest"] = sign_request(
        "GET",
        "x",
        "/",
        "",
        fresh.body,
        device_id="d",
        key_id="k",
        session_id=None,
        created=0,
        nonce=bytes(16),
        private_key=KEY,
    )["Content-Digest"]
    assert refusal_of(fresh) is Refusal.BAD_SIGNATURE


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("GuideDesk-Device", "0190a1b2-0000-7000-8000-000000000002"),
        ("GuideDesk-Session", "s-2"),
        ("GuideDesk-Session", "-"),
    ],
)
def test_device_and_session_cannot_be_swapped(header: str, value: str) -> None:
    wire = signed()
    wire.headers[header] = value
    assert refusal_of(wire) is Refusal.BAD_SIGNATURE


def test_another_key_is_refused() -> None:
    assert refusal_of(signed(OTHER_KEY)) is Refusal.BAD_SIGNATURE


@pytest.mark.parametrize(
    "header", ["GuideDesk-Device", "GuideDesk-Session", "Content-Digest", "Signature-Input", "Signature"]
)
def test_each_header_is_needed_exactly_once(header: str) -> None:
    wire = signed()
    wire.more_headers = [(header.lower(), wire.headers[header])]
    assert refusal_of(wire) is Refusal.MALFORMED
    missing = signed()
    del missing.headers[header]
    assert refusal_of(missing) is Refusal.MISSING


@pytest.mark.parametrize(
    ("old", "new", "refusal"),
    [
        (";created=", ';alg="ed25519";created=', Refusal.UNKNOWN_PARAMETER),
        (";created=", ";expires=9;created=", Refusal.UNKNOWN_PARAMETER),
        ('"@query" ', '"@query" "x-forwarded-for" ', Refusal.UNKNOWN_PARAMETER),
        ('"@method"', '"@method";req', Refusal.MALFORMED),
        ('"@query" ', "", Refusal.MISSING),
        ('"content-digest" ', "", Refusal.MISSING),
        ('"@query" ', '"@query" "@query" ', Refusal.MALFORMED),
        ('"@method" "@authority"', '"@authority" "@method"', Refusal.MALFORMED),
        (';tag="guidedesk-request-v1"', "", Refusal.MISSING),
        ("guidedesk-request-v1", "guidedesk-request-v2", Refusal.MALFORMED),
        (';keyid="k1"', ';keyid="k1";keyid="k1"', Refusal.MALFORMED),
        (';keyid="k1"', ";keyid=k1", Refusal.MALFORMED),
        (';keyid="k1"', ';keyid="k2"', Refusal.BAD_SIGNATURE),
        (f"created={NOW_MS // 1000}", f"created={NOW_MS // 1000 + 1}", Refusal.BAD_SIGNATURE),
        (f"created={NOW_MS // 1000}", f"created=0{NOW_MS // 1000}", Refusal.MALFORMED),
        ("created=1", "created=-1", Refusal.MALFORMED),
        ("created=1", "created=\u0661", Refusal.MALFORMED),
        ("guidedesk=(", "sig1=(", Refusal.MALFORMED),
        ("guidedesk=(", "guidedesk=() , guidedesk=(", Refusal.MALFORMED),
    ],
)
def test_parameters_are_ours_and_no_others(old: str, new: str, refusal: Refusal) -> None:
    assert refusal_of(with_input(old, new)) is refusal


def test_one_signature_has_one_writing() -> None:
    wire = signed()
    text = wire.headers["Signature"]
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    # The last letter carries four bits that decode to nothing.
    wire.headers["Signature"] = text[:-4] + letters[letters.index(text[-4]) + 1] + "==:"
    assert refusal_of(wire) is Refusal.MALFORMED


@given(st.data())
def test_any_changed_character_is_refused(data: st.DataObject) -> None:
    wire = signed()
    header = data.draw(st.sampled_from(sorted(wire.headers)))
    value = wire.headers[header]
    at = data.draw(st.integers(0, len(value) - 1))
    other = data.draw(st.characters(max_codepoint=0x17F))
    assume(other != value[at])
    wire.headers[header] = value[:at] + other + value[at + 1 :]
    refusal_of(wire)


@given(st.binary(max_size=80))
def test_any_other_signature_bytes_are_refused(signature: bytes) -> None:
    wire = signed()
    wire.headers["Signature"] = f"guidedesk=:{base64.b64encode(signature).decode()}:"
    assert refusal_of(wire) in {Refusal.MALFORMED, Refusal.BAD_SIGNATURE}


@given(st.dictionaries(st.sampled_from(list(signed().headers)), st.text(max_size=60)))
def test_no_headers_give_any_other_exception(headers: dict[str, str]) -> None:
    refusal_of(Wire(signed().headers | headers, method="GET"))


def test_the_window_is_five_minutes_either_way_and_the_answer_tells_the_time() -> None:
    for skew in (-WINDOW_MS, WINDOW_MS):
        signed().verify(now_ms=NOW_MS + skew)
        far = NOW_MS + skew + (1 if skew > 0 else -1)
        with pytest.raises(RequestRefused) as caught:
            signed().verify(now_ms=far)
        assert caught.value.code == "stale"
        assert caught.value.params == {"server_time_ms": far}


def test_a_request_counts_once_for_as_long_as_it_is_fresh() -> None:
    mono = [0]
    cache = NonceCache(lambda: mono[0])
    wire = signed(created=NOW_MS // 1000 + WINDOW_MS // 1000)
    wire.verify(seen=cache.seen)
    mono[0] = 2 * WINDOW_MS
    assert refusal_of(wire, now_ms=NOW_MS + 2 * WINDOW_MS, seen=cache.seen) is Refusal.REPLAYED
    mono[0] += 1
    assert refusal_of(wire, now_ms=NOW_MS + 2 * WINDOW_MS + 1, seen=cache.seen) is Refusal.STALE


def test_a_forged_request_leaves_no_nonce_behind() -> None:
    cache = NonceCache(lambda: 0)
    refusal_of(signed(OTHER_KEY), seen=cache.seen)
    assert len(cache) == 0
    signed().verify(seen=cache.seen)


def test_a_flooding_device_is_refused_and_pushes_out_nobody() -> None:
    mono = [0]
    cache = NonceCache(lambda: mono[0], max_per_device=3)
    assert not cache.seen("quiet", "mine")
    assert [cache.seen("loud", str(number)) for number in range(5)] == [False, False, False, True, True]
    assert cache.seen("quiet", "mine")
    mono[0] = REMEMBER_MS + 1
    assert not cache.seen("loud", "later")
    assert len(cache) == 1


def test_claims_are_read_before_the_key_is_known() -> None:
    assert read_claims(signed().headers).key_id == "k1"


def test_ids_that_could_break_the_signed_text_are_never_signed() -> None:
    for device in ("a\nb", 'a"b', "", "x" * 65, "é"):
        with pytest.raises(ValueError, match="id may hold"):
            sign_request(
                "GET",
                "h",
                "/",
                "",
                b"",
                device_id=device,
                key_id="k",
                session_id=None,
                created=1,
                nonce=bytes(16),
                private_key=KEY,
            )


def test_server_records_hold_for_one_purpose_and_one_content() -> None:
    payload = acknowledgement_payload(DEVICE, bytes(32), NOW_MS)
    signature = server_sign(Purpose.ACKNOWLEDGEMENT, payload, KEY)
    assert sign_acknowledgement(DEVICE, bytes(32), NOW_MS, KEY) == signature
    server_verify(Purpose.ACKNOWLEDGEMENT, dict(reversed(payload.items())), signature, KEY.public_key())
    spoiled = [
        (Purpose.TIME, payload, signature, KEY),
        (Purpose.ACKNOWLEDGEMENT, payload | {"received_at_ms": NOW_MS + 1}, signature, KEY),
        (Purpose.ACKNOWLEDGEMENT, payload | {"more": 1}, signature, KEY),
        (Purpose.ACKNOWLEDGEMENT, payload | {"more": 1.5}, signature, KEY),
        (Purpose.ACKNOWLEDGEMENT, payload, signature, OTHER_KEY),
        (Purpose.ACKNOWLEDGEMENT, payload, "", KEY),
        (Purpose.ACKNOWLEDGEMENT, payload, "é" + signature[1:], KEY),
        (Purpose.ACKNOWLEDGEMENT, payload, "AA" + signature[2:], KEY),
    ]
    for purpose, content, text, key in spoiled:
        with pytest.raises(GuideDeskError) as caught:
            server_verify(purpose, content, text, key.public_key())
        assert caught.value.code == "bad_server_signature"


def test_a_signed_time_answers_one_request_only() -> None:
    signature = server_sign(Purpose.TIME, time_payload(NOW_MS, "nonce-1"), KEY)
    server_verify(Purpose.TIME, time_payload(NOW_MS, "nonce-1"), signature, KEY.public_key())
    with pytest.raises(GuideDeskError):
        server_verify(Purpose.TIME, time_payload(NOW_MS, "nonce-2"), signature, KEY.public_key())
