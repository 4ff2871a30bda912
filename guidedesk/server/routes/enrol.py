"""Enrolment as a counter calls it: open to anybody, each request signed by the key that wants in (SECURITY.md D-1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from guidedesk.domain.enrolment import POLL_MS, VALID_MS, PollAnswer
from guidedesk.domain.errors import Refused
from guidedesk.server.enrolment import ask_enrolment, enrolment_grant, find_enrolment
from guidedesk.server.enrolment_pace import EnrolmentPaces
from guidedesk.server.routing import Call, Policy, Route, signed_request
from guidedesk.sync.signing import verify_request

_KEY_BYTES: Final = 32


def routes() -> list[Route]:
    """Asking for a code, and asking whether a manager typed it."""
    paces = EnrolmentPaces()
    return [
        Route("POST", "/v1/enrol", Policy("enrol", is_open=True), _ask),
        Route("POST", "/v1/enrol/poll", Policy("enrol_poll", is_open=True), lambda call: _poll(call, paces)),
    ]


def _ask(call: Call) -> Mapping[str, Any]:
    texts = _texts(call, {"public_key", "host", "label"})
    try:
        public_key = bytes.fromhex(texts["public_key"])
    except ValueError:
        public_key = b""
    if len(public_key) != _KEY_BYTES:
        raise Refused("validation", field="public_key", why="bad_value")
    _check_signature(call, public_key)
    context = call.context
    now_ms = context.clock.wall_ms()
    asked = ask_enrolment(
        context.database,
        context.secrets,
        context.random,
        public_key=public_key,
        host=texts["host"],
        label=texts["label"],
        now_ms=now_ms,
    )
    return {"code": asked.code, "valid_ms": VALID_MS, "poll_ms": POLL_MS, "server_time_ms": now_ms}


def _poll(call: Call, paces: EnrolmentPaces) -> Mapping[str, Any]:
    context = call.context
    now_ms = context.clock.wall_ms()
    code = _texts(call, {"code"})["code"]
    asked = find_enrolment(context.database, context.secrets, code, now_ms)
    _check_signature(call, bytes(asked.public_key))
    pace, answer = paces.ask(asked.code_hash, context.clock.mono_ms())
    waiting = {"state": "waiting", "poll_ms": pace.interval_ms, "server_time_ms": now_ms}
    if answer is PollAnswer.SLOW_DOWN:
        return waiting
    grant = enrolment_grant(context.database, context.secrets, asked)
    return waiting if grant is None else {"state": "approved", "server_time_ms": now_ms, "grant": grant}


def _texts(call: Call, names: set[str]) -> dict[str, str]:
    if set(call.json) != names:
        raise Refused("validation", field="enrol", why="fields")
    found = {name: value for name, value in call.json.items() if isinstance(value, str)}
    if set(found) != names:
        raise Refused("validation", field="enrol", why="bad_value")
    return found


def _check_signature(call: Call, public_key: bytes) -> None:
    """Proof that the caller holds the key; its nonces are counted under the key, which has no device id yet."""
    signed = signed_request(call.request, call.body)
    owner = f"enrol:{public_key.hex()}"
    verify_request(
        signed.headers,
        signed.method,
        signed.authority,
        signed.path,
        signed.query,
        signed.body,
        public_key=Ed25519PublicKey.from_public_bytes(public_key),
        now_ms=call.context.clock.wall_ms(),
        nonce_seen=lambda _device_id, nonce: call.context.nonces.seen(owner, nonce),
    )
