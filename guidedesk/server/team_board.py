"""Putting a Team board together from its sums: one answer with every period, so that a counter needs no second one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import Connection, func, select

from guidedesk.domain.team_figures import (
    PERIODS,
    Period,
    Span,
    Standing,
    concerns,
    elapsed_target,
    heat_step,
    missed,
    period_of,
    ranked,
    rate_bp,
    round_div,
    shown_count,
)
from guidedesk.domain.tiers import ORDER, TierRules
from guidedesk.models.people import member
from guidedesk.models.team_tables import MEASURES, STORE_ONLY, team_day, team_move, team_part
from guidedesk.server.sharding import cross_scope
from guidedesk.server.team_days import Rules, Sums, came_back, midnight, read_shares, sums_of
from guidedesk.server.team_records import FollowUp, Joined, follow_ups_in, joined_in
from guidedesk.services.read_models import Bilingual
from guidedesk.services.team import (
    KPIS,
    UNITS,
    AssociateLine,
    FunnelStep,
    HeatCell,
    Kpi,
    KpiName,
    StoreLine,
    StorePeriod,
    TeamBoard,
    TeamDay,
    TeamPeriod,
    TeamPerson,
)

_WEEK: Final = 7


class Tally(dict[str, int]):
    """Measures by name; what is not there is 0."""

    def __missing__(self, key: str) -> int:
        return 0


Days = dict[int, dict[str, Tally]]  # day -> who -> measures, records counted in


@dataclass(frozen=True, slots=True)
class Facts:
    """What the boards of some stores stand on, read once."""

    scope_ids: tuple[str, ...]
    days: Mapping[str, Days]
    yesterday: Mapping[str, Days]  # only yesterday, as it stood at this time
    rules: Rules
    now_ms: int
    today: date
    target_minor: int


@dataclass(frozen=True, slots=True)
class Staff:
    """Somebody of the chain, as far as boards name her."""

    person: TeamPerson
    store_id: str
    sells: bool  # works there now, as one whose members and follow-ups are counted


def facts_of(
    conn: Connection, scope_ids: Sequence[str], rules: Rules, now_ms: int, today: date, target_minor: int
) -> Facts:
    """Read what the boards of these stores need."""
    first = min(period_of(name, today).before.first for name in PERIODS)
    days: dict[str, Days] = {}
    yesterday: dict[str, Days] = {}
    day_before = today.toordinal() - 1
    until_ms = midnight(day_before, rules.zone) + now_ms - midnight(day_before + 1, rules.zone)
    for scope_id in scope_ids:
        found = days[scope_id] = _by_day(_stored(conn, scope_id, first.toordinal(), today.toordinal()))
        shares = read_shares(conn, scope_id, day_before, day_before)  # nothing later had happened yet
        sums = sums_of(conn, scope_id, rules, day_before, day_before, shares, until_ms)
        sums[day_before, STORE_ONLY] |= came_back(conn, scope_id, day_before, until_ms)
        was = yesterday[scope_id] = _by_day(sums)
        joined = joined_in(conn, scope_id, rules, first, today)
        tasks = follow_ups_in(conn, scope_id, rules, first, today)
        count_records(found, joined, tasks, today.toordinal())
        late = [one for one in joined if one.day == day_before and one.at_ms < until_ms]
        still = [task.as_of(until_ms) for task in tasks if task.due == day_before]
        count_records(was, late, still, day_before)
    return Facts(tuple(scope_ids), days, yesterday, rules, now_ms, today, target_minor)


def _stored(conn: Connection, scope_id: str, first: int, last: int) -> Sums:
    d = team_day.c
    query = select(d.day, d.who, *(d[name] for name in MEASURES)).where(
        d.scope_id == scope_id, d.day >= first, d.day <= last
    )
    return {(row[0], row[1]): dict(zip(MEASURES, row[2:], strict=True)) for row in conn.execute(query)}


def _by_day(sums: Sums) -> Days:
    found: Days = defaultdict(lambda: defaultdict(Tally))
    for (day, who), measures in sums.items():
        found[day][who].update(measures)
        if who != STORE_ONLY:
            found[day][STORE_ONLY]["attributed_minor"] += measures["sales_minor"]
    return found


def count_records(days: Days, joined: Iterable[Joined], tasks: Iterable[FollowUp], today: int) -> None:
    """Add who joined and what was due to the sums of their days; `today` is not over."""
    for one in joined:
        for who in {STORE_ONLY, one.who}:
            days[one.day][who]["new_members"] += 1
    for task in tasks:
        on_time = task.done_day is not None and task.done_day <= task.due
        late = task.done_day is not None and not on_time
        for who in {STORE_ONLY, task.who}:
            mine = days[task.due][who]
            mine["due"] += 1
            mine["on_time"] += on_time
            mine["late"] += late
            mine["missed"] += missed(1, int(on_time), int(late), is_over=task.due < today)


def board_of(
    conn: Connection, facts: Facts, staff: Mapping[str, Staff], store: str | None, name: Bilingual, currency: str,
    rules: TierRules,
) -> TeamBoard:  # fmt: skip
    """The board of all stores of `facts` together."""
    periods = tuple(_period(conn, facts, period_of(each, facts.today), staff) for each in PERIODS)
    named = {line.id for period in periods for line in period.associates}
    return TeamBoard(
        as_of_ms=facts.now_ms,
        store=store,
        name=name,
        currency=currency,
        today=facts.today.isoformat(),
        periods=periods,
        people=tuple(staff[who].person for who in sorted(named) if who in staff),
        super_orders=rules.super_orders,
        super_spent_minor=rules.super_spent_minor,
        tier_months=rules.months,
    )


def store_line(facts: Facts, scope_id: str, name: Bilingual) -> StoreLine:
    """One store of an area, with what somebody should look at."""
    periods = []
    for each in PERIODS:
        period = period_of(each, facts.today)
        kpis = _kpis(facts, (scope_id,), period, with_series=False)
        target = _target(facts, period, 1)
        now: dict[str, int | None] = {kpi.name: kpi.value for kpi in kpis}
        before: dict[str, int | None] = {kpi.name: kpi.before for kpi in kpis}
        is_behind = target is not None and (now["sales"] or 0) < target
        periods.append(StorePeriod(each, kpis, tuple(concerns(now, before, is_behind)), target))
    return StoreLine(scope_id, name, tuple(periods))


def _period(conn: Connection, facts: Facts, period: Period, staff: Mapping[str, Staff]) -> TeamPeriod:
    shown, before = period.shown, period.before
    return TeamPeriod(
        name=period.name,
        first=shown.first.isoformat(),
        last=shown.last.isoformat(),
        before_first=before.first.isoformat(),
        before_last=before.last.isoformat(),
        kpis=_kpis(facts, facts.scope_ids, period, with_series=True),
        days=_days(facts, shown),
        associates=_associates(facts, period, staff),
        funnel=_funnel(conn, facts, shown),
        heat=_heat(conn, facts, shown),
        target_minor=_target(facts, period, len(facts.scope_ids)),
    )


def _target(facts: Facts, period: Period, stores: int) -> int | None:
    """What had to be reached in the shown days, if the chain set a target."""
    return elapsed_target(facts.target_minor, period.shown) * stores if facts.target_minor else None


# --- Figures of a span ---------------------------------------------------------------------------------------------


def _days_of(span: Span) -> range:
    return range(span.first.toordinal(), span.last.toordinal() + 1)


def _tally(facts: Facts, scope_ids: Iterable[str], span: Span, *, until_now: bool = False) -> dict[str, Tally]:
    """Who -> measures of a span; STORE_ONLY is the whole board. `until_now`: of yesterday as it stood at this time."""
    found: dict[str, Tally] = defaultdict(Tally)
    for scope_id in scope_ids:
        source = facts.yesterday[scope_id] if until_now else facts.days[scope_id]
        for day in _days_of(span):
            for who, measures in source[day].items() if day in source else ():
                mine = found[who]
                for name, value in measures.items():
                    mine[name] += value
        last = span.last.toordinal()
        ended = source[last][STORE_ONLY] if last in source else Tally()
        found[STORE_ONLY]["last_buyers"] += ended["buyers"]
        found[STORE_ONLY]["last_repeaters"] += ended["repeaters"]
    return found


_FIGURES: Final[dict[KpiName, Callable[[Tally], tuple[int, int]]]] = {
    "sales": lambda t: (t["attributed_minor"], t["sales_minor"]),
    "share": lambda t: (t["attributed_minor"], t["sales_minor"]),
    "new_members": lambda t: (t["new_members"], 0),
    "repeat": lambda t: (t["last_repeaters"], t["last_buyers"]),
    "on_time": lambda t: (t["on_time"], t["due"]),
    "basket": lambda t: (t["sold_minor"], t["sales"]),
    "interactions": lambda t: (t["interactions"], 0),
    "scans": lambda t: (t["scans_bought"], t["scans"]),
    "served": lambda t: (t["served_bought"], t["served"]),
}


def value_of(name: KpiName, tally: Tally) -> tuple[int | None, int, int]:
    """(value, part, whole) of a figure."""
    part, whole = _FIGURES[name](tally)
    if name == "basket":
        return (round_div(part, whole) if whole else None), part, whole
    return (rate_bp(part, whole) if UNITS[name] == "rate" else part), part, whole


def _kpis(facts: Facts, scope_ids: Sequence[str], period: Period, *, with_series: bool) -> tuple[Kpi, ...]:
    now = _tally(facts, scope_ids, period.shown)[STORE_ONLY]
    was = _tally(facts, scope_ids, period.before, until_now=period.name == "today")[STORE_ONLY]
    steps = [_tally(facts, scope_ids, span)[STORE_ONLY] for span in _steps(period)] if with_series else []
    found = []
    for name in KPIS:
        value, part, whole = value_of(name, now)
        series = tuple(value_of(name, step)[0] for step in steps)
        found.append(Kpi(name, UNITS[name], value, value_of(name, was)[0], part, whole, series))
    return tuple(found)


def _steps(period: Period) -> list[Span]:
    """The days of a week or month, the weeks of a quarter: what a sparkline goes through."""
    if period.name == "today":
        return []
    shown, size = period.shown, _WEEK if period.name == "quarter" else 1
    starts = [shown.first + timedelta(n) for n in range(0, shown.days, size)]
    return [Span(start, min(start + timedelta(size - 1), shown.last)) for start in starts]


def _days(facts: Facts, shown: Span) -> tuple[TeamDay, ...]:
    found = []
    for day in _days_of(shown):
        whole = [facts.days[scope_id][day][STORE_ONLY] for scope_id in facts.scope_ids if day in facts.days[scope_id]]
        attributed = sum(one["attributed_minor"] for one in whole)
        total = sum(one["sales_minor"] for one in whole)
        found.append(TeamDay(date.fromordinal(day).isoformat(), attributed, total - attributed))
    return tuple(found)


# --- People --------------------------------------------------------------------------------------------------------


def _associates(facts: Facts, period: Period, staff: Mapping[str, Staff]) -> tuple[AssociateLine, ...]:
    now = _tally(facts, facts.scope_ids, period.shown)
    was = _tally(facts, facts.scope_ids, period.before, until_now=period.name == "today")
    people = {who for who, tally in now.items() if who != STORE_ONLY and any(tally.values())}
    people |= {who for who, one in staff.items() if one.sells and one.store_id in facts.scope_ids}
    people &= staff.keys()
    standings = [
        Standing(who, now[who]["sales_minor"], now[who]["new_members"], rate_bp(now[who]["on_time"], now[who]["due"]))
        for who in sorted(people)
    ]
    return tuple(
        AssociateLine(
            id=one.id,
            sales_minor=one.sales_minor,
            before_minor=was[one.id]["sales_minor"],
            new_members=one.new_members,
            interactions=now[one.id]["interactions"],
            due=now[one.id]["due"],
            on_time=now[one.id]["on_time"],
            late=now[one.id]["late"],
            missed=now[one.id]["missed"],
            on_time_bp=one.on_time_bp,
        )
        for one in ranked(standings)
    )


# --- Members -------------------------------------------------------------------------------------------------------


@cross_scope
def _funnel(conn: Connection, facts: Facts, shown: Span) -> tuple[FunnelStep, ...]:
    m, v = member.c, team_move.c
    first, last = shown.first.toordinal(), shown.last.toordinal()
    stands: dict[str, int] = defaultdict(int)
    up: dict[str, int] = defaultdict(int)
    down: dict[str, int] = defaultdict(int)
    for scope_id in facts.scope_ids:
        stands["casual"] += conn.execute(
            select(func.count()).where(
                m.scope_id == scope_id, m.joined_at_ms < midnight(last + 1, facts.rules.zone),
                m.merged_into.is_(None), m.deleted_at_ms.is_(None),
            )
        ).scalar_one()  # fmt: skip
        for since in (None, first):
            query = select(v.from_tier, v.to_tier, func.count()).where(v.scope_id == scope_id, v.day <= last)
            if since is not None:
                query = query.where(v.day >= since)
            for before, after, count in conn.execute(query.group_by(v.from_tier, v.to_tier)):
                if since is None:
                    stands[before] -= count
                    stands[after] += count
                elif _order(after) > _order(before):
                    up[before] += count
                else:
                    down[before] += count
    return tuple(
        FunnelStep(tier, shown_count(max(0, stands[tier])), shown_count(up[tier]), shown_count(down[tier]))
        for tier in ORDER
    )


def _order(tier: str) -> int:
    return next(place for place, name in enumerate(ORDER) if name == tier)


@cross_scope
def _heat(conn: Connection, facts: Facts, shown: Span) -> tuple[HeatCell, ...]:
    """Different members who bought in each hour of a weekday."""
    t = team_part.c
    people: dict[int, int] = defaultdict(int)
    if len(facts.scope_ids) == 1:
        query = select(t.slot, func.count(t.member_id.distinct())).where(
            t.scope_id == facts.scope_ids[0], *_sold_in(shown)
        )
        people.update((slot, count) for slot, count in conn.execute(query.group_by(t.slot)))
    else:
        pairs: set[tuple[int, str]] = set()
        for scope_id in facts.scope_ids:
            asked = select(t.slot, t.member_id).where(t.scope_id == scope_id, *_sold_in(shown)).distinct()
            pairs.update((slot, who) for slot, who in conn.execute(asked))
        for slot, _ in pairs:
            people[slot] += 1
    most = max(people.values(), default=0)
    return tuple(
        HeatCell(slot // 24, slot % 24, shown_count(count), heat_step(count, most))
        for slot, count in sorted(people.items())
        if count
    )


def _sold_in(shown: Span) -> tuple[Any, ...]:
    t = team_part.c
    first, last = shown.first.toordinal(), shown.last.toordinal()
    return t.day >= first, t.day <= last, t.kind == "sale", t.is_head == 1, t.member_id.is_not(None)

