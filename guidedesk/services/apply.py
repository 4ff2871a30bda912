"""Operation -> rows. The same functions run on a counter (laid over its cache) and on the server (decisive)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from sqlalchemy import Connection, select

from guidedesk.domain.access import Actor, may
from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import derived_id
from guidedesk.domain.people import clean_birthday, clean_name, clean_tag
from guidedesk.models import engagement, people
from guidedesk.models.entities import Row, entity_tables
from guidedesk.services.names import search_keys
from guidedesk.services.operations import (
    CompleteFollowUp,
    LogInteraction,
    Operation,
    RecordExport,
    RecordVisit,
    RegisterMember,
    Retract,
    ScheduleFollowUp,
    ServedNoPurchase,
    SetTag,
)
from guidedesk.services.row_store import DIRECT, RowStore

SERVED_AFTER_VISIT_MS: Final = 10 * 60_000
# The undo button stays ten seconds (DESIGN-UI.md 14); pressing it in the last one still counts.
RETRACT_MS: Final = 15_000
RowRef = tuple[str, str, str]  # table, scope_id, row_id


class Side(Protocol):
    """Where an operation is applied: what a counter assumes, the server decides."""

    is_server: bool

    def member_home(self, conn: Connection, scope_id: str, member_id: str) -> str | None:
        """Home scope of a member this store may see, or None."""
        ...

    def phone_owner(
        self, conn: Connection, phone_hash: str, member_id: str, home_scope_id: str
    ) -> tuple[str, str]:
        """Who holds this phone number after `member_id` asked for it: (member_id, home_scope_id)."""
        ...

    def take_code(self, conn: Connection, scope_id: str, digits: str, member_id: str) -> bool:
        """Whether this blank code may become the member's."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyContext:
    """Who did it, where and when, in trusted time."""

    op_id: str
    scope_id: str
    actor: Actor
    device_id: str
    assurance: int
    at_ms: int
    side: Side
    rows: RowStore = DIRECT


@dataclass(frozen=True, slots=True)
class AuditNote:
    """What the server writes into the audit of the scope: no personal data, ids and plain words only (A-5)."""

    action: str
    subject: str
    detail: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What an operation did: rows touched, for a merge why, and what the audit has to know."""

    status: Literal["accepted", "merged"] = "accepted"
    reason: str | None = None
    params: tuple[tuple[str, Any], ...] = ()
    touched: tuple[RowRef, ...] = ()
    member_id: str | None = None
    home_scope_id: str | None = None
    audit: AuditNote | None = None


def apply_operation(conn: Connection, operation: Operation, context: ApplyContext) -> Effect:
    """Write the rows of an operation; applying it again changes nothing.

    Raises `Refused` with a code of SYNC.md 5: `forbidden`, `not_found`, `validation`, `stale_precondition`.
    """
    if not may(context.actor, operation.PERMISSION, context.scope_id):
        raise Refused("forbidden", permission=operation.PERMISSION)
    apply: Callable[[Connection, Any, ApplyContext], Effect] = _APPLY[type(operation)]
    return apply(conn, operation, context)


def canonical_member(conn: Connection, context: ApplyContext, member_id: str) -> tuple[str, str]:
    """(id, home scope) of the person an id means after merges; `not_found` when this store may not see her."""
    for _ in range(8):
        home = context.side.member_home(conn, context.scope_id, member_id)
        row = context.rows.load(conn, "member", home, member_id) if home else None
        if home is None or row is None or row["deleted_at_ms"] is not None:
            raise Refused("not_found", what="member")
        if row["merged_into"] is None:
            return member_id, home
        member_id = row["merged_into"]
    raise Refused("not_found", what="member")


def write_row(conn: Connection, name: str, values: Row, context: ApplyContext) -> RowRef:
    """Insert or replace one row. Only the server gives a row a new version; a counter's overlay keeps the old."""
    table = entity_tables()[name]
    old = context.rows.load(conn, name, values["scope_id"], values["id"])
    row: Row = {column.name: None for column in table.columns} | (old or {}) | values
    row.pop("lines", None)
    version = old["row_ver"] if old else 0
    row["row_ver"] = version + 1 if context.side.is_server else version
    context.rows.write(conn, name, row)
    return (name, values["scope_id"], values["id"])


def _visit(conn: Connection, op: RecordVisit, context: ApplyContext) -> Effect:
    member_id, home = canonical_member(conn, context, op.member_id)
    if context.rows.load(conn, "visit", context.scope_id, op.visit_id):
        return Effect(
            touched=(("visit", context.scope_id, op.visit_id),), member_id=member_id, home_scope_id=home
        )
    ref = write_row(
        conn,
        "visit",
        {
            "scope_id": context.scope_id,
            "id": op.visit_id,
            "member_id": member_id,
            "associate_id": context.actor.id,
            "device_id": context.device_id,
            "assurance": context.assurance,
            "occurred_at_ms": context.at_ms,
        },
        context,
    )
    return Effect(touched=(ref,), member_id=member_id, home_scope_id=home)


def _register(conn: Connection, op: RegisterMember, context: ApplyContext) -> Effect:
    scope_id = context.scope_id
    existing = context.rows.load(conn, "member", scope_id, op.member_id)
    if existing is not None:
        if context.side.is_server:
            raise Refused("validation", field="member_id", why="already_used")
        # Laid over the cache before, or already the server's row while its answer was lost: nothing to add.
        return Effect(touched=(("member", scope_id, op.member_id),), member_id=op.member_id, home_scope_id=scope_id)
    owner_id, owner_home = op.member_id, scope_id
    if op.phone_hash:
        owner_id, owner_home = context.side.phone_owner(conn, op.phone_hash, op.member_id, scope_id)
    is_new = owner_id == op.member_id
    touched = [write_row(conn, "member", _member_values(op, context, None if is_new else owner_id), context)]
    code_taken = op.code_digits is not None and context.side.take_code(
        conn, scope_id, op.code_digits, owner_id
    )
    if op.code_digits and code_taken:
        touched.append(_attach_code(conn, op.code_digits, op.code_typed, owner_id, context))
    if is_new:
        touched += _write_consents(conn, op, context)
        if code_taken:
            touched.append(_bind_new(conn, op.member_id, context))
    params: tuple[tuple[str, Any], ...] = ()
    if op.code_digits and not code_taken:
        params = (("code", "refused"),)
    if is_new:
        return Effect(touched=tuple(touched), params=params, member_id=op.member_id, home_scope_id=scope_id)
    return Effect(
        status="merged",
        reason="same_phone",
        params=(*params, ("member_id", owner_id)),
        touched=tuple(touched),
        member_id=owner_id,
        home_scope_id=owner_home,
    )


def _member_values(op: RegisterMember, context: ApplyContext, merged_into: str | None) -> Row:
    name = clean_name(op.name)
    pinyin, initials = search_keys(name)
    return {
        "scope_id": context.scope_id,
        "id": op.member_id,
        "name": name,
        "pinyin": pinyin,
        "initials": initials,
        "card_no": op.code_typed,
        "phone_masked": op.phone_masked,
        "phone_tail": op.phone_tail,
        "phone_hash": op.phone_hash,
        "birthday": clean_birthday(op.birthday) if op.birthday else None,
        "tier": "casual",
        "joined_at_ms": context.at_ms,
        "registered_by": context.actor.id,
        "merged_into": merged_into,
        "is_incomplete": int(op.phone_hash is None),
    }


def _attach_code(
    conn: Connection, digits: str, typed: str | None, member_id: str, context: ApplyContext
) -> RowRef:
    return write_row(
        conn,
        "member_code",
        {
            "scope_id": context.scope_id,
            "id": derived_id("code", digits),
            "digits": digits,
            "typed": typed,
            "member_id": member_id,
            "state": "live",
            "bound_at_ms": context.at_ms,
        },
        context,
    )


def _write_consents(conn: Connection, op: RegisterMember, context: ApplyContext) -> list[RowRef]:
    return [
        write_row(
            conn,
            "consent",
            {
                "scope_id": context.scope_id,
                "id": derived_id("consent", op.member_id, purpose),
                "member_id": op.member_id,
                "purpose": purpose,
                "is_given": int(given),
                "text_version": op.consent_version,
                "lang": op.consent_lang,
                "channel": "counter",
                "staff_id": context.actor.id,
                "answered_at_ms": context.at_ms,
                "op_id": context.op_id,
            },
            context,
        )
        for purpose, given in op.consents
    ]


def _bind_new(conn: Connection, member_id: str, context: ApplyContext) -> RowRef:
    # COMMISSION.md: registering a new person with a card code is a scan of that associate's code, assurance 1.
    return write_row(
        conn,
        "binding",
        {
            "scope_id": context.scope_id,
            "id": member_id,
            "owner_id": context.actor.id,
            "bound_at_ms": context.at_ms,
            "last_touch_ms": context.at_ms,
            "cause": "registered",
        },
        context,
    )


def _log(conn: Connection, op: LogInteraction, context: ApplyContext) -> Effect:
    member_id, home = canonical_member(conn, context, op.member_id)
    return _write_interaction(conn, op.interaction_id, member_id, home, op.kind, op.outcome, op.note, context)


def _served(conn: Connection, op: ServedNoPurchase, context: ApplyContext) -> Effect:
    member_id, home = canonical_member(conn, context, op.member_id)
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
    return _write_interaction(conn, op.interaction_id, member_id, home, kind, "served", op.note, context)


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


def _tag(conn: Connection, op: SetTag, context: ApplyContext) -> Effect:
    member_id, home = canonical_member(conn, context, op.member_id)
    tag = clean_tag(op.tag)
    row_id = derived_id("tag", context.scope_id, member_id, tag)
    ref: RowRef = ("member_tag", context.scope_id, row_id)
    old = context.rows.load(conn, *ref)
    newer = old is not None and (old["changed_at_ms"], old["op_id"] or "") > (context.at_ms, context.op_id)
    if not newer and not (old is not None and old["op_id"] == context.op_id):
        write_row(
            conn,
            "member_tag",
            {
                "scope_id": context.scope_id,
                "id": row_id,
                "member_id": member_id,
                "tag": tag,
                "is_on": int(op.is_on),
                "changed_by": context.actor.id,
                "changed_at_ms": context.at_ms,
                "op_id": context.op_id,
            },
            context,
        )
    return Effect(touched=(ref,), member_id=member_id, home_scope_id=home)


def _schedule(conn: Connection, op: ScheduleFollowUp, context: ApplyContext) -> Effect:
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


def _complete(conn: Connection, op: CompleteFollowUp, context: ApplyContext) -> Effect:
    ref: RowRef = ("follow_up", context.scope_id, op.follow_up_id)
    row = context.rows.load(conn, *ref)
    if row is None or row["deleted_at_ms"] is not None:
        raise Refused("not_found", what="follow_up")
    if row["done_op_id"] != context.op_id:
        if row["state"] != "open":
            # SYNC.md 6: the first completion accepted wins; the later one is told who was first.
            raise Refused(
                "stale_precondition", why="already_done", staff_id=row["done_by"], at_ms=row["done_at_ms"]
            )
        write_row(
            conn,
            "follow_up",
            row
            | {
                "state": "done",
                "done_by": context.actor.id,
                "done_at_ms": context.at_ms,
                "result": op.result,
                "done_op_id": context.op_id,
            },
            context,
        )
    home = context.side.member_home(conn, context.scope_id, row["member_id"])
    return Effect(touched=(ref,), member_id=row["member_id"], home_scope_id=home)


def _retract(conn: Connection, op: Retract, context: ApplyContext) -> Effect:
    ref: RowRef = ("interaction", context.scope_id, op.interaction_id)
    row = context.rows.load(conn, *ref)
    if row is None or row["deleted_at_ms"] is not None:
        raise Refused("not_found", what="interaction")
    if row["associate_id"] != context.actor.id:
        raise Refused("forbidden", why="not_her_own")
    home = context.side.member_home(conn, context.scope_id, row["member_id"])
    if row["is_withdrawn"]:
        return Effect(touched=(ref,), member_id=row["member_id"], home_scope_id=home)
    if not 0 <= context.at_ms - row["occurred_at_ms"] <= RETRACT_MS:
        raise Refused("stale_precondition", why="too_late", seconds=RETRACT_MS // 1000)
    write_row(conn, "interaction", row | {"is_withdrawn": 1}, context)
    return Effect(touched=(ref,), member_id=row["member_id"], home_scope_id=home)


def _export(conn: Connection, op: RecordExport, context: ApplyContext) -> Effect:
    """No row of anybody changes: who exported what for is the audit's (the note stays with the operation)."""
    member_id, _ = canonical_member(conn, context, op.member_id)
    detail = (("export_id", op.export_id), ("purpose", op.purpose), ("form", op.form), ("lines", op.lines))
    note = AuditNote("history.exported", member_id, (*detail, ("op_id", context.op_id)))
    # No home scope: looking at what somebody bought is not serving her, so it lets no store see her longer.
    return Effect(member_id=member_id, audit=note)


_APPLY: Final[dict[type, Callable[[Connection, Any, ApplyContext], Effect]]] = {
    RecordVisit: _visit,
    RegisterMember: _register,
    LogInteraction: _log,
    ServedNoPurchase: _served,
    SetTag: _tag,
    ScheduleFollowUp: _schedule,
    CompleteFollowUp: _complete,
    Retract: _retract,
    RecordExport: _export,
}


class CounterSide:
    """A counter assumes the best and shows it as pending; the server decides."""

    is_server = False

    def member_home(self, conn: Connection, scope_id: str, member_id: str) -> str | None:
        """Home scope of any member in the cache."""
        member = people.member
        return conn.execute(select(member.c.scope_id).where(member.c.id == member_id)).scalar()

    def phone_owner(
        self, conn: Connection, phone_hash: str, member_id: str, home_scope_id: str
    ) -> tuple[str, str]:
        """Herself: whether the number is taken elsewhere is head office's answer."""
        return member_id, home_scope_id

    def take_code(self, conn: Connection, scope_id: str, digits: str, member_id: str) -> bool:
        """Yes: the code came from this counter's own pool."""
        return True
