"""Writing an export where a person chose, whole or not at all; recorded before its content is on the disk."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from guidedesk.domain.errors import Refused, StorageError

PART: Final = ".part"


def _numbers(*names: str) -> frozenset[int]:
    # Not every system has every number.
    return frozenset(getattr(errno, name) for name in names if hasattr(errno, name))


_FULL: Final = _numbers("ENOSPC", "EDQUOT", "EFBIG")
_CLOSED: Final = _numbers("EACCES", "EPERM", "EROFS", "EBUSY", "ETXTBSY")
_NOWHERE: Final = _numbers("ENOENT", "ENOTDIR", "EINVAL", "ENAMETOOLONG", "ELOOP")


def write_export(path: Path, content: bytes, record: Callable[[], None]) -> None:
    """Reserve the room, call `record`, write the content, and give the file its name; nothing stays when it fails.

    `record` makes the export known to head office; what it raises stops the export. An existing file is never
    replaced. Raises `Refused` (`export_exists`, `export_no_folder`, `export_closed`) or `StorageError`
    (`export_full`, `export_failed`).
    """
    if not path.is_absolute() or not path.name:
        raise Refused("export_no_folder")
    part = path.with_name(path.name + PART)
    is_mine = False
    try:
        if os.path.lexists(path):
            raise Refused("export_exists", name=path.name)
        # 0600 from the first byte: it holds what a person bought (SECURITY.md S-14).
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        is_mine = True
        with os.fdopen(handle, "wb") as file:
            # A full disk must be found before anything is recorded, and nothing may be readable before that.
            file.write(bytes(len(content)))
            _to_disk(file.fileno(), file.flush)
            record()
            file.seek(0)
            file.write(content)
            _to_disk(file.fileno(), file.flush)
        os.replace(part, path)
    except OSError as error:
        raise _refusal(error, path) from error
    finally:
        if is_mine:
            with suppress(OSError):
                part.unlink(missing_ok=True)


def _to_disk(number: int, flush: Callable[[], None]) -> None:
    flush()
    os.fsync(number)


def _refusal(error: OSError, path: Path) -> Refused | StorageError:
    if isinstance(error, FileExistsError):
        return Refused("export_exists", name=path.name)
    if error.errno in _FULL:
        return StorageError("export_full")
    if error.errno in _CLOSED:
        return Refused("export_closed")
    return Refused("export_no_folder") if error.errno in _NOWHERE else StorageError("export_failed")
