"""Seats at gatherings: a counter assumes, the server decides, and whoever waits moves up there (SYNC.md 6)."""

from __future__ import annotations

from sqlalchemy import Connection, select

from guidedesk.domain.errors import Refused
from guidedesk.domain.gatherings import Seats, SeatState, check_attendance, seat_for
from guidedesk.domain.ids import derived_id
from guidedesk.models.entities import Row
from guidedesk.models.gatherings import gathering_seat
from guidedesk.services.apply_core import ApplyContext, Effect, RowRef, canonical_member, write_row
from guidedesk.services.operations_gatherings import NoteAttendance, SignOff, SignUp


def seat_id(gathering_id: str, member_id: str) -> str:
    """The row of one member at one gathering."""
    return derived_id("gathering_seat", gathering_id, member_id)


def seats_of(row: Row) -> Seats:
    """A row as the rules see it."""
    return Seats(
        seats=row["seats"], taken=row["taken"], waiting=row["waiting"], starts_at_ms=row["starts_at_ms"],
        ends_at_ms=row["ends_at_ms"], is_cancelled=bool(row["is_cancelled"]),
    )  # fmt: skip


def apply_sign_up(conn: Connection, op: SignUp, context: ApplyContext) -> Effect:
    """A seat while there is one. Who is signed up already stays as she is."""
    member_id, home = canonical_member(conn, context, op.member_id)
    row = _gathering(conn, op.gathering_id, context)
    seat = _seat(conn, op.gathering_id, member_id, context)
    if seat is None or seat["state"] == "left":
        state = seat_for(seats_of(row), context.at_ms, may_wait=op.may_wait)
        _write_seat(conn, row, member_id, state, seat, context)
        if state == "waiting" and context.side.is_server:
            # She may have been promised a seat by a counter that could not know: whoever signed her up is told.
            effect = _effect(row, member_id, home)
            effect.status, effect.reason = "merged", "waiting_list"
            return effect
    return _effect(row, member_id, home)


def apply_sign_off(conn: Connection, op: SignOff, context: ApplyContext) -> Effect:
    """Her seat is free; on the server it goes to whoever waits longest."""
    member_id, home = canonical_member(conn, context, op.member_id)
    row = _gathering(conn, op.gathering_id, context)
    seat = _seat(conn, op.gathering_id, member_id, context)
    if seat is None:
        raise Refused("not_found", what="seat")
    moved: tuple[RowRef, ...] = ()
    if seat["state"] != "left":
        was: SeatState = seat["state"]
        written = _write_seat(conn, row, member_id, "left", seat, context)
        if context.side.is_server and was == "seated":
            moved = _move_up(conn, written, context)
    effect = _effect(row, member_id, home)
    effect.touched += moved
    return effect


def apply_attendance(conn: Connection, op: NoteAttendance, context: ApplyContext) -> Effect:
    """The latest word counts."""
    member_id, home = canonical_member(conn, context, op.member_id)
    row = _gathering(conn, op.gathering_id, context)
    seat = _seat(conn, op.gathering_id, member_id, context)
    check_attendance(seats_of(row), context.at_ms)
    if seat is None:
        raise Refused("not_found", what="seat")
    if seat["changed_at_ms"] <= context.at_ms or not seat["attendance"]:
        said = {"attendance": op.attendance, "changed_by": context.actor.id, "changed_at_ms": context.at_ms}
        write_row(conn, "gathering_seat", {**seat, **said, "op_id": context.op_id}, context)
    return _effect(row, member_id, home)


def _gathering(conn: Connection, gathering_id: str, context: ApplyContext) -> Row:
    row = context.rows.load(conn, "gathering", context.scope_id, gathering_id)
    if row is None or row["deleted_at_ms"] is not None:
        raise Refused("not_found", what="gathering")
    return row


def _seat(conn: Connection, gathering_id: str, member_id: str, context: ApplyContext) -> Row | None:
    row = context.rows.load(conn, "gathering_seat", context.scope_id, seat_id(gathering_id, member_id))
    return None if row is None or row["deleted_at_ms"] is not None else row


def _write_seat(
    conn: Connection, row: Row, member_id: str, state: SeatState, old: Row | None, context: ApplyContext
) -> Row:
    """Her row, and how the gathering stands with it; the gathering as it is now."""
    before = "left" if old is None else old["state"]
    counts = {
        "taken": row["taken"] + (state == "seated") - (before == "seated"),
        "waiting": row["waiting"] + (state == "waiting") - (before == "waiting"),
        "turns": row["turns"] + (state != "left"),
    }
    seat = {
        "scope_id": context.scope_id,
        "id": seat_id(row["id"], member_id),
        "gathering_id": row["id"],
        "member_id": member_id,
        "state": state,
        "turn": counts["turns"] if state != "left" else 0,
        "attendance": old["attendance"] if old is not None else "",
        "signed_by": context.actor.id if old is None or before == "left" else old["signed_by"],
        "asked_at_ms": context.at_ms if old is None or before == "left" else old["asked_at_ms"],
        "changed_by": context.actor.id,
        "changed_at_ms": context.at_ms,
        "op_id": context.op_id,
    }
    write_row(conn, "gathering_seat", seat, context)
    now = {**row, **counts}
    write_row(conn, "gathering", now, context)
    return now


def _move_up(conn: Connection, row: Row, context: ApplyContext) -> tuple[RowRef, ...]:
    """Whoever waits longest gets the free seat."""
    g = gathering_seat.c
    query = select(gathering_seat).where(
        g.scope_id == context.scope_id, g.gathering_id == row["id"], g.state == "waiting", g.deleted_at_ms.is_(None)
    )
    found = conn.execute(query.order_by(g.turn).limit(1)).first()
    if found is None or row["is_cancelled"] or row["taken"] >= row["seats"]:
        return ()
    moved = dict(found._mapping) | {"state": "seated", "changed_at_ms": context.at_ms, "op_id": context.op_id}
    counts = {"taken": row["taken"] + 1, "waiting": row["waiting"] - 1}
    write_row(conn, "gathering", {**row, **counts}, context)
    return (write_row(conn, "gathering_seat", moved, context),)


def _effect(row: Row, member_id: str, home: str) -> Effect:
    scope_id = row["scope_id"]
    refs: tuple[RowRef, ...] = (
        ("gathering_seat", scope_id, seat_id(row["id"], member_id)), ("gathering", scope_id, row["id"]),
    )  # fmt: skip
    return Effect(touched=refs, member_id=member_id, home_scope_id=home)
