"""Dates of members' families, as far as they may be shown: with consent, and by the rule of age (domain.family)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Connection, select

from guidedesk.domain.family import FAMILY_PURPOSE, FamilyDate, shown
from guidedesk.models import care
from guidedesk.services.queries.contacts import agreed_purposes


def family_dates(
    conn: Connection, member_ids: Sequence[str], *, keeps_children: bool
) -> dict[str, tuple[FamilyDate, ...]]:
    """Member -> her dates; of several scopes' rows of one date the latest change counts."""
    if not member_ids:
        return {}
    table = care.family_date.c
    latest: dict[tuple[str, str, str, str], FamilyDate | None] = {}
    rows = conn.execute(
        select(table.member_id, table.relation, table.event, table.month_day, table.is_of_age, table.is_on)
        .where(table.member_id.in_(member_ids), table.deleted_at_ms.is_(None))
        .order_by(table.changed_at_ms, table.op_id)
    )
    for row in rows:
        one = FamilyDate(row.relation, row.event, row.month_day, bool(row.is_of_age))
        latest[row.member_id, row.relation, row.event, row.month_day] = one if row.is_on else None
    found: dict[str, list[FamilyDate]] = defaultdict(list)
    for (member_id, *_), one_or_none in latest.items():
        if one_or_none is not None:
            found[member_id].append(one_or_none)
    agreed = agreed_purposes(conn, sorted(found), (FAMILY_PURPOSE,)) if found else {}
    return {
        member_id: shown(dates, has_consent=bool(agreed.get(member_id)), keeps_children=keeps_children)
        for member_id, dates in found.items()
    }
