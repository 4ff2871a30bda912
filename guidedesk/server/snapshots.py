"""Snapshots of large scopes (SYNC.md 6): built from one consistent read, kept as immutable pages."""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Iterator
from threading import Lock
from typing import Any, Final

from sqlalchemy import Connection, and_, delete, func, insert, or_, select

from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import new_id, to_bytes
from guidedesk.models.entities import PARTS_KEY, Row, entity_tables, id_columns, load_rows, part_table
from guidedesk.models.server_tables import feed, snapshot, snapshot_page
from guidedesk.server.context import ServerContext
from guidedesk.server.database import ScopeWrite
from guidedesk.server.feed import chunks, scope_state
from guidedesk.server.feed_pointers import UPSERT
from guidedesk.sync.protocol import SCHEMA
from guidedesk.sync.redaction import data
from guidedesk.sync.snapshot_format import Manifest, Part, digest_of, pack_page, page_hash

_log = logging.getLogger("guidedesk.server.snapshot")
_PAGE_ROWS: Final = 2_000
_FRESH_MS: Final = 6 * 3_600_000
_KEPT: Final = 2  # the newest, and the one before it for counters that are in the middle of it
_BUSY_SECONDS: Final = 2
_building = Lock()


def is_large(conn: Connection, scope_id: str, threshold: int) -> bool:
    """Whether a scope is better loaded as a snapshot than page by page of its feed."""
    some = select(feed.c.seq).where(feed.c.scope_id == scope_id, feed.c.op == UPSERT).limit(threshold + 1)
    return conn.execute(select(func.count()).select_from(some.subquery())).scalar_one() > threshold


def get_manifest(context: ServerContext, scope_id: str) -> Manifest:
    """A snapshot of a scope as it is now or was a few hours ago, built first where there is none.

    `snapshot_building` while another request of this process builds one: ask again after `seconds`.
    """
    found = _find_fresh(context, scope_id)
    if found is not None:
        return found
    if not _building.acquire(blocking=False):
        raise Refused("snapshot_building", seconds=_BUSY_SECONDS)
    try:
        return _find_fresh(context, scope_id) or _build(context, scope_id)
    finally:
        _building.release()


def get_page(context: ServerContext, scope_ids: tuple[str, ...], snap_id: str, number: int) -> bytes:
    """One page, as built; `not_found` when the snapshot is gone or of a foreign scope (A-2)."""
    p = snapshot_page.c
    with context.database.read() as conn:
        for scope_id in scope_ids:
            body = conn.execute(
                select(p.body).where(p.scope_id == scope_id, p.snap_id == snap_id, p.page_no == number)
            ).scalar()
            if body is not None:
                return bytes(body)
    raise Refused("not_found", what="snapshot")


def _find_fresh(context: ServerContext, scope_id: str) -> Manifest | None:
    s = snapshot.c
    with context.database.read() as conn:
        epoch, head, floor = scope_state(conn, scope_id)
        row = conn.execute(
            select(snapshot)
            .where(s.scope_id == scope_id, s.schema_ver == SCHEMA, s.epoch == epoch)
            .order_by(s.built_at_ms.desc(), s.snap_id.desc())
            .limit(1)
        ).first()
    if row is None or row.built_at_ms < context.clock.wall_ms() - _FRESH_MS or not floor <= row.seq <= head:
        return None
    return Manifest.from_wire(json.loads(row.manifest))


def _build(context: ServerContext, scope_id: str) -> Manifest:
    database, now_ms = context.database, context.clock.wall_ms()
    snap_id = new_id(now_ms, context.random.bytes(10))
    hashes: list[str] = []
    counts: dict[str, int] = defaultdict(int)
    with database.read_snapshot() as conn:
        # The head is read first and in the same moment as the rows: what comes later is pulled from there.
        epoch, head, _ = scope_state(conn, scope_id)
        for parts in _pages(conn, scope_id):
            body = pack_page(parts)
            row = {"scope_id": scope_id, "snap_id": snap_id, "page_no": len(hashes), "body": body}
            database.write(scope_id, lambda opened, row=row: opened.conn.execute(insert(snapshot_page), [row]))  # type: ignore[misc]
            hashes.append(page_hash(body))
            for tbl, _, rows in parts:
                counts[tbl] += len(rows)
    manifest = Manifest(snap_id, scope_id, epoch, head, SCHEMA, tuple(hashes), dict(counts), digest_of(hashes))
    database.write(scope_id, lambda opened: _keep(opened, manifest, now_ms))
    _log.info("snapshot", extra=data(scope=scope_id, pages=len(hashes), seq=head))
    return manifest


def _keep(opened: ScopeWrite, manifest: Manifest, now_ms: int) -> None:
    """The manifest comes last: a crash before it leaves pages nobody knows, which go with the next build."""
    row = {"scope_id": opened.scope_id, "snap_id": manifest.snap_id, "schema_ver": manifest.schema}
    row |= {"epoch": manifest.epoch, "seq": manifest.seq, "built_at_ms": now_ms}
    opened.conn.execute(insert(snapshot), [row | {"manifest": json.dumps(manifest.to_wire())}])
    s = snapshot.c
    newest = select(s.snap_id).where(s.scope_id == opened.scope_id).order_by(s.built_at_ms.desc(), s.snap_id.desc())
    kept = list(opened.conn.execute(newest.limit(_KEPT)).scalars())
    for table in (snapshot_page, snapshot):
        old = (table.c.scope_id == opened.scope_id, table.c.snap_id.not_in(kept))
        opened.conn.execute(delete(table).where(*old))


def _pages(conn: Connection, scope_id: str) -> Iterator[list[Part]]:
    for tbl in entity_tables():
        last: tuple[str, str] | None = None
        while True:
            query = select(feed.c.row_id, feed.c.row_scope_id).where(
                feed.c.scope_id == scope_id, feed.c.tbl == tbl, feed.c.op == UPSERT
            )
            if last is not None:
                same = and_(feed.c.row_id == last[0], feed.c.row_scope_id > last[1])
                query = query.where(or_(feed.c.row_id > last[0], same))
            found = conn.execute(query.order_by(feed.c.row_id, feed.c.row_scope_id).limit(_PAGE_ROWS)).all()
            if not found:
                break
            last = (found[-1].row_id, found[-1].row_scope_id)
            rows = _load(conn, tbl, [(row.row_scope_id, row.row_id) for row in found])
            if rows:
                yield _parts(tbl, rows)


def _load(conn: Connection, tbl: str, keys: list[tuple[str, str]]) -> list[Row]:
    by_scope: dict[str, list[str]] = defaultdict(list)
    for row_scope, row_id in keys:
        by_scope[row_scope].append(row_id)
    rows = [
        row
        for row_scope, row_ids in sorted(by_scope.items())
        for chunk in chunks(row_ids)
        for row in load_rows(conn, tbl, row_scope, chunk)
    ]
    return [row for row in rows if row["deleted_at_ms"] is None]


def _parts(tbl: str, rows: list[Row]) -> list[Part]:
    columns = [column.name for column in entity_tables()[tbl].columns]
    ids = id_columns(tbl)
    found: list[Part] = [(tbl, columns, [[_value(row[c], c in ids) for c in columns] for row in rows])]
    table = part_table(tbl)
    if table is not None:
        key = table.info["parent_key"]
        names = [c.name for c in table.columns if c.name not in ("scope_id", key)]
        lines = [
            [to_bytes(row["scope_id"]), to_bytes(row["id"]), *(line[c] for c in names)]
            for row in rows
            for line in row[PARTS_KEY]
        ]
        found.append((table.name, ["scope_id", key, *names], lines))
    return found


def _value(value: Any, is_id: bool) -> Any:
    return to_bytes(value) if is_id and value is not None else value
