"""Requests signed by a counter's device key: a fixed profile of RFC 9421 (SECURITY.md D-3).

Every request covers method, authority, path, query, body digest, device and session, with a time and
a nonce. The algorithm is Ed25519 by the key's registration; a message cannot name one, nor cover less, nor
add parameters.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from guidedesk.sync.signed_headers import (
    COMPONENTS,
    DEVICE_HEADER,
    DIGEST_FORM,
    DIGEST_HEADER,
    INPUT_HEADER,
    LABEL,
    NO_SESSION,
    SESSION_HEADER,
    SIGNATURE_FORM,
    SIGNATURE_HEADER,
    Claims,
    Headers,
    Refusal,
    RequestRefused,
    claims_of,
    is_well_formed,
    signature_params,
    signing_headers,
)

__all__ = [
    "NONCE_BYTES",
    "WINDOW_MS",
    "Claims",
    "Headers",
    "Refusal",
    "RequestRefused",
    "VerifiedRequest",
    "content_digest",
    "normal_authority",
    "read_claims",
    "sign_request",
    "verify_request",
]

WINDOW_MS: Final = 300_000
NONCE_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class VerifiedRequest(Claims):
    """The claims of a request whose signature, body, time and nonce were all found good."""


def sign_request(
    method: str,
    authority: str,
    path: str,
    query: str,
    body: bytes,
    *,
    device_id: str,
    key_id: str,
    session_id: str | None,
    created: int,
    nonce: bytes,
    private_key: Ed25519PrivateKey,
) -> dict[str, str]:
    """The headers to add to a request. `created` is UTC seconds, `nonce` 16 fresh random bytes."""
    if len(nonce) != NONCE_BYTES:
        raise ValueError("a nonce has 16 bytes")
    claims = Claims(device_id, session_id, key_id, created, _base64url(nonce))
    if not is_well_formed(claims):
        raise ValueError("an id may hold letters, digits, point, dash and underscore, 64 at most")
    digest = content_digest(body)
    base = _signature_base(method, authority, path, query, digest, claims)
    signature = base64.b64encode(private_key.sign(base)).decode()
    return {
        DEVICE_HEADER: device_id,
        SESSION_HEADER: session_id or NO_SESSION,
        DIGEST_HEADER: digest,
        INPUT_HEADER: f"{LABEL}={signature_params(claims)}",
        SIGNATURE_HEADER: f"{LABEL}=:{signature}:",
    }


def read_claims(headers: Headers) -> Claims:
    """The claims of a request, so that the server can look up the key; raises `RequestRefused`."""
    return claims_of(signing_headers(headers))


def verify_request(
    headers: Headers,
    method: str,
    authority: str,
    path: str,
    query: str,
    body: bytes,
    *,
    public_key: Ed25519PublicKey,
    now_ms: int,
    nonce_seen: Callable[[str, str], bool],
) -> VerifiedRequest:
    """The request's proved claims, or `RequestRefused`.

    `public_key` must be the one registered for the claimed device and key id. `nonce_seen(device_id, nonce)`
    remembers as it answers (`NonceCache.seen`); it is asked last, so that only signed requests fill it.
    """
    found = signing_headers(headers)
    claims = claims_of(found)
    digest = found[DIGEST_HEADER]
    if not DIGEST_FORM.match(digest):
        raise RequestRefused(Refusal.MALFORMED)
    if not hmac.compare_digest(digest, content_digest(body)):
        raise RequestRefused(Refusal.DIGEST_MISMATCH)
    base = _signature_base(method, authority, path, query, digest, claims)
    _check_signature(found[SIGNATURE_HEADER], base, public_key)
    if abs(now_ms - claims.created * 1000) > WINDOW_MS:
        raise RequestRefused(Refusal.STALE, server_time_ms=now_ms)
    if nonce_seen(claims.device_id, claims.nonce):
        raise RequestRefused(Refusal.REPLAYED)
    return VerifiedRequest(claims.device_id, claims.session_id, claims.key_id, claims.created, claims.nonce)


def content_digest(body: bytes) -> str:
    """The `Content-Digest` of a body (RFC 9530); an empty body has one too."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def _check_signature(header: str, base: bytes, public_key: Ed25519PublicKey) -> None:
    matched = SIGNATURE_FORM.match(header)
    signature = b"" if matched is None else base64.b64decode(matched[1])
    # The last character has four spare bits; only the writing that has them at zero is taken.
    if matched is None or base64.b64encode(signature).decode() != matched[1]:
        raise RequestRefused(Refusal.MALFORMED)
    try:
        public_key.verify(signature, base)
    except InvalidSignature:
        raise RequestRefused(Refusal.BAD_SIGNATURE) from None


def _signature_base(method: str, authority: str, path: str, query: str, digest: str, claims: Claims) -> bytes:
    """RFC 9421 2.5. `query` is the raw query without its question mark."""
    values = (
        method.upper(),
        normal_authority(authority),
        path or "/",
        f"?{query}",
        digest,
        claims.device_id,
        claims.session_id or NO_SESSION,
    )
    if any("\n" in value or "\r" in value for value in values):
        raise RequestRefused(Refusal.MALFORMED)
    lines = [f'"{name}": {value}' for name, value in zip(COMPONENTS, values, strict=True)]
    lines.append(f'"@signature-params": {signature_params(claims)}')
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def normal_authority(authority: str) -> str:
    """Host and port as signed: lower case, without a default port (clients may leave it out)."""
    lowered = authority.lower()
    for port in (":443", ":80"):
        if lowered.endswith(port):
            return lowered.removesuffix(port)
    return lowered


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
