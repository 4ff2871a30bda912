"""Promised contacts: of one member, or an associate's list for today."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, bindparam, or_, select

from guidedesk.domain.consent import ConsentState, joined, state_of
from guidedesk.domain.time import DAY_MS, local_date, local_midnight_ms
from guidedesk.models import engagement, people
from guidedesk.services.queries.prepared import Prepared
from guidedesk.services.queries.reference import staff_names
from guidedesk.services.read_models import NOBODY, Agenda, Bilingual, FollowUpInfo

CONTACT_CHANNELS: Final = ("wechat", "sms", "phone")
_SOONEST: Final = (engagement.follow_up.c.due_date, engagement.follow_up.c.due_time, engagement.follow_up.c.id)


def list_follow_ups(
    conn: Connection, now_ms: int, zone: str, *, member_id: str | None = None, is_open: bool = True
) -> tuple[FollowUpInfo, ...]:
    """Open promises (or all) of a member, soonest first."""
    if member_id is not None and is_open:
        return _infos(conn, _OPEN_OF_MEMBER.all(conn, member_id=member_id), now_ms, zone)
    query = _base().order_by(*_SOONEST)
    if member_id is not None:
        query = query.where(engagement.follow_up.c.member_id == member_id)
    if is_open:
        query = query.where(engagement.follow_up.c.state == "open")
    return _infos(conn, conn.execute(query).all(), now_ms, zone)


def get_agenda(conn: Connection, associate_id: str, now_ms: int, zone: str) -> Agenda:
    """People this associate promised to contact by today, overdue first, and what she finished today."""
    table = engagement.follow_up
    today = local_date(now_ms, zone)
    day_start = local_midnight_ms(today, zone)
    query = (
        _base()
        .where(
            table.c.associate_id == associate_id,
            or_(
                (table.c.state == "open") & (table.c.due_date <= today.isoformat()),
                (table.c.state == "done") & (table.c.done_at_ms >= day_start),
            ),
        )
        .order_by(table.c.state.desc(), table.c.due_date, table.c.due_time, table.c.id)
    )
    found = _infos(conn, conn.execute(query).all(), now_ms, zone)
    still_open = tuple(item for item in found if not item.is_done)
    counts = Counter(item.reason for item in still_open)
    return Agenda(still_open, len(found) - len(still_open), len(found), tuple(sorted(counts.items())))


def _base() -> Any:
    table, person = engagement.follow_up, people.member
    return (
        select(table, person.c.name.label("member_name"), person.c.tier.label("member_tier"))
        .join(person, person.c.id == table.c.member_id)
        .where(table.c.deleted_at_ms.is_(None), person.c.deleted_at_ms.is_(None))
    )


_OPEN_OF_MEMBER: Final = Prepared(
    _base()
    .where(engagement.follow_up.c.member_id == bindparam("member_id"), engagement.follow_up.c.state == "open")
    .order_by(*_SOONEST)
)


def _infos(conn: Connection, rows: Sequence[Any], now_ms: int, zone: str) -> tuple[FollowUpInfo, ...]:
    today = local_date(now_ms, zone)
    names = staff_names(conn) if rows else {}
    allowed = _consented(conn, {r.member_id for r in rows})
    return tuple(_info(r, today, names, allowed.get(r.member_id, frozenset())) for r in rows)


def _info(r: Any, today: date, names: dict[str, Bilingual], allowed: frozenset[str]) -> FollowUpInfo:
    wanted = (r.channel, *CONTACT_CHANNELS) if r.channel else CONTACT_CHANNELS
    return FollowUpInfo(
        id=r.id,
        member_id=r.member_id,
        member_name=r.member_name,
        tier=r.member_tier,
        associate_id=r.associate_id,
        due_date=r.due_date,
        due_time=r.due_time,
        days_overdue=(today - date.fromisoformat(r.due_date)).days,
        reason=r.reason,
        text=r.text,
        channel=next((channel for channel in wanted if channel in allowed), None),
        is_done=r.state == "done",
        state=r.state,
        done_by=names.get(r.done_by, NOBODY),
        is_pending=r.row_ver == 0,
    )


def _consented(conn: Connection, member_ids: set[str]) -> dict[str, frozenset[str]]:
    """Contact channels each member agreed to, a withdrawal anywhere winning."""
    if not member_ids:
        return {}
    table = people.consent
    states: dict[tuple[str, str], ConsentState] = {}
    rows = conn.execute(
        select(table.c.member_id, table.c.purpose, table.c.is_given, table.c.withdrawn_at_ms, table.c.seen_ms).where(
            table.c.member_id.in_(sorted(member_ids)),
            table.c.purpose.in_(CONTACT_CHANNELS),
            table.c.deleted_at_ms.is_(None),
        )
    )
    for row in rows:
        key = (row.member_id, row.purpose)
        state = state_of(bool(row.is_given), row.withdrawn_at_ms, row.seen_ms)
        states[key] = joined((states.get(key, ConsentState()), state))
    result: dict[str, set[str]] = {}
    for (member_id, purpose), state in states.items():
        if state.is_given:
            result.setdefault(member_id, set()).add(purpose)
    return {member_id: frozenset(channels) for member_id, channels in result.items()}


def contacts_this_week(conn: Connection, member_id: str, now_ms: int) -> int:
    """Messages and calls by anybody in the last seven days (visits to the shop do not count)."""
    table = engagement.interaction
    rows = conn.execute(
        select(table.c.id).where(
            table.c.member_id == member_id,
            table.c.occurred_at_ms > now_ms - 7 * DAY_MS,
            table.c.kind.in_(("wechat", "sms", "mini", "phone")),
            table.c.is_withdrawn == 0,
        )
    )
    return len(rows.all())
