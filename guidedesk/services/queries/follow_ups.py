"""Promised contacts: of one member, or an associate's list for today."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import Connection, bindparam, or_, select

from guidedesk.domain.contact_limits import (
    CONTACT_CHANNELS,
    ContactFacts,
    ContactPolicy,
    best_channel,
    why_not_contact,
)
from guidedesk.domain.follow_ups.occasions import OCCASIONS
from guidedesk.domain.follow_ups.plan import Planned, beginning_on, kept, plan_day
from guidedesk.domain.outreach import OUTREACH
from guidedesk.domain.time import DAY_MS, local_date, local_midnight_ms
from guidedesk.models import engagement, people
from guidedesk.services.member_models import Agenda, FollowUpInfo, TaskList
from guidedesk.services.queries.care import DUPLICATE, CareMember, read_care
from guidedesk.services.queries.contacts import contact_facts
from guidedesk.services.queries.prepared import Prepared
from guidedesk.services.queries.reference import get_settings, staff_names
from guidedesk.services.read_models import NOBODY, Bilingual

WEEK: Final = timedelta(days=7)
# What a manager handed out has a last day, not a day: it comes onto the list shortly before.
OUTREACH_AHEAD: Final = timedelta(days=2)
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


def get_agenda(
    conn: Connection, associate_id: str, now_ms: int, zone: str, care: Sequence[CareMember] = ()
) -> Agenda:
    """Whom this associate is to contact today: what she promised, overdue first, then what writes itself; and what she
    finished today. `care` are the members she looks after."""
    table = engagement.follow_up
    today = local_date(now_ms, zone)
    day_start = local_midnight_ms(today, zone)
    query = (
        _base()
        .where(
            table.c.associate_id == associate_id,
            or_(
                (table.c.state == "open") & (table.c.due_date <= today.isoformat()),
                (table.c.state == "open")
                & (table.c.reason == OUTREACH)
                & (table.c.due_date <= (today + OUTREACH_AHEAD).isoformat()),
                (table.c.state == "done") & (table.c.done_at_ms >= day_start),
            ),
        )
        .order_by(table.c.state.desc(), table.c.due_date, table.c.due_time, table.c.id)
    )
    found = _infos(conn, conn.execute(query).all(), now_ms, zone)
    done = [item for item in found if item.is_done]
    planned = plan_today(conn, associate_id, care, today, done)
    still_open = explained((*(item for item in found if not item.is_done), *planned), care)
    counts = Counter(item.reason for item in still_open)
    return Agenda(still_open, len(done), len(still_open) + len(done), tuple(sorted(counts.items())))


def get_tasks(
    conn: Connection, associate_id: str, now_ms: int, zone: str, care: Sequence[CareMember] = ()
) -> TaskList:
    """Everything this associate still has to do, what she did in the last seven days, and how this week was kept."""
    table = engagement.follow_up
    today = local_date(now_ms, zone)
    query = _base().where(
        table.c.associate_id == associate_id,
        or_(
            table.c.state == "open",
            (table.c.state == "done") & (table.c.done_at_ms >= local_midnight_ms(today - WEEK, zone)),
        ),
    )
    found = _infos(conn, conn.execute(query.order_by(*_SOONEST)).all(), now_ms, zone)
    done = [item for item in found if item.is_done]
    done_today = [item for item in done if _day_done(item, zone) == today]
    to_do = [
        *(item for item in found if not item.is_done), *plan_today(conn, associate_id, care, today, done_today),
        *_to_come(conn, associate_id, care, today),
    ]  # fmt: skip
    monday = today - timedelta(days=today.weekday())
    states = [
        kept(due, _day_done(item, zone), today)
        for item in found
        if monday <= (due := date.fromisoformat(item.due_date)) <= today
    ]
    counted = [state for state in states if state != "open"]
    return TaskList(
        today=today,
        open=explained(tuple(to_do), care),
        done=tuple(sorted(done, key=lambda item: (-(item.done_at_ms or 0), item.id))),
        on_time=counted.count("on_time"),
        counted=len(counted),
    )


def _day_done(item: FollowUpInfo, zone: str) -> date | None:
    return local_date(item.done_at_ms, zone) if item.is_done and item.done_at_ms is not None else None


def plan_today(
    conn: Connection, associate_id: str, care: Sequence[CareMember], today: date, done: Sequence[FollowUpInfo]
) -> tuple[FollowUpInfo, ...]:
    """What writes itself today, for as many as are left of a day's."""
    if not care:
        return ()
    policy = get_settings(conn).contact_policy
    acted = sum(item.reason in OCCASIONS for item in done)
    planned = plan_day((one.person for one in care), today, policy, done=acted)
    return _suggested(conn, associate_id, care, planned, today, today)


def _to_come(
    conn: Connection, associate_id: str, care: Sequence[CareMember], today: date
) -> tuple[FollowUpInfo, ...]:
    """What begins in the days to come, as far as it is known today."""
    if not care:
        return ()
    policy, found = get_settings(conn).contact_policy, list[FollowUpInfo]()
    for ahead in range(1, WEEK.days + 1):
        day = today + timedelta(days=ahead)
        planned = beginning_on((one.person for one in care), day, policy)
        found += _suggested(conn, associate_id, care, planned, day, today)
    return tuple(found)


def _suggested(
    conn: Connection,
    associate_id: str,
    care: Sequence[CareMember],
    planned: Sequence[Planned],
    day: date,
    today: date,
) -> tuple[FollowUpInfo, ...]:
    """Entries of occasions nobody acted on; `care` may be a moment older than what is stored."""
    stored = _stored(conn, [one.main.id for one in planned])
    by_id = {one.member_id: one for one in care}
    return tuple(
        suggested_item(by_id[one.main.member_id], one, associate_id, day, today)
        for one in planned
        if one.main.id not in stored
    )


def suggested_item(who: CareMember, one: Planned, associate_id: str, day: date, today: date) -> FollowUpInfo:
    """An occasion as an entry of the list of `day`."""
    return FollowUpInfo(
        id=one.main.id,
        member_id=one.main.member_id,
        member_name=who.name,
        tier=who.tier,
        associate_id=associate_id,
        due_date=day.isoformat(),
        due_time=None,
        days_overdue=(today - day).days,
        reason=one.main.occasion,
        text="",
        channel=one.channel,
        is_done=False,
        refusal="" if one.channel else "no_consent",
        suggestion=one.main,
        also=one.also,
        is_stored=False,
    )


def find_suggested(
    conn: Connection, member_id: str, suggestion_id: str, associate_id: str, now_ms: int
) -> FollowUpInfo | None:
    """An occasion of a member as an entry of today, if nobody acted on it and it is not over."""
    settings = get_settings(conn)
    today = local_date(now_ms, settings.zone)
    for who in read_care(conn, [member_id], associate_id, settings, now_ms):
        for one in who.person.open_suggestions():
            if one.id == suggestion_id:
                channel = best_channel(who.person.contact, settings.contact_policy)
                return suggested_item(who, Planned(one, channel), associate_id, today, today)
    return None


def explained(items: tuple[FollowUpInfo, ...], care: Sequence[CareMember]) -> tuple[FollowUpInfo, ...]:
    """The same entries; one that grew out of an occasion has it again, and a promise what else could be said."""
    by_id = {one.member_id: one for one in care}
    return tuple(_explained(item, by_id.get(item.member_id)) for item in items)


def _explained(item: FollowUpInfo, who: CareMember | None) -> FollowUpInfo:
    if who is None or not item.is_stored:
        return item
    told = {one.id: one for one in who.person.suggestions}
    due = date.fromisoformat(item.due_date)
    also = tuple(one for one in who.person.open_suggestions() if one.is_live(due))
    return replace(item, suggestion=told.get(item.id), also=also)


def _stored(conn: Connection, ids: Sequence[str]) -> frozenset[str]:
    if not ids:
        return frozenset()
    table = engagement.follow_up.c
    return frozenset(conn.execute(select(table.id).where(table.id.in_(ids))).scalars())


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
    if not rows:
        return ()
    today, names, policy = local_date(now_ms, zone), staff_names(conn), get_settings(conn).contact_policy
    facts = contact_facts(conn, {r.member_id for r in rows}, policy, now_ms)
    return tuple(_info(r, today, names, facts[r.member_id], policy) for r in rows)


def _info(r: Any, today: date, names: dict[str, Bilingual], facts: ContactFacts, policy: ContactPolicy) -> FollowUpInfo:
    wanted = (r.channel, *CONTACT_CHANNELS) if r.channel else CONTACT_CHANNELS
    channel = None if r.reason == DUPLICATE else best_channel(facts, policy, wanted=wanted)
    refusal = DUPLICATE if r.reason == DUPLICATE else refusal_of(facts, policy)
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
        channel=channel,
        is_done=r.state == "done",
        state=r.state,
        done_by=names.get(r.done_by, NOBODY),
        is_pending=r.row_ver == 0,
        refusal="" if channel else refusal,
        done_at_ms=r.done_at_ms,
    )


def refusal_of(facts: ContactFacts, policy: ContactPolicy) -> str:
    """The one reason to tell where no channel is left: the cap or a complaint before a consent that is missing too."""
    found = [why_not_contact(channel, facts, policy) for channel in CONTACT_CHANNELS]
    return next((reason for reason in ("muted", "capped") if reason in found), "no_consent")


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
