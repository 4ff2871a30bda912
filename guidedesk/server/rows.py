"""Writing one row of a scope with its next version and its place in the feed."""

from __future__ import annotations

from typing import Any

from guidedesk.models.entities import Row, entity_tables, load_row, upsert
from guidedesk.server.database import ScopeWrite


def put_row(opened: ScopeWrite, name: str, values: dict[str, Any]) -> Row:
    """Insert or change one row (no lines) of the open scope; a row that says the same already stays as it is."""
    scoped = {"scope_id": opened.scope_id, **values}
    old = load_row(opened.conn, name, opened.scope_id, values["id"])
    row: Row = {column.name: None for column in entity_tables()[name].columns} | (old or {"row_ver": 0}) | scoped
    if row == old:
        return row
    row["row_ver"] += 1
    upsert(opened.conn, entity_tables()[name], [row])
    opened.touch_row(name, row)
    return row
