"""Codes given out at a counter: an invitation for somebody new, another card for a member (CODES.md Q-5)."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import derived_id
from guidedesk.services.apply_core import ApplyContext, Effect, RowRef, canonical_member, write_row
from guidedesk.services.member_fields import change_id
from guidedesk.services.operations import IssueInvitation, ReissueCard

INVITATION_MS: Final = 10 * 60_000  # CODES.md 1: one-time, ten minutes


def apply_invitation(conn: Connection, op: IssueInvitation, context: ApplyContext) -> Effect:
    """Shown from now on; its minutes count from the trusted time it was shown."""
    if op.invitation_id != derived_id("invitation", op.code_digits):
        raise Refused("validation", field="invitation_id", why="bad_value")
    ref: RowRef = ("invitation", context.scope_id, op.invitation_id)
    if context.rows.load(conn, *ref) is not None:
        return Effect(touched=(ref,))
    if not context.side.take_invitation(conn, context.scope_id, op.code_digits, context.device_id):
        raise Refused("validation", field="code_digits", why="not_from_this_pool")
    write_row(
        conn,
        "invitation",
        {
            "scope_id": context.scope_id,
            "id": op.invitation_id,
            "digits": op.code_digits,
            "staff_id": context.actor.id,
            "issued_at_ms": context.at_ms,
            "expires_at_ms": context.at_ms + INVITATION_MS,
        },
        context,
    )
    return Effect(touched=(ref,))


def apply_reissue(conn: Connection, op: ReissueCard, context: ApplyContext) -> Effect:
    """The new card is hers and every other one is void: here at once, in other stores' scopes after the commit."""
    member_id, home = canonical_member(conn, context, op.member_id)
    new_id = derived_id("code", op.code_digits)
    if not context.side.take_code(conn, context.scope_id, op.code_digits, member_id):
        # CODES.md Q-5: a code bound twice; the first to reach the server has it, the other needs a new card.
        raise Refused("stale_precondition", why="code_taken")
    new: RowRef = ("member_code", context.scope_id, new_id)
    touched: list[RowRef] = []
    later: list[RowRef] = []
    for old in context.side.live_codes(conn, member_id):
        if old["id"] == new_id:
            continue
        ref: RowRef = ("member_code", old["scope_id"], old["id"])
        if context.side.is_server and old["scope_id"] != context.scope_id:
            later.append(ref)
        else:
            write_row(conn, "member_code", {**old, "state": "revoked"}, context)
            touched.append(ref)
    if context.rows.load(conn, *new) is None:
        write_row(
            conn,
            "member_code",
            {
                "scope_id": context.scope_id,
                "id": new_id,
                "digits": op.code_digits,
                "typed": op.code_typed,
                "member_id": member_id,
                "state": "live",
                "bound_at_ms": context.at_ms,
            },
            context,
        )
    touched.append(new)
    changed, folded = _number_on_her_card(conn, op, member_id, home, context)
    return Effect(
        touched=(*touched, *changed),
        later=(*later, *folded),
        member_id=member_id,
        home_scope_id=home,
    )


def _number_on_her_card(
    conn: Connection, op: ReissueCard, member_id: str, home: str, context: ApplyContext
) -> tuple[tuple[RowRef, ...], tuple[RowRef, ...]]:
    """The number printed for the eye is a field of hers like any other: the latest change counts."""
    ref: RowRef = ("member_change", context.scope_id, change_id(context.op_id, "card_no"))
    if context.rows.load(conn, *ref) is None:
        row = {
            "scope_id": context.scope_id,
            "id": ref[2],
            "member_id": member_id,
            "field": "card_no",
            "value": op.code_typed,
            "changed_by": context.actor.id,
            "changed_at_ms": context.at_ms,
            "op_id": context.op_id,
            "is_refused": 0,
        }
        write_row(conn, "member_change", row, context)
    touched = context.side.fold_member(
        conn, member_id, home, context.side.member_changes(conn, member_id), context
    )
    return (ref, *touched.rows), touched.later
