"""A scope as immutable pages for a first sync (SYNC.md 5): msgpack packed by zstd, ids as 16 bytes.

A page is a list of `[table, columns, rows]`, parents before their parts. Its SHA-256 is over the packed bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgpack
import zstandard

from guidedesk.domain.errors import TransportError

PAGE_TYPE: Final = "application/vnd.guidedesk.snapshot"
_LEVEL: Final = 3
_MOST_UNPACKED: Final = 64 << 20
Part = tuple[str, list[str], list[list[Any]]]  # table, columns, rows


@dataclass(frozen=True, slots=True)
class Manifest:
    """One snapshot: where in the feed it stands, the hash of each page, rows by table, a digest over the pages."""

    snap_id: str
    scope_id: str
    epoch: int
    seq: int
    schema: int
    pages: tuple[str, ...]
    rows: Mapping[str, int]
    digest: str

    def to_wire(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "snap_id": self.snap_id,
            "scope": self.scope_id,
            "epoch": self.epoch,
            "seq": self.seq,
            "schema": self.schema,
            "pages": list(self.pages),
            "rows": dict(self.rows),
            "digest": self.digest,
        }

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Manifest:
        """Read a manifest; `ValueError` when its digest is not that of its pages."""
        pages = tuple(str(page) for page in wire["pages"])
        if digest_of(pages) != wire["digest"]:
            raise ValueError("digest")
        rows = {str(tbl): int(count) for tbl, count in wire["rows"].items()}
        numbers = (int(wire["epoch"]), int(wire["seq"]), int(wire["schema"]))
        return cls(str(wire["snap_id"]), str(wire["scope"]), *numbers, pages, rows, str(wire["digest"]))


def digest_of(pages: Sequence[str]) -> str:
    """SHA-256 over the hashes of all pages, in order."""
    return hashlib.sha256("".join(pages).encode()).hexdigest()


def page_hash(packed: bytes) -> str:
    """SHA-256 of a packed page."""
    return hashlib.sha256(packed).hexdigest()


def pack_page(parts: Sequence[Part]) -> bytes:
    """The bytes of one page."""
    return zstandard.ZstdCompressor(level=_LEVEL).compress(msgpack.packb([list(part) for part in parts]))


def unpack_page(packed: bytes, expected_hash: str) -> list[Part]:
    """The rows of a page; `TransportError("bad_answer")` when these are not the bytes the manifest names."""
    if page_hash(packed) != expected_hash:
        raise TransportError("bad_answer")
    try:
        raw = zstandard.ZstdDecompressor().decompress(packed, max_output_size=_MOST_UNPACKED)
        return [(str(tbl), [str(c) for c in columns], rows) for tbl, columns, rows in msgpack.unpackb(raw)]
    except (zstandard.ZstdError, ValueError, TypeError) as error:
        raise TransportError("bad_answer") from error
