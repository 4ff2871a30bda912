"""Comparing what a counter holds with what it should hold: 256 buckets a table (SYNC.md 5 and 7, I5).

Request `{scope, epoch, seq, tables: {table: [256 digests, "" for an empty bucket]}}`. Answer `{equal, is_behind,
epoch, head, counts: {table: rows}, buckets: {table: [numbers that differ]}, rows: [[table, row]], more}`; the rows
are those of the differing buckets, so that what the counter has beyond them must go.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select

from guidedesk.domain.errors import Refused
from guidedesk.models.entities import Row, entity_tables, load_rows, row_digest
from guidedesk.models.server_tables import feed
from guidedesk.server.feed import chunks, scope_state
from guidedesk.server.feed_pointers import UPSERT
from guidedesk.sync.protocol import DIGEST_BUCKETS, bucket_of, combine
from guidedesk.sync.strict_json import JsonObject

_MOST_ROWS: Final = 2_000


@dataclass(frozen=True, slots=True)
class ScopeView:
    """What a subscriber of a scope should hold: digests of buckets, row counts, and where each row lives."""

    digests: dict[str, list[str]]
    counts: dict[str, int]
    places: dict[tuple[str, int], list[tuple[str, str]]]  # (table, bucket) -> (row scope, row id)


def scope_view(conn: Connection, scope_id: str) -> ScopeView:
    """The server's view of one scope, from the rows as they are now."""
    keys: dict[tuple[str, str], list[str]] = defaultdict(list)
    for pointer in conn.execute(
        select(feed.c.tbl, feed.c.row_scope_id, feed.c.row_id).where(feed.c.scope_id == scope_id, feed.c.op == UPSERT)
    ):
        keys[pointer.tbl, pointer.row_scope_id].append(pointer.row_id)
    sums: dict[tuple[str, int], list[bytes]] = defaultdict(list)
    places: dict[tuple[str, int], list[tuple[str, str]]] = defaultdict(list)
    counts: dict[str, int] = defaultdict(int)
    for (tbl, row_scope), row_ids in keys.items():
        for chunk in chunks(row_ids):
            for row in load_rows(conn, tbl, row_scope, chunk):
                if row["deleted_at_ms"] is not None:
                    continue
                place = (tbl, bucket_of(row["id"]))
                sums[place].append(row_digest(tbl, row))
                places[place].append((row_scope, row["id"]))
                counts[tbl] += 1
    digests = {
        tbl: [combine(sums[tbl, n]) if (tbl, n) in sums else "" for n in range(DIGEST_BUCKETS)] for tbl in counts
    }
    return ScopeView(digests, dict(counts), dict(places))


def compare(conn: Connection, scope_id: str, body: JsonObject) -> dict[str, Any]:
    """Answer a digest request; a counter behind the head is told so, and should pull first."""
    epoch, head, _ = scope_state(conn, scope_id)
    theirs = _tables(body.get("tables"))
    if not isinstance(body.get("epoch"), int) or not isinstance(body.get("seq"), int):
        raise Refused("validation", field="seq", why="bad_value")
    view = scope_view(conn, scope_id)
    differing: dict[str, list[int]] = {}
    empty = [""] * DIGEST_BUCKETS
    for tbl in sorted(set(theirs) | set(view.digests)):
        pairs = zip(theirs.get(tbl, empty), view.digests.get(tbl, empty), strict=True)
        numbers = [n for n, (their, ours) in enumerate(pairs) if their != ours]
        if numbers:
            differing[tbl] = numbers
    is_behind = body["epoch"] != epoch or body["seq"] != head
    rows, more = ([], False) if is_behind else _rows(conn, view, differing)
    return {
        "equal": not differing,
        "is_behind": is_behind,
        "epoch": epoch,
        "head": head,
        "counts": view.counts,
        "buckets": differing,
        "rows": [[tbl, row] for tbl, row in rows],
        "more": more,
    }


def _tables(value: object) -> dict[str, list[str]]:
    if not isinstance(value, dict):
        raise Refused("validation", field="tables", why="missing")
    for tbl, digests in value.items():
        good = isinstance(digests, list) and len(digests) == DIGEST_BUCKETS
        if tbl not in entity_tables() or not good or not all(isinstance(d, str) for d in digests):
            raise Refused("validation", field="tables", why="bad_value")
    return value


def _rows(conn: Connection, view: ScopeView, differing: dict[str, list[int]]) -> tuple[list[tuple[str, Row]], bool]:
    found: list[tuple[str, Row]] = []
    for tbl, numbers in differing.items():
        for number in numbers:
            by_scope: dict[str, list[str]] = defaultdict(list)
            for row_scope, row_id in view.places.get((tbl, number), ()):
                by_scope[row_scope].append(row_id)
            for row_scope, row_ids in sorted(by_scope.items()):
                found += [(tbl, row) for chunk in chunks(row_ids) for row in load_rows(conn, tbl, row_scope, chunk)]
            if len(found) >= _MOST_ROWS:
                return found, True
    return found, False
