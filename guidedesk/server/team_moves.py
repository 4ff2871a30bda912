"""Who reached which tier when, from purchases and consent alone (domain/tiers.py); kept at each member's home."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, select

from guidedesk.domain.consent import ConsentState, joined, state_of
from guidedesk.domain.contact_limits import CONTACT_CHANNELS
from guidedesk.domain.team_figures import tier_moves
from guidedesk.domain.tiers import TierRules
from guidedesk.models.base import among
from guidedesk.models.people import consent, member
from guidedesk.models.server_tables import scope
from guidedesk.models.team_tables import team_part
from guidedesk.server.feed import chunks
from guidedesk.server.sharding import cross_scope

Orders = dict[str, dict[str, tuple[int, int]]]  # member -> purchase -> (day, what is still paid)
Row = dict[str, Any]


def add_part(orders: Orders, part: Mapping[str, Any]) -> None:
    """Take a row of team_part into account."""
    if part["member_id"] is None or not part["is_head"]:
        return
    mine = orders.setdefault(part["member_id"], {})
    day, minor = mine.get(part["purchase_id"], (0, 0))
    bought_on = part["day"] if part["kind"] == "sale" else day
    mine[part["purchase_id"]] = (bought_on or day, minor + part["total_minor"])


@cross_scope
def scopes_of(conn: Connection) -> list[str]:
    """Every scope, the chain's included."""
    return list(conn.execute(select(scope.c.scope_id).order_by(scope.c.scope_id)).scalars())


@cross_scope
def orders_of(conn: Connection, scope_ids: Collection[str], members: Collection[str]) -> Orders:
    """What these members bought, on whichever board it counts."""
    t = team_part.c
    orders: Orders = {}
    for scope_id in scope_ids:
        for some in chunks(sorted(members)):
            query = select(t.member_id, t.purchase_id, t.kind, t.day, t.total_minor, t.is_head)
            for row in conn.execute(query.where(t.scope_id == scope_id, among(conn, t.member_id, some))):
                add_part(orders, dict(row._mapping))
    return orders


@cross_scope
def merges_in(conn: Connection, scope_ids: Iterable[str]) -> dict[str, str]:
    """Member -> whom she was merged into, for all who were."""
    m = member.c
    found: dict[str, str] = {}
    for scope_id in scope_ids:
        query = select(m.id, m.merged_into).where(
            m.scope_id == scope_id, m.merged_into.is_not(None), m.deleted_at_ms.is_(None)
        )
        found |= {row.id: row.merged_into for row in conn.execute(query)}
    return found


@cross_scope
def homes_of(conn: Connection, scope_ids: Iterable[str], members: Collection[str] | None) -> dict[str, str]:
    """Member -> her home scope; `members` None: everybody's. Who was merged has none."""
    m = member.c
    found: dict[str, str] = {}
    for scope_id in scope_ids:
        query = select(m.id).where(m.scope_id == scope_id, m.deleted_at_ms.is_(None), m.merged_into.is_(None))
        if members is None:
            found |= dict.fromkeys(conn.execute(query).scalars(), scope_id)
            continue
        for some in chunks(sorted(members)):
            found |= dict.fromkeys(conn.execute(query.where(among(conn, m.id, some))).scalars(), scope_id)
    return found


@cross_scope
def reachable(
    conn: Connection, scope_ids: Iterable[str], members: Collection[str] | None, merged: Mapping[str, str]
) -> set[str]:
    """Members who agreed to at least one channel, as all stores know together."""
    c = consent.c
    known: dict[tuple[str, str], list[ConsentState]] = defaultdict(list)
    for scope_id in scope_ids:
        query = select(c.member_id, c.purpose, c.is_given, c.withdrawn_at_ms, c.seen_ms).where(
            c.scope_id == scope_id, c.deleted_at_ms.is_(None), c.purpose.in_(CONTACT_CHANNELS)
        )
        portions = [None] if members is None else chunks(sorted(members))
        for some in portions:
            asked = query if some is None else query.where(among(conn, c.member_id, some))
            for row in conn.execute(asked):
                state = state_of(bool(row.is_given), row.withdrawn_at_ms, row.seen_ms)
                known[row.member_id, row.purpose].append(state)
    return {who for (who, _), states in known.items() if who not in merged and joined(states).is_given}


def move_rows(
    homes: Mapping[str, str], orders: Orders, has_channel: Collection[str], rules: TierRules
) -> list[Row]:
    """Rows of team_move for these members."""
    rows: list[Row] = []
    for who, home in homes.items():
        if who in orders:
            for move in tier_moves(orders[who].values(), who in has_channel, rules):
                values = {"day": move.day, "from_tier": move.before, "to_tier": move.after}
                rows.append({"scope_id": home, "member_id": who, **values})
    return rows
