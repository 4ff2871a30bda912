"""Operations of promised contacts: made, moved, handed over, ended (SYNC.md 6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from guidedesk.domain.access import Permission
from guidedesk.services.operation_fields import date_field, id_field, one_of_field, opt_id_field, text_field

FOLLOW_UP_REASONS: Final = (
    "promised", "birthday", "reorder", "visit", "after_sale", "window", "lapsed", "family", "arrival", "duplicate",
    "goes_with", "gathering",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleFollowUp:
    """Promise to contact a member on a local day."""

    TYPE: ClassVar[str] = "follow_up"
    PERMISSION: ClassVar[Permission] = "follow_up.schedule"
    follow_up_id: str = id_field()
    member_id: str = id_field()
    due_date: str = date_field()
    due_time: str | None = text_field(5, optional=True)
    reason: str = one_of_field(FOLLOW_UP_REASONS, "promised")
    channel: str | None = text_field(20, optional=True)
    interaction_id: str | None = opt_id_field()
    text: str = text_field(200, personal=True, default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteFollowUp:
    """The promised contact happened; the first completion the server accepts counts."""

    TYPE: ClassVar[str] = "follow_up_done"
    PERMISSION: ClassVar[Permission] = "follow_up.complete"
    follow_up_id: str = id_field()
    member_id: str = id_field()
    result: str = text_field(200, personal=True, default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelFollowUp:
    """A promised contact will not happen; the first ending the server accepts counts."""

    TYPE: ClassVar[str] = "follow_up_cancel"
    PERMISSION: ClassVar[Permission] = "follow_up.cancel"
    follow_up_id: str = id_field()
    member_id: str = id_field()
    reason: str = text_field(200, personal=True, default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class SnoozeFollowUp:
    """A promised contact is kept on another day. `from_date` is the day on the screen: when it was moved or ended
    meanwhile, that counts and this one changes nothing."""

    TYPE: ClassVar[str] = "follow_up_snooze"
    PERMISSION: ClassVar[Permission] = "follow_up.schedule"
    follow_up_id: str = id_field()
    member_id: str = id_field()
    from_date: str = date_field()
    due_date: str = date_field()
    due_time: str | None = text_field(5, optional=True)  # another hour as well, of an appointment


@dataclass(frozen=True, slots=True, kw_only=True)
class ReassignFollowUp:
    """A colleague takes a promised contact over. `from_id` is whose it was on the screen: when it is somebody
    else's by now, the first reassignment counts and this one is told so."""

    TYPE: ClassVar[str] = "follow_up_reassign"
    PERMISSION: ClassVar[Permission] = "follow_up.reassign"
    follow_up_id: str = id_field()
    member_id: str = id_field()
    from_id: str = id_field()
    to_id: str = id_field()
