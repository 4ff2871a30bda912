"""Something planned by hand: a contact, or an appointment in the shop, on a day, by oneself or a colleague."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, ClassVar, Final

from PySide6.QtCore import QObject

from guidedesk.domain.errors import GuideDeskError, Refused
from guidedesk.domain.follow_ups.slots import typed_hour
from guidedesk.domain.people import clean_birthday, typed_birthday
from guidedesk.services.changes import Changes
from guidedesk.services.member_models import MemberCard
from guidedesk.services.operations import Operation, ReassignFollowUp, ScheduleFollowUp
from guidedesk.services.queries.members import get_member_card
from guidedesk.services.queries.reference import list_staff
from guidedesk.services.read_models import StaffInfo
from guidedesk.services.session import Session
from guidedesk.services.undo import take_all_back
from guidedesk.ui import formats
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.drafts import Draft
from guidedesk.ui.presenters.forms import FormPresenter, FormState
from guidedesk.ui.presenters.undo import Notice

CONTACT: Final = "promised"
APPOINTMENT: Final = "visit"
KINDS: Final = (CONTACT, APPOINTMENT)
TEXT_LIMIT: Final = 120
COLLEAGUES_SHOWN: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanState(FormState):
    """What is planned. `who` are those who could do it, whoever asks first; `day` and `hour` as typed."""

    kind: str = CONTACT
    text: str = ""
    day: str = ""
    hour: str = ""
    who: tuple[StaffInfo, ...] = ()
    to_id: str = ""


class PlanPresenter(FormPresenter[PlanState]):
    """A follow-up like any other: it is on the list of whoever is to do it, at every counter of the store."""

    KIND: ClassVar[str] = "plan"

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(desk, PlanState(), parent)
        self._kind = CONTACT

    def open_as(self, kind: str, member_id: str) -> None:
        """Begin with a contact or an appointment."""
        self._kind = kind
        self.open(member_id)

    def choose_kind(self, kind: str) -> None:
        """A contact or an appointment."""
        if kind in KINDS:
            self._show(kind=kind, problems=())

    def type_text(self, text: str) -> None:
        """Why."""
        self._show(text=text[:TEXT_LIMIT], problems=self.state.without("text"))

    def type_day(self, text: str) -> None:
        """Month and day."""
        self._show(day=text, problems=self.state.without("day"))

    def type_hour(self, text: str) -> None:
        """The local time of day."""
        self._show(hour=text, problems=self.state.without("hour"))

    def choose_who(self, staff_id: str) -> None:
        """Who does it."""
        self._show(to_id=staff_id)

    def read(self, connection: Any, subject: str, session: Session, now_ms: int) -> PlanState:
        """For oneself, on no day yet."""
        card = get_member_card(connection, subject, session.staff.id, now_ms)
        others = [
            one for one in list_staff(connection, session.store_id) if one.is_active and one.id != session.staff.id
        ]
        who = (session.staff, *others[:COLLEAGUES_SHOWN])
        return PlanState(card=card, now_ms=now_ms, kind=self._kind, who=who, to_id=session.staff.id)

    def draft(self, state: PlanState) -> Draft | None:
        """What was typed, if anything was."""
        if not (state.text.strip() or state.day.strip() or state.hour.strip()):
            return None
        return {"kind": state.kind, "text": state.text, "day": state.day, "hour": state.hour}

    def with_draft(self, state: PlanState, draft: Draft) -> PlanState:
        """What was typed last time, as long as it is about the same kind of thing."""
        if draft.get("kind") != state.kind:
            return state
        typed: dict[str, Any] = {name: str(draft.get(name, "")) for name in ("text", "day", "hour")}
        return replace(state, **typed)

    def check(self, state: PlanState) -> tuple[tuple[str, GuideDeskError], ...]:
        """A reason, a day to come, and for an appointment an hour."""
        problems: list[tuple[str, GuideDeskError]] = []
        if not state.text.strip():
            problems.append(("text", Refused("plan_reason")))
        for name, read in (("day", self._day), ("hour", self._hour)):
            try:
                read(state)
            except GuideDeskError as error:
                problems.append((name, error))
        return tuple(problems)

    def operations(self, state: PlanState, card: MemberCard) -> tuple[Operation, ...]:
        """One promise, given to whoever keeps it."""
        plan = ScheduleFollowUp(
            follow_up_id=self._desk.counter.new_id(), member_id=card.member_id, due_date=self._day(state).isoformat(),
            due_time=self._hour(state), reason=state.kind, text=state.text.strip(),
        )  # fmt: skip
        mine = self._desk.who.staff.id
        if state.to_id in ("", mine):
            return (plan,)
        give = ReassignFollowUp(
            follow_up_id=plan.follow_up_id, member_id=card.member_id, from_id=mine, to_id=state.to_id
        )
        return plan, give

    def notice(
        self, state: PlanState, card: MemberCard, operations: tuple[Operation, ...], changes: Changes
    ) -> Notice:
        """When it is."""
        undo = take_all_back(operations[:1], changes.op_ids[:1]) if len(operations) == 1 else ()
        return Notice("plan.saved", card.name, self._day(state), undo)

    def _day(self, state: PlanState) -> date:
        found = next_day(state.day, formats.local_day(state.now_ms))
        if found is None:
            raise Refused("day_invalid")
        return found

    def _hour(self, state: PlanState) -> str | None:
        if state.kind == APPOINTMENT or state.hour.strip():
            return typed_hour(state.hour)
        return None


def next_day(text: str, today: date) -> date | None:
    """The next local day a typed month and day mean, today included; None where nothing is typed; `day_invalid`."""
    typed = typed_birthday(text)
    if not typed:
        return None
    try:
        month, day = (int(part) for part in clean_birthday(typed).split("-"))
        on = date(today.year, month, day)
        return on if on >= today else date(today.year + 1, month, day)
    except (GuideDeskError, ValueError):
        raise Refused("day_invalid") from None
