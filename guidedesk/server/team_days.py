"""Sums of days on a Team board, from shares of sales and from what was recorded at counters (docs/team.md)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, case, func, select

from guidedesk.domain.team_figures import REPEAT_DAYS, repeat_by_day
from guidedesk.domain.time import local_date, local_midnight_ms
from guidedesk.models.engagement import interaction, visit
from guidedesk.models.team_tables import MEASURES, STORE_ONLY, team_part
from guidedesk.server.team_shares import survivor

SERVED: Final = "served_no_purchase"
_FIRST: Final = date(1970, 1, 1).toordinal()
Sums = dict[tuple[int, str], dict[str, int]]  # (day, who) -> measure -> sum


class Share(NamedTuple):
    """A row of team_part, as far as sums need it."""

    who: str
    kind: str
    day: int
    at_ms: int
    member_id: str | None
    amount_minor: int
    total_minor: int
    is_head: int


@dataclass(frozen=True, slots=True)
class Rules:
    """What sums depend on beside the facts: the chain's zone, and how long after being served a sale counts."""

    zone: str
    window_days: int
    merged: Mapping[str, str]


def read_shares(conn: Connection, scope_id: str, first: int, last: int) -> Iterator[Share]:
    """Shares of the days from `first` to `last`."""
    t = team_part.c
    query = select(t.who, t.kind, t.day, t.at_ms, t.member_id, t.amount_minor, t.total_minor, t.is_head).where(
        t.scope_id == scope_id, t.day >= first, t.day <= last
    )
    for row in conn.execute(query.execution_options(yield_per=10_000)):
        yield Share(*row)


def reach_of_sums(rules: Rules, first: int, last: int) -> tuple[int, int]:
    """The days whose sales the sums of some days look at."""
    return first - REPEAT_DAYS, last + rules.window_days


def sums_of(
    conn: Connection, scope_id: str, rules: Rules, first: int, last: int, shares: Iterable[Share],
    until_ms: int | None = None,
) -> Sums:  # fmt: skip
    """Everything of the days from `first` to `last`; `shares` cover `reach_of_sums`. Days of nothing have no sums.

    `until_ms`: as it stood at that moment of the last day.
    """
    sums: Sums = defaultdict(lambda: dict.fromkeys(MEASURES, 0))
    bought: dict[str, list[int]] = defaultdict(list)  # member -> moments of sales
    days: list[tuple[int, str]] = []
    for share in shares:
        if until_ms is not None and share.at_ms >= until_ms:
            continue
        if share.kind == "sale" and share.member_id is not None:
            if share.is_head:
                bought[share.member_id].append(share.at_ms)
            if share.day <= last:
                days.append((share.day, share.member_id))
        if first <= share.day <= last:
            _add_share(sums, share)
    for moments in bought.values():
        moments.sort()
    _add_meetings(conn, scope_id, rules, (first, last), bought, sums, until_ms)
    for day, buyers, repeaters in repeat_by_day(days, first, last):
        if buyers:
            sums[day, STORE_ONLY] |= {"buyers": buyers, "repeaters": repeaters}
    return sums


def came_back(conn: Connection, scope_id: str, day: int, until_ms: int) -> dict[str, int]:
    """Buyers and repeaters of the days up to this one, as they stood at a moment of it, counted by the database."""
    t = team_part.c
    days = (
        select(func.count(t.day.distinct()).label("days"))
        .where(
            t.scope_id == scope_id, t.day > day - REPEAT_DAYS, t.day <= day, t.kind == "sale",
            t.member_id.is_not(None), t.at_ms < until_ms,
        )
        .group_by(t.member_id)
        .subquery()
    )  # fmt: skip
    again = func.coalesce(func.sum(case((days.c.days > 1, 1), else_=0)), 0)
    buyers, repeaters = conn.execute(select(func.count(), again).select_from(days)).one()
    return {"buyers": int(buyers), "repeaters": int(repeaters)}


def _add_share(sums: Sums, share: Share) -> None:
    mine = sums[share.day, share.who]
    if share.who != STORE_ONLY:
        mine["sales_minor"] += share.amount_minor
        if share.kind == "sale":
            mine["sales"] += 1
            mine["sold_minor"] += share.amount_minor
    if share.is_head:
        whole = sums[share.day, STORE_ONLY]
        whole["sales_minor"] += share.total_minor
        if share.kind == "sale":
            whole["sales"] += 1
            whole["sold_minor"] += share.total_minor


def _add_meetings(
    conn: Connection, scope_id: str, rules: Rules, days: tuple[int, int], bought: Mapping[str, list[int]],
    sums: Sums, until_ms: int | None,
) -> None:  # fmt: skip
    begin, end = midnight(days[0], rules.zone), midnight(days[1] + 1, rules.zone)
    end = end if until_ms is None else min(end, until_ms)
    v, i = visit.c, interaction.c
    query = select(v.member_id, v.associate_id, v.occurred_at_ms).where(
        v.scope_id == scope_id, v.occurred_at_ms >= begin, v.occurred_at_ms < end, v.deleted_at_ms.is_(None)
    )
    seen: set[tuple[int, str, str]] = set()
    for row in conn.execute(query):
        member = survivor(rules.merged, row.member_id)
        day = day_of(row.occurred_at_ms, rules.zone)
        for who in (STORE_ONLY, row.associate_id):
            if member is None or (day, who, member) in seen:
                continue
            seen.add((day, who, member))
            sums[day, who]["scans"] += 1
            moments = bought.get(member, ())
            at = bisect_left(moments, midnight(day, rules.zone))
            if at < len(moments) and moments[at] < midnight(day + 1, rules.zone):
                sums[day, who]["scans_bought"] += 1
    talks = select(i.member_id, i.associate_id, i.occurred_at_ms, i.kind).where(
        i.scope_id == scope_id, i.occurred_at_ms >= begin, i.occurred_at_ms < end, i.deleted_at_ms.is_(None),
        i.is_withdrawn == 0,
    )  # fmt: skip
    for talk in conn.execute(talks):
        day = day_of(talk.occurred_at_ms, rules.zone)
        is_served = talk.kind == SERVED
        came_back = is_served and _bought_after(talk, bought, rules)
        for who in (STORE_ONLY, talk.associate_id):
            mine = sums[day, who]
            mine["interactions"] += 1
            mine["served"] += is_served
            mine["served_bought"] += came_back


def _bought_after(row: Any, bought: Mapping[str, list[int]], rules: Rules) -> bool:
    """A purchase later that day or within so many local days after it."""
    member = survivor(rules.merged, row.member_id)
    moments = bought.get(member, ()) if member is not None else ()
    after = bisect_right(moments, row.occurred_at_ms)
    last_day = day_of(row.occurred_at_ms, rules.zone) + rules.window_days
    return after < len(moments) and day_of(moments[after], rules.zone) <= last_day


def day_of(at_ms: int, zone: str) -> int:
    """The local day of a moment."""
    return local_date(at_ms, zone).toordinal()


def midnight(day: int, zone: str) -> int:
    """The first instant of a local day; far outside of any calendar the nearest that has one."""
    return local_midnight_ms(date.fromordinal(max(_FIRST, day)), zone)


def rows_of(scope_id: str, sums: Sums) -> list[dict[str, Any]]:
    """Sums as rows of team_day; those of nothing but zeros are left out."""
    return [
        {"scope_id": scope_id, "day": day, "who": who, **values}
        for (day, who), values in sums.items()
        if any(values.values())
    ]

