"""What is said and promised: interactions, follow-ups, and taking back what was just done."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from sqlalchemy import Connection, select

from guidedesk.domain.binding_story import Meeting
from guidedesk.domain.errors import Refused
from guidedesk.models import engagement
from guidedesk.models.entities import Row
from guidedesk.services.apply_core import MANAGING, ApplyContext, AuditNote, Effect, RowRef, canonical_member, write_row
from guidedesk.services.operations import (
    CancelFollowUp,
    CompleteFollowUp,
    LogInteraction,
    ReassignFollowUp,
    RecordExport,
    Retract,
    ScheduleFollowUp,
    ServedNoPurchase,
    SnoozeFollowUp,
)

SERVED_AFTER_VISIT_MS: Final = 10 * 60_000
# The undo button stays ten seconds (DESIGN-UI.md 14); pressing it in the last one still counts.
RETRACT_MS: Final = 15_000


def apply_log(conn: Connection, op: LogInteraction, context: ApplyContext) -> Effect:
    member_id, home = canonical_member(conn, context, op.member_id, is_fact=True)
    return _write_interaction(conn, op.interaction_id, member_id, home, op.kind, op.outcome, op.note, context)


def apply_served(conn: Connection, op: ServedNoPurchase, context: ApplyContext) -> Effect:
    member_id, home = canonical_member(conn, context, op.member_id, is_fact=True)
    visits = engagement.visit
    seen = conn.execute(
        select(visits.c.id).where(
            visits.c.scope_id == context.scope_id,
            visits.c.member_id == member_id,
            visits.c.assurance >= 1,
            visits.c.occurred_at_ms.between(context.at_ms - SERVED_AFTER_VISIT_MS, context.at_ms),
        )
    ).first()
    if seen is None:
        raise Refused("stale_precondition", why="no_visit", minutes=SERVED_AFTER_VISIT_MS // 60_000)
    kind = "served_no_purchase"
    effect = _write_interaction(conn, op.interaction_id, member_id, home, kind, "served", op.note, context)
    # Serving her binds and touches as a scan does (COMMISSION.md, the product's defaults).
    meeting = Meeting(
        event_id=op.interaction_id,
        member_id=member_id,
        associate_id=context.actor.id,
        kind="served",
        at_ms=context.at_ms,
        store_id=context.scope_id,
        seen_owner_id=_known_owner(conn, member_id, home, context),
    )
    _, touched = context.side.meet(conn, meeting, home, context)
    return replace(effect, touched=(*effect.touched, *touched.rows), later=touched.later)


def _known_owner(conn: Connection, member_id: str, home: str, context: ApplyContext) -> str | None:
    row = context.rows.load(conn, "binding", home, member_id)
    return None if row is None or row["deleted_at_ms"] is not None else row["owner_id"]


def _write_interaction(
    conn: Connection,
    interaction_id: str,
    member_id: str,
    home: str,
    kind: str,
    outcome: str,
    note: str,
    context: ApplyContext,
) -> Effect:
    ref: RowRef = ("interaction", context.scope_id, interaction_id)
    if context.rows.load(conn, *ref) is None:
        write_row(
            conn,
            "interaction",
            {
                "scope_id": context.scope_id,
                "id": interaction_id,
                "member_id": member_id,
                "associate_id": context.actor.id,
                "kind": kind,
                "outcome": outcome,
                "note": note,
                "occurred_at_ms": context.at_ms,
                "is_withdrawn": 0,
            },
            context,
        )
    return Effect(touched=(ref,), member_id=member_id, home_scope_id=home)


def apply_schedule(conn: Connection, op: ScheduleFollowUp, context: ApplyContext) -> Effect:
    member_id, home = canonical_member(conn, context, op.member_id)
    ref: RowRef = ("follow_up", context.scope_id, op.follow_up_id)
    if context.rows.load(conn, *ref) is None:
        write_row(
            conn,
            "follow_up",
            {
                "scope_id": context.scope_id,
                "id": op.follow_up_id,
                "member_id": member_id,
                "associate_id": context.actor.id,
                "due_date": op.due_date,
                "due_time": op.due_time,
                "reason": op.reason,
                "text": op.text,
                "channel": op.channel,
                "interaction_id": op.interaction_id,
                "created_at_ms": context.at_ms,
                "state": "open",
            },
            context,
        )
    return Effect(touched=(ref,), member_id=member_id, home_scope_id=home)


def apply_complete(conn: Connection, op: CompleteFollowUp, context: ApplyContext) -> Effect:
    """The promised contact happened."""
    return _end(conn, op.follow_up_id, "done", op.result, context)


def apply_cancel(conn: Connection, op: CancelFollowUp, context: ApplyContext) -> Effect:
    """The promised contact will not happen. Her own promise, or a manager's decision."""
    row = _get_follow_up(conn, op.follow_up_id, context)
    _check_hers(row, context)
    return _end(conn, op.follow_up_id, "cancelled", op.reason, context)


def apply_reassign(conn: Connection, op: ReassignFollowUp, context: ApplyContext) -> Effect:
    """Somebody else keeps the promise. The first reassignment the server accepts counts."""
    row = _get_follow_up(conn, op.follow_up_id, context)
    ref: RowRef = ("follow_up", context.scope_id, op.follow_up_id)
    if row["moved_op_id"] != context.op_id:
        _check_open(row)
        if row["associate_id"] != op.from_id:
            raise Refused(
                "stale_precondition", why="already_moved", staff_id=row["associate_id"], at_ms=row["moved_at_ms"]
            )
        if not _takes_back(row, op, context):
            _check_hers(row, context)
        if not context.side.works_here(conn, op.to_id, context.scope_id):
            raise Refused("validation", field="to_id", why="not_here")
        moved = {
            "associate_id": op.to_id,
            "moved_by": context.actor.id,
            "moved_at_ms": context.at_ms,
            "moved_op_id": context.op_id,
        }
        write_row(conn, "follow_up", row | moved, context)
    home = context.side.member_home(conn, context.scope_id, row["member_id"])
    return Effect(touched=(ref,), member_id=row["member_id"], home_scope_id=home)


def apply_snooze(conn: Connection, op: SnoozeFollowUp, context: ApplyContext) -> Effect:
    """Another day. Whoever moved or ended it first decided; moving what has moved is no error a person must see to."""
    row = _get_follow_up(conn, op.follow_up_id, context)
    _check_hers(row, context)
    ref: RowRef = ("follow_up", context.scope_id, op.follow_up_id)
    home = context.side.member_home(conn, context.scope_id, row["member_id"])
    effect = Effect(touched=(ref,), member_id=row["member_id"], home_scope_id=home)
    hour = row["due_time"] if op.due_time is None else op.due_time
    there = (row["due_date"], row["due_time"]) == (op.due_date, hour)
    if row["state"] == "open" and row["due_date"] == op.from_date and not there:
        write_row(conn, "follow_up", row | {"due_date": op.due_date, "due_time": hour}, context)
    elif not there or row["state"] != "open":
        return replace(effect, status="merged", reason="moved_meanwhile")
    return effect


def _end(conn: Connection, follow_up_id: str, state: str, result: str, context: ApplyContext) -> Effect:
    row = _get_follow_up(conn, follow_up_id, context)
    if row["done_op_id"] != context.op_id:
        _check_open(row)
        ended = {
            "state": state,
            "done_by": context.actor.id,
            "done_at_ms": context.at_ms,
            "result": result,
            "done_op_id": context.op_id,
        }
        write_row(conn, "follow_up", row | ended, context)
    ref: RowRef = ("follow_up", context.scope_id, follow_up_id)
    home = context.side.member_home(conn, context.scope_id, row["member_id"])
    return Effect(touched=(ref,), member_id=row["member_id"], home_scope_id=home)


def _get_follow_up(conn: Connection, follow_up_id: str, context: ApplyContext) -> Row:
    row = context.rows.load(conn, "follow_up", context.scope_id, follow_up_id)
    if row is None or row["deleted_at_ms"] is not None or not _is_seen(conn, row, context):
        raise Refused("not_found", what="follow_up")
    return row


def _is_seen(conn: Connection, row: Row, context: ApplyContext) -> bool:
    """Whether this store still sees whom a row of its own is about: else nothing of her may come back to it."""
    return context.side.member_home(conn, context.scope_id, row["member_id"]) is not None


def _check_open(row: Row) -> None:
    """SYNC.md 6: the first ending accepted wins; the later one is told who was first."""
    if row["state"] == "open":
        return
    why = "already_cancelled" if row["state"] == "cancelled" else "already_done"
    raise Refused("stale_precondition", why=why, staff_id=row["done_by"], at_ms=row["done_at_ms"])


def _takes_back(row: Row, op: ReassignFollowUp, context: ApplyContext) -> bool:
    """Whoever gave a promise away a moment ago may take it back herself: the undo button promises it (SYNC.md 6)."""
    is_giver = row["moved_by"] == context.actor.id == op.to_id
    return bool(is_giver and 0 <= context.at_ms - row["moved_at_ms"] <= RETRACT_MS)


def _check_hers(row: Row, context: ApplyContext) -> None:
    if row["associate_id"] != context.actor.id and context.actor.role not in MANAGING:
        raise Refused("forbidden", why="not_her_own")


def apply_retract(conn: Connection, op: Retract, context: ApplyContext) -> Effect:
    """An interaction shows as withdrawn; a follow-up ended a moment ago is open again."""
    if op.interaction_id is not None:
        return _withdraw(conn, op.interaction_id, context)
    if op.follow_up_id is not None:
        return _reopen(conn, op.op_id, op.follow_up_id, context)
    raise Refused("validation", field="interaction_id", why="missing")


def _withdraw(conn: Connection, interaction_id: str, context: ApplyContext) -> Effect:
    ref: RowRef = ("interaction", context.scope_id, interaction_id)
    row = context.rows.load(conn, *ref)
    if row is None or row["deleted_at_ms"] is not None or not _is_seen(conn, row, context):
        raise Refused("not_found", what="interaction")
    if row["associate_id"] != context.actor.id:
        raise Refused("forbidden", why="not_her_own")
    home = context.side.member_home(conn, context.scope_id, row["member_id"])
    if not row["is_withdrawn"]:
        _check_recent(row["occurred_at_ms"], context)
        write_row(conn, "interaction", row | {"is_withdrawn": 1}, context)
    effect = Effect(touched=(ref,), member_id=row["member_id"], home_scope_id=home)
    if row["kind"] != "served_no_purchase" or home is None:
        return effect
    undone = context.side.withdraw(conn, interaction_id, row["member_id"], home, context)
    return replace(effect, touched=(*effect.touched, *undone.rows), later=undone.later)


def _reopen(conn: Connection, op_id: str, follow_up_id: str, context: ApplyContext) -> Effect:
    row = _get_follow_up(conn, follow_up_id, context)
    if row["state"] != "open":
        if row["done_op_id"] != op_id or row["done_by"] != context.actor.id:
            raise Refused("forbidden", why="not_her_own")
        _check_recent(row["done_at_ms"], context)
        reopened = {"state": "open", "done_by": None, "done_at_ms": None, "result": None, "done_op_id": None}
        write_row(conn, "follow_up", row | reopened, context)
    ref: RowRef = ("follow_up", context.scope_id, follow_up_id)
    home = context.side.member_home(conn, context.scope_id, row["member_id"])
    return Effect(touched=(ref,), member_id=row["member_id"], home_scope_id=home)


def _check_recent(done_at_ms: int, context: ApplyContext) -> None:
    if not 0 <= context.at_ms - done_at_ms <= RETRACT_MS:
        raise Refused("stale_precondition", why="too_late", seconds=RETRACT_MS // 1000)


def apply_export(conn: Connection, op: RecordExport, context: ApplyContext) -> Effect:
    """No row of anybody changes: who exported what for is the audit's (the note stays with the operation)."""
    member_id, _ = canonical_member(conn, context, op.member_id)
    detail = (("export_id", op.export_id), ("purpose", op.purpose), ("form", op.form), ("lines", op.lines))
    note = AuditNote("history.exported", member_id, (*detail, ("op_id", context.op_id)))
    # No home scope: looking at what somebody bought is not serving her, so it lets no store see her longer.
    return Effect(member_id=member_id, audit=note)
