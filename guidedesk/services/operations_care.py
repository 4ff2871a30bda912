"""Operations of looking after a member: dates of her family, and what she wishes for (domain.family, domain.wishes)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from guidedesk.domain.access import Permission
from guidedesk.domain.family import FAMILY_EVENTS, RELATIONS
from guidedesk.domain.wishes import WISH_ENDS, WISH_WORDS
from guidedesk.services.operation_fields import (
    flag_field,
    id_field,
    one_of_field,
    opt_date_field,
    text_field,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetFamilyDate:
    """Keep a date of a member's family, or take it off. Kept only with her consent, and by the rule of age."""

    TYPE: ClassVar[str] = "family_date"
    PERMISSION: ClassVar[Permission] = "member.edit"
    member_id: str = id_field()
    is_on: bool = flag_field()
    is_of_age: bool = flag_field()
    relation: str = one_of_field(RELATIONS)
    event: str = one_of_field(FAMILY_EVENTS)
    month_day: str = text_field(5, personal=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetOwnTag:
    """Put a tag on that only its author reads, or take it off. `owner_id` is whoever records it; nobody writes
    another's."""

    TYPE: ClassVar[str] = "own_tag"
    PERMISSION: ClassVar[Permission] = "member.tag"
    member_id: str = id_field()
    owner_id: str = id_field()
    is_on: bool = flag_field()
    tag: str = text_field(24, personal=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddWish:
    """A member wishes for an article, or for something in words."""

    TYPE: ClassVar[str] = "wish"
    PERMISSION: ClassVar[Permission] = "member.edit"
    wish_id: str = id_field()
    member_id: str = id_field()
    sku: str | None = text_field(64, optional=True)
    until_date: str | None = opt_date_field()
    words: str = text_field(WISH_WORDS, personal=True)
    size: str = text_field(20, personal=True, default="")
    colour: str = text_field(20, personal=True, default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class EndWish:
    """A wish is over: she has it, or wants it no more. The first ending the server accepts counts."""

    TYPE: ClassVar[str] = "wish_end"
    PERMISSION: ClassVar[Permission] = "member.edit"
    wish_id: str = id_field()
    member_id: str = id_field()
    how: str = one_of_field(WISH_ENDS)
