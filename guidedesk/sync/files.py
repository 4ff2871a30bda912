"""Where a counter keeps its files: a port, so that the whole counter runs without a disk of its own (SYNC.md 8)."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final, Protocol

from guidedesk.domain.errors import StorageError
from guidedesk.models.database import Database, Synchronous, open_encrypted, remove_files
from guidedesk.sync.file_lock import FileLock
from guidedesk.sync.profile import HeaderState, check_header, write_header


class Lock(Protocol):
    """Held by one process at a time."""

    def try_hold(self) -> AbstractContextManager[bool]:
        """Hold it for the block if nobody else does; gives whether it is held."""
        ...


class CounterFiles(Protocol):
    """What a counter asks of its disk. Failures are `StorageError`."""

    @property
    def takes_images(self) -> bool:
        """Whether a snapshot may come as pages of a file; else it comes as rows."""
        ...

    def open(self, path: Path, key: bytes, *, name: str, synchronous: Synchronous) -> Database:
        """A database, made if it is not there."""
        ...

    def attach(self, cursor: Any, path: Path, key: bytes, schema: str) -> None:
        """Let an open database's cursor see another one as `schema`."""
        ...

    def exists(self, path: Path) -> bool:
        """Whether a database is there."""
        ...

    def remove(self, path: Path) -> None:
        """Delete a database; only ever called for a cache."""
        ...

    def move(self, path: Path, target: Path) -> None:
        """Put a closed database in another one's place."""
        ...

    def lock(self, path: Path) -> Lock:
        """A lock by this name."""
        ...

    def header(self, folder: Path, key: bytes) -> HeaderState:
        """Whether the folder says which key it was made with, and whether it is this one."""
        ...

    def write_header(self, folder: Path, key: bytes) -> None:
        """Let the folder say which key it was made with."""
        ...


class EncryptedFiles:
    """The disk of this PC, databases encrypted."""

    takes_images: Final = True

    def open(self, path: Path, key: bytes, *, name: str, synchronous: Synchronous) -> Database:
        """See `CounterFiles`."""
        return open_encrypted(path, key, name=name, synchronous=synchronous)

    def attach(self, cursor: Any, path: Path, key: bytes, schema: str) -> None:
        """See `CounterFiles`."""
        cursor.execute(f"ATTACH DATABASE ? AS {schema} KEY \"x'{key.hex()}'\"", (str(path),))

    def exists(self, path: Path) -> bool:
        """See `CounterFiles`."""
        return path.exists()

    def remove(self, path: Path) -> None:
        """See `CounterFiles`."""
        try:
            remove_files(path)
        except OSError as error:
            raise StorageError("storage_locked", file="cache") from error

    def move(self, path: Path, target: Path) -> None:
        """See `CounterFiles`."""
        try:
            remove_files(target)
            path.replace(target)
            remove_files(path)
        except OSError as error:
            raise StorageError("storage_locked", file="cache") from error

    def lock(self, path: Path) -> Lock:
        """See `CounterFiles`."""
        return FileLock(path)

    def header(self, folder: Path, key: bytes) -> HeaderState:
        """See `CounterFiles`."""
        return check_header(folder, key)

    def write_header(self, folder: Path, key: bytes) -> None:
        """See `CounterFiles`."""
        write_header(folder, key)


ON_DISK: Final = EncryptedFiles()
