"""Coupons given and used at a counter (CODES.md Q-5, Q-7, Q-8): the first use to reach the server counts."""

from __future__ import annotations

from sqlalchemy import Connection

from guidedesk.domain.coupons import check_assurance, check_provisional
from guidedesk.domain.errors import Refused
from guidedesk.models.entities import Row
from guidedesk.services.apply_core import CLAIM_HELD, ApplyContext, Effect, NotYet, RowRef, canonical_member, write_row
from guidedesk.services.coupon_rows import allowance_of, coupon_id, used_today
from guidedesk.services.operations import IssueCoupon, RedeemCoupon


def apply_issue_coupon(conn: Connection, op: IssueCoupon, context: ApplyContext) -> Effect:
    """On her card from now on: from a code this counter was leased, within the giver's allowance of the week."""
    member_id, home = canonical_member(conn, context, op.member_id, is_fact=True)
    ref: RowRef = ("coupon", context.scope_id, coupon_id(op.handle))
    campaign = _campaign(conn, op.campaign_no, context)
    given = context.rows.load(conn, *ref)
    if given is not None:
        if context.side.is_server and canonical_member(conn, context, given["member_id"], is_fact=True)[0] != member_id:
            # A cloned disk: each of its PCs gave the same one away.
            raise Refused("validation", field="handle", why="not_from_this_pool")
        return Effect(touched=(ref,), member_id=member_id, home_scope_id=home)
    zone = context.side.zone(conn)
    allowance_of(conn, campaign, context.scope_id, context.actor.id, context.at_ms, zone, ref[2]).check(
        campaign["value_minor"]
    )
    if context.at_ms > campaign["ends_at_ms"] or not campaign["is_active"]:
        raise Refused("stale_precondition", why="coupon_over", at_ms=campaign["ends_at_ms"])
    if not context.side.take_lease(conn, context.scope_id, op.handle, op.campaign_no, context.device_id):
        raise Refused("validation", field="handle", why="not_from_this_pool")
    used = context.side.coupon_used(conn, op.handle, context.device_id)
    write_row(
        conn,
        "coupon",
        {
            "scope_id": context.scope_id,
            "id": ref[2],
            "handle": op.handle,
            "campaign_no": op.campaign_no,
            "member_id": member_id,
            "staff_id": context.actor.id,
            "device_id": context.device_id,
            "state": "redeemed" if used else "issued",
            "value_minor": campaign["value_minor"],
            "issued_at_ms": context.at_ms,
            "expires_at_ms": campaign["ends_at_ms"],
            "redeemed_at_ms": used[0] if used else None,
            "redeemed_store_id": used[1] if used else None,
        },
        context,
    )
    return Effect(touched=(ref,), member_id=member_id, home_scope_id=home)


def apply_redeem(conn: Connection, op: RedeemCoupon, context: ApplyContext) -> Effect:
    """Once, by the member it was given to, with the proof that its worth asks for.

    Raises `NotYet` where only an operation of the same batch stands in the way that may come to nothing.
    """
    member_id, home = canonical_member(conn, context, op.member_id, is_fact=True)
    use: RowRef = ("coupon_use", context.scope_id, op.use_id)
    if context.rows.load(conn, *use) is not None:
        return Effect(touched=(use,), member_id=member_id, home_scope_id=home)
    claim = context.side.coupon_claim(conn, op.handle, op.campaign_no, context)
    if claim is None:
        raise Refused("not_found", what="coupon")
    # what the counter that gave it out took is final, even if another one's provisional use came in before; both
    # are for a manager to look at.
    is_second = not (claim.is_first or claim.is_unsettled)
    holds = context.side.holds_lease(conn, context.scope_id, op.handle, context.device_id)
    if is_second and not (op.is_final and holds):
        raise Refused("stale_precondition", why="coupon_used", at_ms=claim.used_at_ms)
    campaign = _campaign(conn, op.campaign_no, context)
    if claim.campaign_no != op.campaign_no:
        raise Refused("validation", field="campaign_no", why="bad_value")
    if context.at_ms > claim.expires_at_ms:
        raise Refused("stale_precondition", why="coupon_over", at_ms=claim.expires_at_ms)
    ref: RowRef = ("coupon", claim.scope_id, coupon_id(op.handle))
    coupon = context.rows.load(conn, *ref)
    if coupon is not None and coupon["member_id"] not in (op.member_id, member_id):
        raise Refused("validation", field="member_id", why="coupon_not_hers")
    if campaign["kind"] == "amount" and op.value_minor != campaign["value_minor"]:
        raise Refused("validation", field="value_minor", why="bad_value")
    check_proof(conn, context, op.use_id, op.value_minor, op.override_by, is_final=op.is_final)
    if claim.is_unsettled:
        raise NotYet(CLAIM_HELD)
    written = write_row(
        conn,
        "coupon_use",
        {
            "scope_id": context.scope_id,
            "id": op.use_id,
            "handle": op.handle,
            "campaign_no": op.campaign_no,
            "member_id": member_id,
            "staff_id": context.actor.id,
            "device_id": context.device_id,
            "value_minor": op.value_minor,
            "is_final": int(op.is_final and (holds or not context.side.is_server)),
            "override_by": op.override_by,
            "assurance": context.assurance,
            "used_at_ms": context.at_ms,
            "op_id": context.op_id,
        },
        context,
    )
    touched: tuple[RowRef, ...] = (written,)
    later: tuple[RowRef, ...] = ()
    if context.side.is_server and claim.scope_id != context.scope_id:
        later = (ref,)
    elif coupon is not None and not is_second:
        spent = {"state": "redeemed", "redeemed_at_ms": context.at_ms, "redeemed_store_id": context.scope_id}
        touched += (write_row(conn, "coupon", {**coupon, **spent}, context),)
    if is_second:
        params = (("at_ms", claim.used_at_ms),)
        return Effect(
            status="merged", reason="coupon_twice", params=params, touched=touched, member_id=member_id,
            home_scope_id=home,
        )  # fmt: skip
    return Effect(touched=touched, later=later, member_id=member_id, home_scope_id=home)


def _campaign(conn: Connection, number: int, context: ApplyContext) -> Row:
    campaign = context.side.campaign(conn, number)
    if campaign is None:
        raise Refused("not_found", what="campaign")
    return campaign


def check_proof(
    conn: Connection, context: ApplyContext, use_id: str, value_minor: int, override_by: str | None, *, is_final: bool
) -> None:
    """Q-7 and Q-8 for something worth this much: the proof, a manager's word, and the caps of a counter and day."""
    cap, zone = context.side.coupon_cap(conn), context.side.zone(conn)
    today = used_today(conn, context.scope_id, context.device_id, context.at_ms, zone, use_id)
    if override_by is not None and not context.side.manages_here(conn, override_by, context.scope_id):
        raise Refused("forbidden", why="not_a_manager")
    check_assurance(context.assurance, override_by, value_minor, today.overridden_minor, cap)
    if not context.side.is_server:
        check_provisional(is_final, value_minor, today.provisional_minor, cap)
