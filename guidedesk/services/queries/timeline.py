"""One timeline of a member: purchases, returns, visits, conversations, promises, bindings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Column, Connection, Select, Table, bindparam, func, select, tuple_

from guidedesk.models import engagement, people, points, sales
from guidedesk.services.member_models import TimelineEntry
from guidedesk.services.queries.prepared import Prepared
from guidedesk.services.queries.reference import staff_names, store_names
from guidedesk.services.read_models import NOBODY, Bilingual

Names = dict[str, Bilingual]
MISSED: Final = "missed"  # why an appointment was ended: she did not come
ItemKey = tuple[str, str]
_ITEMS: Final = 3
_who: Final[Any] = bindparam("member_id")
_until: Final[Any] = bindparam("until")
_limit: Final[Any] = bindparam("limit")


def _newest(table: Table, at: Column[Any], *also: Any) -> Select[Any]:
    """Rows of a member before a moment, newest first, as many as asked for."""
    return (
        select(table)
        .where(table.c.member_id == _who, at < _until, table.c.deleted_at_ms.is_(None), *also)
        .order_by(at.desc())
        .limit(_limit)
    )


def _counted(table: Table, *also: Any) -> Prepared:
    query = select(func.count().label("times")).where(table.c.member_id == _who, table.c.deleted_at_ms.is_(None), *also)
    return Prepared(query)


_order, _line, _back = sales.purchase, sales.purchase_line, sales.purchase_return
_back_line, _talk, _owner = sales.purchase_return_line, engagement.interaction, people.binding
_PURCHASES: Final = Prepared(_newest(_order, _order.c.paid_at_ms))
_bought = _newest(_order, _order.c.paid_at_ms).subquery()
_PURCHASE_ITEMS: Final = Prepared(
    select(_line.c.scope_id, _line.c.purchase_id, _line.c.name, _line.c.name_en)
    .join(_bought, (_bought.c.scope_id == _line.c.scope_id) & (_bought.c.id == _line.c.purchase_id))
    .where(_line.c.line_no <= _ITEMS + 1)
    .order_by(_line.c.line_no)
)
_RETURNS: Final = Prepared(
    select(_back, _order.c.paid_at_ms, _order.c.order_no, _order.c.store_id, _order.c.channel)
    .join(_order, (_order.c.scope_id == _back.c.scope_id) & (_order.c.id == _back.c.purchase_id), isouter=True)
    .where(_back.c.member_id == _who, _back.c.returned_at_ms < _until, _back.c.deleted_at_ms.is_(None))
    .order_by(_back.c.returned_at_ms.desc())
    .limit(_limit)
)
_RETURN_ITEMS: Final = Prepared(
    select(_back_line.c.return_id, _line.c.name, _line.c.name_en)
    .join(_back, (_back.c.scope_id == _back_line.c.scope_id) & (_back.c.id == _back_line.c.return_id))
    .join(
        _line,
        (_line.c.scope_id == _back_line.c.scope_id)
        & (_line.c.purchase_id == _back.c.purchase_id)
        & (_line.c.line_no == _back_line.c.line_no),
    )
    .where(_back.c.member_id == _who)
    .order_by(_back_line.c.line_no)
)
_VISITS: Final = Prepared(_newest(engagement.visit, engagement.visit.c.occurred_at_ms))
_TALKS: Final = Prepared(_newest(_talk, _talk.c.occurred_at_ms, _talk.c.is_withdrawn == 0))
_PROMISES: Final = Prepared(_newest(engagement.follow_up, engagement.follow_up.c.created_at_ms))
_BOUND: Final = Prepared(
    select(_owner).where(
        _owner.c.id == _who, _owner.c.bound_at_ms < _until, _owner.c.owner_id.is_not(None),
        _owner.c.deleted_at_ms.is_(None),
    )
)  # fmt: skip
_meeting = people.binding_event
_MEETINGS: Final = Prepared(_newest(_meeting, _meeting.c.occurred_at_ms))
_change, _answer = people.member_change, people.consent_answer
# What a field said before its first change is no event of its own.
_CHANGES: Final = Prepared(_newest(_change, _change.c.changed_at_ms, _change.c.op_id.is_not(None)))
_ANSWERS: Final = Prepared(_newest(_answer, _answer.c.answered_at_ms))
_points = points.points_entry
_POINTS: Final = Prepared(_newest(_points, _points.c.at_ms, _points.c.points != 0))
_COUNTS: Final = (
    ("purchase", _counted(_order)),
    ("return", _counted(_back)),
    ("visit", _counted(engagement.visit)),
    ("follow_up", _counted(engagement.follow_up)),
    ("edited", _counted(_change, _change.c.op_id.is_not(None))),
    ("consent", _counted(_answer)),
)
_POINTS_COUNT: Final = _counted(_points, _points.c.points != 0)
_SPENT_COUNT: Final = _counted(_points, _points.c.kind == "redeem")
_TALK_COUNTS: Final = Prepared(
    select(_talk.c.kind, func.count().label("times"))
    .where(_talk.c.member_id == _who, _talk.c.deleted_at_ms.is_(None))
    .group_by(_talk.c.kind)
)
# A member who moved her home has an event's row in both homes: one event is counted once.
_MEETING_COUNT: Final = Prepared(
    select(func.count(_meeting.c.id.distinct()).label("times")).where(
        _meeting.c.member_id == _who, _meeting.c.deleted_at_ms.is_(None)
    )
)
_BINDING_COUNT: Final = Prepared(select(func.count().label("times")).where(_owner.c.id == _who))


def list_timeline(
    conn: Connection, member_id: str, *, limit: int, before_ms: int | None = None, private_of: str | None = None
) -> tuple[TimelineEntry, ...]:
    """The newest `limit` entries before a moment, newest first; without what `private_of` noted, if anybody."""
    staff, stores = staff_names(conn), store_names(conn)
    until = before_ms if before_ms is not None else 1 << 62
    entries = [
        *_purchases(conn, member_id, until, limit, staff, stores),
        *_returns(conn, member_id, until, limit, stores),
        *_visits(conn, member_id, until, limit, staff, stores),
        *_interactions(conn, member_id, until, limit, staff, private_of),
        *_follow_ups(conn, member_id, until, limit, staff, private_of),
        *_bindings(conn, member_id, until, limit, staff, stores),
        *_edits(conn, member_id, until, limit, staff),
        *_answers(conn, member_id, until, limit, staff),
        *_points_entries(conn, member_id, until, limit, staff, stores),
    ]
    entries.sort(key=lambda entry: (entry.at_ms, entry.id), reverse=True)
    return tuple(entries[:limit])


def count_timeline(conn: Connection, member_id: str) -> tuple[tuple[str, int], ...]:
    """How many entries there are: `all`, and per filter (`purchase`, `return`, `visit`, channel names)."""
    counts: Counter[str] = Counter()
    for name, query in _COUNTS:
        counts[name] = query.scalar(conn, member_id=member_id)
    for row in _TALK_COUNTS.all(conn, member_id=member_id):
        counts[row.kind] += row.times
    spent = _SPENT_COUNT.scalar(conn, member_id=member_id)
    counts["binding"] = _MEETING_COUNT.scalar(conn, member_id=member_id) or _BINDING_COUNT.scalar(
        conn, member_id=member_id
    )
    told = sum(counts.values()) + spent  # what points are for has a line of its own, only spending them has none
    counts["points"] = _POINTS_COUNT.scalar(conn, member_id=member_id)
    return (("all", told), *((name, n) for name, n in counts.items() if n))


def first_items(conn: Connection, keys: Sequence[ItemKey], limit: int = _ITEMS) -> dict[ItemKey, list[Bilingual]]:
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
    wanted = {"member_id": member_id, "until": until, "limit": limit}
    rows = _PURCHASES.all(conn, **wanted)
    items: dict[ItemKey, list[Bilingual]] = {(r.scope_id, r.id): [] for r in rows}
    for r in _PURCHASE_ITEMS.all(conn, **wanted) if rows else ():
        items[r.scope_id, r.purchase_id].append(Bilingual(r.name, r.name_en or r.name))
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
            is_pending=r.row_ver == 0,
        )
        for r in rows
    ]


def _returns(conn: Connection, member_id: str, until: int, limit: int, stores: Names) -> list[TimelineEntry]:
    rows = _RETURNS.all(conn, member_id=member_id, until=until, limit=limit)
    names: dict[str, list[Bilingual]] = {r.id: [] for r in rows}
    for r in _RETURN_ITEMS.all(conn, member_id=member_id) if rows else ():
        if r.return_id in names:
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
            is_pending=r.row_ver == 0,
        )
        for r in rows
    ]


def _visits(
    conn: Connection, member_id: str, until: int, limit: int, staff: Names, stores: Names
) -> list[TimelineEntry]:
    rows = _VISITS.all(conn, member_id=member_id, until=until, limit=limit)
    return [
        TimelineEntry(
            kind="visit",
            id=r.id,
            at_ms=r.occurred_at_ms,
            staff=staff.get(r.associate_id, NOBODY),
            store=stores.get(r.scope_id, NOBODY),
            channel=r.channel or "",
            is_pending=r.row_ver == 0,
        )
        for r in rows
    ]


def _interactions(
    conn: Connection, member_id: str, until: int, limit: int, staff: Names, private_of: str | None
) -> list[TimelineEntry]:
    rows = _TALKS.all(conn, member_id=member_id, until=until, limit=limit)
    return [
        TimelineEntry(
            kind="interaction",
            id=r.id,
            at_ms=r.occurred_at_ms,
            staff=staff.get(r.associate_id, NOBODY),
            interaction_kind=r.kind,
            outcome=r.outcome,
            note="" if r.associate_id == private_of else r.note,
            is_private=bool(r.note) and r.associate_id == private_of,
            is_pending=r.row_ver == 0,
        )
        for r in rows
    ]


def _follow_ups(
    conn: Connection, member_id: str, until: int, limit: int, staff: Names, private_of: str | None
) -> list[TimelineEntry]:
    rows = _PROMISES.all(conn, member_id=member_id, until=until, limit=limit)
    return [
        TimelineEntry(
            kind="follow_up",
            id=r.id,
            at_ms=r.done_at_ms if r.state == "done" and r.done_at_ms else r.created_at_ms,
            staff=staff.get(r.done_by if r.state == "done" else r.associate_id, NOBODY),
            outcome="missed" if r.state == "cancelled" and r.result == MISSED else r.state,
            note="" if r.associate_id == private_of else r.text,
            is_private=bool(r.text) and r.associate_id == private_of,
            due_date=r.due_date,
            is_pending=r.row_ver == 0,
        )
        for r in rows
    ]


def _bindings(
    conn: Connection, member_id: str, until: int, limit: int, staff: Names, stores: Names
) -> list[TimelineEntry]:
    """Each meeting that could change whose member she is; where none is known, what the binding itself says."""
    newest: dict[str, Any] = {}
    for r in _MEETINGS.all(conn, member_id=member_id, until=until, limit=limit):
        known = newest.get(r.id)
        if known is None or r.row_ver > known.row_ver:
            newest[r.id] = r
    if newest:
        return [
            TimelineEntry(
                kind="binding",
                id=r.id,
                at_ms=r.occurred_at_ms,
                staff=staff.get(r.associate_id, NOBODY),
                store=stores.get(r.store_id, NOBODY),
                interaction_kind=r.kind,
                outcome=r.outcome,
                owner=staff.get(r.owner_id, NOBODY),
                previous_owner=staff.get(r.previous_owner_id, NOBODY),
                given_by=staff.get(r.given_by, NOBODY),
                reason=r.reason or "",
                is_pending=r.row_ver == 0,
            )
            for r in newest.values()
        ]
    rows = _BOUND.all(conn, member_id=member_id, until=until)
    return [
        TimelineEntry(
            kind="binding",
            id=f"binding:{r.id}",
            at_ms=r.bound_at_ms,
            staff=staff.get(r.owner_id, NOBODY),
            outcome="bound",
            owner=staff.get(r.owner_id, NOBODY),
            previous_owner=staff.get(r.previous_owner_id, NOBODY),
            is_pending=r.row_ver == 0,
        )
        for r in rows
    ]


def _edits(conn: Connection, member_id: str, until: int, limit: int, staff: Names) -> list[TimelineEntry]:
    """Each change of a field, those that a later one or another person's number overruled included."""
    rows = _CHANGES.all(conn, member_id=member_id, until=until, limit=limit)
    return [
        TimelineEntry(
            kind="edited",
            id=r.id,
            at_ms=r.changed_at_ms,
            staff=staff.get(r.changed_by, NOBODY),
            outcome="refused" if r.is_refused else "set" if r.value else "taken_off",
            field=r.field,
            note=r.value or "",
            is_pending=r.row_ver == 0,
        )
        for r in rows
    ]


def _answers(conn: Connection, member_id: str, until: int, limit: int, staff: Names) -> list[TimelineEntry]:
    rows = _ANSWERS.all(conn, member_id=member_id, until=until, limit=limit)
    return [
        TimelineEntry(
            kind="consent",
            id=r.id,
            at_ms=r.answered_at_ms,
            staff=staff.get(r.staff_id, NOBODY),
            outcome="given" if r.is_given else "withdrawn",
            field=r.purpose,
            is_pending=r.row_ver == 0,
        )
        for r in rows
    ]


def _points_entries(
    conn: Connection, member_id: str, until: int, limit: int, staff: Names, stores: Names
) -> list[TimelineEntry]:
    """What she earned, gave back and spent, each with what it was counted from."""
    rows = _POINTS.all(conn, member_id=member_id, until=until, limit=limit)
    return [
        TimelineEntry(
            kind="points",
            id=r.id,
            at_ms=r.at_ms,
            staff=staff.get(r.staff_id, NOBODY),
            store=stores.get(r.scope_id, NOBODY),
            order_no=r.order_no or "",
            amount_minor=r.amount_minor,
            currency=r.currency or "CNY",
            outcome=r.kind,
            field=r.tier or "",
            points=r.points,
            rules_version=r.rules_version,
            is_pending=r.row_ver == 0,
        )
        for r in rows
    ]
