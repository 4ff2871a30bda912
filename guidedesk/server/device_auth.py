"""Which counter sent a request: its signature checked with the key it was enrolled with (SECURITY.md D-3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import bindparam, select

from guidedesk.domain.access import Actor
from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import is_id
from guidedesk.models.server_tables import device, device_directory
from guidedesk.server.context import ServerContext
from guidedesk.sync.signed_headers import Refusal, RequestRefused
from guidedesk.sync.signing import Headers, read_claims, verify_request


@dataclass(frozen=True, slots=True)
class AuthenticatedDevice:
    """A counter whose request was proved. `state`: active, suspended (its pushes go to quarantine), or revoked: it
    has an order to forget everything, and may still bring what it holds (SECURITY.md D-12). `is_by_file`: not the
    counter itself speaks, but the sealed file it made; its numbers stay its own.
    """

    device_id: str
    scope_id: str
    state: str
    session_id: str | None
    nonce: str
    schema_ver: int
    is_by_file: bool = False

    def actor(self) -> Actor:
        """The device as the access rule knows it."""
        return Actor(self.device_id, "device", frozenset({self.scope_id}))


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """The parts of a request that its signature covers."""

    method: str
    authority: str
    path: str
    query: str
    headers: Headers
    body: bytes


def authenticate(context: ServerContext, request: SignedRequest) -> AuthenticatedDevice:
    """The counter that signed this request.

    Raises `RequestRefused` (401), `unknown_device` (401) or `device_revoked` (403).
    """
    claims = read_claims(request.headers)
    found = _find_device(context, claims.device_id)
    if found is None:
        raise Refused("unknown_device")
    scope_id, row = found
    verified = verify_request(
        request.headers,
        request.method,
        request.authority,
        request.path,
        request.query,
        request.body,
        public_key=Ed25519PublicKey.from_public_bytes(bytes(row.public_key)),
        now_ms=context.clock.wall_ms(),
        nonce_seen=context.nonces.seen,
    )
    if is_off(row):
        raise Refused("device_revoked")
    if verified.session_id is not None and not is_id(verified.session_id):
        raise RequestRefused(Refusal.MALFORMED)
    return AuthenticatedDevice(
        verified.device_id, scope_id, row.state, verified.session_id, verified.nonce, row.schema_ver
    )


def is_off(row: Any) -> bool:
    """Whether nothing is taken from a counter any more: it reported that it is wiped, or was revoked without order."""
    return row.state == "revoked" and (row.order_mode is None or row.wiped_at_ms is not None)


_SCOPE: Final = select(device_directory.c.scope_id).where(device_directory.c.device_id == bindparam("the_device"))
_DEVICE: Final = select(
    device.c.state, device.c.public_key, device.c.schema_ver, device.c.order_mode, device.c.wiped_at_ms
).where(device.c.scope_id == bindparam("the_scope"), device.c.device_id == bindparam("the_device"))


def _find_device(context: ServerContext, device_id: str) -> tuple[str, Any] | None:
    if not is_id(device_id):
        return None
    known = context.device_scopes.get(device_id)
    with context.database.read() as conn:
        # Which store a counter is of never changes: it is looked up in the directory once.
        scope_id = known or conn.execute(_SCOPE, {"the_device": device_id}).scalar()
        if scope_id is None:
            return None
        row = conn.execute(_DEVICE, {"the_scope": scope_id, "the_device": device_id}).first()
    if row is None:
        context.device_scopes.pop(device_id, None)
        return None
    context.device_scopes[device_id] = scope_id
    return scope_id, row
