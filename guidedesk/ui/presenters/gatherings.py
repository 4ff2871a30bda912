"""A member and the gatherings of this store: sign up, wait, take off, note that she was there; by digits alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from PySide6.QtCore import QObject

from guidedesk.domain.errors import GuideDeskError, Refused
from guidedesk.services.changes import Changes
from guidedesk.services.member_models import MemberCard
from guidedesk.services.operations import NoteAttendance, Operation, SignOff, SignUp
from guidedesk.services.queries.gatherings import GatheringInfo, list_gatherings
from guidedesk.services.queries.members import get_member_card
from guidedesk.services.session import Session
from guidedesk.services.undo import take_all_back
from guidedesk.ui import formats
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.forms import FormPresenter, FormState
from guidedesk.ui.presenters.undo import Notice

JOIN: Final = "join"
JOIN_OR_WAIT: Final = "join_or_wait"
WAIT: Final = "wait"
LEAVE: Final = "leave"
CAME: Final = "came"
MISSED: Final = "missed"


@dataclass(frozen=True, slots=True, kw_only=True)
class GatheringsState(FormState):
    """What there is, which one was chosen, and what is to happen."""

    gatherings: tuple[GatheringInfo, ...] = ()
    chosen_id: str = ""
    way: str = ""

    @property
    def chosen(self) -> GatheringInfo | None:
        """The one on show."""
        return next((one for one in self.gatherings if one.id == self.chosen_id), None)


def ways_of(one: GatheringInfo, now_ms: int) -> tuple[str, ...]:
    """What can be done about a gathering for a member as she stands; the likeliest first."""
    seat = one.seat.state if one.seat is not None else "left"
    if seat == "seated" and one.has_begun(now_ms) and not one.seats.is_cancelled:
        return (CAME, MISSED, LEAVE) if one.seats.ends_at_ms >= now_ms else (CAME, MISSED)
    if seat != "left":
        return (LEAVE,)
    if one.seats.is_cancelled or one.seats.ends_at_ms < now_ms:
        return ()
    return (JOIN, JOIN_OR_WAIT) if one.seats.left and not one.seats.waiting else (WAIT,)


class GatheringsPresenter(FormPresenter[GatheringsState]):
    """Opens over a member's card; works offline, head office decides about the seats."""

    KIND: ClassVar[str] = "gathering"

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(desk, GatheringsState(), parent)

    def choose(self, gathering_id: str) -> None:
        """Another one."""
        found = next((one for one in self.state.gatherings if one.id == gathering_id), None)
        if found is not None:
            ways = ways_of(found, self.state.now_ms)
            self._show(chosen_id=gathering_id, way=ways[0] if ways else "", problems=())

    def choose_way(self, way: str) -> None:
        """What is to happen."""
        self._show(way=way, problems=())

    def read(self, connection: Any, subject: str, session: Session, now_ms: int) -> GatheringsState:
        """What the store has to come, the next one chosen."""
        card = get_member_card(connection, subject, session.staff.id, now_ms)
        found = list_gatherings(connection, session.store_id, card.member_id, now_ms)
        ways = ways_of(found[0], now_ms) if found else ()
        return GatheringsState(
            card=card, now_ms=now_ms, gatherings=found, chosen_id=found[0].id if found else "",
            way=ways[0] if ways else "",
        )  # fmt: skip

    def check(self, state: GatheringsState) -> tuple[tuple[str, GuideDeskError], ...]:
        """Something must be chosen that can be done."""
        chosen = state.chosen
        if chosen is None or state.way not in ways_of(chosen, state.now_ms):
            return (("way", Refused("gathering_nothing_chosen")),)
        return ()

    def operations(self, state: GatheringsState, card: MemberCard) -> tuple[Operation, ...]:
        """One step."""
        ids = {"gathering_id": state.chosen_id, "member_id": card.member_id}
        match state.way:
            case "leave":
                return (SignOff(**ids),)
            case "came" | "missed":
                return (NoteAttendance(**ids, attendance=state.way),)
            case _:
                return (SignUp(**ids, may_wait=state.way != JOIN),)

    def notice(
        self, state: GatheringsState, card: MemberCard, operations: tuple[Operation, ...], changes: Changes
    ) -> Notice:
        """What was kept; a sign-up can be taken back."""
        chosen = state.chosen
        day = formats.local_day(chosen.seats.starts_at_ms) if chosen is not None else None
        undo = take_all_back(operations, changes.op_ids)
        return Notice(f"gathering.saved.{state.way}", card.name, day=day, undo=undo)

    def placed(self, error: Exception) -> str:
        """A refusal of the rules is about what was to happen."""
        is_known = isinstance(error, Refused) and str(error.params.get("why", "")).startswith("gathering_")
        return "way" if is_known else ""
