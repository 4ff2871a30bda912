"""Deleting a counter's profile when a person wants it, and only with nothing lost (SYNC.md 7, I12)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from guidedesk.domain.errors import StorageError
from guidedesk.models.database import open_encrypted
from guidedesk.services.keys import DerivedKeys
from guidedesk.sync.counter import JOURNAL_NAME, Counter
from guidedesk.sync.unsent import check_exported
from guidedesk.sync.wipe import remove_profile


def delete_profile(counter: Counter, forget_secret: Callable[[], None], exported: Path | None = None) -> None:
    """Forget this counter for good: the secret first, then the files. It is closed in any case.

    `exported` is the sealed file that holds what waits. Raises what `check_exported` raises, and `storage_locked` while
    another program has the profile open: what it recorded meanwhile would be gone.
    """
    folder, keys = counter.folder, counter.keys
    try:
        check_exported(counter.journal, counter.local, exported)
    finally:
        counter.close()
    _check_alone(folder, keys)
    forget_secret()
    remove_profile(folder)


def _check_alone(folder: Path, keys: DerivedKeys) -> None:
    """Only the one connection there is can leave the write-ahead log."""
    journal = open_encrypted(folder / JOURNAL_NAME, keys.journal_key, name="journal", synchronous="FULL")
    try:
        with journal.guard(), closing(journal.engine.raw_connection()) as raw:
            found = raw.cursor().execute("PRAGMA journal_mode = DELETE").fetchone()
    finally:
        journal.close()
    if found[0] != "delete":
        raise StorageError("storage_locked", file="journal")
