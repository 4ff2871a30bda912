"""What the occasions of many members are told by, read for a few hundred of them at a time (docs/follow-ups.md)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from sqlalchemy import Connection, func, select

from guidedesk.domain.attribution import AttributionRules, owner_window
from guidedesk.domain.contact_limits import CAP_DAYS, CONTACT_CHANNELS
from guidedesk.domain.family import FamilyDate
from guidedesk.domain.follow_ups.occasions import (
    NAMELESS,
    Arrived,
    CareFacts,
    CategoryDays,
    Coming,
    Named,
    suggestions,
)
from guidedesk.domain.follow_ups.plan import CarePerson
from guidedesk.domain.people import Tier
from guidedesk.domain.time import DAY_MS, local_date
from guidedesk.models import engagement, people, sales
from guidedesk.services.queries.contacts import contact_facts
from guidedesk.services.queries.family import family_dates
from guidedesk.services.queries.gatherings import coming_of
from guidedesk.services.queries.wishes import arrived, wishes_of
from guidedesk.services.read_models import ChainSettings

# Her rhythm is that of the last two years, as the history on a counter goes (SECURITY.md P-6).
_YEARS_MS: Final = 731 * DAY_MS
_AT_A_TIME: Final = 200
# A talk about something that she did not buy yet.
_UNSOLD: Final = ("tried", "deciding", "served")
_UNSOLD_KINDS: Final = ("visit", "served_no_purchase")
_TRIED_MS: Final = 60 * DAY_MS
_MOST_OWNED: Final = 5_000
DUPLICATE: Final = "duplicate"  # a manager compares two cards: no promise to anybody


@dataclass(frozen=True, slots=True, kw_only=True)
class CareMember:
    """One member as the plan sees her, and what a list says of her."""

    member_id: str
    name: str
    tier: Tier
    person: CarePerson


@dataclass(slots=True)
class _Read:
    """Rows of one member."""

    days: dict[int, date] = field(default_factory=dict)  # of purchases that did not all come back, by their time
    orders: list[tuple[int, str]] = field(default_factory=list)
    item: Named = NAMELESS
    categories: dict[Named, set[date]] = field(default_factory=lambda: defaultdict(set))
    unsold: tuple[int, str] | None = None
    planned: int = 0
    is_promised: bool = False
    settled: set[str] = field(default_factory=set)
    window_until: date | None = None
    family: tuple[FamilyDate, ...] = ()
    arrived: tuple[Arrived, ...] = ()
    coming: tuple[Coming, ...] = ()


def owned_members(conn: Connection, staff_id: str) -> tuple[str, ...]:
    """Members an associate owns, those she met last first."""
    table = people.binding
    return tuple(
        conn.execute(
            select(table.c.id)
            .where(table.c.owner_id == staff_id, table.c.deleted_at_ms.is_(None))
            .order_by(table.c.last_touch_ms.desc(), table.c.id)
            .limit(_MOST_OWNED)
        ).scalars()
    )


def read_care(
    conn: Connection, member_ids: Iterable[str], viewer_id: str, settings: ChainSettings, now_ms: int
) -> Iterator[CareMember]:
    """What is known of these members, for `viewer_id` to look after; erased and merged ones are left out."""
    wanted = sorted(set(member_ids))
    for start in range(0, len(wanted), _AT_A_TIME):
        yield from _chunk(conn, wanted[start : start + _AT_A_TIME], viewer_id, settings, now_ms)


def _chunk(
    conn: Connection, ids: Sequence[str], viewer_id: str, settings: ChainSettings, now_ms: int
) -> Iterator[CareMember]:
    found: dict[str, _Read] = defaultdict(_Read)
    _purchases(conn, ids, settings.zone, now_ms, found)
    _talks(conn, ids, now_ms, found)
    _promises(conn, ids, now_ms, settings.zone, found)
    _windows(conn, ids, viewer_id, settings, now_ms, found)
    for member_id, dates in family_dates(conn, ids, keeps_children=settings.keeps_children).items():
        found[member_id].family = dates
    for member_id, wishes in wishes_of(conn, ids, settings.zone, now_ms, only_open=True).items():
        found[member_id].arrived = arrived(wishes, settings.zone)
    for member_id, some in coming_of(conn, ids, settings.zone, now_ms).items():
        found[member_id].coming = some
    contact = contact_facts(conn, ids, settings.contact_policy, now_ms)
    table, today = people.member.c, local_date(now_ms, settings.zone)
    rows = conn.execute(
        select(table.id, table.name, table.tier, table.birthday).where(
            table.id.in_(ids), table.deleted_at_ms.is_(None), table.merged_into.is_(None)
        )
    )
    for row in rows:
        read = found[row.id]
        yield CareMember(
            member_id=row.id,
            name=row.name,
            tier=row.tier,
            person=CarePerson(
                member_id=row.id,
                tier=row.tier,
                contact=replace(contact[row.id], planned=read.planned),
                suggestions=suggestions(_facts(row.id, row.birthday, read, settings.zone), today),
                settled=frozenset(read.settled),
                is_promised=read.is_promised,
            ),
        )


def _facts(member_id: str, birthday: str | None, read: _Read, zone: str) -> CareFacts:
    last_ms, last_id = max(read.orders, default=(0, None))
    unsold = read.unsold if read.unsold is not None and read.unsold[0] > last_ms else None
    return CareFacts(
        member_id=member_id,
        birthday=birthday,
        bought_on=tuple(sorted(set(read.days.values()))),
        categories=tuple(
            CategoryDays(category, tuple(sorted(days)))
            for category, days in sorted(read.categories.items(), key=lambda item: item[0].zh)
        ),
        last_order_id=last_id,
        last_item=read.item,
        unsold_id=unsold[1] if unsold else None,
        unsold_on=_day(unsold[0], zone) if unsold else None,
        window_until=read.window_until,
        family=read.family,
        arrived=read.arrived,
        coming=read.coming,
    )


def _purchases(conn: Connection, ids: Sequence[str], zone: str, now_ms: int, found: dict[str, _Read]) -> None:
    order, line, back = sales.purchase.c, sales.purchase_line.c, sales.purchase_return.c
    since = now_ms - _YEARS_MS
    mine = (order.member_id.in_(ids), order.paid_at_ms.between(since, now_ms), order.deleted_at_ms.is_(None))
    backs = conn.execute(
        select(back.purchase_id, func.sum(back.total_minor).label("total_minor"))
        .where(back.member_id.in_(ids), back.deleted_at_ms.is_(None))
        .group_by(back.purchase_id)
    )
    returned = {row.purchase_id: row.total_minor for row in backs}
    gone: set[str] = set()
    for row in conn.execute(select(order.id, order.member_id, order.paid_at_ms, order.total_minor).where(*mine)):
        if returned.get(row.id, 0) >= row.total_minor:
            gone.add(row.id)
            continue
        read = found[row.member_id]
        read.days[row.paid_at_ms] = _day(row.paid_at_ms, zone)
        read.orders.append((row.paid_at_ms, row.id))
    newest = {max(read.orders)[1]: read for read in found.values() if read.orders}
    lines = conn.execute(
        select(
            order.id, order.member_id, order.paid_at_ms, line.line_no, line.name, line.name_en, line.category,
            line.category_en,
        )
        .join(sales.purchase, (order.scope_id == line.scope_id) & (order.id == line.purchase_id))
        .where(*mine)
        .order_by(order.id, line.line_no)
    )  # fmt: skip
    for one in lines:
        if one.id in gone:
            continue
        if one.category:
            category = Named(one.category, one.category_en or one.category)
            found[one.member_id].categories[category].add(found[one.member_id].days[one.paid_at_ms])
        if one.id in newest and not newest[one.id].item.zh:
            newest[one.id].item = Named(one.name, one.name_en or one.name)


def _talks(conn: Connection, ids: Sequence[str], now_ms: int, found: dict[str, _Read]) -> None:
    """The last visit that ended without buying."""
    table = engagement.interaction.c
    rows = conn.execute(
        select(table.id, table.member_id, table.occurred_at_ms).where(
            table.member_id.in_(ids), table.occurred_at_ms > now_ms - _TRIED_MS, table.is_withdrawn == 0,
            table.kind.in_(_UNSOLD_KINDS), table.outcome.in_(_UNSOLD), table.deleted_at_ms.is_(None),
        )
    )  # fmt: skip
    for row in rows:
        read = found[row.member_id]
        read.unsold = max(read.unsold or (0, ""), (row.occurred_at_ms, row.id))


def _promises(conn: Connection, ids: Sequence[str], now_ms: int, zone: str, found: dict[str, _Read]) -> None:
    """Which occasions somebody acted on, and who is promised something in the next days."""
    table = engagement.follow_up.c
    soon = (_day(now_ms, zone) + timedelta(days=CAP_DAYS)).isoformat()
    rows = conn.execute(
        select(table.id, table.member_id, table.state, table.due_date, table.channel).where(
            table.member_id.in_(ids), table.deleted_at_ms.is_(None), table.reason != DUPLICATE
        )
    )
    for row in rows:
        read = found[row.member_id]
        read.settled.add(row.id)
        if row.state == "open" and row.due_date <= soon:
            read.is_promised = True
            read.planned += int(row.channel in CONTACT_CHANNELS)


def _windows(
    conn: Connection, ids: Sequence[str], viewer_id: str, settings: ChainSettings, now_ms: int, found: dict[str, _Read]
) -> None:
    table = people.binding.c
    rules = AttributionRules(settings.window_days, settings.protection_days, settings.zone)
    rows = conn.execute(
        select(table.id, table.bound_at_ms, table.last_touch_ms).where(
            table.id.in_(ids), table.owner_id == viewer_id, table.deleted_at_ms.is_(None)
        )
    )
    for row in rows:
        window = owner_window(row.bound_at_ms, row.last_touch_ms, now_ms, rules)
        found[row.id].window_until = window.earns_until


@lru_cache(maxsize=50_000)
def _day(at_ms: int, zone: str) -> date:
    return local_date(at_ms, zone)
