"""Points spent at a counter (CODES.md Q-7): granted by head office against the ledger, provisional until then."""

from __future__ import annotations

from sqlalchemy import Connection

from guidedesk.domain.errors import Refused
from guidedesk.services.apply_core import CLAIM_HELD, ApplyContext, Effect, NotYet, canonical_member, write_row
from guidedesk.services.apply_coupons import check_proof
from guidedesk.services.operations_points import RedeemPoints

NO_CAMPAIGN = 0  # of a row of `coupon_use` that is a redemption of points


def apply_redeem_points(conn: Connection, op: RedeemPoints, context: ApplyContext) -> Effect:
    """As many as she has, at what they are worth by the rules of that day, with the proof that their worth asks for.

    `stale_precondition` (why `points_short`, left) where they were spent elsewhere meanwhile. Raises `NotYet` where
    only operations of the same batch stand in the way that may come to nothing.
    """
    member_id, home = canonical_member(conn, context, op.member_id, is_fact=True)
    scope_id = context.scope_id
    if context.rows.load(conn, "points_entry", scope_id, op.redeem_id) is not None:
        refs = (("points_entry", scope_id, op.redeem_id), ("coupon_use", scope_id, op.redeem_id))
        return Effect(touched=refs, member_id=member_id, home_scope_id=home)
    rules = context.side.points_rules(conn, context.at_ms)
    if rules is None or not rules.redeem_points:
        raise Refused("not_found", what="points_rules")
    if rules.worth(op.points) != op.worth_minor:
        raise Refused("validation", field="worth_minor", why="bad_value")
    claim = context.side.points_claim(conn, member_id, op.points, context)
    if not (claim.is_granted or claim.is_unsettled):
        raise Refused("stale_precondition", why="points_short", left=claim.left)
    check_proof(conn, context, op.redeem_id, op.worth_minor, op.override_by, is_final=False)
    if claim.is_unsettled:
        raise NotYet(CLAIM_HELD)
    use = write_row(
        conn,
        "coupon_use",
        {
            "scope_id": scope_id,
            "id": op.redeem_id,
            "handle": op.redeem_id,
            "campaign_no": NO_CAMPAIGN,
            "member_id": member_id,
            "staff_id": context.actor.id,
            "device_id": context.device_id,
            "value_minor": op.worth_minor,
            "is_final": 0,
            "override_by": op.override_by,
            "assurance": context.assurance,
            "used_at_ms": context.at_ms,
            "op_id": context.op_id,
        },
        context,
    )
    entered = context.side.enter_redemption(conn, op, member_id, rules, context)
    return Effect(touched=(use, *entered.rows), member_id=member_id, home_scope_id=home)
