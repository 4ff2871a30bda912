"""Rows of a file on disk, between reading and landing: grouped without holding them in memory."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from types import TracebackType
from typing import Any, Final, NamedTuple

from guidedesk.domain.errors import Param, Refused

_A_WRITE: Final = 2_000


class Kept(NamedTuple):
    """A row as it was read: its number in the file, what it says, its cells that nobody reads."""

    number: int
    values: list[Any]
    extra: Mapping[str, str]


class Rejected(NamedTuple):
    """A row that cannot land, and why: a stable word with the values its sentence needs."""

    number: int
    reason: str
    params: Mapping[str, Param]
    cells: Sequence[str]


class Group(NamedTuple):
    """Rows that belong together; `broken` is the number of one that should be among them and cannot land."""

    late: bool
    broken: int | None
    rows: list[Kept]


class RowSpool:
    """A temporary database that goes with the process."""

    def __init__(self) -> None:
        # An empty name: a file of SQLite's own, unlinked from the start, in memory while it is small.
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute("PRAGMA cache_size=-16384")
        self._db.execute("CREATE TABLE row (grp TEXT, late INTEGER, n INTEGER, v TEXT, extra TEXT)")
        self._db.execute("CREATE TABLE rejected (n INTEGER PRIMARY KEY, reason TEXT, params TEXT, cells TEXT)")
        self._db.execute("CREATE TABLE broken (grp TEXT PRIMARY KEY, n INTEGER)")
        self._db.execute("CREATE TABLE cells (n INTEGER PRIMARY KEY, cells TEXT)")
        self._db.execute("BEGIN")
        self._rows: list[tuple[Any, ...]] = []
        self._cells: list[tuple[int, str]] = []
        self.rejected_count = 0

    def __enter__(self) -> RowSpool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    def keep(self, group: str, row: Kept, cells: Sequence[str], *, late: bool = False) -> None:
        """A good row; those of one group come back together, `late` groups after the others."""
        text = json.dumps(row.values, ensure_ascii=False)
        self._rows.append((group, int(late), row.number, text, json.dumps(row.extra, ensure_ascii=False)))
        self._cells.append((row.number, json.dumps(list(cells), ensure_ascii=False)))
        if len(self._rows) >= _A_WRITE:
            self._flush()

    def reject(self, number: int, error: Refused, cells: Sequence[str] | None = None) -> None:
        """A row that cannot land; without `cells` those it was kept with."""
        self._flush()
        if cells is None:
            found = self._db.execute("SELECT cells FROM cells WHERE n=?", (number,)).fetchone()
            text = found[0] if found else "[]"
        else:
            text = json.dumps([cell[:500] for cell in cells], ensure_ascii=True)
        params = json.dumps(error.params, ensure_ascii=True)
        done = self._db.execute(
            "INSERT OR IGNORE INTO rejected VALUES (?,?,?,?)", (number, error.code, params, text)
        )
        self.rejected_count += done.rowcount

    def break_group(self, group: str, number: int) -> None:
        """A row of this group cannot land."""
        self._db.execute("INSERT OR IGNORE INTO broken VALUES (?,?)", (group, number))

    def groups(self) -> Iterator[Group]:
        """Rows group by group, each group in the order of the file."""
        self._flush()
        self._db.execute("CREATE INDEX IF NOT EXISTS row_grp ON row (late, grp, n)")
        reader = self._db.execute(
            "SELECT row.late, row.grp, broken.n, row.n, row.v, row.extra FROM row JOIN "
            "(SELECT late, grp, min(n) AS first FROM row GROUP BY late, grp) AS g "
            "ON g.late = row.late AND g.grp = row.grp LEFT JOIN broken ON broken.grp = row.grp "
            "ORDER BY row.late, g.first, row.n"
        )
        for (late, _, broken), found in groupby(reader, key=itemgetter(0, 1, 2)):
            rows = [Kept(number, json.loads(text), json.loads(extra)) for _, _, _, number, text, extra in found]
            yield Group(bool(late), broken, rows)

    def rejected(self) -> Iterator[Rejected]:
        """Rows that cannot land, in the order of the file."""
        for number, reason, params, cells in self._db.execute("SELECT * FROM rejected ORDER BY n"):
            yield Rejected(number, reason, json.loads(params), json.loads(cells))

    def _flush(self) -> None:
        self._db.executemany("INSERT INTO row VALUES (?,?,?,?,?)", self._rows)
        self._db.executemany("INSERT OR IGNORE INTO cells VALUES (?,?)", self._cells)
        self._rows.clear()
        self._cells.clear()
