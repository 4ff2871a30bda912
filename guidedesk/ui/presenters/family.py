"""A date of a member's family: asked for first, without a name or a year (domain.family)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from PySide6.QtCore import QObject

from guidedesk.domain.errors import GuideDeskError, Refused
from guidedesk.domain.family import (
    FAMILY_EVENTS,
    FAMILY_PURPOSE,
    RELATIONS,
    FamilyDate,
    check_family_date,
    needs_age,
)
from guidedesk.domain.people import typed_birthday
from guidedesk.services.changes import Changes
from guidedesk.services.member_models import MemberCard
from guidedesk.services.operations import Operation, SetConsent, SetFamilyDate
from guidedesk.services.queries.members import get_member_card
from guidedesk.services.queries.reference import get_settings
from guidedesk.services.session import Session
from guidedesk.ui import i18n
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.forms import FormPresenter, FormState
from guidedesk.ui.presenters.undo import Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyFormState(FormState):
    """What is chosen and typed. `agreed`: what she said now, where her card has no yes; `age`: whether the person is 14
    or older, asked only where it may be a child."""

    relation: str = ""
    event: str = FAMILY_EVENTS[0]
    day: str = ""
    agreed: bool | None = None
    age: bool | None = None
    keeps_children: bool = False

    @property
    def has_consent(self) -> bool:
        """Whether her card says yes already."""
        consents = self.card.consents if self.card is not None else ()
        return any(one.purpose == FAMILY_PURPOSE and bool(one.is_given) for one in consents)

    @property
    def asks_age(self) -> bool:
        """Whether somebody has to say that the person is 14 or older."""
        return needs_age(self.relation) and not self.keeps_children


class FamilyPresenter(FormPresenter[FamilyFormState]):
    """No draft is kept: it is asked of whoever stands there then."""

    KIND: ClassVar[str] = "family_date"

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(desk, FamilyFormState(), parent)

    def choose_relation(self, relation: str) -> None:
        """Whose date it is; the age is asked anew."""
        if relation in RELATIONS:
            self._show(relation=relation, age=None, problems=())

    def choose_event(self, event: str) -> None:
        """A birthday or an anniversary."""
        if event in FAMILY_EVENTS:
            self._show(event=event)

    def type_day(self, text: str) -> None:
        """Month and day."""
        self._show(day=text, problems=self.state.without("day"))

    def answer(self, agreed: bool) -> None:
        """Whether the customer agrees that such dates are kept."""
        self._show(agreed=agreed, problems=self.state.without("agreed"))

    def say_age(self, is_of_age: bool) -> None:
        """Whether the person is 14 or older."""
        self._show(age=is_of_age, problems=self.state.without("age"))

    def read(self, connection: Any, subject: str, session: Session, now_ms: int) -> FamilyFormState:
        """An empty form, and whether she agreed."""
        card = get_member_card(connection, subject, session.staff.id, now_ms)
        return FamilyFormState(card=card, now_ms=now_ms, keeps_children=get_settings(connection).keeps_children)

    def check(self, state: FamilyFormState) -> tuple[tuple[str, GuideDeskError], ...]:
        """Whose it is, which day, and that it may be kept."""
        problems: list[tuple[str, GuideDeskError]] = []
        if not state.relation:
            problems.append(("relation", Refused("family_relation")))
        try:
            self._date(state)
        except GuideDeskError as error:
            places = {"family_consent": "agreed", "family_under_age": "age"}
            problems.append((places.get(error.code, "day"), error))
        return tuple(problems)

    def operations(self, state: FamilyFormState, card: MemberCard) -> tuple[Operation, ...]:
        """Her yes, where it is new, and the date."""
        one = self._date(state)
        keep = SetFamilyDate(
            member_id=card.member_id, is_on=True, is_of_age=one.is_of_age, relation=one.relation, event=one.event,
            month_day=one.month_day,
        )  # fmt: skip
        if state.has_consent:
            return (keep,)
        said = SetConsent(
            member_id=card.member_id, purpose=FAMILY_PURPOSE, is_given=True, lang=i18n.language()
        )
        return said, keep

    def notice(
        self, state: FamilyFormState, card: MemberCard, operations: tuple[Operation, ...], changes: Changes
    ) -> Notice:
        """It is on her card."""
        return Notice("family.saved", card.name)

    def _date(self, state: FamilyFormState) -> FamilyDate:
        is_of_age = not needs_age(state.relation) or bool(state.age)
        one = FamilyDate(state.relation, state.event, typed_birthday(state.day), is_of_age)
        return check_family_date(
            one, has_consent=state.has_consent or bool(state.agreed), keeps_children=state.keeps_children
        )
