"""The members behind an audience's count, by the same columns as the count (docs/segments.md)."""

from __future__ import annotations

from datetime import date
from typing import Final

from guidedesk.domain.access import Actor
from guidedesk.domain.segments import Audience
from guidedesk.domain.team_figures import shown_count
from guidedesk.domain.tiers import ORDER
from guidedesk.server.context import ServerContext
from guidedesk.server.outreach import member_names
from guidedesk.server.segments import (
    audience_mask,
    check_manager,
    find_segment,
    members_by_hand,
    read_shop,
    saved_audience,
)
from guidedesk.services.read_models import Bilingual
from guidedesk.services.segments import MOST_LISTED, ListedMember, MemberList

_NOBODY: Final = Bilingual("", "")


def list_audience(
    context: ServerContext, scope_id: str, actor: Actor, *, audience: Audience | None, segment_id: str | None
) -> MemberList:
    """Whom an audience means now, who bought most in a year first; without one, a group kept by hand.

    Of an audience by conditions that means fewer than five nobody is listed: its conditions would say of each of them
    what her card does not (docs/team.md). A group kept by hand says nothing but who was put into it.
    Refused: `forbidden`, `not_found`.
    """
    check_manager(actor, scope_id)
    database, now_ms = context.database, context.clock.wall_ms()
    with context.segments.using(database, scope_id) as (columns, is_whole):
        with database.read() as conn:
            shop = read_shop(conn, database.chain_id(), scope_id, now_ms)
            only, is_by_hand = None, False
            if audience is None:
                row = find_segment(conn, scope_id, segment_id or "")
                is_by_hand = row.kind == "hand"
                only = members_by_hand(conn, scope_id, row.segment_id) if is_by_hand else None
                audience = saved_audience(row)
        mask = audience_mask(columns, shop, audience, only)
        lines = columns.listed(mask, shop.asking, MOST_LISTED)
    total = lines.total if is_by_hand else shown_count(lines.total)
    if total is None:
        return MemberList(as_of_ms=now_ms, total=None, rows=(), orders=0, spent_minor=0, is_whole=is_whole)
    with database.read() as conn:
        names = member_names(conn, [line.member_id for line in lines.members])
    people = {each.id: each.name for each in shop.people.values()}
    rows = tuple(
        ListedMember(
            member_id=line.member_id, name=names.get(line.member_id, _NOBODY), tier=ORDER[line.tier],
            owner=people.get(line.owner_id or "", _NOBODY), orders=line.orders, spent_minor=line.spent_minor,
            in_store=date.fromordinal(line.in_store_on).isoformat() if line.in_store_on else "",
        )
        for line in lines.members
    )  # fmt: skip
    return MemberList(
        as_of_ms=now_ms, total=total, rows=rows, orders=lines.orders, spent_minor=lines.spent_minor, is_whole=is_whole
    )
