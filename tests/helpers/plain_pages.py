"""Every byte that the files of a counter or a server hold, encrypted databases page by page as they are inside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from guidedesk.models.cipher_file import PAGE, RESERVED

_SALT: Final = 16
_VECTOR: Final = 16
_FRAME: Final = 24  # bytes before each page of a write-ahead log
_LOG_HEADER: Final = 32


def pages_of(path: Path, key: bytes) -> Iterator[bytes]:
    """Each page of an encrypted file or of its write-ahead log, free ones included, whether or not it counts."""
    raw = path.read_bytes()
    is_log = path.name.endswith("-wal")
    step, before = (PAGE + _FRAME, _FRAME) if is_log else (PAGE, 0)
    for start in range(_LOG_HEADER if is_log else 0, len(raw) - PAGE + 1, step):
        number = int.from_bytes(raw[start : start + 4], "big") if is_log else start // PAGE + 1
        page = raw[start + before : start + before + PAGE]
        sealed = page[_SALT if number == 1 else 0 : PAGE - RESERVED]
        vector = page[PAGE - RESERVED : PAGE - RESERVED + _VECTOR]
        yield Cipher(algorithms.AES(key), modes.CBC(vector)).decryptor().update(sealed)


def found_in(folder: Path, secrets: Mapping[str, str], keys: Mapping[str, bytes]) -> set[tuple[str, str]]:
    """(file, what) of each secret that stands anywhere in a folder; `keys` open files by the start of their names."""
    found: set[tuple[str, str]] = set()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        key = next((key for start, key in keys.items() if path.name.startswith(start)), None)
        is_sealed = key is not None and not path.name.endswith("-shm")
        parts = list(pages_of(path, key)) if is_sealed and key is not None else [path.read_bytes()]
        for what, text in secrets.items():
            if any(text.encode() in part for part in parts):
                found.add((path.name, what))
    return found
