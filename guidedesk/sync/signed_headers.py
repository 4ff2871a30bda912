"""The headers of a signed request: what they claim, and the one way to write it (SECURITY.md D-3).

Any other writing of the same claims is refused, so the text that was signed is the text that was sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from guidedesk.domain.errors import Param, Refused

NO_SESSION: Final = "-"

DEVICE_HEADER: Final = "GuideDesk-Device"
SESSION_HEADER: Final = "GuideDesk-Session"
DIGEST_HEADER: Final = "Content-Digest"
INPUT_HEADER: Final = "Signature-Input"
SIGNATURE_HEADER: Final = "Signature"
_HEADERS: Final = (DEVICE_HEADER, SESSION_HEADER, DIGEST_HEADER, INPUT_HEADER, SIGNATURE_HEADER)

LABEL: Final = "guidedesk"
_TAG: Final = "guidedesk-request-v1"
COMPONENTS: Final = (
    "@method",
    "@authority",
    "@path",
    "@query",
    DIGEST_HEADER.lower(),
    DEVICE_HEADER.lower(),
    SESSION_HEADER.lower(),
)
_PARAMETERS: Final = ("created", "keyid", "nonce", "tag")

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")
_INPUT = re.compile(LABEL + r'=\(((?:"[^"]*"(?: "[^"]*")*)?)\)((?:;[^;]*)*)\Z')
_CREATED = re.compile(r"[0-9]{1,12}\Z")
_NONCE = re.compile(r"[A-Za-z0-9_-]{22}\Z")
SIGNATURE_FORM = re.compile(LABEL + r"=:([A-Za-z0-9+/]{86}==):\Z")
DIGEST_FORM = re.compile(r"sha-256=:[A-Za-z0-9+/]{43}=:\Z")

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


def signing_headers(headers: Headers) -> dict[str, str]:
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


def claims_of(found: Mapping[str, str]) -> Claims:
    """The claims in the signing headers; raises `RequestRefused`."""
    matched = _INPUT.match(found[INPUT_HEADER])
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
    if not is_well_formed(claims) or found[INPUT_HEADER] != f"{LABEL}={signature_params(claims)}":
        raise RequestRefused(Refusal.MALFORMED)
    return claims


def _check_components(text: str) -> None:
    named = text.replace('"', "").split(" ") if text else []
    if set(named) - set(COMPONENTS):
        raise RequestRefused(Refusal.UNKNOWN_PARAMETER)
    if set(COMPONENTS) - set(named):
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


def is_well_formed(claims: Claims) -> bool:
    """Whether the ids, time and nonce have the forms that cannot break out of a header or a signed line."""
    ids = [claims.device_id, claims.key_id]
    if claims.session_id is not None:
        ids.append(claims.session_id)
    if claims.session_id == NO_SESSION or not 0 <= claims.created < 10**12:
        return False
    return all(_ID.match(text) for text in ids) and _NONCE.match(claims.nonce) is not None


def signature_params(claims: Claims) -> str:
    """What is covered and the parameters, as RFC 9421 2.3 writes them, in the one order we take."""
    components = " ".join(f'"{name}"' for name in COMPONENTS)
    return f'({components});created={claims.created};keyid="{claims.key_id}";nonce="{claims.nonce}";tag="{_TAG}"'
