"""What the counter home shows besides the agenda: last scan, counts of this shift."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import Connection, func, select

from guidedesk.domain.time import local_date, local_datetime, local_midnight_ms
from guidedesk.models import engagement, people
from guidedesk.services.read_models import LastScan, ShiftCounts

USUAL_WEEKS = 8


def find_last_scan(conn: Connection, store_id: str) -> LastScan | None:
    """The newest visit recorded at this store."""
    table, person = engagement.visit, people.member
    found = conn.execute(
        select(table.c.occurred_at_ms, table.c.member_id, person.c.name)
        .join(person, person.c.id == table.c.member_id)
        .where(table.c.scope_id == store_id)
        .order_by(table.c.occurred_at_ms.desc())
        .limit(1)
    ).first()
    return None if found is None else LastScan(found.occurred_at_ms, found.member_id, found.name)


def get_shift(conn: Connection, associate_id: str, store_id: str, now_ms: int, zone: str) -> ShiftCounts:
    """Today's visits, new members and conversations of one associate; usual visits of this weekday per hour."""
    start = local_midnight_ms(local_date(now_ms, zone), zone)
    visits, talks, person = engagement.visit, engagement.interaction, people.member
    times = conn.execute(
        select(visits.c.occurred_at_ms).where(
            visits.c.associate_id == associate_id,
            visits.c.occurred_at_ms >= start,
            visits.c.scope_id == store_id,
        )
    ).scalars()
    hourly = _by_hour(list(times), zone)
    interactions = conn.execute(
        select(func.count()).where(talks.c.associate_id == associate_id, talks.c.occurred_at_ms >= start)
    ).scalar()
    new_members = conn.execute(
        select(func.count()).where(person.c.registered_by == associate_id, person.c.joined_at_ms >= start)
    ).scalar()
    return ShiftCounts(
        visits=sum(hourly),
        new_members=new_members or 0,
        interactions=interactions or 0,
        hourly=hourly,
        usual_hourly=_usual(conn, store_id, local_date(now_ms, zone), zone),
    )


def _usual(conn: Connection, store_id: str, today: date, zone: str) -> tuple[int, ...]:
    """Visits of the whole store on this weekday of the last weeks, per hour, averaged and rounded."""
    table = engagement.visit
    sums = [0] * 24
    for week in range(1, USUAL_WEEKS + 1):
        day = today - timedelta(weeks=week)
        start, end = local_midnight_ms(day, zone), local_midnight_ms(day + timedelta(days=1), zone)
        times = conn.execute(
            select(table.c.occurred_at_ms).where(
                table.c.scope_id == store_id, table.c.occurred_at_ms.between(start, end - 1)
            )
        ).scalars()
        for hour, count in enumerate(_by_hour(list(times), zone)):
            sums[hour] += count
    return tuple((total + USUAL_WEEKS // 2) // USUAL_WEEKS for total in sums)


def _by_hour(times: list[int], zone: str) -> tuple[int, ...]:
    hours = [0] * 24
    for at_ms in times:
        hours[local_datetime(at_ms, zone).hour] += 1
    return tuple(hours)
