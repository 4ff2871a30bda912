"""Snapshots of large scopes (SYNC.md 6): built from one consistent read, kept as immutable pages."""

from __future__ import annotations

import json
import logging
import sqlite3
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Table, bindparam, delete, func, insert, select

from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import new_id
from guidedesk.models.server_tables import feed, scope, snapshot, snapshot_page
from guidedesk.server.context import ServerContext
from guidedesk.server.database import ScopeWrite
from guidedesk.server.feed import scope_state
from guidedesk.server.feed_pointers import UPSERT
from guidedesk.server.settings import read_settings
from guidedesk.server.sharding import cross_scope
from guidedesk.server.snapshot_image import portions, write_image
from guidedesk.server.snapshot_rows import Values, snapshot_rows
from guidedesk.sync.cache import schema_version
from guidedesk.sync.protocol import SCHEMA
from guidedesk.sync.redaction import data
from guidedesk.sync.snapshot_format import Manifest, digest_of, pack_page, pack_portion, page_hash

_log = logging.getLogger("guidedesk.server.snapshot")
_PAGE_ROWS: Final = 2_000
_PORTION: Final = 1_024  # pages of an image's file that travel together: 4 MiB before packing
_FRESH_MS: Final = 6 * 3_600_000
_KEPT: Final = 2  # of each form: the newest, and the one before it for counters that are in the middle of it
_MOST_BEHIND: Final = 20_000  # rows that a counter would rather pull than have another snapshot built first
_BUSY_SECONDS: Final = 2


_SOME: Final = (
    select(feed.c.seq).where(feed.c.scope_id == bindparam("the_scope"), feed.c.op == UPSERT).limit(bindparam("most"))
)
_COUNT_SOME: Final = select(func.count()).select_from(_SOME.subquery())


def is_large(conn: Connection, scope_id: str, threshold: int) -> bool:
    """Whether a scope is better loaded as a snapshot than page by page of its feed."""
    return conn.execute(_COUNT_SOME, {"the_scope": scope_id, "most": threshold + 1}).scalar_one() > threshold


def get_manifest(context: ServerContext, scope_id: str, layout: int = 0) -> Manifest:
    """A snapshot of a scope as it is now or was a few hours ago; an older one while a new one is built in the
    background, if not much happened since.

    An image for a counter whose cache has the tables this server knows (`layout`), rows for every other.
    `snapshot_building` where there is none yet: ask again after `seconds`.
    """
    form = layout if layout == schema_version() else 0
    found = _find(context, scope_id, form)
    if found is None or not found[1]:
        _ask_for(context, scope_id, form)
        # Without room for an image there are rows.
        found = _find(context, scope_id, form) or _find(context, scope_id, 0)
    if found is None:
        raise Refused("snapshot_building", seconds=_BUSY_SECONDS)
    return found[0]


@cross_scope
def sweep_snapshots(context: ServerContext) -> None:
    """Have an image built of every large scope that has none as new as one should be, so that the first counter of a
    store need not wait for it either."""
    form = schema_version()
    with context.database.read() as conn:
        threshold = int(read_settings(conn, context.database.chain_id())["snapshot_rows"])
        moved_far = select(scope.c.scope_id).where(scope.c.head > threshold).order_by(scope.c.scope_id)
        large = [one for one in conn.execute(moved_far).scalars() if is_large(conn, one, threshold)]
    for scope_id in large:
        found = _find(context, scope_id, form)
        if found is None or not found[1]:
            _ask_for(context, scope_id, form)


def _ask_for(context: ServerContext, scope_id: str, form: int) -> None:
    context.background.ask(f"snapshot {scope_id} {form}", lambda: _build_once(context, scope_id, form))


def _build_once(context: ServerContext, scope_id: str, layout: int) -> None:
    """Requests may have asked while another was built."""
    found = _find(context, scope_id, layout)
    if found is None or not found[1]:
        _build_or_rows(context, scope_id, layout)


def _build_or_rows(context: ServerContext, scope_id: str, layout: int) -> None:
    """An image needs room for a file of the store's size; without it rows still bring everything."""
    try:
        _build(context, scope_id, layout)
    except (OSError, sqlite3.Error):
        if not layout:
            raise
        _log.exception("image_failed")
        _build_once(context, scope_id, 0)


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


def _find(context: ServerContext, scope_id: str, layout: int) -> tuple[Manifest, bool] | None:
    """The newest of a form that a counter can go on from, and whether it is as new as one should be: of the last hours,
    or nothing happened since."""
    with context.database.read() as conn:
        epoch, head, floor = scope_state(conn, scope_id)
        for row, manifest in _newest(conn, scope_id):
            if manifest.layout == layout and (row.schema_ver, row.epoch) == (SCHEMA, epoch):
                if not floor <= row.seq <= head or head - row.seq > _MOST_BEHIND:
                    return None
                return manifest, row.seq == head or row.built_at_ms >= context.clock.wall_ms() - _FRESH_MS
    return None


def _newest(conn: Connection, scope_id: str) -> Iterator[tuple[Any, Manifest]]:
    s = snapshot.c
    newest = select(snapshot).where(s.scope_id == scope_id).order_by(s.built_at_ms.desc(), s.snap_id.desc())
    for row in conn.execute(newest).all():
        yield row, Manifest.from_wire(json.loads(row.manifest))


def _build(context: ServerContext, scope_id: str, layout: int) -> None:
    database, now_ms = context.database, context.clock.wall_ms()
    snap_id = new_id(now_ms, context.random.bytes(10))
    hashes: list[str] = []

    def keep(body: bytes) -> None:
        row = {"scope_id": scope_id, "snap_id": snap_id, "page_no": len(hashes), "body": body}
        database.write(scope_id, lambda opened: opened.conn.execute(insert(snapshot_page), [row]))
        hashes.append(page_hash(body))

    with tempfile.TemporaryDirectory(prefix="guidedesk-snapshot-") as folder:
        with database.read_snapshot() as conn:
            # The head is read first and in the same moment as the rows: what comes later is pulled from there.
            epoch, head, _ = scope_state(conn, scope_id)
            rows = snapshot_rows(conn, scope_id, _PAGE_ROWS)
            image = Path(folder) / "image.db"
            counts = write_image(image, rows, layout) if layout else _keep_rows(rows, keep)
        if layout:
            for portion in portions(image, _PORTION):
                keep(pack_portion(portion))
    form = (layout, _PORTION if layout else 0)
    manifest = Manifest(snap_id, scope_id, epoch, head, SCHEMA, tuple(hashes), counts, digest_of(hashes), *form)
    database.write(scope_id, lambda opened: _keep(opened, manifest, now_ms))
    _log.info("snapshot", extra=data(scope=scope_id, pages=len(hashes), seq=head))


def _keep_rows(found: Iterable[list[tuple[Table, Values]]], keep: Callable[[bytes], None]) -> dict[str, int]:
    """Pages of rows; rows by table."""
    counts: dict[str, int] = defaultdict(int)
    for tables in found:
        keep(pack_page([(table.name, table.columns.keys(), [list(row) for row in rows]) for table, rows in tables]))
        for table, rows in tables:
            counts[table.name] += len(rows)
    return dict(counts)


def _keep(opened: ScopeWrite, manifest: Manifest, now_ms: int) -> None:
    """The manifest comes last: a crash before it leaves pages nobody knows, which go with the next build."""
    row = {"scope_id": opened.scope_id, "snap_id": manifest.snap_id, "schema_ver": manifest.schema}
    row |= {"epoch": manifest.epoch, "seq": manifest.seq, "built_at_ms": now_ms}
    opened.conn.execute(insert(snapshot), [row | {"manifest": json.dumps(manifest.to_wire())}])
    kept: dict[int, list[str]] = defaultdict(list)
    for _, other in _newest(opened.conn, opened.scope_id):
        kept[other.layout] = [*kept[other.layout], other.snap_id][:_KEPT]
    wanted = [snap_id for same in kept.values() for snap_id in same]
    for table in (snapshot_page, snapshot):
        opened.conn.execute(delete(table).where(table.c.scope_id == opened.scope_id, table.c.snap_id.not_in(wanted)))
