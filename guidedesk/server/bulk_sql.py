"""Many rows in one statement, without the library's cost for each row.

On SQLite the driver is given tuples directly, ids converted through a small memory: each id of a batch of sales
stands in several rows. PostgreSQL gets plain inserts by COPY, and those with a conflict clause as one array a
column (SCALE.md 3.8: a duplicate is caught from COPY or avoided by the clause).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Connection, Insert
from sqlalchemy.exc import DBAPIError

from guidedesk.domain.ids import to_bytes
from guidedesk.models.base import IdType

_id_bytes = lru_cache(maxsize=32_768)(to_bytes)
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
            _copy(conn, statement, rows)
        else:
            _insert_arrays(conn, statement, rows)
    else:
        conn.execute(statement, [dict(row) for row in rows])


def _insert_on_sqlite(conn: Connection, statement: Insert, rows: Sequence[Mapping[str, Any]]) -> None:
    compiled: Any = statement.compile(dialect=conn.dialect, column_keys=list(rows[0]))
    names: list[str] = compiled.positiontup
    columns = statement.table.columns
    id_places = [n for n, name in enumerate(names) if isinstance(columns[name].type, IdType)]
    values_of = itemgetter(*names)
    prepared: list[tuple[Any, ...]] = []
    for row in rows:
        values = list(values_of(row))
        for place in id_places:
            if values[place] is not None:
                values[place] = _id_bytes(values[place])
        prepared.append(tuple(values))
    conn.exec_driver_sql(compiled.string, prepared)


def _copy(conn: Connection, statement: Insert, rows: Sequence[Mapping[str, Any]]) -> None:
    names = list(rows[0])
    quoted = ", ".join(f'"{name}"' for name in names)
    text = f'COPY "{statement.table.name}" ({quoted}) FROM STDIN'
    # The transaction begins here if nothing was said in it yet: the library does so before its own statements.
    cursor: Any = conn.connection.cursor()
    try:
        with cursor.copy(text) as copy:
            for row in rows:
                copy.write_row([row[name] for name in names])
    except conn.dialect.loaded_dbapi.Error as error:
        raise DBAPIError.instance(
            text, None, error, conn.dialect.loaded_dbapi.Error, dialect=conn.dialect
        ) from error
    finally:
        cursor.close()


def _insert_arrays(conn: Connection, statement: Insert, rows: Sequence[Mapping[str, Any]]) -> None:
    names = list(rows[0])
    columns = statement.table.columns
    compiled = statement.compile(dialect=conn.dialect, column_keys=names)
    ordered = [column.name for column in columns if column.name in names]
    kinds = [columns[name].type.compile(dialect=conn.dialect) for name in ordered]
    arrays = ", ".join(f"%s::{kind}[]" for kind in kinds)
    text, replaced = _VALUES.subn(rf"\1 SELECT * FROM unnest({arrays})", compiled.string)  # noqa: S608
    if not replaced or "%(" in text:
        conn.execute(statement, [dict(row) for row in rows])
        return
    conn.exec_driver_sql(text, tuple([row[name] for row in rows] for name in ordered))
