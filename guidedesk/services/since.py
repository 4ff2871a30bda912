"""What reached an associate's counter while she was away, from this PC's copy (docs/decisions: told since she left)."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, select

from guidedesk.domain.day import Known, LeftMark, NewsAbout, Since
from guidedesk.models import engagement, people, sales
from guidedesk.models.counter_tables import cursor

_HERS: Final = "matched"
_DECIDED: Final = (_HERS, "lost")


def mark_of(conn: Connection, staff_id: str, at_ms: int) -> LeftMark:
    """Where she leaves this counter now."""
    held = {row.scope_id: (row.epoch, row.seq) for row in conn.execute(select(cursor))}
    return LeftMark(at_ms, held, frozenset(open_tasks(conn, staff_id)))


def open_tasks(conn: Connection, staff_id: str) -> tuple[str, ...]:
    """Ids of the promises that are hers to keep, soonest first."""
    f, m = engagement.follow_up.c, people.member.c
    query = (
        select(f.id)
        .join(people.member, m.id == f.member_id)
        .where(f.associate_id == staff_id, f.state == "open", f.deleted_at_ms.is_(None), m.deleted_at_ms.is_(None))
        .order_by(f.due_date, f.id)
    )
    return tuple(conn.execute(query).scalars())


def list_since(conn: Connection, staff_id: str, mark: LeftMark, known: Known, refused: int) -> Since:
    """What is news to her: members who became hers, tasks that are hers now and were not, claims that were decided.

    `known` is what she did here herself; `refused` counts what she recorded and somebody has to look at.
    """
    epochs = {row.scope_id: row.epoch for row in conn.execute(select(cursor.c.scope_id, cursor.c.epoch))}
    return Since(
        left_ms=mark.at_ms,
        members=_members(conn, staff_id, mark, known, epochs),
        tasks=tuple(one for one in open_tasks(conn, staff_id) if one not in mark.tasks | known.tasks),
        claims=_claims(conn, staff_id, mark, epochs),
        refused=refused,
    )


def _members(
    conn: Connection, staff_id: str, mark: LeftMark, known: Known, epochs: dict[str, int]
) -> tuple[NewsAbout, ...]:
    """Hers still, by an event that bound them to her; a touch of who was hers already binds nobody."""
    e, b, m = people.binding_event.c, people.binding.c, people.member.c
    query = (
        select(e.scope_id, e.row_ver, e.occurred_at_ms, e.member_id, m.name)
        .join(people.binding, b.id == e.member_id)
        .join(people.member, m.id == e.member_id)
        .where(b.owner_id == staff_id, b.deleted_at_ms.is_(None), m.deleted_at_ms.is_(None))
        .where(e.owner_id == staff_id, e.outcome == "bound", e.deleted_at_ms.is_(None))
        .where(e.previous_owner_id.is_(None) | (e.previous_owner_id != staff_id))
        .order_by(e.occurred_at_ms.desc(), e.member_id)
    )
    found: dict[str, NewsAbout] = {}
    for row in conn.execute(query):
        is_news = mark.is_news(row.scope_id, row.row_ver, row.occurred_at_ms, epochs.get(row.scope_id))
        if is_news and row.member_id not in known.members:
            about = NewsAbout(member_id=row.member_id, name=row.name, at_ms=row.occurred_at_ms)
            found.setdefault(row.member_id, about)
    return tuple(found.values())


def _claims(conn: Connection, staff_id: str, mark: LeftMark, epochs: dict[str, int]) -> tuple[NewsAbout, ...]:
    c, m = sales.sale_claim.c, people.member.c
    query = (
        select(c.scope_id, c.row_ver, c.claimed_at_ms, c.member_id, c.receipt_no, c.state, m.name)
        .join(people.member, m.id == c.member_id)
        .where(c.associate_id == staff_id, c.state.in_(_DECIDED), c.deleted_at_ms.is_(None))
        .order_by(c.claimed_at_ms.desc(), c.id)
    )
    return tuple(
        NewsAbout(
            member_id=row.member_id, name=row.name, at_ms=row.claimed_at_ms, receipt_no=row.receipt_no,
            is_hers=row.state == _HERS,
        )
        for row in conn.execute(query)
        if mark.is_news(row.scope_id, row.row_ver, row.claimed_at_ms, epochs.get(row.scope_id))
    )
