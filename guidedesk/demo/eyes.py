"""How a tour looks: through the accessibility tree of the window, and through second connections to the databases."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QWidget
from sqlalchemy import Engine, create_engine, text

from guidedesk.models.database import open_encrypted
from guidedesk.services.demo_key import DemoKeyFile
from guidedesk.services.keys import derive, load_secret
from guidedesk.sync.counter import JOURNAL_NAME
from guidedesk.sync.open_counter import profile_name
from guidedesk.ui.audit import accessible_texts

PATIENCE_S: Final = 12.0
T = TypeVar("T")


def wait_for(look: Callable[[], T], seconds: float = PATIENCE_S) -> T:
    """Let the window live until `look` finds something, or give its last answer."""
    deadline = time.monotonic() + seconds
    while True:
        QCoreApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        found = look()
        if found or time.monotonic() > deadline:
            return found
        time.sleep(0.02)


def texts(window: QWidget) -> str:
    """Everything a screen reader would find in the window, one a line."""
    return "\n".join(accessible_texts(window))


class ServerEyes:
    """A second, read-only connection to the server's database."""

    def __init__(self, url: str) -> None:
        self._engine: Engine = create_engine(url)

    def one(self, sql: str, **values: Any) -> Any:
        """The first value of a query, or None."""
        with self._engine.connect() as conn:
            return conn.execute(text(sql), values).scalar()

    def rows(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        with self._engine.connect() as conn:
            return [tuple(row) for row in conn.execute(text(sql), values)]

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()


def journal_rows(profile: Path, sql: str) -> list[tuple[Any, ...]]:
    """Rows of a demo counter's encrypted journal, through a connection of its own."""
    key = derive(load_secret(DemoKeyFile(profile), profile_name(profile))).journal_key
    database = open_encrypted(profile / JOURNAL_NAME, key, name="journal", synchronous="FULL")
    try:
        with database.engine.connect() as conn:
            return [tuple(row) for row in conn.execute(text(sql))]
    finally:
        database.close()
