"""What the sample stores invite their members to in the days after `today`."""

from __future__ import annotations

from typing import Final

from guidedesk.domain.ids import derived_id
from guidedesk.domain.time import local_midnight_ms
from guidedesk.models.entities import Row, load_rows
from guidedesk.server.connectors.sample_world import (
    MINUTE_MS,
    SHOPS,
    SOURCE,
    ZONE,
    World,
    associates_of,
    staff_id,
    store_id,
)
from guidedesk.server.database import ScopeWrite, ServerDatabase
from guidedesk.server.rows import put_rows

# title, English, topic, English, place, days from today, minutes after midnight, how long, seats
_INVITED: Final = (
    ("羊绒护理课", "Cashmere care", "面料与养护", "Fabrics and care", "二楼会客区", 5, 14 * 60, 90, 12),
    ("冬装搭配夜", "Winter styling evening", "搭配", "Styling", "一楼橱窗", 9, 19 * 60, 120, 8),
)


def land_gatherings(database: ServerDatabase, world: World) -> None:
    """Those that are not there yet; who signed up since stays."""
    for code in SHOPS:
        rows = _rows(code, world)

        def work(opened: ScopeWrite, rows: list[Row] = rows) -> None:
            known = {row["id"] for row in load_rows(opened.conn, "gathering", opened.scope_id, [r["id"] for r in rows])}
            put_rows(opened, "gathering", [row for row in rows if row["id"] not in known])

        database.write(store_id(code), work)


def _rows(code: str, world: World) -> list[Row]:
    hosts = associates_of(code)
    rows: list[Row] = []
    for number, (title, title_en, topic, topic_en, place, days, minute, minutes, seats) in enumerate(_INVITED):
        starts = local_midnight_ms(world.day(-days), ZONE) + minute * MINUTE_MS
        rows.append({
            "id": derived_id(SOURCE, "gathering", code, title, world.today.isoformat()), "title": title,
            "title_en": title_en, "topic": topic, "topic_en": topic_en, "place": place, "starts_at_ms": starts,
            "ends_at_ms": starts + minutes * MINUTE_MS, "seats": seats,
            "host_id": staff_id(hosts[number % len(hosts)].number) if hosts else None, "is_cancelled": 0, "taken": 0,
            "waiting": 0, "turns": 0,
        })  # fmt: skip
    return rows
