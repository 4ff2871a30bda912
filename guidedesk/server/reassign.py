"""Giving members to another associate in one step, and taking exactly that step back (COMMISSION.md 2, mockup 11).

Each member gets an `assign` event: orders placed before it stay with whoever had her, also those that come late, and
later ones follow the new owner. Taking the step back voids these events; whatever happened since counts as it would
have without them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, and_, insert, or_, select, update

from guidedesk.domain.access import Actor
from guidedesk.domain.binding_story import Meeting
from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import derived_id
from guidedesk.models.base import among
from guidedesk.models.engagement import follow_up
from guidedesk.models.entities import load_rows
from guidedesk.models.people import binding, member
from guidedesk.models.server_tables import assignment, assignment_batch, device, member_contact
from guidedesk.server import fanout
from guidedesk.server.associates import (
    SELLING,
    StoreDesk,
    batch_of,
    check_reassign,
    names_of,
    provisional_by_member,
    staff_of_store,
    store_desk,
    told_of,
)
from guidedesk.server.audit import record_audit
from guidedesk.server.bulk_sql import insert_many
from guidedesk.server.commission_book import refresh
from guidedesk.server.commission_events import authoritative, record_events
from guidedesk.server.commission_facts import voided
from guidedesk.server.database import ScopeWrite, ServerDatabase
from guidedesk.server.fanout_tasks import add_folds, add_tasks
from guidedesk.server.feed import chunks
from guidedesk.server.member_folds import WITHDRAWN, contact_row
from guidedesk.server.rows import put_rows
from guidedesk.server.sharding import cross_scope
from guidedesk.server.visibility import insert_missing, reach_of
from guidedesk.services.associates import (
    MOST_AT_ONCE,
    UNDO_MS,
    Batch,
    BatchKind,
    EffectWarning,
    Preview,
    ReassignReason,
    Told,
)

_NAMES_TOLD: Final = 3
_TOLD_FOR_MS: Final = 30 * UNDO_MS
_MEMBER, _FOLLOW_UP = "member", "follow_up"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which members go from whom to whom, and why; `batch_id` is made once by whoever asks."""

    batch_id: str
    from_id: str
    to_id: str
    member_ids: tuple[str, ...]
    reason: ReassignReason
    kind: BatchKind = "reassign"
    follow_up_ids: tuple[str, ...] = ()  # promises besides those to these members

    @property
    def content_hash(self) -> str:
        """What was asked for, so that the same id never means two things (S-3)."""
        said = [self.from_id, self.to_id, self.reason, self.kind, sorted(self.member_ids), sorted(self.follow_up_ids)]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def preview_reassign(
    database: ServerDatabase, store_id: str, from_id: str, member_ids: Sequence[str], actor: Actor, now_ms: int
) -> Preview:
    """Every effect of giving these members away. Refused as `reassign`."""
    check_reassign(actor, store_id)
    _check_count(member_ids)
    refresh(database, now_ms)
    with database.read() as conn:
        desk = store_desk(conn, database.chain_id(), store_id, now_ms)
        staff_of_store(conn, desk, from_id)
        return effects(conn, desk, from_id, member_ids)


def effects(conn: Connection, desk: StoreDesk, from_id: str, member_ids: Sequence[str]) -> Preview:
    """What giving these members away would do, counted now."""
    hers = owned(conn, from_id, member_ids)
    promises = promises_to(conn, desk, from_id, hers)
    sums, orders, disputed = provisional_by_member(conn, desk, from_id)
    today = desk.today.isoformat()
    names = _names(conn, hers)
    warnings = [
        _warning("already_gone", len(member_ids) - len(hers), ()),
        _warning("unsent", _unsent(conn, desk), ()),
        _warning("disputed", sum(disputed.get(one, 0) for one in hers), [one for one in hers if disputed.get(one)]),
        _warning(
            "follow_up_today",
            sum(row.due_date <= today for row in promises),
            [row.member_id for row in promises if row.due_date <= today],
        ),
    ]
    return Preview(
        as_of_ms=desk.now_ms,
        members=len(hers),
        follow_ups=len(promises),
        orders=len({order for one in hers for order in orders.get(one, ())}),
        provisional_minor=sum(sums.get(one, 0) for one in hers),
        currency=desk.currency,
        warnings=tuple(
            EffectWarning(each.kind, each.count, tuple(names.get(one, "") for one in each.names[:_NAMES_TOLD]))
            for each in warnings
            if each.count
        ),
    )


def _warning(kind: Any, count: int, members: Iterable[str]) -> EffectWarning:
    return EffectWarning(kind, count, tuple(dict.fromkeys(members)))


def reassign(database: ServerDatabase, store_id: str, wanted: Wanted, actor: Actor, now_ms: int) -> Batch:
    """Carry it out. Sending it again changes nothing and gives the same answer.

    Refused: `forbidden`; `not_found` (staff) for an associate who is not of this store; `validation` for the same
    person twice, nobody or too many; `reassign_gone` where none of the members is hers any more; `id_used` for a step
    that said something else.
    """
    check_reassign(actor, store_id)
    if not wanted.follow_up_ids:
        _check_count(wanted.member_ids)
    if wanted.from_id == wanted.to_id:
        raise Refused("validation", field="to_id", why="same_person")
    with database.read() as conn:
        desk = store_desk(conn, database.chain_id(), store_id, now_ms)
        staff_of_store(conn, desk, wanted.from_id)
        taker = staff_of_store(conn, desk, wanted.to_id)
        known = _known(conn, store_id, wanted)
        homes = owned(conn, wanted.from_id, wanted.member_ids)
    if known is not None:
        return _told_batch(database, desk, known, actor)
    if not taker.is_active or taker.role not in SELLING:
        raise Refused("validation", field="to_id", why="not_here")
    if not homes and not wanted.follow_up_ids:
        raise Refused("reassign_gone")

    def work(opened: ScopeWrite) -> None:
        if _known(opened.conn, store_id, wanted) is not None:
            return
        _write(opened, desk, wanted, homes, actor)

    database.write(store_id, work)
    fanout.run(database, store_id)
    with database.read() as conn:
        known = _known(conn, store_id, wanted)
    return _told_batch(database, desk, known, actor)


def _write(opened: ScopeWrite, desk: StoreDesk, wanted: Wanted, homes: dict[str, str], actor: Actor) -> None:
    conn, store_id, now_ms = opened.conn, opened.scope_id, desk.now_ms
    meetings = [
        Meeting(
            event_id=derived_id("assign", wanted.batch_id, member_id),
            member_id=member_id,
            associate_id=wanted.to_id,
            kind="assigned",
            at_ms=now_ms,
            store_id=store_id,
            seen_owner_id=wanted.from_id,
            given_by=actor.id,
            reason=wanted.reason,
        )
        for member_id in sorted(homes)
    ]
    insert_missing(conn, member_contact, [contact_row(each, store_id, None) for each in meetings])
    record_events(
        opened,
        [
            authoritative(
                "assign", each.event_id, now_ms, now_ms, associate=wanted.to_id, member=each.member_id, by=actor.id
            )
            for each in meetings
        ],
    )
    promises = [row.id for row in promises_to(conn, desk, wanted.from_id, homes, wanted.follow_up_ids)]
    _move(opened, promises, wanted.to_id, actor.id, wanted.batch_id, now_ms)
    rows = [
        {"row_id": each.member_id, "kind": _MEMBER, "home_scope_id": homes[each.member_id], "event_id": each.event_id}
        for each in meetings
    ]
    rows += [
        {"row_id": one, "kind": _FOLLOW_UP, "home_scope_id": store_id, "event_id": wanted.batch_id} for one in promises
    ]
    batch = {
        "scope_id": store_id, "batch_id": wanted.batch_id, "from_id": wanted.from_id, "to_id": wanted.to_id,
        "kind": wanted.kind, "reason": wanted.reason, "members": len(meetings), "follow_ups": len(promises),
        "content_hash": wanted.content_hash, "made_by": actor.id, "made_at_ms": now_ms, "told": "[]",
    }  # fmt: skip
    conn.execute(insert(assignment_batch), [batch])
    insert_many(
        conn, insert(assignment), [row | {"scope_id": store_id, "batch_id": wanted.batch_id} for row in rows]
    )
    add_folds(opened, [("binding", homes[each.member_id], each.member_id, wanted.batch_id) for each in meetings])
    detail = {"from": wanted.from_id, "to": wanted.to_id, "members": len(meetings), "follow_ups": len(promises),
              "reason": wanted.reason}  # fmt: skip
    record_audit(
        opened, at_ms=now_ms, actor=actor, action="members.reassigned", subject=wanted.batch_id, detail=detail
    )


def undo_reassign(database: ServerDatabase, store_id: str, batch_id: str, actor: Actor, now_ms: int) -> Batch:
    """Void exactly this step. Promises go back that are still open and still with whom they were given to.

    Refused: `forbidden`, `not_found` (also another store's), `undo_over` after a day or for the members of somebody
    who left. Sending it again changes nothing.
    """
    check_reassign(actor, store_id)
    with database.read() as conn:
        desk = store_desk(conn, database.chain_id(), store_id, now_ms)
        row = _batch(conn, store_id, batch_id)
    if row is None:
        raise Refused("not_found", what="assignment")
    if row.voided_at_ms is not None:
        return _told_batch(database, desk, row, actor)
    if row.kind != "reassign" or now_ms > row.made_at_ms + UNDO_MS:
        raise Refused("undo_over")

    def work(opened: ScopeWrite) -> None:
        conn, a = opened.conn, assignment_batch.c
        taken = conn.execute(
            update(assignment_batch)
            .where(a.scope_id == store_id, a.batch_id == batch_id, a.voided_at_ms.is_(None))
            .values(voided_by=actor.id, voided_at_ms=now_ms, told="[]")
        )
        if taken.rowcount:
            _void(opened, row, actor, now_ms)

    database.write(store_id, work)
    fanout.run(database, store_id)
    with database.read() as conn:
        return _told_batch(database, desk, _batch(conn, store_id, batch_id), actor)


def _void(opened: ScopeWrite, row: Any, actor: Actor, now_ms: int) -> None:
    conn, store_id, batch_id = opened.conn, opened.scope_id, row.batch_id
    a, c = assignment.c, member_contact.c
    parts = conn.execute(
        select(a.row_id, a.kind, a.home_scope_id, a.event_id).where(a.scope_id == store_id, a.batch_id == batch_id)
    ).all()
    members = [part for part in parts if part.kind == _MEMBER]
    record_events(
        opened, [voided(part.event_id, derived_id("review", "void", part.event_id), now_ms) for part in members]
    )
    for some in chunks([part.event_id for part in members]):
        conn.execute(
            update(member_contact)
            .where(c.scope_id == store_id, among(conn, c.event_id, some))
            .values(kind=WITHDRAWN)
        )
    promises = [part.row_id for part in parts if part.kind == _FOLLOW_UP]
    back = [
        each["id"]
        for some in chunks(promises)
        for each in load_rows(conn, "follow_up", store_id, some)
        if each["state"] == "open" and each["associate_id"] == row.to_id and each["moved_op_id"] == batch_id
    ]
    _move(opened, back, row.from_id, actor.id, derived_id("undo", batch_id), now_ms)
    add_folds(opened, [("binding", part.home_scope_id, part.row_id, "undo:" + batch_id) for part in members])
    detail = {"members": len(members), "follow_ups": len(back), "from": row.from_id, "to": row.to_id}
    record_audit(
        opened, at_ms=now_ms, actor=actor, action="members.reassign_undone", subject=batch_id, detail=detail
    )


def _move(
    opened: ScopeWrite, promises: Sequence[str], to_id: str, by: str, op_id: str, now_ms: int
) -> None:
    moved = {"associate_id": to_id, "moved_by": by, "moved_at_ms": now_ms, "moved_op_id": op_id}
    for some in chunks(list(promises)):
        rows = put_rows(opened, "follow_up", [{"id": one, **moved} for one in some])
        add_tasks(opened, [("follow_up", row["id"], row["row_ver"]) for row in rows])


# --- Both are told ------------------------------------------------------------------------------------------------


def read_told(database: ServerDatabase, store_id: str, staff_id: str, now_ms: int) -> Told:
    """Steps of the last thirty days that brought her members or took some, and that she has not seen."""
    a = assignment_batch.c
    with database.read() as conn:
        desk = store_desk(conn, database.chain_id(), store_id, now_ms)
        query = (
            select(assignment_batch)
            .where(a.scope_id == store_id, a.made_at_ms >= now_ms - _TOLD_FOR_MS)
            .where(or_(a.from_id == staff_id, a.to_id == staff_id))
            .order_by(a.made_at_ms, a.batch_id)
        )
        rows = [row for row in conn.execute(query) if staff_id not in told_of(row)]
        names = names_of(conn, desk, rows)
    return Told(tuple(batch_of(row, names, now_ms) for row in rows))


def mark_told(database: ServerDatabase, store_id: str, staff_id: str, batch_ids: Collection[str]) -> None:
    """She has seen these; what she has no part in is left alone."""
    a = assignment_batch.c

    def work(opened: ScopeWrite) -> None:
        conn = opened.conn
        rows = conn.execute(
            select(a.batch_id, a.from_id, a.to_id, a.told)
            .where(a.scope_id == store_id, among(conn, a.batch_id, sorted(batch_ids)))
            .with_for_update()
        ).all()
        for row in rows:
            seen = told_of(row)
            if staff_id in (row.from_id, row.to_id) and staff_id not in seen:
                conn.execute(
                    update(assignment_batch)
                    .where(a.scope_id == store_id, a.batch_id == row.batch_id)
                    .values(told=json.dumps(sorted({*seen, staff_id})))
                )

    if batch_ids:
        database.write(store_id, work)


# --- Reading ------------------------------------------------------------------------------------------------------


@cross_scope
def owned(conn: Connection, staff_id: str, member_ids: Sequence[str]) -> dict[str, str]:
    """Of these members those that are hers now, in the order asked for -> where each is at home."""
    b = binding.c
    found: dict[str, str] = {}
    for some in chunks(list(dict.fromkeys(member_ids))):
        places = sorted({home for homes in reach_of(conn, some).values() for home in homes.values()})
        query = select(b.id, b.scope_id).where(
            among(conn, b.scope_id, places), among(conn, b.id, some), b.owner_id == staff_id,
            b.deleted_at_ms.is_(None),
        )  # fmt: skip
        homes_of = {row.id: row.scope_id for row in conn.execute(query)} if places else {}
        found |= {one: homes_of[one] for one in some if one in homes_of}
    return found


def promises_to(
    conn: Connection, desk: StoreDesk, staff_id: str, members: Collection[str], more: Collection[str] = ()
) -> list[Any]:
    """Her open promises in this store to these members, and those named besides."""
    f = follow_up.c
    query = select(f.id, f.member_id, f.due_date).where(
        f.scope_id == desk.store_id, f.associate_id == staff_id, f.state == "open", f.deleted_at_ms.is_(None)
    )
    rows = conn.execute(query.order_by(f.due_date, f.id))
    return [row for row in rows if row.member_id in members or row.id in more]


@cross_scope
def _names(conn: Connection, homes: dict[str, str]) -> dict[str, str]:
    m = member.c
    found: dict[str, str] = {}
    for some in chunks(sorted(homes)):
        query = select(m.id, m.name).where(
            and_(among(conn, m.scope_id, sorted(set(homes.values()))), among(conn, m.id, some))
        )
        found |= {row.id: row.name for row in conn.execute(query)}
    return found


def _unsent(conn: Connection, desk: StoreDesk) -> int:
    """What counters of this store last said that they still hold: scans among it that are older count as they were."""
    d = device.c
    query = select(d.reported_unsent).where(
        d.scope_id == desk.store_id, d.state != "revoked", d.reported_unsent.is_not(None)
    )
    return sum(int(count) for count in conn.execute(query).scalars() if count)


def _check_count(member_ids: Sequence[str]) -> None:
    if not 1 <= len(member_ids) <= MOST_AT_ONCE:
        raise Refused("validation", field="members", why="count")


def _batch(conn: Connection, store_id: str, batch_id: str) -> Any:
    a = assignment_batch.c
    return conn.execute(
        select(assignment_batch).where(a.scope_id == store_id, a.batch_id == batch_id)
    ).first()


def _known(conn: Connection, store_id: str, wanted: Wanted) -> Any:
    row = _batch(conn, store_id, wanted.batch_id)
    if row is not None and row.content_hash != wanted.content_hash:
        raise Refused("id_used")
    return row


def _told_batch(database: ServerDatabase, desk: StoreDesk, row: Any, actor: Actor) -> Batch:
    with database.read() as conn:
        return batch_of(row, names_of(conn, desk, [row]), desk.now_ms, actor)
