"""The columns of the stores that somebody counts in: read once, kept as long as there is room, one asker at a time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Final

from guidedesk.server.database import ServerDatabase
from guidedesk.server.segment_columns import Columns
from guidedesk.server.segment_fold import fold_scope

# About 0.6 KB a member (docs/segments.md): two gigabytes.
MOST_MEMBERS: Final = 3_000_000
# What a count folds itself before it looks; more than that is the sweep's, and the count says of when it is.
_PORTIONS: Final = 2


class SegmentStores:
    """Columns by store. Safe between threads."""

    def __init__(self, most_members: int = MOST_MEMBERS) -> None:
        self._most = most_members
        self._guard = Lock()
        self._locks: dict[str, Lock] = {}
        self._columns: OrderedDict[str, Columns] = OrderedDict()

    @contextmanager
    def using(self, database: ServerDatabase, scope_id: str, *, wait: bool = False) -> Iterator[tuple[Columns, bool]]:
        """The columns of a store as they are now, and whether everything is in them; with `wait` it is."""
        with self._guard:
            lock = self._locks.setdefault(scope_id, Lock())
        with lock:
            is_whole = fold_scope(database, scope_id) if wait else fold_scope(database, scope_id, portions=_PORTIONS)
            columns = self._columns.get(scope_id) or Columns()
            with database.read() as conn:
                columns.refresh(conn, scope_id)
            self._keep(scope_id, columns)
            yield columns, is_whole

    def _keep(self, scope_id: str, columns: Columns) -> None:
        with self._guard:
            self._columns[scope_id] = columns
            self._columns.move_to_end(scope_id)
            held = sum(each.count for each in self._columns.values())
            while held > self._most and len(self._columns) > 1:
                _, oldest = self._columns.popitem(last=False)
                held -= oldest.count
