"""Counting what a push asks of the database, and only that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import Any
from unittest.mock import patch

from sqlalchemy import event

from guidedesk.server.push import apply_batch
from guidedesk.server.routes import sync
from tests.server.shop import Shop


@contextmanager
def of_pushes(shop: Shop) -> Iterator[list[str]]:
    """The statements of pushes meanwhile. The server's own rounds (what a crash left, figures, the heads that streams
    watch) ask the same database whenever their time has come."""
    at_work: set[int] = set()
    asked: list[str] = []

    def noted(*given: Any) -> Any:
        at_work.add(get_ident())
        try:
            return apply_batch(*given)
        finally:
            at_work.discard(get_ident())

    def look(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if get_ident() in at_work:
            asked.append(statement)

    event.listen(shop.database.engine, "before_cursor_execute", look)
    try:
        with patch.object(sync, "apply_batch", noted):
            yield asked
    finally:
        event.remove(shop.database.engine, "before_cursor_execute", look)
