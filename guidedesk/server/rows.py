"""Writing one row of a scope with its next version and its place in the feed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from guidedesk.models.entities import Row, entity_tables, load_rows, upsert
from guidedesk.server.database import ScopeWrite

_A_STATEMENT: Final = 500


def put_row(opened: ScopeWrite, name: str, values: dict[str, Any]) -> Row:
    """Insert or change one row (no lines) of the open scope; a row that says the same already stays as it is."""
    return put_rows(opened, name, [values])[0]


def put_rows(opened: ScopeWrite, name: str, values: Sequence[Mapping[str, Any]]) -> list[Row]:
    """`put_row` for many rows of one table, none of them twice."""
    old: dict[str, Row] = {}
    for start in range(0, len(values), _A_STATEMENT):
        ids = [one["id"] for one in values[start : start + _A_STATEMENT]]
        old |= {row["id"]: row for row in load_rows(opened.conn, name, opened.scope_id, ids)}
    rows: list[Row] = []
    changed: list[Row] = []
    empty: Row = {column.name: None for column in entity_tables()[name].columns} | {"row_ver": 0}
    for one in values:
        before = old.get(one["id"])
        row: Row = (before or empty) | {"scope_id": opened.scope_id, **one}
        if row != before:
            row["row_ver"] += 1
            changed.append(row)
        rows.append(row)
    upsert(opened.conn, entity_tables()[name], changed)
    for row in changed:
        opened.touch_row(name, row)
    return rows
