"""Binding a member to an associate at a counter; who owns her is the server's answer (COMMISSION.md 2)."""

from __future__ import annotations

from sqlalchemy import Connection

from guidedesk.domain.attribution import REGISTERED_BINDS_MS
from guidedesk.domain.binding_story import REFUSED, Meeting
from guidedesk.domain.errors import Refused
from guidedesk.services.apply_core import MANAGING, ApplyContext, Effect, canonical_member
from guidedesk.services.operations import BindMember


def apply_bind(conn: Connection, op: BindMember, context: ApplyContext) -> Effect:
    """She scanned the associate's code here, or was registered here by this associate."""
    member_id, home = canonical_member(conn, context, op.member_id, is_fact=True)
    if op.source == "scanned":
        _check_scan(conn, op, context)
    else:
        _check_registered(conn, op, member_id, home, context)
    if not context.side.works_here(conn, op.associate_id, context.scope_id):
        raise Refused("validation", field="associate_id", why="not_here")
    meeting = Meeting(
        event_id=op.binding_id,
        member_id=member_id,
        associate_id=op.associate_id,
        kind="scanned" if op.source == "scanned" else "registered",
        at_ms=context.at_ms,
        store_id=context.scope_id,
        seen_owner_id=op.seen_owner_id,
    )
    settled, touched = context.side.meet(conn, meeting, home, context)
    effect = Effect(touched=touched.rows, later=touched.later, member_id=member_id, home_scope_id=home)
    if settled.outcome not in REFUSED:
        return effect
    params = (("staff_id", settled.owner_id),)
    return Effect(
        status="merged",
        reason=settled.outcome,
        params=params,
        touched=effect.touched,
        later=effect.later,
        member_id=member_id,
        home_scope_id=home,
    )


def _check_scan(conn: Connection, op: BindMember, context: ApplyContext) -> None:
    # CODES.md Q-7: a typed number proves nobody was here
    if context.assurance < 1 or not op.code_digits:
        raise Refused("validation", field="assurance", why="scan_first")
    if context.side.code_holder(conn, op.code_digits, context.at_ms) != op.associate_id:
        raise Refused("validation", field="code_digits", why="not_a_badge")


def _check_registered(conn: Connection, op: BindMember, member_id: str, home: str, context: ApplyContext) -> None:
    row = context.rows.load(conn, "member", home, member_id)
    if row is None or home != context.scope_id or row["registered_by"] != op.associate_id:
        raise Refused("validation", field="associate_id", why="not_registered_here")
    if op.associate_id != context.actor.id and context.actor.role not in MANAGING:
        raise Refused("forbidden", why="not_her_own")
    if context.at_ms - row["joined_at_ms"] > REGISTERED_BINDS_MS:
        raise Refused("validation", field="associate_id", why="registered_before")
    if row["card_no"] is None:
        # COMMISSION.md: registering binds with a card code given
        raise Refused("validation", field="associate_id", why="no_card")
