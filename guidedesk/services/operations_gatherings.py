"""Operations about gatherings: a member is signed up, taken off, or was there (domain.gatherings)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from guidedesk.domain.access import Permission
from guidedesk.domain.gatherings import ATTENDANCE
from guidedesk.services.operation_fields import flag_field, id_field, one_of_field


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUp:
    """Somebody wants a seat. `may_wait`: she was asked, and waits where there is none left when head office decides."""

    TYPE: ClassVar[str] = "sign_up"
    PERMISSION: ClassVar[Permission] = "follow_up.schedule"
    gathering_id: str = id_field()
    member_id: str = id_field()
    may_wait: bool = flag_field()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOff:
    """She does not come; her seat goes to whoever waits longest."""

    TYPE: ClassVar[str] = "sign_off"
    PERMISSION: ClassVar[Permission] = "follow_up.schedule"
    gathering_id: str = id_field()
    member_id: str = id_field()


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAttendance:
    """She was there, or was not. Somebody without a seat who came is let in: that she was there is a fact."""

    TYPE: ClassVar[str] = "attendance"
    PERMISSION: ClassVar[Permission] = "follow_up.schedule"
    gathering_id: str = id_field()
    member_id: str = id_field()
    attendance: str = one_of_field(ATTENDANCE)
