"""Requests signed by a counter's device key: a fixed profile of RFC 9421 (SECURITY.md D-3).

Every request covers method, authority, path, query, body digest, device and session, with a time and
a nonce. The algorithm is Ed25519 by the key's registration; a message cannot name one, nor cover less, nor
add parameters.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from guidedesk.domain.errors import Param, Refused

WINDOW_MS: Final = 300_000
NONCE_BYTES: Final = 16
NO_SESSION: Final = "-"

DEVICE_HEADER: Final = "GuideDesk-Device"
SESSION_HEADER: Final = "GuideDesk-Session"
_DIGEST_HEADER: Final = "Content-Digest"
_INPUT_HEADER: Final = "Signature-Input"
_SIGNATURE_HEADER: Final = "Signature"
_HEADERS: Final = (DEVICE_HEADER, SESSION_HEADER, _DIGEST_HEADER, _INPUT_HEADER, _SIGNATURE_HEADER)

_LABEL: Final = "guidedesk"
_TAG: Final = "guidedesk-request-v1"
_COMPONENTS: Final = (
    "@method",
    "@authority",
    "@path",
    "@query",
    _DIGEST_HEADER.lower(),
    DEVICE_HEADER.lower(),
    SESSION_HEADER.lower(),
)
_PARAMETERS: Final = ("created", "keyid", "nonce", "tag")

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")
_INPUT = re.compile(_LABEL + r'=\(((?:"[^"]*"(?: "[^"]*")*)?)\)((?:;[^;]*)*)\Z')
_CREATED = re.compile(r"[0-9]{1,12}\Z")
_NONCE = re.compile(r"[A-Za-z0-9_-]{22}\Z")
_SIGNATURE = re.compile(_LABEL + r"=:([A-Za-z0-9+/]{86}==):\Z")
_DIGEST = re.compile(r"sha-256=:[A-Za-z0-9+/]{43}=:\Z")

Headers = Mapping[str, str] | Iterable[tuple[str, str]]


class Refusal(StrEnum):
    """Why a request is not taken; the value is the error's code."""

    MISSING = "missing"
    MALFORMED = "malformed"
    UNKNOWN_PARAMETER = "unknown_parameter"
    DIGEST_MISMATCH = "digest_mismatch"
    BAD_SIGNATURE = "bad_signature"
    STALE = "stale"
    REPLAYED = "replayed"


class RequestRefused(Refused):
    """A request that is not accepted; `stale` carries `server_time_ms` so the client can retry once."""

    def __init__(self, refusal: Refusal, **params: Param) -> None:
        super().__init__(refusal.value, **params)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Claims:
    """What a request says of itself; nothing here is proved before `verify_request` returns it."""

    device_id: str
    session_id: str | None
    key_id: str
    created: int
    nonce: str


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
    if not _well_formed(claims):
        raise ValueError("an id may hold letters, digits, point, dash and underscore, 64 at most")
    digest = content_digest(body)
    base = _signature_base(method, authority, path, query, digest, claims)
    signature = base64.b64encode(private_key.sign(base)).decode()
    return {
        DEVICE_HEADER: device_id,
        SESSION_HEADER: session_id or NO_SESSION,
        _DIGEST_HEADER: digest,
        _INPUT_HEADER: f"{_LABEL}={_signature_params(claims)}",
        _SIGNATURE_HEADER: f"{_LABEL}=:{signature}:",
    }


def read_claims(headers: Headers) -> Claims:
    """The claims of a request, so that the server can look up the key; raises `RequestRefused`."""
    return _claims(_signing_headers(headers))


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
    found = _signing_headers(headers)
    claims = _claims(found)
    digest = found[_DIGEST_HEADER]
    if not _DIGEST.match(digest):
        raise RequestRefused(Refusal.MALFORMED)
    if not hmac.compare_digest(digest, content_digest(body)):
        raise RequestRefused(Refusal.DIGEST_MISMATCH)
    base = _signature_base(method, authority, path, query, digest, claims)
    _check_signature(found[_SIGNATURE_HEADER], base, public_key)
    if abs(now_ms - claims.created * 1000) > WINDOW_MS:
        raise RequestRefused(Refusal.STALE, server_time_ms=now_ms)
    if nonce_seen(claims.device_id, claims.nonce):
        raise RequestRefused(Refusal.REPLAYED)
    return VerifiedRequest(claims.device_id, claims.session_id, claims.key_id, claims.created, claims.nonce)


def content_digest(body: bytes) -> str:
    """The `Content-Digest` of a body (RFC 9530); an empty body has one too."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def _check_signature(header: str, base: bytes, public_key: Ed25519PublicKey) -> None:
    matched = _SIGNATURE.match(header)
    signature = b"" if matched is None else base64.b64decode(matched[1])
    # The last character has four spare bits; only the writing that has them at zero is taken.
    if matched is None or base64.b64encode(signature).decode() != matched[1]:
        raise RequestRefused(Refusal.MALFORMED)
    try:
        public_key.verify(signature, base)
    except InvalidSignature:
        raise RequestRefused(Refusal.BAD_SIGNATURE) from None


def _signing_headers(headers: Headers) -> dict[str, str]:
    """Each signing header exactly once: a second copy could mean something else to a proxy."""
    wanted = {name.lower(): name for name in _HEADERS}
    found: dict[str, str] = {}
    for name, value in headers.items() if isinstance(headers, Mapping) else headers:
        known = wanted.get(name.lower())
        if known is None:
            continue
        if known in found:
            raise RequestRefused(Refusal.MALFORMED)
        found[known] = value
    if len(found) != len(_HEADERS):
        raise RequestRefused(Refusal.MISSING)
    return found


def _claims(found: Mapping[str, str]) -> Claims:
    matched = _INPUT.match(found[_INPUT_HEADER])
    if matched is None:
        raise RequestRefused(Refusal.MALFORMED)
    _check_components(matched[1])
    values = _parameters(matched[2])
    session = found[SESSION_HEADER]
    claims = Claims(
        device_id=found[DEVICE_HEADER],
        session_id=None if session == NO_SESSION else session,
        key_id=values["keyid"],
        created=int(values["created"]),
        nonce=values["nonce"],
    )
    # Only one writing of the same claims is taken, so the text that was signed is the text that was sent.
    if not _well_formed(claims) or found[_INPUT_HEADER] != f"{_LABEL}={_signature_params(claims)}":
        raise RequestRefused(Refusal.MALFORMED)
    return claims


def _check_components(text: str) -> None:
    named = text.replace('"', "").split(" ") if text else []
    if set(named) - set(_COMPONENTS):
        raise RequestRefused(Refusal.UNKNOWN_PARAMETER)
    if set(_COMPONENTS) - set(named):
        raise RequestRefused(Refusal.MISSING)


def _parameters(text: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for part in text.split(";")[1:]:
        name, equals, value = part.partition("=")
        if name not in _PARAMETERS:
            raise RequestRefused(Refusal.UNKNOWN_PARAMETER)
        if not equals or name in values:
            raise RequestRefused(Refusal.MALFORMED)
        values[name] = value.removeprefix('"').removesuffix('"')
    if len(values) != len(_PARAMETERS):
        raise RequestRefused(Refusal.MISSING)
    if not _CREATED.match(values["created"]):
        raise RequestRefused(Refusal.MALFORMED)
    return values


def _well_formed(claims: Claims) -> bool:
    ids = [claims.device_id, claims.key_id]
    if claims.session_id is not None:
        ids.append(claims.session_id)
    if claims.session_id == NO_SESSION or not 0 <= claims.created < 10**12:
        return False
    return all(_ID.match(text) for text in ids) and _NONCE.match(claims.nonce) is not None


def _signature_params(claims: Claims) -> str:
    components = " ".join(f'"{name}"' for name in _COMPONENTS)
    return f'({components});created={claims.created};keyid="{claims.key_id}";nonce="{claims.nonce}";tag="{_TAG}"'


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
    lines = [f'"{name}": {value}' for name, value in zip(_COMPONENTS, values, strict=True)]
    lines.append(f'"@signature-params": {_signature_params(claims)}')
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
