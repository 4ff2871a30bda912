"""One timeline of a member: purchases, returns, visits, conversations, promises, bindings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import Connection, func, select, tuple_

from guidedesk.models import engagement, people, sales
from guidedesk.services.queries.reference import staff_names, store_names
from guidedesk.services.read_models import NOBODY, Bilingual, TimelineEntry

Names = dict[str, Bilingual]
ItemKey = tuple[str, str]


def list_timeline(
    conn: Connection, member_id: str, *, limit: int, before_ms: int | None = None
) -> tuple[TimelineEntry, ...]:
    """The newest `limit` entries before a moment, newest first."""
    staff, stores = staff_names(conn), store_names(conn)
    until = before_ms if before_ms is not None else 1 << 62
    entries = [
        *_purchases(conn, member_id, until, limit, staff, stores),
        *_returns(conn, member_id, until, limit, stores),
        *_visits(conn, member_id, until, limit, staff, stores),
        *_interactions(conn, member_id, until, limit, staff),
        *_follow_ups(conn, member_id, until, limit, staff),
        *_bindings(conn, member_id, until, staff),
    ]
    entries.sort(key=lambda entry: (entry.at_ms, entry.id), reverse=True)
    return tuple(entries[:limit])


def count_timeline(conn: Connection, member_id: str) -> tuple[tuple[str, int], ...]:
    """How many entries there are: `all`, and per filter (`purchase`, `return`, `visit`, channel names)."""
    counts: Counter[str] = Counter()
    for name, table in (
        ("purchase", sales.purchase),
        ("return", sales.purchase_return),
        ("visit", engagement.visit),
        ("follow_up", engagement.follow_up),
    ):
        counts[name] = _count(conn, table, member_id)
    talks = engagement.interaction
    rows = conn.execute(
        select(talks.c.kind, func.count().label("times"))
        .where(talks.c.member_id == member_id, talks.c.deleted_at_ms.is_(None))
        .group_by(talks.c.kind)
    )
    for row in rows:
        counts[row.kind] += row.times
    owner = people.binding
    counts["binding"] = conn.execute(select(func.count()).where(owner.c.id == member_id)).scalar() or 0
    return (("all", sum(counts.values())), *((name, n) for name, n in counts.items() if n))


def _count(conn: Connection, table: object, member_id: str) -> int:
    columns = table.c  # type: ignore[attr-defined]
    query = select(func.count()).where(columns.member_id == member_id, columns.deleted_at_ms.is_(None))
    return conn.execute(query).scalar() or 0


def first_items(conn: Connection, keys: Sequence[ItemKey], limit: int = 3) -> dict[ItemKey, list[Bilingual]]:
    """Names of the first lines of purchases, by (scope, purchase)."""
    lines = sales.purchase_line
    found: dict[ItemKey, list[Bilingual]] = {key: [] for key in keys}
    if not keys:
        return found
    rows = conn.execute(
        select(lines.c.scope_id, lines.c.purchase_id, lines.c.name, lines.c.name_en)
        .where(tuple_(lines.c.scope_id, lines.c.purchase_id).in_(keys), lines.c.line_no <= limit + 1)
        .order_by(lines.c.line_no)
    )
    for row in rows:
        found[(row.scope_id, row.purchase_id)].append(Bilingual(row.name, row.name_en or row.name))
    return found


def _purchases(
    conn: Connection, member_id: str, until: int, limit: int, staff: Names, stores: Names
) -> list[TimelineEntry]:
    table = sales.purchase
    rows = conn.execute(
        select(table)
        .where(table.c.member_id == member_id, table.c.paid_at_ms < until, table.c.deleted_at_ms.is_(None))
        .order_by(table.c.paid_at_ms.desc())
        .limit(limit)
    ).all()
    items = first_items(conn, [(r.scope_id, r.id) for r in rows])
    return [
        TimelineEntry(
            kind="purchase",
            id=r.id,
            at_ms=r.paid_at_ms,
            staff=staff.get(r.seller_id, NOBODY),
            store=stores.get(r.store_id, NOBODY),
            channel=r.channel,
            items=tuple(items[(r.scope_id, r.id)]),
            order_no=r.order_no,
            amount_minor=r.total_minor,
            currency=r.currency,
        )
        for r in rows
    ]


def _returns(conn: Connection, member_id: str, until: int, limit: int, stores: Names) -> list[TimelineEntry]:
    table, orders, parts = sales.purchase_return, sales.purchase, sales.purchase_return_line
    lines = sales.purchase_line
    rows = conn.execute(
        select(table, orders.c.paid_at_ms, orders.c.order_no, orders.c.store_id, orders.c.channel)
        .join(
            orders,
            (orders.c.scope_id == table.c.scope_id) & (orders.c.id == table.c.purchase_id),
            isouter=True,
        )
        .where(
            table.c.member_id == member_id, table.c.returned_at_ms < until, table.c.deleted_at_ms.is_(None)
        )
        .order_by(table.c.returned_at_ms.desc())
        .limit(limit)
    ).all()
    names: dict[str, list[Bilingual]] = {r.id: [] for r in rows}
    if rows:
        back = conn.execute(
            select(parts.c.return_id, lines.c.name, lines.c.name_en)
            .join(table, (table.c.scope_id == parts.c.scope_id) & (table.c.id == parts.c.return_id))
            .join(
                lines,
                (lines.c.scope_id == parts.c.scope_id)
                & (lines.c.purchase_id == table.c.purchase_id)
                & (lines.c.line_no == parts.c.line_no),
            )
            .where(parts.c.return_id.in_(list(names)))
            .order_by(parts.c.line_no)
        )
        for r in back:
            names[r.return_id].append(Bilingual(r.name, r.name_en or r.name))
    return [
        TimelineEntry(
            kind="return",
            id=r.id,
            at_ms=r.returned_at_ms,
            store=stores.get(r.store_id, NOBODY),
            channel=r.channel or "",
            items=tuple(names[r.id]),
            order_no=r.order_no or "",
            amount_minor=-r.total_minor,
            currency=r.currency,
            note=r.reason or "",
            original_at_ms=r.paid_at_ms,
        )
        for r in rows
    ]


def _visits(
    conn: Connection, member_id: str, until: int, limit: int, staff: Names, stores: Names
) -> list[TimelineEntry]:
    table = engagement.visit
    rows = conn.execute(
        select(table)
        .where(
            table.c.member_id == member_id, table.c.occurred_at_ms < until, table.c.deleted_at_ms.is_(None)
        )
        .order_by(table.c.occurred_at_ms.desc())
        .limit(limit)
    )
    return [
        TimelineEntry(
            kind="visit",
            id=r.id,
            at_ms=r.occurred_at_ms,
            staff=staff.get(r.associate_id, NOBODY),
            store=stores.get(r.scope_id, NOBODY),
            is_pending=r.row_ver == 0,
        )
        for r in rows
    ]


def _interactions(
    conn: Connection, member_id: str, until: int, limit: int, staff: Names
) -> list[TimelineEntry]:
    table = engagement.interaction
    rows = conn.execute(
        select(table)
        .where(
            table.c.member_id == member_id,
            table.c.occurred_at_ms < until,
            table.c.deleted_at_ms.is_(None),
            table.c.is_withdrawn == 0,
        )
        .order_by(table.c.occurred_at_ms.desc())
        .limit(limit)
    )
    return [
        TimelineEntry(
            kind="interaction",
            id=r.id,
            at_ms=r.occurred_at_ms,
            staff=staff.get(r.associate_id, NOBODY),
            interaction_kind=r.kind,
            outcome=r.outcome,
            note=r.note,
            is_pending=r.row_ver == 0,
        )
        for r in rows
    ]


def _follow_ups(
    conn: Connection, member_id: str, until: int, limit: int, staff: Names
) -> list[TimelineEntry]:
    table = engagement.follow_up
    rows = conn.execute(
        select(table)
        .where(table.c.member_id == member_id, table.c.created_at_ms < until, table.c.deleted_at_ms.is_(None))
        .order_by(table.c.created_at_ms.desc())
        .limit(limit)
    )
    return [
        TimelineEntry(
            kind="follow_up",
            id=r.id,
            at_ms=r.done_at_ms if r.state == "done" and r.done_at_ms else r.created_at_ms,
            staff=staff.get(r.done_by if r.state == "done" else r.associate_id, NOBODY),
            outcome=r.state,
            note=r.text,
            due_date=r.due_date,
            is_pending=r.row_ver == 0,
        )
        for r in rows
    ]


def _bindings(conn: Connection, member_id: str, until: int, staff: Names) -> list[TimelineEntry]:
    table = people.binding
    rows = conn.execute(
        select(table).where(
            table.c.id == member_id, table.c.bound_at_ms < until, table.c.owner_id.is_not(None),
            table.c.deleted_at_ms.is_(None),
        )
    )  # fmt: skip
    return [
        TimelineEntry(
            kind="binding",
            id=f"binding:{r.id}",
            at_ms=r.bound_at_ms,
            staff=staff.get(r.owner_id, NOBODY),
            outcome=r.cause,
            previous_owner=staff.get(r.previous_owner_id, NOBODY),
            is_pending=r.row_ver == 0,
        )
        for r in rows
    ]
