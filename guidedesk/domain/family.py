"""Dates of a member's family: relation, month and day, never a year or a name (SECURITY.md P-1, P-6).

They are kept because she said so for this purpose, and gone from every screen as soon as she takes it back. Nothing is
kept about a child under 14 unless the chain has configured it; without a year somebody has to say so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from guidedesk.domain.errors import Refused
from guidedesk.domain.people import clean_birthday

Relation = Literal["partner", "child", "parent", "other"]
FamilyEvent = Literal["birthday", "anniversary"]
RELATIONS: Final[tuple[Relation, ...]] = ("partner", "child", "parent", "other")
FAMILY_EVENTS: Final[tuple[FamilyEvent, ...]] = ("birthday", "anniversary")
FAMILY_PURPOSE: Final = "family"  # what the member is asked for, one of CONSENT_PURPOSES
LEAST_AGE: Final = 14  # years; PIPL 28 and 31 as SECURITY.md P-1 reads them
# Who may be a child, whatever she is called.
_MAY_BE_YOUNG: Final = frozenset({"child", "other"})


@dataclass(frozen=True, slots=True)
class FamilyDate:
    """One date. `is_of_age`: whoever told it said that the person is 14 or older."""

    relation: str
    event: str
    month_day: str  # MM-DD
    is_of_age: bool


def needs_age(relation: str) -> bool:
    """Whether somebody has to say that the person is 14 or older."""
    return relation in _MAY_BE_YOUNG


def may_be_told(one: FamilyDate, *, keeps_children: bool) -> bool:
    """Whether a date may be kept, shown and used; `keeps_children` is the chain's setting."""
    return keeps_children or one.is_of_age or not needs_age(one.relation)


def check_family_date(one: FamilyDate, *, has_consent: bool, keeps_children: bool) -> FamilyDate:
    """The date as kept. `birthday_invalid`, `family_consent` without a live consent, `family_under_age`."""
    cleaned = FamilyDate(one.relation, one.event, clean_birthday(one.month_day), one.is_of_age)
    if not has_consent:
        raise Refused("family_consent")
    if not may_be_told(cleaned, keeps_children=keeps_children):
        raise Refused("family_under_age", years=LEAST_AGE)
    return cleaned


def shown(dates: Iterable[FamilyDate], *, has_consent: bool, keeps_children: bool) -> tuple[FamilyDate, ...]:
    """Those that may be shown, in the order of the year; none once consent is taken back."""
    found = [one for one in dates if has_consent and may_be_told(one, keeps_children=keeps_children)]
    return tuple(sorted(found, key=lambda one: (one.month_day, one.relation, one.event)))
