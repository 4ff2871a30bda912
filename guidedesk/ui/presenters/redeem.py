"""Using a coupon: how it stands, what proof there is of who the member is, a manager's word if need be (Q-7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from PySide6.QtCore import QObject

from guidedesk.domain.errors import GuideDeskError
from guidedesk.domain.money import read_amount
from guidedesk.services.changes import Changes
from guidedesk.services.member_models import MemberCard
from guidedesk.services.operations import Operation, RedeemCoupon
from guidedesk.services.queries.coupons import coupon_room, find_coupon, proof_of
from guidedesk.services.queries.members import get_member_card
from guidedesk.services.read_models import CouponInfo
from guidedesk.services.session import Session
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.undo import Notice
from guidedesk.ui.presenters.vouched import VouchedPresenter, VouchedState
from guidedesk.ui.scan_source import ScanOrigin


@dataclass(frozen=True, slots=True, kw_only=True)
class RedeemState(VouchedState):
    """The coupon as it stands, and what a percentage came to."""

    coupon: CouponInfo | None = None
    amount: str = ""  # as typed

    @property
    def asks_amount(self) -> bool:
        """A percentage: the till says what it came to."""
        return self.coupon is not None and self.coupon.offer is not None and self.coupon.offer.kind == "percent"

    @property
    def value_minor(self) -> int:
        """What it takes off, in minor units; 0 for a gift."""
        offer = self.coupon.offer if self.coupon is not None else None
        if offer is None or offer.kind == "gift":
            return 0
        return read_amount(self.amount, offer.currency) if self.asks_amount else offer.value_minor


class RedeemPresenter(VouchedPresenter[RedeemState]):
    """Opened by a scan of the coupon, or from her card."""

    KIND: ClassVar[str] = "redeem"

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(desk, RedeemState(), parent)
        self._channel: ScanOrigin | None = None

    def open_coupon(self, member_id: str, handle: str, campaign_no: int, channel: ScanOrigin | None) -> None:
        """Ask about using a coupon for a member; `channel`: how it came in, None from her card."""
        self._channel = channel
        self.open(f"{member_id}/{handle}/{campaign_no}")

    def type_amount(self, text: str) -> None:
        """What a percentage came to."""
        self._show(amount=text[:40], problems=self.state.without("amount"))

    def read(self, connection: Any, subject: str, session: Session, now_ms: int) -> RedeemState:
        """How the coupon and its member stand now."""
        member_id, handle, number = subject.split("/")
        counter = self._desk.counter
        return RedeemState(
            card=get_member_card(connection, member_id, session.staff.id, now_ms),
            now_ms=now_ms,
            coupon=find_coupon(connection, handle, int(number), counter.device_id),
            assurance=proof_of(connection, counter.store_id, member_id, now_ms),
            room=coupon_room(connection, counter.store_id, counter.device_id, now_ms),
        )

    def check(self, state: RedeemState) -> tuple[tuple[str, GuideDeskError], ...]:
        """An amount where one is asked for; a manager's number and PIN where her word is needed."""
        problems: list[tuple[str, GuideDeskError]] = []
        try:
            state.value_minor  # noqa: B018  (reading it says what is wrong with it)
        except GuideDeskError as error:
            problems.append(("amount", error))
        return (*problems, *self.unvouched(state))

    def operations(self, state: RedeemState, card: MemberCard) -> tuple[Operation, ...]:
        """One use of this coupon."""
        coupon = state.coupon
        if coupon is None or coupon.offer is None:
            return ()
        return (
            RedeemCoupon(
                use_id=self._desk.counter.new_id(), member_id=card.member_id, handle=coupon.handle,
                campaign_no=coupon.offer.number, value_minor=state.value_minor, is_final=coupon.is_own,
                override_by=state.override_by if state.needs_manager else None, channel=self._channel,
            ),
        )  # fmt: skip

    def notice(
        self, state: RedeemState, card: MemberCard, operations: tuple[Operation, ...], changes: Changes
    ) -> Notice:
        """A redemption cannot be undone (DESIGN-UI.md 2): said, without a way back."""
        return Notice("redeem.saved", card.name)
