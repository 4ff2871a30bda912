"""Operation -> rows. The same functions run on a counter (laid over its cache) and on the server (decisive)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import Connection

from guidedesk.domain.access import may
from guidedesk.domain.errors import Refused
from guidedesk.services import operations as ops
from guidedesk.services.apply_bindings import apply_bind
from guidedesk.services.apply_care import apply_family_date, apply_own_tag, apply_wish, apply_wish_end
from guidedesk.services.apply_codes import apply_invitation, apply_reissue
from guidedesk.services.apply_core import (
    ApplyContext,
    AuditNote,
    Effect,
    RowRef,
    Side,
    Touched,
    canonical_member,
    write_row,
)
from guidedesk.services.apply_coupons import apply_issue_coupon, apply_redeem
from guidedesk.services.apply_engagement import (
    RETRACT_MS,
    SERVED_AFTER_VISIT_MS,
    apply_cancel,
    apply_complete,
    apply_export,
    apply_log,
    apply_reassign,
    apply_retract,
    apply_schedule,
    apply_served,
    apply_snooze,
)
from guidedesk.services.apply_gatherings import apply_attendance, apply_sign_off, apply_sign_up
from guidedesk.services.apply_members import (
    apply_consent,
    apply_edit,
    apply_meet,
    apply_register,
    apply_tag,
    apply_visit,
)
from guidedesk.services.apply_points import apply_redeem_points
from guidedesk.services.apply_sales import apply_claim, apply_return, apply_sale
from guidedesk.services.counter_side import CounterSide
from guidedesk.services.operations import Operation

__all__ = [
    "RETRACT_MS",
    "SERVED_AFTER_VISIT_MS",
    "ApplyContext",
    "AuditNote",
    "CounterSide",
    "Effect",
    "RowRef",
    "Side",
    "Touched",
    "apply_operation",
    "canonical_member",
    "write_row",
]


def apply_operation(conn: Connection, operation: Operation, context: ApplyContext) -> Effect:
    """Write the rows of an operation; applying it again changes nothing.

    Raises `Refused` with a code of SYNC.md 5: `forbidden`, `not_found`, `validation`, `stale_precondition`.
    """
    if not may(context.actor, operation.PERMISSION, context.scope_id):
        raise Refused("forbidden", permission=operation.PERMISSION)
    apply: Callable[[Connection, Any, ApplyContext], Effect] = _APPLY[type(operation)]
    return apply(conn, operation, context)


_APPLY: Final[dict[type, Callable[[Connection, Any, ApplyContext], Effect]]] = {
    ops.RecordVisit: apply_visit,
    ops.MeetCard: apply_meet,
    ops.RegisterMember: apply_register,
    ops.EditMember: apply_edit,
    ops.SetConsent: apply_consent,
    ops.BindMember: apply_bind,
    ops.LogInteraction: apply_log,
    ops.ServedNoPurchase: apply_served,
    ops.SetTag: apply_tag,
    ops.ScheduleFollowUp: apply_schedule,
    ops.CompleteFollowUp: apply_complete,
    ops.CancelFollowUp: apply_cancel,
    ops.ReassignFollowUp: apply_reassign,
    ops.SnoozeFollowUp: apply_snooze,
    ops.ClaimSale: apply_claim,
    ops.RecordSale: apply_sale,
    ops.RecordReturn: apply_return,
    ops.Retract: apply_retract,
    ops.RecordExport: apply_export,
    ops.IssueInvitation: apply_invitation,
    ops.ReissueCard: apply_reissue,
    ops.IssueCoupon: apply_issue_coupon,
    ops.RedeemCoupon: apply_redeem,
    ops.SetFamilyDate: apply_family_date,
    ops.SetOwnTag: apply_own_tag,
    ops.AddWish: apply_wish,
    ops.EndWish: apply_wish_end,
    ops.RedeemPoints: apply_redeem_points,
    ops.SignUp: apply_sign_up,
    ops.SignOff: apply_sign_off,
    ops.NoteAttendance: apply_attendance,
}
