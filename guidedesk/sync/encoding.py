"""How answers travel (SYNC.md 5): JSON for people and tests, msgpack and zstd where the asker names them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import msgpack
import zstandard

from guidedesk.sync import strict_json
from guidedesk.sync.strict_json import JsonFault, JsonRefused

JSON: Final = "application/json"
MSGPACK: Final = "application/msgpack"
ZSTD: Final = "zstd"
# What a counter asks for; everything else about a request stays JSON.
COMPACT: Final[Mapping[str, str]] = {"Content-Type": JSON, "Accept": f"{MSGPACK}, {JSON}", "Accept-Encoding": ZSTD}
MOST_UNPACKED: Final = 64 << 20
_WORTH_PACKING: Final = 1_024
_LEVEL: Final = 1
_MAGIC: Final = bytes.fromhex("28b52ffd")
# Answers come from our own server over TLS: larger than requests may be, and notes may be longer.
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
