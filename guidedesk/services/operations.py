"""The operations an associate can make: what a person did, frozen, with personal fields kept apart.

Personal fields travel beside the body and enter the hash chain only as a salted hash, so that a person can be
erased later without breaking a chain (SYNC.md 4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from datetime import date
from typing import Any, ClassVar, Final

from guidedesk.domain import ids
from guidedesk.domain.access import Permission
from guidedesk.domain.errors import Refused
from guidedesk.domain.people import CONSENT_PURPOSES, Tier

INTERACTION_KINDS: Final = ("visit", "wechat", "sms", "mini", "phone")
OUTCOMES: Final = ("bought", "tried", "deciding", "not_interested", "not_reached")
FOLLOW_UP_REASONS: Final = ("promised", "birthday", "reorder", "visit")
TIERS: Final[tuple[Tier, ...]] = ("casual", "ordinary", "super")
NOTE_LIMIT: Final = 2000
EXPORT_PURPOSES: Final = ("customer_asked", "return", "accounts", "other")
EXPORT_FORMS: Final = ("xlsx", "csv")
_MOST_LINES: Final = 10_000_000


def _id() -> Any:
    return field(metadata={"kind": "id"})


def _opt_id() -> Any:
    return field(default=None, metadata={"kind": "id", "optional": True})


def _text(limit: int = 200, *, personal: bool = False, optional: bool = False, default: Any = None) -> Any:
    meta = {"kind": "text", "limit": limit, "personal": personal, "optional": optional}
    return field(default=default, metadata=meta) if optional or default is not None else field(metadata=meta)


def _one_of(values: tuple[str, ...], default: str | None = None) -> Any:
    meta = {"kind": "one_of", "values": values}
    return field(metadata=meta) if default is None else field(default=default, metadata=meta)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordVisit:
    """The counter scanned (or opened) a member's code: recorded, never a touch, never binds."""

    TYPE: ClassVar[str] = "visit"
    PERMISSION: ClassVar[Permission] = "member.visit"
    visit_id: str = _id()
    member_id: str = _id()


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterMember:
    """A new person at the counter; her card code comes from this counter's pool."""

    TYPE: ClassVar[str] = "register"
    PERMISSION: ClassVar[Permission] = "member.register"
    member_id: str = _id()
    code_digits: str | None = _text(22, optional=True)
    code_typed: str | None = _text(12, optional=True)
    consents: tuple[tuple[str, bool], ...] = field(default=(), metadata={"kind": "consents"})
    consent_version: str = _text(40, default="2026-11")
    consent_lang: str = _text(8, default="zh_CN")
    name: str = _text(60, personal=True)
    phone_masked: str | None = _text(20, personal=True, optional=True)
    phone_tail: str | None = _text(4, personal=True, optional=True)
    phone_hash: str | None = _text(64, personal=True, optional=True)
    phone_sealed: str | None = _text(400, personal=True, optional=True)  # base64, only the server opens it
    birthday: str | None = _text(5, personal=True, optional=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogInteraction:
    """What an associate and a member talked about, and how it ended."""

    TYPE: ClassVar[str] = "interaction"
    PERMISSION: ClassVar[Permission] = "interaction.log"
    interaction_id: str = _id()
    member_id: str = _id()
    kind: str = _one_of(INTERACTION_KINDS)
    outcome: str = _one_of(OUTCOMES)
    note: str = _text(NOTE_LIMIT, personal=True, default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedNoPurchase:
    """Served, left without buying; the server lets it count only within ten minutes of a visit (COMMISSION.md)."""

    TYPE: ClassVar[str] = "served_no_purchase"
    PERMISSION: ClassVar[Permission] = "interaction.log"
    interaction_id: str = _id()
    member_id: str = _id()
    visit_id: str | None = _opt_id()
    note: str = _text(NOTE_LIMIT, personal=True, default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTag:
    """Add a tag to a member, or take it off."""

    TYPE: ClassVar[str] = "tag"
    PERMISSION: ClassVar[Permission] = "member.tag"
    member_id: str = _id()
    is_on: bool = field(metadata={"kind": "bool"})
    tag: str = _text(24, personal=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleFollowUp:
    """Promise to contact a member on a local day."""

    TYPE: ClassVar[str] = "follow_up"
    PERMISSION: ClassVar[Permission] = "follow_up.schedule"
    follow_up_id: str = _id()
    member_id: str = _id()
    due_date: str = field(metadata={"kind": "date"})
    due_time: str | None = _text(5, optional=True)
    reason: str = _one_of(FOLLOW_UP_REASONS, "promised")
    channel: str | None = _text(20, optional=True)
    interaction_id: str | None = _opt_id()
    text: str = _text(200, personal=True, default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteFollowUp:
    """The promised contact happened; the first completion the server accepts counts."""

    TYPE: ClassVar[str] = "follow_up_done"
    PERMISSION: ClassVar[Permission] = "follow_up.complete"
    follow_up_id: str = _id()
    member_id: str = _id()
    result: str = _text(200, personal=True, default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Retract:
    """Take back what the same associate logged a moment ago: the entry shows as withdrawn (SYNC.md 6)."""

    TYPE: ClassVar[str] = "retract"
    PERMISSION: ClassVar[Permission] = "interaction.log"
    op_id: str = _id()  # the operation that is taken back
    interaction_id: str = _id()  # the row it made
    member_id: str = _id()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordExport:
    """A member's purchases went into a file: who took them, and what for, is for head office to see (A-5)."""

    TYPE: ClassVar[str] = "export"
    PERMISSION: ClassVar[Permission] = "history.export"
    export_id: str = _id()  # stands in the file too
    member_id: str = _id()
    purpose: str = _one_of(EXPORT_PURPOSES)
    form: str = _one_of(EXPORT_FORMS)
    lines: int = field(metadata={"kind": "lines"})
    note: str = _text(120, personal=True, default="")


Operation = (
    RecordVisit
    | RegisterMember
    | LogInteraction
    | ServedNoPurchase
    | SetTag
    | ScheduleFollowUp
    | CompleteFollowUp
    | Retract
    | RecordExport
)
OPERATION_TYPES: Final[dict[str, type[Operation]]] = {
    cls.TYPE: cls
    for cls in (
        RecordVisit,
        RegisterMember,
        LogInteraction,
        ServedNoPurchase,
        SetTag,
        ScheduleFollowUp,
        CompleteFollowUp,
        Retract,
        RecordExport,
    )
}
VERSION: Final = 1


def lane_of(operation: Operation) -> str:
    """Operations of one lane keep their order (SYNC.md 6): the member they are about."""
    return operation.member_id


def split(operation: Operation) -> tuple[dict[str, Any], dict[str, Any]]:
    """Body and personal fields as JSON values; empty optional ones are left out."""
    body: dict[str, Any] = {}
    personal: dict[str, Any] = {}
    for item in fields(operation):
        value = getattr(operation, item.name)
        if value is None:
            continue
        if item.metadata["kind"] == "consents":
            value = [[purpose, given] for purpose, given in value]
        (personal if item.metadata.get("personal") else body)[item.name] = value
    return body, personal


def parse(type_name: str, version: int, body: Mapping[str, Any], personal: Mapping[str, Any]) -> Operation:
    """The operation that a body and its personal fields say; `unknown_type` or `validation` when they do not."""
    cls = OPERATION_TYPES.get(type_name)
    if cls is None or version != VERSION:
        raise Refused("unknown_type", type=type_name[:40], version=version)
    known = {item.name: item for item in fields(cls)}
    for given in (body, personal):
        for name in given:
            if name not in known or bool(known[name].metadata.get("personal")) != (given is personal):
                raise Refused("validation", field=str(name)[:40], why="unknown_field")
    values: dict[str, Any] = {}
    for name, item in known.items():
        source = personal if item.metadata.get("personal") else body
        if name in source:
            values[name] = _checked(item, source[name])
        elif _is_required(item):
            raise Refused("validation", field=name, why="missing")
    return cls(**values)


def _is_required(item: Field[Any]) -> bool:
    return item.default is MISSING and not item.metadata.get("optional")


def _checked(item: Field[Any], value: Any) -> Any:
    kind = item.metadata["kind"]
    if kind == "id" and ids.is_id(value):
        return value
    if kind == "text" and isinstance(value, str) and len(value) <= item.metadata["limit"]:
        return value
    if kind == "bool" and isinstance(value, bool):
        return value
    if kind == "lines" and type(value) is int and 0 <= value <= _MOST_LINES:
        return value
    if kind == "one_of" and value in item.metadata["values"]:
        return value
    if kind == "date" and isinstance(value, str) and _is_date(value):
        return value
    if kind == "consents" and isinstance(value, list):
        return tuple(_consent(entry) for entry in value)
    raise Refused("validation", field=item.name, why="bad_value")


def _is_date(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _consent(entry: Any) -> tuple[str, bool]:
    if (
        isinstance(entry, list)
        and len(entry) == 2
        and entry[0] in CONSENT_PURPOSES
        and isinstance(entry[1], bool)
    ):
        return (entry[0], entry[1])
    raise Refused("validation", field="consents", why="bad_value")
