"""Identifiers: UUIDv7 made once by whoever writes first, always a canonical lower-case string."""

from __future__ import annotations

import hashlib
import re
from typing import Final

_CANONICAL: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_NAMESPACE: Final = b"guidedesk/derived-id/v1\0"


def new_id(now_ms: int, random: bytes) -> str:
    """A UUIDv7 (RFC 9562) from UTC milliseconds and at least 10 random bytes."""
    if not 0 <= now_ms < 1 << 48:
        raise ValueError("time outside the range of a UUIDv7")
    if len(random) < 10:
        raise ValueError("a UUIDv7 needs 10 random bytes")
    raw = bytearray(now_ms.to_bytes(6, "big") + random[:10])
    raw[6] = 0x70 | raw[6] & 0x0F
    raw[8] = 0x80 | raw[8] & 0x3F
    return from_bytes(bytes(raw))


def derived_id(*parts: str | int) -> str:
    """The same id for the same parts, for rows whose identity is what they say (a tag of a member)."""
    text = "\x1f".join(str(part) for part in parts).encode()
    raw = bytearray(hashlib.sha256(_NAMESPACE + text).digest()[:16])
    raw[6] = 0x80 | raw[6] & 0x0F
    raw[8] = 0x80 | raw[8] & 0x3F
    return from_bytes(bytes(raw))


def from_bytes(raw: bytes) -> str:
    """The canonical text of 16 bytes."""
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def to_bytes(identifier: str) -> bytes:
    """The 16 bytes of a canonical id."""
    return bytes.fromhex(identifier.replace("-", ""))


def is_id(value: object) -> bool:
    """Whether a value from outside is a canonical id."""
    return isinstance(value, str) and _CANONICAL.fullmatch(value) is not None
