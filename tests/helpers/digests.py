"""Digests of rows as they came in JSON: what a counter that holds them would say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Table

from guidedesk.domain.ids import to_bytes
from guidedesk.models.base import IdType
from guidedesk.models.entities import PARTS_KEY, entity_tables, part_table
from guidedesk.models.wire_schema import unknown_columns
from guidedesk.sync.protocol import SCHEMA
from guidedesk.sync.row_digests import TableDigest


def digests_of(rows: Iterable[tuple[str, dict[str, Any]]], schema: int = SCHEMA) -> dict[str, list[str]]:
    """256 buckets a table."""
    found: dict[str, TableDigest] = {}
    for tbl, row in rows:
        parts = part_table(tbl)
        lines: list[list[Any]] = []
        if parts is not None:
            whole = [row | {parts.info["parent_key"]: row["id"]} | line for line in row[PARTS_KEY]]
            lines = [_values(parts, line) for line in whole]
        digest = found.setdefault(tbl, TableDigest(tbl, unknown_columns(schema, tbl)))
        digest.add([_values(entity_tables()[tbl], row)], lines)
    return {tbl: digest.buckets() for tbl, digest in found.items()}


def _values(table: Table, row: dict[str, Any]) -> list[Any]:
    """As a counter's file keeps it."""
    ids = {column.name for column in table.columns if isinstance(column.type, IdType)}
    found = [(column.name, row.get(column.name)) for column in table.columns]
    return [to_bytes(value) if name in ids and value is not None else value for name, value in found]
