"""Pages of a plain SQLite file written as a SQLCipher file, without inserting a row.

The format is SQLCipher 4's with a raw key, as `models.database` opens it: each page of 4,096 bytes holds 4,016 bytes
under AES-256-CBC, the vector (16 random bytes), and HMAC-SHA512 over both and the page's number. The first 16 bytes
of the file are a salt in place of SQLite's own first words; the HMAC's key is made from it. SQLCipher itself reads
such files in the tests, page by page (`cipher_integrity_check`), and again whenever one is put in use.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from guidedesk.domain.errors import StorageError
from guidedesk.domain.ports import Random

PAGE: Final = 4_096
RESERVED: Final = 80  # at the end of each page, unused in the plain file: room for vector and HMAC
_SALT: Final = 16
_VECTOR: Final = 16
_DATA_END: Final = PAGE - RESERVED
_CHECKED_END: Final = _DATA_END + _VECTOR
_SALT_MASK: Final = 0x3A
_ROUNDS: Final = 2
_DISK_FULL: Final = frozenset({28, 122})  # ENOSPC, EDQUOT


class CipherFile:
    """A file being written from its first page on. Whole, it is a database; until then nobody may open it.

    Raises `StorageError`: `storage_full`, `storage_unavailable`.
    """

    def __init__(self, path: Path, key: bytes, random: Random) -> None:
        if len(key) != 32:
            raise ValueError("a database key has 32 bytes")
        self._random = random
        self._cipher = algorithms.AES(key)
        with _noticing():
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
            self._file: BinaryIO = os.fdopen(descriptor, "r+b", buffering=0)
            salt = self._file.read(_SALT)
        self._salt = salt if len(salt) == _SALT else random.bytes(_SALT)
        masked = bytes(byte ^ _SALT_MASK for byte in self._salt)
        self._check_key = hashlib.pbkdf2_hmac("sha512", key, masked, _ROUNDS, 32)
        self._pages = 0

    @property
    def pages(self) -> int:
        """How many pages are written."""
        return self._pages

    def resume(self, portion: int) -> int:
        """Keep what an earlier process wrote, as far as every page is whole, in portions of so many pages.

        A page's HMAC covers its number: what a power cut left behind is not taken for a page. Returns the pages kept.
        """
        with _noticing():
            self._file.seek(0)
            self._pages = 0
            while len(read := self._file.read(portion * PAGE)) == portion * PAGE and self._are_ours(read):
                self._pages += portion
            self._file.truncate(self._pages * PAGE)
        return self._pages

    def append(self, plain: bytes) -> None:
        """Write the next pages of the plain file.

        All of them are one CBC stream with a random block before each page: that block under the cipher is as
        random, and stands where the page's vector has to be. One call then encrypts a thousand pages.
        """
        if not plain or len(plain) % PAGE:
            raise ValueError("not whole pages")
        count = len(plain) // PAGE
        view, blocks = memoryview(plain), self._random.bytes((count + 1) * _VECTOR)
        is_first = self._pages == 0
        parts: list[bytes | memoryview] = []
        for n in range(count):
            parts += (blocks[n * _VECTOR : (n + 1) * _VECTOR], view[n * PAGE : n * PAGE + _DATA_END])
        if is_first:
            parts[1] = view[_SALT:_DATA_END]
        sealed = Cipher(self._cipher, modes.CBC(blocks[-_VECTOR:])).encryptor().update(b"".join(parts))
        written: list[bytes] = [self._salt] if is_first else []
        end = 0
        for n in range(count):
            start, end = end, end + _CHECKED_END - (_SALT if is_first and n == 0 else 0)
            checked = sealed[start + _VECTOR : end] + sealed[start : start + _VECTOR]
            written += (checked, self._check(checked, self._pages + n))
        with _noticing():
            self._file.seek(self._pages * PAGE)
            self._file.write(b"".join(written))
        self._pages += count

    def close(self) -> None:
        """Close the file. Nothing here waits for the disk: whoever puts the file in use does, once."""
        with _noticing():
            self._file.close()

    def _check(self, checked: bytes, page: int) -> bytes:
        return hmac.digest(self._check_key, checked + (page + 1).to_bytes(4, "little"), "sha512")

    def _are_ours(self, read: bytes) -> bool:
        for start in range(0, len(read), PAGE):
            page = self._pages + start // PAGE
            checked = read[start + (_SALT if page == 0 else 0) : start + _CHECKED_END]
            if not hmac.compare_digest(self._check(checked, page), read[start + _CHECKED_END : start + PAGE]):
                return False
        return True


@contextmanager
def _noticing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        code = "storage_full" if error.errno in _DISK_FULL else "storage_unavailable"
        raise StorageError(code, file="cache") from error


def empty_image(path: Path) -> None:
    """Make a plain SQLite file without tables whose pages keep `RESERVED` bytes free; SQLite keeps it so."""
    header = bytearray(PAGE)
    header[:16] = b"SQLite format 3\0"
    header[16:18] = PAGE.to_bytes(2, "big")
    header[18:24] = bytes((1, 1, RESERVED, 64, 32, 32))
    header[24:32] = (1).to_bytes(4, "big") * 2  # change counter, pages of the file
    header[44:48] = (4).to_bytes(4, "big")  # schema format
    header[56:60] = (1).to_bytes(4, "big")  # UTF-8
    header[92:96] = (1).to_bytes(4, "big")  # the page count holds for that change counter
    header[100] = 0x0D  # the schema: a leaf without cells, whose content begins where the reserved bytes do
    header[105:107] = _DATA_END.to_bytes(2, "big")
    path.write_bytes(header)
