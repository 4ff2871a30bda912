"""Spending points: what she has, what they take off, what proof there is, a manager's word if need be (Q-7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from PySide6.QtCore import QObject

from guidedesk.domain.errors import GuideDeskError, Refused
from guidedesk.services.changes import Changes
from guidedesk.services.member_models import MemberCard
from guidedesk.services.operations import Operation, RedeemPoints
from guidedesk.services.queries.coupons import coupon_room, proof_of
from guidedesk.services.queries.members import get_member_card
from guidedesk.services.queries.points import PointsInfo, get_points
from guidedesk.services.queries.reference import get_settings
from guidedesk.services.session import Session
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.undo import Notice
from guidedesk.ui.presenters.vouched import TYPED_LIMIT, VouchedPresenter, VouchedState


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsState(VouchedState):
    """`typed` is how many are to be spent, as typed; at first as many as can be."""

    info: PointsInfo | None = None
    typed: str = ""

    @property
    def room_minor(self) -> int | None:
        """What may still pass today: on a manager's word as much as that leaves, before head office decided as much as
        that does."""
        if self.room is None:
            return None
        asked = (self.room.provisional_minor, self.room.overridden_minor)
        return min(asked) if self.needs_manager else self.room.provisional_minor

    @property
    def most(self) -> int:
        """The most points that can be spent here now."""
        rules = self.info.rules if self.info is not None else None
        return 0 if rules is None or self.info is None else rules.most(self.info.balance, self.room_minor)

    @property
    def points(self) -> int:
        """How many are to be spent; `points_step`, `points_short` where that cannot be."""
        rules = self.info.rules if self.info is not None else None
        if rules is None or self.info is None or not rules.redeem_points:
            raise Refused("not_found", what="points_rules")
        text = self.typed.strip().replace(",", "")
        points = int(text) if text.isascii() and text.isdecimal() else 0
        rules.worth(points)
        if points > self.info.balance:
            raise Refused("points_short", left=self.info.balance)
        return points

    @property
    def worth_minor(self) -> int:
        """What they take off, in minor units; 0 while what is typed cannot be."""
        try:
            return self.info.rules.worth(self.points) if self.info is not None and self.info.rules is not None else 0
        except Refused:
            return 0


class PointsPresenter(VouchedPresenter[PointsState]):
    """Opened from the member card."""

    KIND: ClassVar[str] = "points"

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(desk, PointsState(), parent)

    def type_points(self, text: str) -> None:
        """How many to spend."""
        self._show(typed=text[:TYPED_LIMIT], problems=self.state.without("points"))

    def read(self, connection: Any, subject: str, session: Session, now_ms: int) -> PointsState:
        """What she has now, and what this counter may let pass."""
        counter = self._desk.counter
        card = get_member_card(connection, subject, session.staff.id, now_ms)
        state = PointsState(
            card=card,
            now_ms=now_ms,
            info=get_points(connection, card.member_id, now_ms, get_settings(connection).zone),
            assurance=proof_of(connection, counter.store_id, card.member_id, now_ms),
            room=coupon_room(connection, counter.store_id, counter.device_id, now_ms),
        )
        return PointsState(
            card=card, now_ms=now_ms, info=state.info, assurance=state.assurance, room=state.room,
            typed=str(state.most) if state.most else "",
        )  # fmt: skip

    def check(self, state: PointsState) -> tuple[tuple[str, GuideDeskError], ...]:
        """Whole steps that she has; a manager's number where her word is needed."""
        problems: list[tuple[str, GuideDeskError]] = []
        try:
            state.points  # noqa: B018  (reading it says what is wrong with it)
        except GuideDeskError as error:
            problems.append(("points", error))
        return (*problems, *self.unvouched(state))

    def operations(self, state: PointsState, card: MemberCard) -> tuple[Operation, ...]:
        """One redemption."""
        return (
            RedeemPoints(
                redeem_id=self._desk.counter.new_id(), member_id=card.member_id, points=state.points,
                worth_minor=state.worth_minor, override_by=state.override_by if state.needs_manager else None,
            ),
        )  # fmt: skip

    def notice(
        self, state: PointsState, card: MemberCard, operations: tuple[Operation, ...], changes: Changes
    ) -> Notice:
        """A redemption cannot be undone (DESIGN-UI.md 2): said, without a way back."""
        return Notice("points.saved", card.name)
