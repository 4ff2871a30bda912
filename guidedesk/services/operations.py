"""The operations an associate can make: what a person did, frozen, with personal fields kept apart.

Personal fields travel beside the body and enter the hash chain only as a salted hash, so that a person can be
erased later without breaking a chain (SYNC.md 4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, dataclass, fields
from functools import cache
from typing import Any, ClassVar, Final

from guidedesk.domain.access import Permission
from guidedesk.domain.errors import Refused
from guidedesk.domain.people import CONSENT_PURPOSES, Tier
from guidedesk.services.operation_fields import (
    Check,
    amount_field,
    check_of,
    consents_field,
    count_field,
    flag_field,
    id_field,
    is_required,
    moment_field,
    one_of_field,
    opt_id_field,
    opt_one_of_field,
    some_of_field,
    text_field,
    to_wire,
)
from guidedesk.services.operations_care import AddWish, EndWish, SetFamilyDate, SetOwnTag
from guidedesk.services.operations_follow_ups import (
    FOLLOW_UP_REASONS,
    CancelFollowUp,
    CompleteFollowUp,
    ReassignFollowUp,
    ScheduleFollowUp,
    SnoozeFollowUp,
)
from guidedesk.services.operations_gatherings import NoteAttendance, SignOff, SignUp
from guidedesk.services.operations_points import RedeemPoints
from guidedesk.services.operations_sales import ClaimSale, RecordReturn, RecordSale
from guidedesk.services.sale_lines import ReturnLine, SaleLine

__all__ = [
    "BIND_SOURCES",
    "EDITABLE",
    "EXPORT_FORMS",
    "EXPORT_PURPOSES",
    "FOLLOW_UP_REASONS",
    "INTERACTION_KINDS",
    "NOTE_LIMIT",
    "OPERATION_TYPES",
    "OUTCOMES",
    "SCAN_CHANNELS",
    "TIERS",
    "VERSION",
    "AddWish",
    "BindMember",
    "CancelFollowUp",
    "ClaimSale",
    "CompleteFollowUp",
    "EditMember",
    "EndWish",
    "IssueCoupon",
    "IssueInvitation",
    "LogInteraction",
    "MeetCard",
    "NoteAttendance",
    "Operation",
    "ReassignFollowUp",
    "RecordExport",
    "RecordReturn",
    "RecordSale",
    "RecordVisit",
    "RedeemCoupon",
    "RedeemPoints",
    "RegisterMember",
    "ReissueCard",
    "Retract",
    "ReturnLine",
    "SaleLine",
    "ScheduleFollowUp",
    "ServedNoPurchase",
    "SetConsent",
    "SetFamilyDate",
    "SetOwnTag",
    "SetTag",
    "SignOff",
    "SignUp",
    "SnoozeFollowUp",
    "lane_of",
    "members_of",
    "parse",
    "split",
]

INTERACTION_KINDS: Final = ("visit", "wechat", "sms", "mini", "phone")
OUTCOMES: Final = ("bought", "tried", "deciding", "not_interested", "not_reached")
TIERS: Final[tuple[Tier, ...]] = ("casual", "ordinary", "super")
EDITABLE: Final = ("name", "birthday", "phone")
BIND_SOURCES: Final = ("scanned", "registered")
# How a code came in (CODES.md Q-15); `command` is a script's `guidedesk counter`.
SCAN_CHANNELS: Final = ("wedge", "serial", "camera", "picture", "clipboard", "drop", "command")
NOTE_LIMIT: Final = 2000
EXPORT_PURPOSES: Final = ("customer_asked", "return", "accounts", "other")
EXPORT_FORMS: Final = ("xlsx", "csv")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordVisit:
    """The counter scanned a member's code: recorded, never a touch, never binds. `channel`: how the code came in;
    missing in what earlier programs recorded."""

    TYPE: ClassVar[str] = "visit"
    PERMISSION: ClassVar[Permission] = "member.visit"
    visit_id: str = id_field()
    member_id: str = id_field()
    # Of a dynamic code: each may be used once, wherever (CODES.md Q-6).
    code_handle: str | None = text_field(16, optional=True)
    code_serial: int | None = moment_field()
    channel: str | None = opt_one_of_field(SCAN_CHANNELS)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetCard:
    """A right member code was scanned that this counter does not know, while head office could not be asked.

    `member_id` is fresh and stands for whoever holds the card until head office says who she is (CODES.md 1).
    """

    TYPE: ClassVar[str] = "meet_card"
    PERMISSION: ClassVar[Permission] = "member.visit"
    member_id: str = id_field()
    code_digits: str = text_field(22)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterMember:
    """A new person at the counter; her card code comes from this counter's pool."""

    TYPE: ClassVar[str] = "register"
    PERMISSION: ClassVar[Permission] = "member.register"
    member_id: str = id_field()
    code_digits: str | None = text_field(22, optional=True)
    code_typed: str | None = text_field(12, optional=True)
    consents: tuple[tuple[str, bool], ...] = consents_field()
    consent_version: str = text_field(40, default="2026-11")
    consent_lang: str = text_field(8, default="zh_CN")
    name: str = text_field(60, personal=True)
    phone_masked: str | None = text_field(20, personal=True, optional=True)
    phone_tail: str | None = text_field(4, personal=True, optional=True)
    phone_hash: str | None = text_field(64, personal=True, optional=True)
    phone_sealed: str | None = text_field(400, personal=True, optional=True)  # base64, only the server opens it
    birthday: str | None = text_field(5, personal=True, optional=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogInteraction:
    """What an associate and a member talked about, and how it ended."""

    TYPE: ClassVar[str] = "interaction"
    PERMISSION: ClassVar[Permission] = "interaction.log"
    interaction_id: str = id_field()
    member_id: str = id_field()
    kind: str = one_of_field(INTERACTION_KINDS)
    outcome: str = one_of_field(OUTCOMES)
    note: str = text_field(NOTE_LIMIT, personal=True, default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedNoPurchase:
    """Served, left without buying; the server lets it count only within ten minutes of a visit (COMMISSION.md)."""

    TYPE: ClassVar[str] = "served_no_purchase"
    PERMISSION: ClassVar[Permission] = "interaction.log"
    interaction_id: str = id_field()
    member_id: str = id_field()
    visit_id: str | None = opt_id_field()
    note: str = text_field(NOTE_LIMIT, personal=True, default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTag:
    """Add a tag to a member, or take it off."""

    TYPE: ClassVar[str] = "tag"
    PERMISSION: ClassVar[Permission] = "member.tag"
    member_id: str = id_field()
    is_on: bool = flag_field()
    tag: str = text_field(24, personal=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class EditMember:
    """Changed fields of a member, named in `fields`; one named without a value is taken off (never the name).

    Each field is decided by itself: the latest by corrected time counts, the others stay in her history. A phone
    comes as `Counter.phone_fields` gives it; one that is somebody else's is not taken (SYNC.md 6).
    """

    TYPE: ClassVar[str] = "edit"
    PERMISSION: ClassVar[Permission] = "member.edit"
    member_id: str = id_field()
    fields: tuple[str, ...] = some_of_field(EDITABLE)
    name: str | None = text_field(60, personal=True, optional=True)
    birthday: str | None = text_field(5, personal=True, optional=True)
    phone_masked: str | None = text_field(20, personal=True, optional=True)
    phone_tail: str | None = text_field(4, personal=True, optional=True)
    phone_hash: str | None = text_field(64, personal=True, optional=True)
    phone_sealed: str | None = text_field(400, personal=True, optional=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetConsent:
    """A member's answer for one purpose. A withdrawal always wins over an answer given without knowing of it:
    `seen_ms` is the withdrawal this counter knew of (the recorder fills it in)."""

    TYPE: ClassVar[str] = "consent"
    PERMISSION: ClassVar[Permission] = "member.consent"
    member_id: str = id_field()
    purpose: str = one_of_field(CONSENT_PURPOSES)
    is_given: bool = flag_field()
    text_version: str = text_field(40, default="2026-11")
    lang: str = text_field(8, default="zh_CN")
    seen_ms: int | None = moment_field()


@dataclass(frozen=True, slots=True, kw_only=True)
class BindMember:
    """The customer scanned the associate's code at this counter (`code_digits`, assurance 1 or more), or was
    registered here by this associate. Who owns her afterwards is the server's answer (COMMISSION.md 2)."""

    TYPE: ClassVar[str] = "bind"
    PERMISSION: ClassVar[Permission] = "member.bind"
    binding_id: str = id_field()
    member_id: str = id_field()
    associate_id: str = id_field()
    source: str = one_of_field(BIND_SOURCES)
    code_digits: str | None = text_field(22, optional=True)
    seen_owner_id: str | None = opt_id_field()  # whose she was on this counter (the recorder fills it in)
    channel: str | None = opt_one_of_field(SCAN_CHANNELS)  # how the associate's code came in, where one was scanned


@dataclass(frozen=True, slots=True, kw_only=True)
class Retract:
    """Take back what the same associate did a moment ago: a logged interaction shows as withdrawn, a follow-up
    that was finished or cancelled is open again (SYNC.md 6). It names the row of the operation."""

    TYPE: ClassVar[str] = "retract"
    PERMISSION: ClassVar[Permission] = "interaction.log"
    op_id: str = id_field()  # the operation that is taken back
    member_id: str = id_field()
    interaction_id: str | None = opt_id_field()
    follow_up_id: str | None = opt_id_field()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordExport:
    """A member's purchases went into a file: who took them, and what for, is for head office to see (A-5)."""

    TYPE: ClassVar[str] = "export"
    PERMISSION: ClassVar[Permission] = "history.export"
    export_id: str = id_field()  # stands in the file too
    member_id: str = id_field()
    purpose: str = one_of_field(EXPORT_PURPOSES)
    form: str = one_of_field(EXPORT_FORMS)
    lines: int = count_field()
    note: str = text_field(120, personal=True, default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueInvitation:
    """A one-time code for somebody new was shown; it comes from this counter's pool (CODES.md Q-5). Its ten minutes
    begin at the trusted time of the operation, and the server alone ends them."""

    TYPE: ClassVar[str] = "issue_invitation"
    PERMISSION: ClassVar[Permission] = "code.issue"
    invitation_id: str = id_field()
    code_digits: str = text_field(22)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReissueCard:
    """A member got another card from this counter's pool; every card she had stops working (DESIGN-UI.md 13)."""

    TYPE: ClassVar[str] = "reissue_card"
    PERMISSION: ClassVar[Permission] = "code.issue"
    member_id: str = id_field()
    code_digits: str = text_field(22)
    code_typed: str = text_field(12)


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueCoupon:
    """A coupon on a member's card, from a code this counter was leased (CODES.md Q-5). `handle`: 16 hex."""

    TYPE: ClassVar[str] = "issue_coupon"
    PERMISSION: ClassVar[Permission] = "code.issue"
    member_id: str = id_field()
    handle: str = text_field(16)
    campaign_no: int = count_field()


@dataclass(frozen=True, slots=True, kw_only=True)
class RedeemCoupon:
    """A coupon was used. `value_minor` is what it took off; `is_final`: this counter held its lease; `override_by`: the
    manager who let it pass without a second proof of who the member is (CODES.md Q-7, Q-8)."""

    TYPE: ClassVar[str] = "redeem_coupon"
    PERMISSION: ClassVar[Permission] = "coupon.redeem"
    use_id: str = id_field()
    member_id: str = id_field()
    handle: str = text_field(16)
    campaign_no: int = count_field()
    value_minor: int = amount_field()
    is_final: bool = flag_field()
    override_by: str | None = opt_id_field()
    channel: str | None = opt_one_of_field(SCAN_CHANNELS)


Operation = (
    RecordVisit
    | MeetCard
    | RegisterMember
    | EditMember
    | SetConsent
    | BindMember
    | LogInteraction
    | ServedNoPurchase
    | SetTag
    | SetOwnTag
    | ScheduleFollowUp
    | CompleteFollowUp
    | CancelFollowUp
    | ReassignFollowUp
    | SnoozeFollowUp
    | ClaimSale
    | RecordSale
    | RecordReturn
    | Retract
    | RecordExport
    | IssueInvitation
    | ReissueCard
    | IssueCoupon
    | RedeemCoupon
    | SetFamilyDate
    | AddWish
    | EndWish
    | RedeemPoints
    | SignUp
    | SignOff
    | NoteAttendance
)
OPERATION_TYPES: Final[dict[str, type[Operation]]] = {
    cls.TYPE: cls
    for cls in (
        RecordVisit,
        MeetCard,
        RegisterMember,
        EditMember,
        SetConsent,
        BindMember,
        LogInteraction,
        ServedNoPurchase,
        SetTag,
        SetOwnTag,
        ScheduleFollowUp,
        CompleteFollowUp,
        CancelFollowUp,
        ReassignFollowUp,
        SnoozeFollowUp,
        ClaimSale,
        RecordSale,
        RecordReturn,
        Retract,
        RecordExport,
        IssueInvitation,
        ReissueCard,
        IssueCoupon,
        RedeemCoupon,
        SetFamilyDate,
        AddWish,
        EndWish,
        RedeemPoints,
        SignUp,
        SignOff,
        NoteAttendance,
    )
}
VERSION: Final = 1


def lane_of(operation: Operation) -> str:
    """Operations of one lane keep their order (SYNC.md 6): the member they are about, or the code itself."""
    return operation.invitation_id if isinstance(operation, IssueInvitation) else operation.member_id


def members_of(operation: Operation) -> tuple[str, ...]:
    """The member it is about; nobody yet for a code that waits for somebody new."""
    return () if isinstance(operation, IssueInvitation) else (operation.member_id,)


def split(operation: Operation) -> tuple[dict[str, Any], dict[str, Any]]:
    """Body and personal fields as JSON values; empty optional ones are left out."""
    body: dict[str, Any] = {}
    personal: dict[str, Any] = {}
    for item in fields(operation):
        value = getattr(operation, item.name)
        if value is None:
            continue
        (personal if item.metadata.get("personal") else body)[item.name] = to_wire(item, value)
    return body, personal


def parse(type_name: str, version: int, body: Mapping[str, Any], personal: Mapping[str, Any]) -> Operation:
    """The operation that a body and its personal fields say; `unknown_type` or `validation` when they do not."""
    cls = OPERATION_TYPES.get(type_name)
    if cls is None or version != VERSION:
        raise Refused("unknown_type", type=type_name[:40], version=version)
    in_body, in_personal = _declared(type_name)
    for given, known in ((body, in_body), (personal, in_personal)):
        if not given.keys() <= known.keys():
            name = next(name for name in given if name not in known)
            raise Refused("validation", field=str(name)[:40], why="unknown_field")
    values: dict[str, Any] = {}
    for source, known in ((body, in_body), (personal, in_personal)):
        for name, (item, check, must_be) in known.items():
            if name in source:
                values[name] = found = check(item, source[name])
                if found is None:
                    raise Refused("validation", field=name, why="bad_value")
            elif must_be:
                raise Refused("validation", field=name, why="missing")
    return cls(**values)


_Declared = dict[str, tuple[Field[Any], Check, bool]]  # name -> the field, how it is read, whether it must be there


@cache
def _declared(type_name: str) -> tuple[_Declared, _Declared]:
    """What stands in the body of these operations, and what beside it."""
    known = {
        item.name: (item, check_of(item), is_required(item)) for item in fields(OPERATION_TYPES[type_name])
    }
    personal = {name: one for name, one in known.items() if one[0].metadata.get("personal")}
    return {name: one for name, one in known.items() if name not in personal}, personal
