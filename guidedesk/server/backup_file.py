"""The file of a backup: frames that are compressed, and sealed with a key only the holder of the secrets file has.

`GDBACKUP1\\n`, 32 bytes of salt, 16 bytes by which a wrong secrets file is told from a damaged backup, then frames:
four bytes of length and ChaCha20-Poly1305 over a zstd-compressed msgpack value. The nonce is the frame's number, and
what is authenticated beside it says whether it is the last one: a frame left out, moved, repeated or cut off at the
end is noticed.
"""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import msgpack
import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from guidedesk.domain.errors import Refused, StorageError
from guidedesk.domain.ports import Random
from guidedesk.server.secrets import ServerSecrets

_MAGIC: Final = b"GDBACKUP1\n"
_SALT_BYTES: Final = 32
_CHECK_BYTES: Final = 16
_KEY_BYTES: Final = 32
_LENGTH: Final = struct.Struct(">I")
_MOST_BYTES: Final = 1 << 28  # of one frame: a damaged length must not ask for the whole memory
_MORE, _LAST = b"more", b"last"


class BackupWriter:
    """Writes beside the wanted name and moves there when it is whole; leaves nothing behind otherwise."""

    def __init__(self, path: Path, secrets: ServerSecrets, random: Random) -> None:
        self._path, self._part = path, path.with_name(path.name + ".part")
        salt = random.bytes(_SALT_BYTES)
        key, check = _keys(secrets, salt)
        self._cipher, self._number = ChaCha20Poly1305(key), 0
        if path.exists():
            raise StorageError("backup_exists", file=path.name)
        try:
            mode = stat.S_IRUSR | stat.S_IWUSR
            self._file = os.fdopen(os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb")
            self._file.write(_MAGIC + salt + check)
        except OSError as error:
            raise _unwritable(path, error) from None

    def add(self, value: Any, *, is_last: bool = False) -> None:
        """One more frame."""
        packed = zstandard.compress(msgpack.packb(value))
        nonce = self._number.to_bytes(12, "big")
        sealed = self._cipher.encrypt(nonce, packed, _LAST if is_last else _MORE)
        try:
            self._file.write(_LENGTH.pack(len(sealed)) + sealed)
        except OSError as error:
            raise _unwritable(self._path, error) from None
        self._number += 1

    def __enter__(self) -> BackupWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._file.flush()
                os.fsync(self._file.fileno())
                self._file.close()
                os.replace(self._part, self._path)
        except OSError as failed:
            raise _unwritable(self._path, failed) from None
        finally:
            if not self._file.closed:
                self._file.close()
            self._part.unlink(missing_ok=True)


def read_backup(path: Path, secrets: ServerSecrets) -> Iterator[Any]:
    """The values in order. Raises `backup_unreadable` for anything damaged or cut off, even after good frames, and
    `backup_wrong_keys` where another secrets file made it."""
    try:
        with path.open("rb") as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                raise Refused("backup_unreadable", file=path.name)
            salt = file.read(_SALT_BYTES)
            key, check = _keys(secrets, salt)
            if file.read(_CHECK_BYTES) != check:
                raise Refused("backup_wrong_keys", file=path.name)
            cipher, number, is_last = ChaCha20Poly1305(key), 0, False
            while not is_last:
                (length,) = _LENGTH.unpack(file.read(_LENGTH.size))
                sealed = file.read(min(length, _MOST_BYTES))
                is_last, packed = _opened(cipher, number, sealed)
                yield msgpack.unpackb(zstandard.decompress(packed))
                number += 1
            if file.read(1):
                raise Refused("backup_unreadable", file=path.name)
    except (OSError, struct.error, InvalidTag, ValueError, zstandard.ZstdError, msgpack.UnpackException) as error:
        raise Refused("backup_unreadable", file=path.name) from error


def _opened(cipher: ChaCha20Poly1305, number: int, sealed: bytes) -> tuple[bool, bytes]:
    nonce = number.to_bytes(12, "big")
    try:
        return False, cipher.decrypt(nonce, sealed, _MORE)
    except InvalidTag:
        return True, cipher.decrypt(nonce, sealed, _LAST)


def _keys(secrets: ServerSecrets, salt: bytes) -> tuple[bytes, bytes]:
    """The key of one backup, and what tells that it is the right one."""
    made = HKDF(SHA256(), _KEY_BYTES + _CHECK_BYTES, salt, b"guidedesk/backup/v1").derive(secrets.sealing_key)
    return made[:_KEY_BYTES], made[_KEY_BYTES:]


def _unwritable(path: Path, error: OSError) -> StorageError:
    return StorageError("backup_unwritable", file=path.name, why=error.strerror or "")
