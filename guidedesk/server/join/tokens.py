"""What a page remembers without a cookie: signed text in its form, or in the cookie of a member who signed in.

The server keeps nothing for a page that was only looked at; whoever changes a token loses it.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any, Final, Literal

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import derived_id
from guidedesk.server.secrets import ServerSecrets

TokenUse = Literal["form", "member", "answers"]
_KEY_BYTES: Final = 32
_MAC_BYTES: Final = 16
_LONGEST: Final = 2_000


@dataclass(frozen=True, slots=True)
class PageToken:
    """One load of a join page: which code and whose store, where it was seen, when by the server's clock (Q-9)."""

    digits: str
    scope_id: str
    channel: str
    seen_at_ms: int
    nonce: str

    @property
    def join_id(self) -> str:
        """The id of what may come of this page: one joining, however often it is sent."""
        return derived_id("join_page", self.nonce)


@dataclass(frozen=True, slots=True)
class MemberToken:
    """A member who proved her phone. It ends with her number: `phone` is the beginning of its keyed hash."""

    member_id: str
    phone: str
    at_ms: int


def sign(secrets: ServerSecrets, use: TokenUse, content: PageToken | MemberToken) -> str:
    """The token as text for a form field or a cookie."""
    body = json.dumps(asdict(content), separators=(",", ":"), sort_keys=True).encode()
    return f"{_text(body)}.{_text(_mac(secrets, use, body))}"


def read_page(secrets: ServerSecrets, text: str) -> PageToken:
    """The page load a form came with; `page_unknown` for anything we did not sign."""
    kinds = {"digits": str, "scope_id": str, "channel": str, "seen_at_ms": int, "nonce": str}
    return PageToken(**_read(secrets, "form", text, kinds))


def read_member(secrets: ServerSecrets, text: str) -> MemberToken:
    """Who a cookie says is signed in; `page_unknown` for anything we did not sign."""
    return MemberToken(**_read(secrets, "member", text, {"member_id": str, "phone": str, "at_ms": int}))


def form_guard(secrets: ServerSecrets, cookie: str) -> str:
    """What a form on a member's own page must bring back: known only to pages that saw the cookie."""
    return _text(_mac(secrets, "answers", cookie.encode()))


def _read(secrets: ServerSecrets, use: TokenUse, text: str, wanted: dict[str, type]) -> dict[str, Any]:
    body_text, dot, mac_text = text[:_LONGEST].partition(".")
    try:
        body, mac = _bytes(body_text), _bytes(mac_text)
    except (binascii.Error, ValueError):
        raise Refused("page_unknown") from None
    if not dot or not hmac.compare_digest(mac, _mac(secrets, use, body)):
        raise Refused("page_unknown")
    found: dict[str, Any] = json.loads(body)
    if found.keys() != wanted.keys() or any(type(found[name]) is not kind for name, kind in wanted.items()):
        raise Refused("page_unknown")
    return found


def _mac(secrets: ServerSecrets, use: TokenUse, body: bytes) -> bytes:
    info = f"guidedesk/page/{use}/v1".encode()
    key = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=info).derive(secrets.signing_seed)
    return hmac.new(key, body, sha256).digest()[:_MAC_BYTES]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    raw = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    if _text(raw) != text:
        raise ValueError(text)  # a second spelling of the same bytes
    return raw
