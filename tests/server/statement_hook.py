"""Watches every statement for the shard key of each sharded table in it (SCALE.md 3.3)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, Insert, Table, event
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.elements import BinaryExpression, BindParameter

from guidedesk.server.sharding import is_cross_scope


def watch(engine: Engine, faults: list[str]) -> None:
    """Note each statement that reads or changes a sharded table without `shard_key = :value`."""

    @event.listens_for(engine, "before_execute")
    def look(_conn: Any, clause: Any, _multi: Any, _params: Any, _options: Any) -> None:
        if is_cross_scope() or isinstance(clause, Insert) or not hasattr(clause, "get_children"):
            return
        found, held = set(), set()
        for part in visitors.iterate(clause):
            if isinstance(part, Table) and part.info.get("shard") not in (None, "reference"):
                found.add(part.name)
            if isinstance(part, BinaryExpression) and part.operator is operators.eq:
                held.add(_key_of(part))
        faults.extend(f"{name}: {clause}" for name in sorted(found - held))


def _key_of(part: BinaryExpression[Any]) -> str | None:
    column, value = part.left, part.right
    table = getattr(column, "table", None)
    if isinstance(table, Table) and isinstance(value, BindParameter) and column.name == table.info.get("shard"):
        return table.name
    return None
