"""Gatherings of this store as a counter knows them, and how a member stands with each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, func, select

from guidedesk.domain.follow_ups.occasions import Coming, Named
from guidedesk.domain.gatherings import NOTED_FOR_MS, Seats, SeatState
from guidedesk.domain.time import local_datetime
from guidedesk.models.gatherings import gathering, gathering_seat
from guidedesk.services.apply_gatherings import seats_of
from guidedesk.services.queries.reference import staff_names
from guidedesk.services.read_models import NOBODY, Bilingual

SHOWN: Final = 9  # as many as there are digits to choose them by


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatInfo:
    """How a member stands: `place` is hers on the waiting list, from 1; `is_pending`: head office has not said yet."""

    state: SeatState
    place: int = 0
    attendance: str = ""
    is_pending: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GatheringInfo:
    """A gathering, and the seat of the member who was asked about, if she has one."""

    id: str
    title: Bilingual
    topic: Bilingual
    place: str
    seats: Seats
    host: Bilingual = NOBODY
    seat: SeatInfo | None = None

    def has_begun(self, now_ms: int) -> bool:
        """Whether people come in: from an hour before its start."""
        return now_ms >= self.seats.starts_at_ms - 3_600_000


def list_gatherings(conn: Connection, store_id: str, member_id: str, now_ms: int) -> tuple[GatheringInfo, ...]:
    """Those still to come or going on, and those of the last week of which nobody said whether she came; by time."""
    g, s = gathering.c, gathering_seat.c
    rows = conn.execute(
        select(gathering)
        .where(g.scope_id == store_id, g.ends_at_ms >= now_ms - NOTED_FOR_MS, g.deleted_at_ms.is_(None))
        .order_by(g.starts_at_ms, g.id)
    ).all()
    if not rows:
        return ()
    mine = {
        row.gathering_id: row
        for row in conn.execute(
            select(gathering_seat).where(s.member_id == member_id, s.scope_id == store_id, s.deleted_at_ms.is_(None))
        )
    }
    names = staff_names(conn)
    found = [_info(conn, row, mine.get(row.id), names) for row in rows]
    return tuple(one for one in found if _is_shown(one, now_ms))[:SHOWN]


def _is_shown(one: GatheringInfo, now_ms: int) -> bool:
    if one.seats.ends_at_ms >= now_ms:
        return not one.seats.is_cancelled or (one.seat is not None and one.seat.state != "left")
    return one.seat is not None and one.seat.state == "seated" and not one.seat.attendance


def _info(conn: Connection, row: Any, seat: Any, names: dict[str, Bilingual]) -> GatheringInfo:
    known = dict(row._mapping)
    return GatheringInfo(
        id=row.id,
        title=Bilingual(row.title, row.title_en),
        topic=Bilingual(row.topic, row.topic_en),
        place=row.place,
        seats=seats_of(known),
        host=names.get(row.host_id, NOBODY) if row.host_id else NOBODY,
        seat=None if seat is None else _seat(conn, seat),
    )


def _seat(conn: Connection, row: Any) -> SeatInfo:
    state: SeatState = row.state
    place = 0
    if state == "waiting":
        s = gathering_seat.c
        before = select(func.count()).where(
            s.scope_id == row.scope_id, s.gathering_id == row.gathering_id, s.state == "waiting", s.turn < row.turn,
            s.deleted_at_ms.is_(None),
        )  # fmt: skip
        place = 1 + conn.execute(before).scalar_one()
    return SeatInfo(state=state, place=place, attendance=row.attendance, is_pending=row.row_ver == 0)


def coming_of(conn: Connection, member_ids: Sequence[str], zone: str, now_ms: int) -> dict[str, tuple[Coming, ...]]:
    """Member -> gatherings to come in which she has a seat."""
    g, s = gathering.c, gathering_seat.c
    rows = conn.execute(
        select(s.member_id, g.id, g.title, g.title_en, g.starts_at_ms)
        .join(gathering, (g.scope_id == s.scope_id) & (g.id == s.gathering_id))
        .where(
            s.member_id.in_(member_ids), s.state == "seated", s.deleted_at_ms.is_(None), g.deleted_at_ms.is_(None),
            g.is_cancelled == 0, g.starts_at_ms >= now_ms,
        )
        .order_by(g.starts_at_ms, g.id)
    )  # fmt: skip
    found: dict[str, list[Coming]] = defaultdict(list)
    for row in rows:
        at = local_datetime(row.starts_at_ms, zone)
        title = Named(f"{row.title} {at:%H:%M}", f"{row.title_en or row.title} {at:%H:%M}")
        found[row.member_id].append(Coming(row.id, title, at.date()))
    return {member_id: tuple(some) for member_id, some in found.items()}
