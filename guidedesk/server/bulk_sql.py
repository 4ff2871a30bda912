"""Many rows in one statement, without the library's cost for each row.

On SQLite the driver is given tuples directly, ids converted through a small memory: each id of a batch of sales
stands in several rows. Elsewhere the statement is executed as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Insert

from guidedesk.domain.ids import to_bytes
from guidedesk.models.base import IdType

_id_bytes = lru_cache(maxsize=32_768)(to_bytes)


def insert_many(conn: Connection, statement: Insert, rows: Sequence[Mapping[str, Any]]) -> None:
    """Execute an insert (with its conflict clause, if any) for rows that all have the same keys."""
    if not rows:
        return
    if conn.dialect.name != "sqlite" or len(rows[0]) == 1:
        conn.execute(statement, [dict(row) for row in rows])
        return
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
