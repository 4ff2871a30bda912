"""Answers to operations: stored once, given again unchanged, with the rows as they are now (SYNC.md 4, I10)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection

from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import derived_id
from guidedesk.domain.people import clean_tag
from guidedesk.models.entities import Row
from guidedesk.models.wire_schema import as_schema, knows_table
from guidedesk.server.feed import render
from guidedesk.server.incoming import Incoming
from guidedesk.server.signer import Signatures
from guidedesk.server.visibility import MEMBER_TABLES, STORE_TABLES, granted_members, member_column
from guidedesk.services.apply import RowRef
from guidedesk.services.apply_care import family_date_id, own_tag_id
from guidedesk.services.apply_gatherings import seat_id
from guidedesk.services.coupon_rows import coupon_id
from guidedesk.services.member_fields import change_id
from guidedesk.services.operations import (
    AddWish,
    BindMember,
    CancelFollowUp,
    ClaimSale,
    CompleteFollowUp,
    EditMember,
    EndWish,
    IssueCoupon,
    IssueInvitation,
    LogInteraction,
    MeetCard,
    NoteAttendance,
    Operation,
    ReassignFollowUp,
    RecordExport,
    RecordReturn,
    RecordSale,
    RecordVisit,
    RedeemCoupon,
    RedeemPoints,
    RegisterMember,
    ReissueCard,
    Retract,
    ScheduleFollowUp,
    ServedNoPurchase,
    SetConsent,
    SetFamilyDate,
    SetOwnTag,
    SetTag,
    SignOff,
    SignUp,
    SnoozeFollowUp,
)
from guidedesk.services.sales import claim_row_id, receipt_of, sale_row_id, source_of
from guidedesk.sync.protocol import SCHEMA, OpResult, Status, canonical
from guidedesk.sync.server_signing import sign_acknowledgement

_ABOUT_MEMBERS: Final = frozenset((*MEMBER_TABLES, *STORE_TABLES))
REFUSALS: Final = frozenset({"validation", "forbidden", "not_found", "stale_precondition", "unknown_type"})


# Not frozen, as the others that are made for each operation: checking that takes longer than making one.
@dataclass(slots=True, kw_only=True)
class Answer:
    """What the server decided about one operation. `is_stored` answers are signed; the others may change."""

    op_id: str
    status: Status
    reason: str | None = None
    params: dict[str, Any] = field(default_factory=dict)
    refs: tuple[RowRef, ...] = ()
    body_hash: bytes = b""
    received_at_ms: int | None = None
    delay_ms: int | None = None
    is_stored: bool = True
    is_repeated: bool = False

    def to_text(self) -> str:
        """What `op_log.result` keeps."""
        if self.reason is None and not self.params:
            # Most answers; nothing in a reference needs an escape.
            refs = ",".join(f'["{tbl}","{scope_id}","{row_id}"]' for tbl, scope_id, row_id in self.refs)
            return f'{{"params":{{}},"reason":null,"refs":[{refs}],"status":"{self.status}"}}'
        return canonical(
            {
                "status": self.status,
                "reason": self.reason,
                "params": self.params,
                "refs": [list(ref) for ref in self.refs],
            }
        )

    @classmethod
    def repeated(cls, op_id: str, text: str, body_hash: bytes, received_at_ms: int) -> Answer:
        """The first answer, as kept, for an operation that came again."""
        kept = json.loads(text)
        return cls(
            op_id=op_id,
            status=kept["status"],
            reason=kept["reason"],
            params=kept["params"],
            refs=tuple((r[0], r[1], r[2]) for r in kept["refs"]),
            body_hash=body_hash,
            received_at_ms=received_at_ms,
            is_repeated=True,
        )


def refusal(error: Refused) -> tuple[str, dict[str, Any]]:
    """(reason of SYNC.md 5, params) of a refusal; rules of fields are `validation` with their own word as `why`."""
    if error.code in REFUSALS:
        return error.code, dict(error.params)
    return "validation", {"why": error.code, **error.params}


def refs_of(op: Incoming, scope_id: str) -> tuple[RowRef, ...]:
    """`rows_meant` of what was sent; none where it cannot be read."""
    return () if op.operation is None else rows_meant(op.operation, scope_id, op.op_id)


def rows_meant(operation: Operation, scope_id: str, op_id: str) -> tuple[RowRef, ...]:
    """The rows a counter may have laid down for this operation, whether or not the server has them."""
    match operation:
        case RecordVisit():
            return (("visit", scope_id, operation.visit_id),)
        case LogInteraction() | ServedNoPurchase():
            return (("interaction", scope_id, operation.interaction_id),)
        case RecordExport():
            return ()
        case IssueInvitation():
            return (("invitation", scope_id, operation.invitation_id),)
        case IssueCoupon():
            return (("coupon", scope_id, coupon_id(operation.handle)),)
        case RedeemCoupon():
            return (("coupon_use", scope_id, operation.use_id), ("coupon", scope_id, coupon_id(operation.handle)))
        case RedeemPoints():
            return (("points_entry", scope_id, operation.redeem_id), ("coupon_use", scope_id, operation.redeem_id))
        case ReissueCard():
            return (
                ("member_code", scope_id, derived_id("code", operation.code_digits)),
                ("member_change", scope_id, change_id(op_id, "card_no")),
            )
        case ScheduleFollowUp() | CompleteFollowUp() | CancelFollowUp() | ReassignFollowUp() | SnoozeFollowUp():
            return (("follow_up", scope_id, operation.follow_up_id),)
        case Retract():
            named = (("interaction", operation.interaction_id), ("follow_up", operation.follow_up_id))
            return tuple((tbl, scope_id, row_id) for tbl, row_id in named if row_id is not None)
        case EditMember():
            return tuple(("member_change", scope_id, change_id(op_id, name)) for name in operation.fields)
        case SetConsent():
            return (
                ("consent_answer", scope_id, derived_id("answer", op_id, operation.purpose)),
                ("consent", scope_id, derived_id("consent", operation.member_id, operation.purpose)),
            )
        case BindMember():
            return (("binding_event", scope_id, operation.binding_id),)
        case ClaimSale() | RecordSale() | RecordReturn():
            return sale_rows(operation, scope_id)
        case AddWish() | EndWish():
            return (("wish", scope_id, operation.wish_id),)
        case SignUp() | SignOff() | NoteAttendance():
            one_seat = seat_id(operation.gathering_id, operation.member_id)
            return (("gathering_seat", scope_id, one_seat), ("gathering", scope_id, operation.gathering_id))
        case SetFamilyDate():
            one = operation
            row_id = family_date_id(scope_id, one.member_id, one.relation, one.event, one.month_day)
            return (("family_date", scope_id, row_id),)
        case SetOwnTag():
            try:
                tag = clean_tag(operation.tag)
            except Refused:
                return ()
            row_id = own_tag_id(scope_id, operation.member_id, operation.owner_id, tag)
            return (("own_tag", scope_id, row_id),)
        case SetTag():
            try:
                tag = clean_tag(operation.tag)
            except Refused:
                return ()
            return (("member_tag", scope_id, derived_id("tag", scope_id, operation.member_id, tag)),)
        case MeetCard():
            code_id = derived_id("code", operation.code_digits)
            return (("member", scope_id, operation.member_id), ("member_code", scope_id, code_id))
        case RegisterMember():
            member_id = operation.member_id
            refs: list[RowRef] = [("member", scope_id, member_id), ("binding", scope_id, member_id)]
            refs += [("consent", scope_id, derived_id("consent", member_id, p)) for p, _ in operation.consents]
            if operation.code_digits:
                refs.append(("member_code", scope_id, derived_id("code", operation.code_digits)))
            return tuple(refs)


def sale_rows(operation: ClaimSale | RecordSale | RecordReturn, scope_id: str) -> tuple[RowRef, ...]:
    """The rows of an operation about a sale, as far as it names them itself."""
    try:
        if isinstance(operation, ClaimSale):
            return (("sale_claim", scope_id, claim_row_id(scope_id, operation.receipt_no)),)
        if isinstance(operation, RecordSale):
            return (("purchase", scope_id, sale_row_id(source_of(scope_id), receipt_of(operation))),)
    except Refused:
        return ()
    # A return lives where its sale does: the answer says where, once the sale is found.
    return ()


def render_answers(
    conn: Connection,
    scope_id: str,
    answers: Sequence[Answer],
    key: Ed25519PrivateKey,
    known: Mapping[RowRef, Row],
    schema: int = SCHEMA,
    signed: Signatures | None = None,
) -> list[OpResult]:
    """Answers with their authoritative rows (or absences) as `schema` knows them, and the acknowledgement.

    `known` are rows just committed; the others are read, and given only as far as the asking store `scope_id` sees whom
    they are about: it may have ceased to since. `signed` are acknowledgements that are signed already.
    """
    if schema < SCHEMA:
        answers = [replace(a, refs=tuple(ref for ref in a.refs if knows_table(schema, ref[0]))) for a in answers]
    asked = {ref for answer in answers for ref in answer.refs}
    rows = {ref: as_schema(schema, ref[0], known[ref]) for ref in asked if ref in known}
    rows |= _seen(conn, scope_id, render(conn, asked - known.keys(), schema))
    return [_result(answer, rows, key, signed or {}) for answer in answers]


def _seen(conn: Connection, scope_id: str, rows: Mapping[RowRef, Row]) -> dict[RowRef, Row]:
    """Those rows that are about nobody, or about a member whom a store sees."""
    about = {ref: row.get(member_column(ref[0]).name) for ref, row in rows.items() if ref[0] in _ABOUT_MEMBERS}
    granted = granted_members(conn, scope_id, {member for member in about.values() if member is not None})
    return {ref: row for ref, row in rows.items() if about.get(ref) is None or about[ref] in granted}


def _result(answer: Answer, rows: Mapping[RowRef, Row], key: Ed25519PrivateKey, signed: Signatures) -> OpResult:
    params = dict(answer.params)
    status = answer.status
    if answer.is_repeated and status != "quarantined":
        params["first_status"] = status
        status = "already_applied"
    signature = None
    if answer.is_stored and answer.received_at_ms is not None:
        acknowledged = (answer.op_id, answer.body_hash, answer.received_at_ms)
        signature = signed.get(acknowledged) or sign_acknowledgement(*acknowledged, key)
    return OpResult(
        op_id=answer.op_id,
        status=status,
        reason=answer.reason,
        params=params,
        rows=tuple([(ref[0], rows[ref]) for ref in answer.refs if ref in rows]),
        absent=tuple([ref for ref in answer.refs if ref not in rows]),
        received_at_ms=answer.received_at_ms,
        delay_ms=answer.delay_ms,
        signature=signature,
    )
