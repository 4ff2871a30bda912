"""What of a board may still move to another day, counted when it is asked for: who joined, and follow-ups."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, select

from guidedesk.models.engagement import follow_up
from guidedesk.models.people import member
from guidedesk.server.team_days import Rules, day_of, midnight


class Joined(NamedTuple):
    """Somebody who became a member of this store; `who` registered her, empty for nobody of the staff."""

    id: str
    day: int
    at_ms: int
    who: str


class FollowUp(NamedTuple):
    """Something that was promised to be done by a day; what was cancelled is none."""

    id: str
    member_id: str
    who: str
    due: int
    done_day: int | None
    done_ms: int | None

    def as_of(self, at_ms: int) -> FollowUp:
        """As it stood at a moment."""
        is_done = self.done_ms is not None and self.done_ms < at_ms
        return self if is_done else self._replace(done_day=None, done_ms=None)


def joined_in(conn: Connection, scope_id: str, rules: Rules, first: date, last: date) -> list[Joined]:
    """Members at home in a store who joined between two local days; one who was merged is none."""
    m = member.c
    query = select(m.id, m.joined_at_ms, m.registered_by).where(
        m.scope_id == scope_id,
        m.joined_at_ms >= midnight(first.toordinal(), rules.zone),
        m.joined_at_ms < midnight(last.toordinal() + 1, rules.zone),
        m.merged_into.is_(None),
        m.deleted_at_ms.is_(None),
    )
    return [
        Joined(row.id, day_of(row.joined_at_ms, rules.zone), row.joined_at_ms, row.registered_by or "")
        for row in conn.execute(query)
    ]


def follow_ups_in(conn: Connection, scope_id: str, rules: Rules, first: date, last: date) -> list[FollowUp]:
    """Follow-ups due between two local days, whoever has them now."""
    f = follow_up.c
    query = select(f.id, f.member_id, f.associate_id, f.due_date, f.state, f.done_at_ms).where(
        f.scope_id == scope_id,
        f.due_date >= first.isoformat(),
        f.due_date <= last.isoformat(),
        f.state != "cancelled",
        f.deleted_at_ms.is_(None),
    )
    return [
        FollowUp(
            row.id,
            row.member_id,
            row.associate_id,
            date.fromisoformat(row.due_date).toordinal(),
            None if row.done_at_ms is None or row.state != "done" else day_of(row.done_at_ms, rules.zone),
            row.done_at_ms if row.state == "done" else None,
        )
        for row in conn.execute(query)
    ]
