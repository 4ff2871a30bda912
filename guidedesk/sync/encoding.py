"""How bodies travel (SYNC.md 5): JSON for people and tests, msgpack and zstd where the other side names them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import msgpack
import zstandard

from guidedesk.domain.errors import Refused
from guidedesk.sync import strict_json
from guidedesk.sync.strict_json import JsonFault, JsonObject, JsonRefused

JSON: Final = "application/json"
MSGPACK: Final = "application/msgpack"
ZSTD: Final = "zstd"
# What a counter asks for.
COMPACT: Final[Mapping[str, str]] = {"Content-Type": JSON, "Accept": f"{MSGPACK}, {JSON}", "Accept-Encoding": ZSTD}
MOST_UNPACKED: Final = 64 << 20
_WORTH_PACKING: Final = 1_024
_LEVEL: Final = 1
_MAGIC: Final = bytes.fromhex("28b52ffd")
# Answers come from our own server over TLS: larger than requests may be, and notes may be longer.
# What a server that takes packed requests says in its hello.
ACCEPTED: Final = (MSGPACK, ZSTD)
# S-1: what a request may hold unpacked, and how many times its size on the wire.
MOST_REQUEST: Final = 4 << 20
MOST_RATIO: Final = 20
_REQUEST: Final = strict_json.Limits(max_bytes=MOST_REQUEST)
_ANSWER: Final = strict_json.Limits(max_bytes=MOST_UNPACKED, max_string_bytes=64 << 10)


def pack_answer(body: Mapping[str, Any], accept: str, accept_encoding: str) -> tuple[bytes, dict[str, str]]:
    """(bytes, headers) of an answer in the best form the asker takes."""
    is_compact = MSGPACK in accept
    headers = {"Content-Type": MSGPACK if is_compact else JSON, "Vary": "Accept, Accept-Encoding"}
    raw: bytes = msgpack.packb(body) if is_compact else _json(body)
    if ZSTD in accept_encoding and len(raw) >= _WORTH_PACKING:
        raw = zstandard.ZstdCompressor(level=_LEVEL).compress(raw)
        headers["Content-Encoding"] = ZSTD
    return raw, headers


def pack_request(body: Mapping[str, Any], *, is_packed: bool) -> tuple[bytes, dict[str, str]]:
    """(bytes, headers of the body) of a request; JSON unless the server takes the packed form and it is worth it."""
    raw: bytes = msgpack.packb(body) if is_packed else b""
    if len(raw) < _WORTH_PACKING:
        return _json(body), {"Content-Type": JSON}
    packed = zstandard.ZstdCompressor(level=_LEVEL).compress(raw)
    # A note of one letter a thousand times packs so well that the server would take it for an attack.
    if len(raw) > MOST_RATIO * len(packed):
        return raw, {"Content-Type": MSGPACK}
    return packed, {"Content-Type": MSGPACK, "Content-Encoding": ZSTD}


def unpack_request(raw: bytes, content_type: str, content_encoding: str) -> JsonObject:
    """The object of a request's body (S-1, S-2). Refused: `JsonRefused` for what is none, `too_large` for what would
    be more than 4 MiB or 20 times its size: that is known before anything is unpacked."""
    if content_encoding == ZSTD:
        raw = _unpacked(raw)
    if not content_type.startswith(MSGPACK):
        return strict_json.loads_object(raw, _REQUEST)
    try:
        # No bytes, no extension types; keys come once. Sizes are bounded by the body's own.
        value = msgpack.unpackb(raw, object_pairs_hook=strict_json.unique_keys, max_bin_len=0, max_ext_len=0)
    except JsonRefused:
        raise
    except (ValueError, TypeError, msgpack.UnpackException) as error:
        raise JsonRefused(JsonFault.SYNTAX) from error
    strict_json.check(value, _REQUEST)
    if not isinstance(value, dict):
        raise JsonRefused(JsonFault.NOT_AN_OBJECT)
    return value


def _unpacked(raw: bytes) -> bytes:
    try:
        size = zstandard.frame_content_size(raw)
        if size < 0:
            raise JsonRefused(JsonFault.SYNTAX)  # a frame that does not say how much it holds
        if size > min(MOST_REQUEST, MOST_RATIO * len(raw)):
            raise Refused("too_large")
        unpacked: bytes = zstandard.ZstdDecompressor().decompress(raw, max_output_size=size, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise JsonRefused(JsonFault.SYNTAX) from error
    return unpacked


def _json(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def unpack_answer(raw: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    """The object an answer holds; `JsonRefused` where it is none. `headers` have lower-case names."""
    # By its first bytes: whether the HTTP library has undone the encoding depends on what it was built with.
    if raw.startswith(_MAGIC):
        try:
            raw = zstandard.ZstdDecompressor().decompress(raw, max_output_size=MOST_UNPACKED)
        except zstandard.ZstdError as error:
            raise JsonRefused(JsonFault.SYNTAX) from error
    if not headers.get("content-type", "").startswith(MSGPACK):
        return dict(strict_json.loads_object(raw, _ANSWER))
    try:
        value = msgpack.unpackb(raw)
    except (ValueError, msgpack.UnpackException) as error:
        raise JsonRefused(JsonFault.SYNTAX) from error
    if not isinstance(value, dict):
        raise JsonRefused(JsonFault.NOT_AN_OBJECT)
    return value
