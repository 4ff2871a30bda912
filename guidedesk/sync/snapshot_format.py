"""A scope as immutable pages for a first sync (SYNC.md 5), packed by zstd; a page's SHA-256 is over the packed bytes.

Two forms hold the same rows. As rows, any counter can read them: msgpack, a page is a list of
`[table, columns, rows]`, parents before their parts, ids as 16 bytes. As an image, a counter whose cache has the very
same tables (`layout`) takes over a file: a page is the next portion of a plain SQLite file with those tables,
their indexes and nothing else but the rows, each file page with the bytes free that encryption needs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgpack
import zstandard

from guidedesk.domain.errors import TransportError
from guidedesk.models.cipher_file import PAGE

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
    layout: int = 0  # of the cache this is an image for; 0: rows
    portion: int = 0  # how many pages of the file one page holds; the last may hold fewer

    @property
    def is_image(self) -> bool:
        """Whether the pages are those of a file."""
        return self.layout != 0

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
            "layout": self.layout,
            "portion": self.portion,
        }

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Manifest:
        """Read a manifest; `ValueError` when its digest is not that of its pages."""
        pages = tuple(str(page) for page in wire["pages"])
        if digest_of(pages) != wire["digest"]:
            raise ValueError("digest")
        rows = {str(tbl): int(count) for tbl, count in wire["rows"].items()}
        numbers = (int(wire["epoch"]), int(wire["seq"]), int(wire["schema"]))
        form = (int(wire.get("layout", 0)), int(wire.get("portion", 0)))
        if form[0] and not 0 < form[1] <= _MOST_UNPACKED // PAGE:
            raise ValueError("portion")
        return cls(str(wire["snap_id"]), str(wire["scope"]), *numbers, pages, rows, str(wire["digest"]), *form)


def digest_of(pages: Sequence[str]) -> str:
    """SHA-256 over the hashes of all pages, in order."""
    return hashlib.sha256("".join(pages).encode()).hexdigest()


def page_hash(packed: bytes) -> str:
    """SHA-256 of a packed page."""
    return hashlib.sha256(packed).hexdigest()


def pack_page(parts: Sequence[Part]) -> bytes:
    """The bytes of one page of rows."""
    return pack_portion(msgpack.packb([list(part) for part in parts]))


def unpack_page(packed: bytes, expected_hash: str) -> list[Part]:
    """The rows of a page; `TransportError("bad_answer")` when these are not the bytes the manifest names."""
    raw = _unpack(packed, expected_hash)
    try:
        return [(str(tbl), [str(c) for c in columns], rows) for tbl, columns, rows in msgpack.unpackb(raw)]
    except (ValueError, TypeError) as error:
        raise TransportError("bad_answer") from error


def pack_portion(raw: bytes) -> bytes:
    """The bytes of one page of an image."""
    return zstandard.ZstdCompressor(level=_LEVEL).compress(raw)


def unpack_portion(packed: bytes, expected_hash: str) -> bytes:
    """Pages of the plain file; `TransportError("bad_answer")` as `unpack_page`."""
    raw = _unpack(packed, expected_hash)
    if not raw or len(raw) % PAGE:
        raise TransportError("bad_answer")
    return raw


def _unpack(packed: bytes, expected_hash: str) -> bytes:
    if page_hash(packed) != expected_hash:
        raise TransportError("bad_answer")
    try:
        return zstandard.ZstdDecompressor().decompress(packed, max_output_size=_MOST_UNPACKED)
    except zstandard.ZstdError as error:
        raise TransportError("bad_answer") from error
