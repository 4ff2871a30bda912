"""The key of the demo profile, whose people are invented, in a file of its own (SECURITY.md D-2, S-14)."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from guidedesk.services.keys import SecretError

_PRIVATE: Final = 0o600
# Neither flag exists on Windows, where the profile folder's own rights protect the file.
_NO_FOLLOW: Final = getattr(os, "O_NOFOLLOW", 0)
_BINARY: Final = getattr(os, "O_BINARY", 0)


class DemoKeyFile:
    """A `services.keys.Keyring` in one folder. Never for real data: whoever reads the folder reads the data.

    Errors: `demo_key_exposed` (others may read the file, it is not ours, or it is no plain file),
    `demo_key_unusable` (cannot be read or written).
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, name: str) -> bytes | None:
        path = self._path(name)
        try:
            handle = os.open(path, os.O_RDONLY | _NO_FOLLOW | _BINARY)
        except FileNotFoundError:
            return None
        except OSError:
            raise SecretError("demo_key_exposed" if path.is_symlink() else "demo_key_unusable") from None
        with os.fdopen(handle, "rb") as file:
            _check_private(os.fstat(handle))
            text = file.read(128)
        try:
            return bytes.fromhex(text.decode("ascii"))
        except ValueError:
            raise SecretError("secret_malformed") from None

    def set(self, name: str, secret: bytes) -> None:
        path = self._path(name)
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Exclusive: an existing file, or a link planted in its place, is never written through.
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW | _BINARY, _PRIVATE)
            with os.fdopen(handle, "wb") as file:
                file.write(secret.hex().encode())
                file.flush()
                os.fsync(handle)
        except OSError:
            raise SecretError("demo_key_unusable") from None
        if self.get(name) != secret:
            raise SecretError("demo_key_unusable")

    def delete(self, name: str) -> None:
        with suppress(FileNotFoundError):
            self._path(name).unlink()

    def _path(self, name: str) -> Path:
        if not name.replace("-", "").replace("_", "").isalnum():
            raise SecretError("demo_key_unusable")
        return self._folder / f"{name}.demo-key"


def _check_private(status: os.stat_result) -> None:
    if os.name != "posix":
        return
    loose = stat.S_IMODE(status.st_mode) & 0o077
    if loose or status.st_uid != os.geteuid() or not stat.S_ISREG(status.st_mode):
        raise SecretError("demo_key_exposed")
