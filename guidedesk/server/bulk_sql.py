"""Many rows in one statement, without the library's cost for each row.

On SQLite the driver is given tuples directly, ids converted through a small memory: each id of a batch of sales
stands in several rows. PostgreSQL gets plain inserts by COPY, and those with a conflict clause as one array a
column (SCALE.md 3.8: a duplicate is caught from COPY or avoided by the clause).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Connection, Dialect, Insert, Table
from sqlalchemy.exc import DBAPIError

from guidedesk.domain.ids import to_bytes
from guidedesk.models.arrays import array_text
from guidedesk.models.base import IdType

_id_bytes = lru_cache(maxsize=8_192)(to_bytes)
_VALUES: Final = re.compile(r"^(INSERT INTO \S+ \(.*?\)) VALUES \(.*?\)(?= ON CONFLICT|$)", re.S)
_FEW: Final = 4  # below this the ordinary statement is as quick


def insert_many(conn: Connection, statement: Insert, rows: Sequence[Mapping[str, Any]]) -> None:
    """Execute an insert (with its conflict clause, if any) for rows that all have the same keys.

    No two rows may meet in a clause that updates.
    """
    if not rows:
        return
    if conn.dialect.name == "sqlite" and len(rows[0]) > 1:
        _insert_on_sqlite(conn, statement, rows)
    elif conn.dialect.name == "postgresql" and len(rows) >= _FEW:
        if statement._post_values_clause is None:
            names = list(rows[0])
            _copy(conn, statement.table.name, names, ([row[name] for name in names] for row in rows))
        else:
            _insert_arrays(conn, statement, rows)
    else:
        conn.execute(statement, [dict(row) for row in rows])


def insert_tuples(conn: Connection, table: Table, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows whose values stand in the order of `names`: without a dictionary a row, for the largest tables."""
    if conn.dialect.name == "postgresql":
        _copy(conn, table.name, names, rows)
        return
    places = [n for n, name in enumerate(names) if isinstance(table.columns[name].type, IdType)]
    listed, marks = ", ".join(f'"{name}"' for name in names), ", ".join("?" * len(names))
    prepared = _with_id_bytes(rows, places)
    conn.exec_driver_sql(f'INSERT INTO "{table.name}" ({listed}) VALUES ({marks})', prepared)  # noqa: S608


def _with_id_bytes(rows: Iterable[Sequence[Any]], places: Sequence[int]) -> list[tuple[Any, ...]]:
    prepared: list[tuple[Any, ...]] = []
    for row in rows:
        values = list(row)
        for place in places:
            if values[place] is not None:
                values[place] = _id_bytes(values[place])
        prepared.append(tuple(values))
    return prepared


def _insert_on_sqlite(conn: Connection, statement: Insert, rows: Sequence[Mapping[str, Any]]) -> None:
    text, names, id_places = _sqlite_statement(conn.dialect, statement, tuple(rows[0]))
    conn.exec_driver_sql(text, _with_id_bytes(map(itemgetter(*names), rows), id_places))


@lru_cache(maxsize=64)
def _sqlite_statement(
    dialect: Dialect, statement: Insert, given: tuple[str, ...]
) -> tuple[str, tuple[str, ...], tuple[int, ...]]:
    """The insert's text, its columns in their order, and which of them are ids."""
    compiled: Any = statement.compile(dialect=dialect, column_keys=list(given))
    names = tuple(compiled.positiontup)
    columns = statement.table.columns
    return compiled.string, names, tuple(n for n, name in enumerate(names) if isinstance(columns[name].type, IdType))


def _copy(conn: Connection, table: str, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    quoted = ", ".join(f'"{name}"' for name in names)
    text = f'COPY "{table}" ({quoted}) FROM STDIN'
    # The transaction begins here if nothing was said in it yet: the library does so before its own statements.
    cursor: Any = conn.connection.cursor()
    try:
        with cursor.copy(text) as copy:
            for row in rows:
                copy.write_row(row)
    except conn.dialect.loaded_dbapi.Error as error:
        raise DBAPIError.instance(
            text, None, error, conn.dialect.loaded_dbapi.Error, dialect=conn.dialect
        ) from error
    finally:
        cursor.close()


def _insert_arrays(conn: Connection, statement: Insert, rows: Sequence[Mapping[str, Any]]) -> None:
    text, ordered = _array_statement(conn.dialect, statement, tuple(rows[0]))
    if text is None:
        conn.execute(statement, [dict(row) for row in rows])
        return
    conn.exec_driver_sql(text, tuple(array_text([row[name] for row in rows]) for name in ordered))


@lru_cache(maxsize=64)
def _array_statement(dialect: Dialect, statement: Insert, names: tuple[str, ...]) -> tuple[str | None, tuple[str, ...]]:
    """The insert over one array a column, and the columns' order; no text where it needs more than the rows."""
    columns = statement.table.columns
    compiled = statement.compile(dialect=dialect, column_keys=list(names))
    ordered = tuple(column.name for column in columns if column.name in names)
    kinds = [columns[name].type.compile(dialect=dialect) for name in ordered]
    arrays = ", ".join(f"%s::{kind}[]" for kind in kinds)
    text, replaced = _VALUES.subn(rf"\1 SELECT * FROM unnest({arrays})", compiled.string)  # noqa: S608
    return (text if replaced and "%(" not in text else None), ordered
