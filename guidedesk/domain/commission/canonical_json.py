"""RFC 8785 canonical JSON of text, integers, lists and objects, and hashes over it (COMMISSION.md 9 "Horizon")."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from guidedesk.domain.commission.reading import DocumentError


def canonical_json(value: Any) -> str:
    """Keys in UTF-16 order, no spaces, integers as integers; anything that is no exact value is refused."""
    if value is None or isinstance(value, bool | str | int):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        pairs = sorted(value.items(), key=lambda pair: str(pair[0]).encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(f"{canonical_json(str(key))}:{canonical_json(entry)}" for key, entry in pairs) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(canonical_json(entry) for entry in value) + "]"
    raise DocumentError("not_whole", "number", "", value)


def content_hash(value: Any) -> str:
    """SHA-256 of the canonical form, in hexadecimal."""
    return hashlib.sha256(canonical_json(value).encode("utf-8", "surrogatepass")).hexdigest()
