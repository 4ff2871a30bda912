"""A promised contact that will not happen, or that a colleague takes over: from the member card and the agenda."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Final

from PySide6.QtCore import QObject

from guidedesk.domain.errors import GuideDeskError, Refused
from guidedesk.domain.follow_ups.slots import typed_hour
from guidedesk.services import follow_up_steps as steps
from guidedesk.services.changes import Changes
from guidedesk.services.member_models import FollowUpInfo, MemberCard
from guidedesk.services.operations import Operation
from guidedesk.services.queries.follow_ups import find_suggested, list_follow_ups
from guidedesk.services.queries.members import get_member_card
from guidedesk.services.queries.reference import get_settings, get_staff, list_staff
from guidedesk.services.read_models import StaffInfo
from guidedesk.services.session import Session
from guidedesk.ui import formats, i18n
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.forms import FormPresenter, FormState
from guidedesk.ui.presenters.plan import APPOINTMENT, next_day
from guidedesk.ui.presenters.undo import Notice

HAND_OVER: Final = "hand_over"
CANCEL: Final = "cancel"
MOVE: Final = "move"
MISSED: Final = "missed"  # of an appointment: she did not come
WAYS: Final = (HAND_OVER, CANCEL, MOVE, MISSED)
REASON_LIMIT: Final = 200
COLLEAGUES_SHOWN: Final = 9
MANAGING: Final = ("manager", "area_manager")


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpState(FormState):
    """The promise, and what is to become of it."""

    item: FollowUpInfo | None = None
    owner: StaffInfo | None = None  # whose promise it is, where it is not for whoever asks to decide
    colleagues: tuple[StaffInfo, ...] = ()
    way: str = ""
    to_id: str = ""
    reason: str = ""
    day: str = ""
    hour: str = ""

    @property
    def is_appointment(self) -> bool:
        """Whether she is expected in the shop: that can be moved, and she may not come."""
        return self.item is not None and self.item.reason == APPOINTMENT


@dataclass(frozen=True, slots=True)
class FollowUpRef:
    """A promise and whose it is."""

    member_id: str
    follow_up_id: str


class FollowUpPresenter(FormPresenter[FollowUpState]):
    """Hand it over, move it or cancel it; each can be taken back for a moment."""

    KIND: ClassVar[str] = "follow_up"

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(desk, FollowUpState(), parent)

    def open_item(self, ref: FollowUpRef) -> None:
        """Ask what is to become of this promise."""
        self.open(f"{ref.member_id}/{ref.follow_up_id}")

    def choose_way(self, way: str) -> None:
        """Hand over or cancel."""
        if way in WAYS:
            self._show(way=way, problems=())

    def choose_colleague(self, staff_id: str) -> None:
        """Who takes it over."""
        self._show(to_id=staff_id, problems=())

    def type_day(self, text: str) -> None:
        """The new day: month and day."""
        self._show(day=text, problems=self.state.without("day"))

    def type_hour(self, text: str) -> None:
        """The new time of day."""
        self._show(hour=text, problems=self.state.without("hour"))

    def write_reason(self, text: str) -> None:
        """Why it will not happen; may stay empty."""
        self._show(reason=text[:REASON_LIMIT])

    def read(self, connection: Any, subject: str, session: Session, now_ms: int) -> FollowUpState:
        """The promise, unless somebody ended it meanwhile, and the colleagues who could take it."""
        member_id, follow_up_id = subject.split("/")
        card = get_member_card(connection, member_id, session.staff.id, now_ms)
        zone = get_settings(connection).zone
        found = list_follow_ups(connection, now_ms, zone, member_id=card.member_id)
        item = next((one for one in found if one.id == follow_up_id), None)
        item = item or find_suggested(connection, card.member_id, follow_up_id, session.staff.id, now_ms)
        if item is None:
            raise Refused("follow_up_over")
        staff = list_staff(connection, session.store_id)
        colleagues = tuple(one for one in staff if one.is_active and one.id != item.associate_id)
        is_hers = item.associate_id == session.staff.id or session.staff.role in MANAGING
        owner = None if is_hers else get_staff(connection, item.associate_id)
        return FollowUpState(
            card=card, now_ms=now_ms, item=item, owner=owner, colleagues=colleagues[:COLLEAGUES_SHOWN],
            hour=item.due_time or "",
        )  # fmt: skip

    def check(self, state: FollowUpState) -> tuple[tuple[str, GuideDeskError], ...]:
        """One of both must be chosen, and for a hand-over to whom."""
        if state.owner is not None:
            return (("way", Refused("follow_up_not_hers")),)
        if not state.way:
            return (("way", Refused("choose_way")),)
        if state.way == HAND_OVER and not state.to_id:
            return (("to", Refused("choose_colleague")),)
        return self._moved(state)[1] if state.way == MOVE else ()

    def operations(self, state: FollowUpState, card: MemberCard) -> tuple[Operation, ...]:
        """One ending or one hand-over."""
        item = state.item
        if item is None:
            return ()
        if state.way == CANCEL:
            return steps.dismiss(item, state.reason.strip())
        if state.way == MISSED:
            return steps.dismiss(item, MISSED)
        if state.way == MOVE:
            to = self._moved(state)[0]
            return steps.snooze(item, to[0], to[1]) if to is not None else ()
        return steps.hand_over(item, state.to_id)

    def notice(
        self, state: FollowUpState, card: MemberCard, operations: tuple[Operation, ...], changes: Changes
    ) -> Notice:
        """Who has it now, or that nobody has."""
        undo = steps.undo_of(operations, changes.op_ids)
        if state.way == CANCEL:
            return Notice("follow_up.cancelled", card.name, undo=undo)
        if state.way == MISSED:
            return Notice("follow_up.missed", card.name, undo=undo)
        if state.way == MOVE:
            to = self._moved(state)[0]
            return Notice("tasks.snoozed", card.name, to[0] if to is not None else None, undo)
        taker = next((one.name.pick(i18n.language()) for one in state.colleagues if one.id == state.to_id), "")
        return Notice("follow_up.handed_over", taker, undo=undo)

    def _moved(
        self, state: FollowUpState
    ) -> tuple[tuple[date, str | None] | None, tuple[tuple[str, GuideDeskError], ...]]:
        """The new day and hour as typed, or what is wrong with them."""
        problems: list[tuple[str, GuideDeskError]] = []
        day, hour = None, None
        try:
            day = next_day(state.day, formats.local_day(state.now_ms))
            if day is None:
                raise Refused("day_invalid")
        except GuideDeskError as error:
            problems.append(("day", error))
        try:
            hour = typed_hour(state.hour) if state.hour.strip() else None
        except GuideDeskError as error:
            problems.append(("hour", error))
        return (None if day is None or problems else (day, hour)), tuple(problems)
