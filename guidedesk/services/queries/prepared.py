"""Statements of the hot path, compiled once: a card takes two dozen of them, and putting one together costs more
than running it (measured: nine tenths of the time of a card were spent above the database)."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Select
from sqlalchemy.dialects import sqlite

Processor = Callable[[Any], Any] | None


class Prepared:
    """A SELECT over the cache with `bindparam`s, given by name at each run; rows come as named tuples.

    For SQLite only, and without `IN` lists, whose length would change the text.
    """

    def __init__(self, statement: Select[Any]) -> None:
        self._statement = statement
        self._sql = ""
        self._binds: list[tuple[str, Processor, Any]] = []
        self._results: list[tuple[int, Callable[[Any], Any]]] = []
        self._row: Any = None

    def all(self, conn: Connection, **values: Any) -> list[Any]:
        """Every row."""
        if not self._sql:
            self._compile()
        cursor = conn.connection.cursor()
        try:
            cursor.execute(self._sql, self._bound(values))
            found = cursor.fetchall()
        finally:
            cursor.close()
        return [self._made(row) for row in found]

    def first(self, conn: Connection, **values: Any) -> Any:
        """The first row, or None."""
        return next(iter(self.all(conn, **values)), None)

    def scalar(self, conn: Connection, **values: Any) -> Any:
        """The first column of the first row, or None."""
        row = self.first(conn, **values)
        return None if row is None else row[0]

    def _compile(self) -> None:
        dialect = sqlite.dialect(paramstyle="qmark")
        compiled = self._statement.compile(dialect=dialect)
        for name in compiled.positiontup or ():
            bind = compiled.binds[name]
            processor: Processor = bind.type.dialect_impl(dialect).bind_processor(dialect)
            self._binds.append((name, processor, bind.value))
        columns = list(self._statement.selected_columns)
        for place, column in enumerate(columns):
            result: Processor = column.type.dialect_impl(dialect).result_processor(dialect, None)
            if result is not None:
                self._results.append((place, result))
        self._row = namedtuple("Row", [column.key for column in columns])  # type: ignore[misc]
        self._sql = str(compiled)

    def _bound(self, values: dict[str, Any]) -> list[Any]:
        bound: list[Any] = []
        for name, processor, default in self._binds:
            value = values.get(name, default)
            bound.append(value if processor is None else processor(value))
        return bound

    def _made(self, row: Any) -> Any:
        if not self._results:
            return self._row._make(row)
        cells = list(row)
        for place, result in self._results:
            cells[place] = result(cells[place])
        return self._row._make(cells)
