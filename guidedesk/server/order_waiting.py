"""Returns, refunds, cancels and exchanges whose sale is not there yet: kept, and taken in right after it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Literal

from sqlalchemy import Connection, delete, func, select

from guidedesk.models.base import among
from guidedesk.models.intake_tables import order_waiting
from guidedesk.server.database import ServerDatabase
from guidedesk.server.feed import chunks
from guidedesk.server.order_types import BackIn, BackRow, LineIn
from guidedesk.server.sharding import cross_scope
from guidedesk.server.visibility import insert_missing

WaitingStatus = Literal["waiting", "unchanged", "conflict"]
Name = tuple[str, str, str]  # the sale's id, source, own id


def keep_waiting(database: ServerDatabase, backs: Sequence[BackIn], now_ms: int) -> dict[str, WaitingStatus]:
    """Keep these until their sales come; own id -> `waiting`, `unchanged` (it waits already), `conflict`."""
    if not backs:
        return {}
    rows = [
        {
            "order_external_id": back.order_external_id,
            "source": back.source,
            "external_id": back.external_id,
            "payload": json.dumps(asdict(back), ensure_ascii=False),
            "content_hash": _hash(back),
            "received_at_ms": now_ms,
        }
        for back in {(b.order_external_id, b.source, b.external_id): b for b in reversed(backs)}.values()
    ]

    sales = {(back.source, back.order_external_id) for back in backs}

    def work(conn: Connection) -> dict[Name, str]:
        before = _stored(conn, sales)
        insert_missing(conn, order_waiting, rows)
        return {name: content for name, (_, content) in before.items()}

    known = database.write_directory(work)
    found: dict[str, WaitingStatus] = {}
    for back in backs:
        content = known.get((back.order_external_id, back.source, back.external_id))
        found[back.external_id] = (
            "waiting" if content is None else "unchanged" if content == _hash(back) else "conflict"
        )
    return found


def waiting_for(database: ServerDatabase, sales: Iterable[tuple[str, str]]) -> list[BackIn]:
    """What waits for these sales (source, id)."""
    with database.read() as conn:
        return [back for back, _ in _stored(conn, set(sales)).values()]


def stop_waiting(database: ServerDatabase, backs: Sequence[BackIn]) -> None:
    """These were taken in."""

    def work(conn: Connection) -> None:
        w = order_waiting.c
        for back in backs:
            conn.execute(
                delete(order_waiting).where(
                    w.order_external_id == back.order_external_id,
                    w.source == back.source,
                    w.external_id == back.external_id,
                )
            )

    if backs:
        database.write_directory(work)


@cross_scope
def list_waiting(conn: Connection, limit: int) -> tuple[int, list[dict[str, Any]]]:
    """How many wait, and the oldest of them."""
    w = order_waiting.c
    total = int(conn.execute(select(func.count()).select_from(order_waiting)).scalar_one())
    rows = conn.execute(
        select(w.source, w.order_external_id, w.external_id, w.received_at_ms).order_by(w.received_at_ms).limit(limit)
    )
    return total, [dict(row._mapping) for row in rows]


@cross_scope
def _stored(conn: Connection, sales: Iterable[tuple[str, str]]) -> dict[Name, tuple[BackIn, str]]:
    by_source: dict[str, list[str]] = {}
    for source, external_id in sorted(sales):
        by_source.setdefault(source, []).append(external_id)
    w = order_waiting.c
    found: dict[Name, tuple[BackIn, str]] = {}
    for source, ids in by_source.items():
        for chunk in chunks(ids, 2_000):
            for row in conn.execute(
                select(order_waiting).where(among(conn, w.order_external_id, chunk), w.source == source)
            ):
                name = (row.order_external_id, row.source, row.external_id)
                found[name] = (_back(json.loads(row.payload)), row.content_hash)
    return found


def _back(kept: Mapping[str, Any]) -> BackIn:
    rows = tuple(BackRow(*row) for row in kept["rows"])
    lines = tuple(LineIn(*line) for line in kept["new_lines"])
    return BackIn(**{**kept, "rows": rows, "new_lines": lines})


def _hash(back: BackIn) -> str:
    return hashlib.sha256(back.content.encode()).hexdigest()
