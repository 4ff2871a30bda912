"""The list behind each mark of a Team board, by the same definitions as the figure (docs/team.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from guidedesk.domain.people import Tier
from guidedesk.domain.team_figures import REPEAT_DAYS, Span, shown_count
from guidedesk.domain.tiers import ORDER
from guidedesk.models.base import among
from guidedesk.models.engagement import interaction, visit
from guidedesk.models.people import member
from guidedesk.models.sales import purchase
from guidedesk.models.team_tables import STORE_ONLY, team_move, team_part
from guidedesk.server.feed import chunks
from guidedesk.server.sharding import cross_scope
from guidedesk.server.team_days import SERVED, Rules, day_of, midnight
from guidedesk.server.team_moves import scopes_of
from guidedesk.server.team_records import follow_ups_in, joined_in
from guidedesk.server.team_shares import survivor
from guidedesk.services.team import MOST_ROWS, ListKind, TeamList, TeamPerson, TeamRow


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which mark: its kind and days, whose it is (None: the whole board's), an hour of a weekday, or a tier."""

    kind: ListKind
    span: Span
    who: str | None = None
    slot: int | None = None
    tier: Tier | None = None


def list_behind(
    conn: Connection, scope_ids: Sequence[str], rules: Rules, wanted: Wanted, people: Mapping[str, TeamPerson],
    today: date, now_ms: int,
) -> TeamList:  # fmt: skip
    """What a mark of these stores' board stands for, the latest first."""
    reader = _Reader(conn, scope_ids, rules, wanted, today)
    rows = reader.rows()
    total: int | None = len(rows)
    if wanted.kind in ("hour", "tier"):
        total = shown_count(len({row.member_id for row in rows}))
    rows = [] if total is None else rows
    amounts = [row.amount_minor for row in rows if row.amount_minor is not None]
    shown = sorted(rows, key=lambda row: (row.at_ms or 0, row.day, row.id), reverse=True)[:MOST_ROWS]
    names = _names(conn, reader.all_scopes, {row.member_id for row in shown if row.member_id})
    named = tuple(replace(row, member_name=names.get(row.member_id, "")) for row in shown)
    who = sorted({row.who for row in named if row.who in people})
    return TeamList(now_ms, wanted.kind, total, named, tuple(people[one] for one in who),
                    sum(amounts) if amounts else None)  # fmt: skip


class _Reader:
    """One list."""

    def __init__(
        self, conn: Connection, scope_ids: Sequence[str], rules: Rules, wanted: Wanted, today: date
    ) -> None:
        self._conn, self._scopes, self._rules, self._wanted, self._today = conn, scope_ids, rules, wanted, today
        self.all_scopes = scopes_of(conn)

    def rows(self) -> list[TeamRow]:
        found: list[TeamRow] = []
        for scope_id in self._scopes:
            found += self._of(scope_id)
        return found

    def _of(self, scope_id: str) -> Iterable[TeamRow]:
        kind = self._wanted.kind
        if kind in ("sales", "hour"):
            return self._sales(scope_id)
        if kind == "members":
            return self._members(scope_id)
        if kind == "follow_ups":
            return self._follow_ups(scope_id)
        if kind == "tier":
            return self._tier(scope_id)
        if kind == "repeat":
            return self._repeat(scope_id)
        return self._meetings(scope_id)

    def _sales(self, scope_id: str) -> list[TeamRow]:
        t, wanted = team_part.c, self._wanted
        query = select(
            t.source_id, t.purchase_id, t.home_scope_id, t.at_ms, t.day, t.kind, t.member_id, t.who, t.amount_minor
        ).where(t.scope_id == scope_id, t.day >= wanted.span.first.toordinal(), t.day <= wanted.span.last.toordinal())
        if wanted.kind == "hour":
            query = query.where(t.slot == wanted.slot, t.kind == "sale", t.is_head == 1, t.member_id.is_not(None))
            query = query.with_only_columns(*query.selected_columns[:-1], t.total_minor.label("amount_minor"))
        elif wanted.who is not None:
            query = query.where(t.who == wanted.who)
        else:
            query = query.where(t.who != STORE_ONLY)
        rows = self._conn.execute(query).all()
        orders = _orders(self._conn, {(row.home_scope_id, row.purchase_id) for row in rows})
        return [
            TeamRow(f"{row.source_id}:{row.who}", row.at_ms, _text(row.day), row.kind, row.member_id or "", "",
                    row.who, row.amount_minor, orders.get(row.purchase_id, ""))
            for row in rows if row.amount_minor or row.kind == "sale"
        ]  # fmt: skip

    def _members(self, scope_id: str) -> list[TeamRow]:
        span = self._wanted.span
        return [
            TeamRow(one.id, one.at_ms, _text(one.day), "joined", one.id, "", one.who, None, "")
            for one in joined_in(self._conn, scope_id, self._rules, span.first, span.last)
            if self._is_hers(one.who)
        ]

    def _repeat(self, scope_id: str) -> list[TeamRow]:
        """Members who bought on two or more days of those up to the last one, with how many days it were."""
        t, last = team_part.c, self._wanted.span.last.toordinal()
        days: dict[str, set[int]] = {}
        query = select(t.member_id, t.day).where(
            t.scope_id == scope_id, t.day > last - REPEAT_DAYS, t.day <= last, t.kind == "sale",
            t.member_id.is_not(None),
        )  # fmt: skip
        for row in self._conn.execute(query):
            days.setdefault(row.member_id, set()).add(row.day)
        return [
            TeamRow(who, None, _text(max(mine)), "repeat", who, "", "", None, str(len(mine)))
            for who, mine in days.items()
            if len(mine) > 1
        ]

    def _follow_ups(self, scope_id: str) -> list[TeamRow]:
        span = self._wanted.span
        found = []
        for one in follow_ups_in(self._conn, scope_id, self._rules, span.first, span.last):
            if self._is_hers(one.who):
                on_time = one.done_day is not None and one.done_day <= one.due
                is_over = one.due < self._today.toordinal()
                state = "on_time" if on_time else "late" if one.done_day is not None else "missed" if is_over else "due"
                found.append(
                    TeamRow(one.id, one.done_ms, _text(one.due), state, one.member_id, "", one.who, None, "")
                )
        return found

    def _meetings(self, scope_id: str) -> list[TeamRow]:
        table = visit if self._wanted.kind == "scans" else interaction
        c, span = table.c, self._wanted.span
        begin, end = midnight(span.first.toordinal(), self._rules.zone), midnight(
            span.last.toordinal() + 1, self._rules.zone
        )
        query = select(table).where(
            c.scope_id == scope_id, c.occurred_at_ms >= begin, c.occurred_at_ms < end, c.deleted_at_ms.is_(None)
        )
        if table is interaction:
            query = query.where(c.is_withdrawn == 0)
            if self._wanted.kind == "served":
                query = query.where(c.kind == SERVED)
        found = []
        for row in self._conn.execute(query):
            if self._is_hers(row.associate_id):
                kind = "scan" if table is visit else row.kind
                member_id = survivor(self._rules.merged, row.member_id) or ""
                day = _text(day_of(row.occurred_at_ms, self._rules.zone))
                outcome = "" if table is visit else row.outcome
                found.append(
                    TeamRow(row.id, row.occurred_at_ms, day, kind, member_id, "", row.associate_id, None, outcome)
                )
        return found

    def _tier(self, scope_id: str) -> list[TeamRow]:
        """Who moved in the period: up from the tier, or down from it."""
        v, span, tier = team_move.c, self._wanted.span, self._wanted.tier
        query = select(v.member_id, v.day, v.from_tier, v.to_tier).where(
            v.scope_id == scope_id, v.day >= span.first.toordinal(), v.day <= span.last.toordinal(),
            v.from_tier == tier,
        )  # fmt: skip
        found = []
        for row in self._conn.execute(query):
            up = ORDER.index(row.to_tier) > ORDER.index(row.from_tier)
            found.append(
                TeamRow(f"{row.member_id}:{row.day}", None, _text(row.day), "up" if up else "down", row.member_id, "",
                        "", None, row.to_tier)
            )  # fmt: skip
        return found

    def _is_hers(self, who: str | None) -> bool:
        return self._wanted.who is None or self._wanted.who == who


def _text(day: int) -> str:
    return date.fromordinal(day).isoformat()


@cross_scope
def _names(conn: Connection, scope_ids: Iterable[str], members: Iterable[str]) -> dict[str, str]:
    m = member.c
    wanted = sorted(members)
    found: dict[str, str] = {}
    for scope_id in scope_ids:
        for some in chunks(wanted):
            query = select(m.id, m.name).where(
                m.scope_id == scope_id, among(conn, m.id, some), m.deleted_at_ms.is_(None)
            )
            found |= {row.id: row.name for row in conn.execute(query)}
    return found


@cross_scope
def _orders(conn: Connection, wanted: Iterable[tuple[str, str]]) -> dict[str, str]:
    p = purchase.c
    by_scope: dict[str, list[str]] = {}
    for scope_id, purchase_id in wanted:
        by_scope.setdefault(scope_id, []).append(purchase_id)
    found: dict[str, Any] = {}
    for scope_id, ids in sorted(by_scope.items()):
        for some in chunks(sorted(ids)):
            query = select(p.id, p.order_no).where(p.scope_id == scope_id, among(conn, p.id, some))
            found |= {row.id: row.order_no for row in conn.execute(query)}
    return found
