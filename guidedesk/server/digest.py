"""Comparing what a counter holds with what it should hold: 256 buckets a table (SYNC.md 5 and 7, I5).

Request `{scope, epoch, seq, tables: {table: [256 digests, "" for an empty bucket]}, only?}`
(`only` names the tables a request is about: a large store is compared in several). Answer `{equal, is_behind,
epoch, head, counts: {table: rows}, buckets: {table: [numbers that differ]}, rows: [[table, row]], more}`; the rows
are those of the differing buckets, so that what the counter has beyond them must go.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

from sqlalchemy import Connection

from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import from_bytes
from guidedesk.models.entities import Row, entity_tables, load_rows
from guidedesk.models.wire_schema import as_schema, knows_table, unknown_columns
from guidedesk.server.feed import chunks, scope_state
from guidedesk.server.snapshot_rows import snapshot_rows
from guidedesk.sync.protocol import SCHEMA
from guidedesk.sync.row_digests import BUCKETS, TableDigest
from guidedesk.sync.strict_json import JsonObject

_MOST_ROWS: Final = 2_000
_PORTION: Final = 5_000


def _digests(conn: Connection, scope_id: str, schema: int, only: frozenset[str] | None) -> dict[str, TableDigest]:
    """What a subscriber of a scope should hold, from the rows as they are now and as `schema` knows them.

    Tables without rows are left out.
    """
    found: dict[str, TableDigest] = {}
    for (table, rows), *parts in snapshot_rows(conn, scope_id, _PORTION, only):
        if not knows_table(schema, table.name):
            continue
        if table.name not in found:
            found[table.name] = TableDigest(table.name, unknown_columns(schema, table.name))
        found[table.name].add(rows, parts[0][1] if parts else ())
    return found


def compare(conn: Connection, scope_id: str, body: JsonObject, schema: int = SCHEMA) -> dict[str, Any]:
    """Answer a digest request; a counter behind the head is told so, and should pull first."""
    epoch, head, _ = scope_state(conn, scope_id)
    theirs = _tables(body.get("tables"))
    if not isinstance(body.get("epoch"), int) or not isinstance(body.get("seq"), int):
        raise Refused("validation", field="seq", why="bad_value")
    view = _digests(conn, scope_id, schema, _only(body.get("only")))
    ours = {tbl: digest.buckets() for tbl, digest in view.items()}
    differing: dict[str, list[int]] = {}
    empty = [""] * BUCKETS
    for tbl in sorted(theirs.keys() | ours.keys()):
        told, held = theirs.get(tbl, empty), ours.get(tbl, empty)
        if told != held:
            differing[tbl] = [n for n, (their, our) in enumerate(zip(told, held, strict=True)) if their != our]
    is_behind = body["epoch"] != epoch or body["seq"] != head
    rows, more = ([], False) if is_behind else _rows(conn, scope_id, differing)
    return {
        "equal": not differing,
        "is_behind": is_behind,
        "epoch": epoch,
        "head": head,
        "counts": {tbl: digest.count for tbl, digest in view.items()},
        "buckets": differing,
        "rows": [[tbl, as_schema(schema, tbl, row)] for tbl, row in rows],
        "more": more,
    }


def _only(value: object) -> frozenset[str] | None:
    """The tables this request is about; all where it does not say."""
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(tbl, str) and tbl in entity_tables() for tbl in value):
        raise Refused("validation", field="only", why="bad_value")
    return frozenset(str(tbl) for tbl in value)


def _tables(value: object) -> dict[str, list[str]]:
    if not isinstance(value, dict):
        raise Refused("validation", field="tables", why="missing")
    for tbl, digests in value.items():
        good = isinstance(digests, list) and len(digests) == BUCKETS
        if tbl not in entity_tables() or not good or set(map(type, digests)) != {str}:
            raise Refused("validation", field="tables", why="bad_value")
    return value


def _rows(conn: Connection, scope_id: str, differing: dict[str, list[int]]) -> tuple[list[tuple[str, Row]], bool]:
    """The rows of the buckets that differ, found in a pass of its own: nearly always there are none."""
    if not differing:
        return [], False
    places: dict[tuple[str, int], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    wanted = {tbl: frozenset(numbers) for tbl, numbers in differing.items()}
    for (table, rows), *_ in snapshot_rows(conn, scope_id, _PORTION, wanted):
        columns = table.columns.keys()
        scope_at, id_at = columns.index("scope_id"), columns.index("id")
        for row in rows:
            if row[id_at][-1] in wanted.get(table.name, ()):
                places[table.name, row[id_at][-1]][from_bytes(row[scope_at])].append(from_bytes(row[id_at]))
    found: list[tuple[str, Row]] = []
    for tbl, numbers in differing.items():
        for number in numbers:
            for row_scope, row_ids in sorted(places[tbl, number].items()):
                found += [(tbl, row) for chunk in chunks(row_ids) for row in load_rows(conn, tbl, row_scope, chunk)]
            if len(found) >= _MOST_ROWS:
                return found, True
    return found, False
