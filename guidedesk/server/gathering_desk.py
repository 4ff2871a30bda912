"""Gatherings as head office makes them: announced, cancelled, and who signed up (domain.gatherings)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from guidedesk.domain.errors import Refused
from guidedesk.domain.gatherings import MOST_SEATS, TITLE_LIMIT
from guidedesk.domain.people import clean_name
from guidedesk.domain.time import to_ms
from guidedesk.models.entities import Row, load_row
from guidedesk.models.gatherings import gathering, gathering_seat
from guidedesk.server.database import ScopeWrite, ServerDatabase
from guidedesk.server.order_names import read_names
from guidedesk.server.rows import put_row
from guidedesk.server.settings import read_settings

_MOST_MINUTES = 7 * 24 * 60


def announce(database: ServerDatabase, gathering_id: str, values: Mapping[str, Any]) -> str:
    """Announce a gathering at a store; its store's id. The same id again changes what is announced, not who comes.

    `store`, `title`, `at` (local ISO time), `minutes`, `seats`; `title_en`, `topic`, `topic_en`, `place` and `host` (a
    staff number) may be missing. `validation` names the field that cannot be; `row_store_unknown`,
    `row_associate_unknown`.
    """
    names = read_names(database, ())
    store_id = names.store(str(values["store"]))
    if store_id is None:
        raise Refused("validation", field="store", why="missing")
    with database.read() as conn:
        zone = read_settings(conn, database.chain_id())["zone"]
    starts = _moment(str(values["at"]), zone)
    minutes, seats = int(values["minutes"]), int(values["seats"])
    for name, value, most in (("minutes", minutes, _MOST_MINUTES), ("seats", seats, MOST_SEATS)):
        if not 1 <= value <= most:
            raise Refused("validation", field=name, why="out_of_range")
    title = _words(values, "title")
    if not title:
        raise Refused("validation", field="title", why="missing")
    topic = _words(values, "topic")
    row = {
        "id": gathering_id,
        "title": title,
        "title_en": _words(values, "title_en") or title,
        "topic": topic,
        "topic_en": _words(values, "topic_en") or topic,
        "place": _words(values, "place"),
        "starts_at_ms": to_ms(starts),
        "ends_at_ms": to_ms(starts + timedelta(minutes=minutes)),
        "seats": seats,
        "host_id": names.associate(str(values.get("host") or "")),
        "is_cancelled": 0,
    }

    def work(opened: ScopeWrite) -> None:
        before = load_row(opened.conn, "gathering", opened.scope_id, gathering_id)
        counts = {name: before[name] if before else 0 for name in ("taken", "waiting", "turns")}
        put_row(opened, "gathering", row | counts)

    database.write(store_id, work)
    return store_id


def cancel(database: ServerDatabase, store_id: str, gathering_id: str) -> None:
    """It does not take place: counters stop signing people up and nobody is reminded. `not_found`."""

    def work(opened: ScopeWrite) -> None:
        row = load_row(opened.conn, "gathering", opened.scope_id, gathering_id)
        if row is None or row["deleted_at_ms"] is not None:
            raise Refused("not_found", what="gathering")
        put_row(opened, "gathering", {"id": gathering_id, "is_cancelled": 1})

    database.write(store_id, work)


def gatherings_of(conn: Connection, store_id: str) -> list[Row]:
    """Every gathering of a store, the next one last."""
    g = gathering.c
    query = select(gathering).where(g.scope_id == store_id, g.deleted_at_ms.is_(None)).order_by(g.starts_at_ms, g.id)
    return [dict(row._mapping) for row in conn.execute(query)]


def seats_at(conn: Connection, store_id: str, gathering_id: str) -> list[Row]:
    """Who signed up, by state and then in turn; ids only, no names."""
    s = gathering_seat.c
    query = select(gathering_seat).where(
        s.scope_id == store_id, s.gathering_id == gathering_id, s.deleted_at_ms.is_(None)
    )
    return [dict(row._mapping) for row in conn.execute(query.order_by(s.state, s.turn))]


def _moment(text: str, zone: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Refused("validation", field="at", why="bad_value") from None
    return found if found.tzinfo is not None else found.replace(tzinfo=ZoneInfo(zone))


def _words(values: Mapping[str, Any], name: str) -> str:
    text = str(values.get(name) or "").strip()
    if len(text) > TITLE_LIMIT:
        raise Refused("validation", field=name, why="too_long")
    return clean_name(text) if text else ""
