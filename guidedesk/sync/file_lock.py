"""One sync process a counter: a lock the operating system drops when the process dies (SYNC.md 6)."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from guidedesk.domain.errors import StorageError


class FileLock:
    """An exclusive lock on a file; taken by one process (or one engine) at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def try_hold(self) -> Iterator[bool]:
        """Hold the lock for the block if nobody else does; gives whether it is held."""
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StorageError("storage_unavailable", file="lock") from error
        try:
            held = _take(handle)
            try:
                yield held
            finally:
                if held:
                    _release(handle)
        finally:
            os.close(handle)


if sys.platform == "win32":
    import msvcrt

    def _take(handle: int) -> bool:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _release(handle: int) -> None:
        os.lseek(handle, 0, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _take(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _release(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_UN)
