"""Forgetting everything on a counter that head office took off (SECURITY.md D-12)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from guidedesk.domain.errors import TransportError
from guidedesk.sync.client import SyncClient, SyncRefused
from guidedesk.sync.counter import Counter

# What a profile's folder holds: both databases with what they are loaded beside, header, settings, session, locks.
_OURS: Final = ("*.db", "*.db-*", "*.json", "*.lock", "*.new", "*.demo-key")


def wipe_counter(counter: Counter, forget_secret: Callable[[], None]) -> None:
    """The secret first: from then on every copy of the files is worth nothing. Then the files, then a word to head
    office, if it can be reached. Nobody else may work on the counter any more; it is closed afterwards.
    """
    unsent = counter.journal.count_unsent()
    client = SyncClient(counter.new_transport(counter.identity), lambda _server_ms: None)
    forget_secret()
    counter.close()
    remove_profile(counter.folder)
    with suppress(TransportError, SyncRefused):
        client.report_wiped(unsent)


def remove_profile(folder: Path) -> None:
    """Delete a profile's files; what cannot be deleted (open elsewhere) stays unreadable without its secret."""
    for pattern in _OURS:
        for path in folder.glob(pattern):
            with suppress(OSError):
                path.unlink()
    with suppress(OSError):
        folder.rmdir()
