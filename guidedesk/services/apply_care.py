"""Dates of a member's family and her wishes: written, taken off, ended (SYNC.md 6)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from guidedesk.domain.errors import Refused
from guidedesk.domain.family import FAMILY_PURPOSE, FamilyDate, check_family_date
from guidedesk.domain.ids import derived_id
from guidedesk.domain.people import clean_birthday, clean_tag
from guidedesk.domain.wishes import clean_wish
from guidedesk.services.apply_core import ApplyContext, Effect, RowRef, canonical_member, write_row
from guidedesk.services.operations_care import AddWish, EndWish, SetFamilyDate, SetOwnTag


def family_date_id(scope_id: str, member_id: str, relation: str, event: str, month_day: str) -> str:
    """The row of one date in one scope, so that the same date told twice is one."""
    return derived_id("family_date", scope_id, member_id, relation, event, month_day)


def apply_family_date(conn: Connection, op: SetFamilyDate, context: ApplyContext) -> Effect:
    """The latest change of a date counts. Taking one off needs nothing; keeping one needs her live consent."""
    member_id, home = canonical_member(conn, context, op.member_id)
    if op.is_on:
        said = FamilyDate(op.relation, op.event, op.month_day, op.is_of_age)
        month_day = check_family_date(
            said,
            has_consent=context.side.agreed(conn, member_id, FAMILY_PURPOSE, context.scope_id),
            keeps_children=context.side.keeps_children(conn),
        ).month_day
    else:
        month_day = clean_birthday(op.month_day)
    row_id = family_date_id(context.scope_id, member_id, op.relation, op.event, month_day)
    ref: RowRef = ("family_date", context.scope_id, row_id)
    row = {
        "scope_id": context.scope_id,
        "id": row_id,
        "member_id": member_id,
        "relation": op.relation,
        "event": op.event,
        "month_day": month_day,
        "is_of_age": int(op.is_of_age),
        "is_on": int(op.is_on),
        "changed_by": context.actor.id,
    }
    _write_latest(conn, ref, row, context)
    return Effect(touched=(ref,), member_id=member_id, home_scope_id=home)


def _write_latest(conn: Connection, ref: RowRef, row: dict[str, Any], context: ApplyContext) -> None:
    """Write a row of which the latest change counts, whichever order they come in."""
    old = context.rows.load(conn, *ref)
    if old is None or (old["changed_at_ms"], old["op_id"] or "") < (context.at_ms, context.op_id):
        write_row(conn, ref[0], row | {"changed_at_ms": context.at_ms, "op_id": context.op_id}, context)


def own_tag_id(scope_id: str, member_id: str, owner_id: str, tag: str) -> str:
    """The row of one author's tag in one scope."""
    return derived_id("own_tag", scope_id, member_id, owner_id, tag)


def apply_own_tag(conn: Connection, op: SetOwnTag, context: ApplyContext) -> Effect:
    """The latest change of a tag counts. `forbidden` for a tag of anybody else's."""
    if op.owner_id != context.actor.id:
        raise Refused("forbidden", permission=op.PERMISSION)
    member_id, home = canonical_member(conn, context, op.member_id)
    tag = clean_tag(op.tag)
    row_id = own_tag_id(context.scope_id, member_id, op.owner_id, tag)
    ref: RowRef = ("own_tag", context.scope_id, row_id)
    row = {
        "scope_id": context.scope_id,
        "id": row_id,
        "member_id": member_id,
        "owner_id": op.owner_id,
        "tag": tag,
        "is_on": int(op.is_on),
    }
    _write_latest(conn, ref, row, context)
    return Effect(touched=(ref,), member_id=member_id, home_scope_id=home)


def apply_wish(conn: Connection, op: AddWish, context: ApplyContext) -> Effect:
    """A fact of this store: it never conflicts."""
    member_id, home = canonical_member(conn, context, op.member_id)
    ref: RowRef = ("wish", context.scope_id, op.wish_id)
    if context.rows.load(conn, *ref) is None:
        words, size, colour = clean_wish(op.words, op.size, op.colour)
        row = {
            "scope_id": context.scope_id,
            "id": op.wish_id,
            "member_id": member_id,
            "sku": op.sku,
            "words": words,
            "size": size,
            "colour": colour,
            "until_date": op.until_date,
            "associate_id": context.actor.id,
            "wished_at_ms": context.at_ms,
            "ended": "",
        }
        write_row(conn, "wish", row, context)
    return Effect(touched=(ref,), member_id=member_id, home_scope_id=home)


def apply_wish_end(conn: Connection, op: EndWish, context: ApplyContext) -> Effect:
    """The first ending counts; the later one is told so. Only where she wished: another store's list is not ours."""
    ref: RowRef = ("wish", context.scope_id, op.wish_id)
    row = context.rows.load(conn, *ref)
    home = None if row is None else context.side.member_home(conn, context.scope_id, row["member_id"])
    if row is None or row["deleted_at_ms"] is not None or home is None:
        raise Refused("not_found", what="wish")
    if row["end_op_id"] != context.op_id:
        if row["ended"]:
            raise Refused(
                "stale_precondition", why="already_done", staff_id=row["ended_by"], at_ms=row["ended_at_ms"]
            )
        ended = {
            "ended": op.how,
            "ended_by": context.actor.id,
            "ended_at_ms": context.at_ms,
            "end_op_id": context.op_id,
        }
        write_row(conn, "wish", row | ended, context)
    return Effect(touched=(ref,), member_id=row["member_id"], home_scope_id=home)
