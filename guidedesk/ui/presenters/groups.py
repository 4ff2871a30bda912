"""Put a member into a group kept by hand, or take her out, from her card. Only head office has the groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from PySide6.QtCore import QObject

from guidedesk.domain.errors import GuideDeskError, TransportError
from guidedesk.services.member_models import MemberCard
from guidedesk.services.operations import Operation
from guidedesk.services.queries.members import get_member_card
from guidedesk.services.segments import SegmentInfo
from guidedesk.services.session import Session
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.forms import FormPresenter, FormState
from guidedesk.ui.presenters.undo import Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupsState(FormState):
    """`groups` kept by hand, in which of them she is, and which is chosen; `is_offline`: head office did not answer."""

    groups: tuple[SegmentInfo, ...] = ()
    hers: frozenset[str] = frozenset()
    chosen_id: str = ""
    is_asking: bool = False
    is_offline: bool = False

    @property
    def is_in(self) -> bool:
        """Whether she is in the chosen group."""
        return self.chosen_id in self.hers


class GroupsPresenter(FormPresenter[GroupsState]):
    """Nothing is recorded here and no draft is kept: a group lives at head office, so it is asked each time."""

    KIND: ClassVar[str] = "groups"

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(desk, GroupsState(), parent)

    def choose(self, group_id: str) -> None:
        """Which group."""
        if any(each.id == group_id for each in self.state.groups):
            self._show(chosen_id=group_id, problems=())

    def read(self, connection: Any, subject: str, session: Session, now_ms: int) -> GroupsState:
        """Who it is; the groups come from head office."""
        card = get_member_card(connection, subject, session.staff.id, now_ms)
        return GroupsState(card=card, now_ms=now_ms, is_asking=True)

    def operations(self, state: GroupsState, card: MemberCard) -> tuple[Operation, ...]:
        """Nothing of it is an operation."""
        return ()

    def begun(self) -> None:
        """Ask which groups there are and in which she is."""
        card, port = self.state.card, self._desk.counter.segments
        if card is None:
            return
        member_id = card.member_id

        def ask() -> tuple[tuple[SegmentInfo, ...], frozenset[str]]:
            groups = tuple(each for each in port.board().segments if each.kind == "hand")
            return groups, frozenset(port.groups_of(member_id)) if groups else frozenset()

        def answered(found: tuple[tuple[SegmentInfo, ...], frozenset[str]]) -> None:
            groups, hers = found
            self._show(groups=groups, hers=hers, chosen_id=groups[0].id if groups else "", is_asking=False)

        self._ask(ask, answered)

    def save(self) -> None:
        """Ctrl Enter: into the chosen group, or out of it where she is in it."""
        state, card = self.state, self.state.card
        group = next((each for each in state.groups if each.id == state.chosen_id), None)
        if card is None or group is None or state.is_saving:
            return
        self._show(is_saving=True, problems=())
        is_in, member_id, port = not state.is_in, card.member_id, self._desk.counter.segments

        def kept(_: SegmentInfo) -> None:
            self._close()
            self.saved.emit(Notice("groups.told.in" if is_in else "groups.told.out", group.name))

        self._ask(lambda: port.put_member(group.id, member_id, is_in=is_in), kept)

    def _ask(self, work: Any, take: Any) -> None:
        turn, session = self._turn, self._desk.session

        def is_here() -> bool:
            return turn == self._turn and self._desk.session is session and self.state.card is not None

        def done(found: Any) -> None:
            if is_here():
                take(found)

        def failed(error: Exception) -> None:
            if not is_here():
                return
            self._show(is_saving=False, is_asking=False, is_offline=isinstance(error, TransportError))
            if isinstance(error, TransportError):
                return
            if isinstance(error, GuideDeskError):
                self._show(problems=(("group", error),))
            else:
                self._desk.tasks.failed.emit(error)

        self._desk.tasks.ask(work, done=done, failed=failed)
