"""The plain header of a counter's folder: says which key the files need, without telling anything of the key."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from guidedesk.domain.errors import StorageError

HEADER_NAME: Final = "profile.json"
FORMAT: Final = 1
HeaderState = Literal["none", "fits", "differs"]
_LABEL: Final = b"guidedesk/key-check/v1"


@dataclass(frozen=True, slots=True)
class ProfileHeader:
    """`key_check` tells a wrong key from a damaged file, which SQLCipher alone cannot."""

    format: int
    key_check: str


def key_check(key: bytes) -> str:
    """A value that only this key gives; nothing can be computed back from it."""
    return hmac.new(key, _LABEL, hashlib.sha256).hexdigest()[:32]


def check_header(folder: Path, key: bytes) -> HeaderState:
    """Whether there is a header, and whether it is of this key.

    One that differs need not mean another key: it may be damaged itself, and only the journal can tell. Raises
    `storage_newer`: a newer format has a check of its own, so that a damaged number is not taken for one.
    """
    header = _read(folder / HEADER_NAME)
    if header is None:
        return "none"
    if hmac.compare_digest(header.key_check.encode(), key_check(key).encode()):
        return "fits"
    if header.format > FORMAT:
        raise StorageError("storage_newer", file="profile")
    return "differs"


def write_header(folder: Path, key: bytes) -> None:
    """Write the header, replacing a damaged one in one step."""
    path = folder / HEADER_NAME
    fresh = path.with_suffix(".new")
    try:
        fresh.write_text(json.dumps({"format": FORMAT, "key_check": key_check(key)}) + "\n", encoding="utf-8")
        os.replace(fresh, path)
    except OSError as error:
        raise StorageError("storage_unavailable", file="profile") from error


def _read(path: Path) -> ProfileHeader | None:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return ProfileHeader(int(data["format"]), str(data["key_check"]))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageError("storage_unavailable", file="profile") from error
    except (ValueError, KeyError, TypeError):
        # A torn header is no reason to refuse: the journal itself still proves the key.
        return None
