"""The next best action for the member whose card is open, with its reason, and her tier (DESIGN-UI.md 5.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from guidedesk.domain.family import FamilyDate
from guidedesk.services import follow_up_steps as steps
from guidedesk.services.care_book import KINDS
from guidedesk.services.changes import Changes
from guidedesk.services.member_models import FollowUpInfo
from guidedesk.services.operations import EndWish, Operation, SetFamilyDate
from guidedesk.services.queries.member_care import MemberCare, get_member_care
from guidedesk.services.undo import take_all_back
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.member import MemberState
from guidedesk.ui.presenters.state_presenter import StatePresenter
from guidedesk.ui.presenters.undo import Notice

# The card is painted first, and the next scan of a queue is not held up by what nobody had time to read.
READ_AFTER_MS: Final = 200
POINTS_KINDS: Final = ("points_entry", "points_balance", "points_rules")


@dataclass(frozen=True, slots=True)
class MemberCareState:
    """`care` is None while nothing is known of the member; `turn` counts how often another action was wanted."""

    care: MemberCare | None = None
    turn: int = 0
    hides_amounts: bool = False

    @property
    def action(self) -> FollowUpInfo | None:
        """The action on show; a colleague's protected member is hers to suggest things to."""
        actions = self.care.actions if self.care is not None and not self.hides_amounts else ()
        return actions[self.turn % len(actions)] if actions else None

    @property
    def has_others(self) -> bool:
        """Whether there is another one."""
        return self.care is not None and len(self.care.actions) > 1


class MemberCarePresenter(StatePresenter[MemberCareState]):
    """Follows the member card: `follow` takes its states. `state_changed(MemberCareState)`; `noticed(Notice)`."""

    noticed = Signal(object)

    def __init__(self, desk: Desk, parent: QObject | None = None, *, after_ms: int = READ_AFTER_MS) -> None:
        super().__init__(MemberCareState(), parent)
        self._desk = desk
        self._member_id = ""
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(after_ms)
        self._later.timeout.connect(self.reload)
        desk.tasks.committed.connect(self._committed)

    def follow(self, state: MemberState) -> None:
        """The card shows somebody else, or somebody at all: read about her after it."""
        member_id = "" if state.card is None or state.card.is_erased else state.card.member_id
        if member_id != self._member_id:
            self._member_id = member_id
            self._show_state(MemberCareState(hides_amounts=state.hides_amounts))
            if self._later.interval():
                self._later.start()
            else:
                self.reload()
        else:
            self._show(hides_amounts=state.hides_amounts)

    def reload(self) -> None:
        """Read it again."""
        session, member_id = self._desk.session, self._member_id
        if session is None or not member_id:
            return

        def taken(care: MemberCare | None) -> None:
            if self._desk.session is session and self._member_id == member_id:
                self._show(care=care)

        self._desk.read(
            get_member_care, member_id, session.staff.id, self._desk.now_ms(), done=taken, latest="member.care"
        )  # fmt: skip

    def another(self) -> None:
        """Show the next one."""
        self._show(turn=self.state.turn + 1)

    def complete(self) -> None:
        """It was done."""
        item = self.state.action
        if item is not None:
            self._record(item, steps.complete(item), "member.follow_up_done")

    def dismiss(self) -> None:
        """Not suitable: it is not suggested again, here or elsewhere."""
        item = self.state.action
        if item is not None:
            self._record(item, steps.dismiss(item), "tasks.dismissed")

    def end_wish(self, wish_id: str, how: str) -> None:
        """She has it, or wants it no more."""
        if self._member_id:
            self._tell("wish.ended", EndWish(wish_id=wish_id, member_id=self._member_id, how=how))

    def remove_family(self, one: FamilyDate) -> None:
        """A date of her family is taken off."""
        if self._member_id:
            off = SetFamilyDate(
                member_id=self._member_id, is_on=False, is_of_age=one.is_of_age, relation=one.relation,
                event=one.event, month_day=one.month_day,
            )  # fmt: skip
            self._tell("family.removed", off)

    def _tell(self, key: str, operation: Operation) -> None:
        def told(changes: Changes) -> None:
            self.noticed.emit(Notice(key, "", undo=take_all_back((operation,), changes.op_ids)))

        self._desk.record(operation, done=told)

    def _record(self, item: FollowUpInfo, operations: tuple[Operation, ...], key: str) -> None:
        def told(changes: Changes) -> None:
            undo = steps.undo_of(operations, changes.op_ids)
            self.noticed.emit(Notice(key, item.member_name, undo=undo))

        self._desk.record(*operations, done=told)

    def _committed(self, changes: object) -> None:
        if isinstance(changes, Changes) and self._member_id and changes.concerns(
            self._member_id, *KINDS, *POINTS_KINDS
        ):
            self.reload()
