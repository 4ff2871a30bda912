"""Using a coupon: how it stands, what proof there is of who the member is, a manager's word if need be (Q-7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from PySide6.QtCore import QObject

from guidedesk.domain.coupons import FULL_ASSURANCE
from guidedesk.domain.errors import GuideDeskError, Refused
from guidedesk.domain.money import read_amount
from guidedesk.services.changes import Changes
from guidedesk.services.operations import Operation, RedeemCoupon
from guidedesk.services.queries.coupons import coupon_room, find_coupon, proof_of
from guidedesk.services.queries.members import get_member_card
from guidedesk.services.read_models import CouponInfo, CouponRoom, MemberCard
from guidedesk.services.session import Session
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.forms import FormPresenter, FormState
from guidedesk.ui.presenters.undo import Notice
from guidedesk.ui.scan_source import ScanOrigin

TYPED_LIMIT: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class RedeemState(FormState):
    """`assurance` is the best proof of her last scans; below 2 a manager's number and PIN are asked for."""

    coupon: CouponInfo | None = None
    assurance: int = 0
    room: CouponRoom | None = None
    amount: str = ""  # what a percentage came to, as typed
    number: str = ""
    pin: str = ""
    override_by: str | None = None

    @property
    def needs_manager(self) -> bool:
        """Whether somebody has to vouch for it."""
        return self.assurance < FULL_ASSURANCE

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


class RedeemPresenter(FormPresenter[RedeemState]):
    """Opened by a scan. A PIN is never kept as a draft."""

    KIND: ClassVar[str] = "redeem"

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(desk, RedeemState(), parent)
        self._channel: ScanOrigin = "wedge"

    def open_coupon(self, member_id: str, handle: str, campaign_no: int, channel: ScanOrigin) -> None:
        """Ask about using a coupon for a member; `channel`: how it came in."""
        self._channel = channel
        self.open(f"{member_id}/{handle}/{campaign_no}")

    def type_amount(self, text: str) -> None:
        """What a percentage came to."""
        self._show(amount=text[:40], problems=self.state.without("amount"))

    def type_number(self, text: str) -> None:
        """The manager's staff number."""
        self._show(number=text[:TYPED_LIMIT], override_by=None, problems=self.state.without("number"))

    def type_pin(self, text: str) -> None:
        """Her PIN; it stays in this form and goes with it."""
        self._show(pin=text[:TYPED_LIMIT], override_by=None, problems=self.state.without("pin"))

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
        if state.needs_manager and not state.number.strip():
            problems.append(("number", Refused("coupon_proof")))
        return tuple(problems)

    def save(self) -> None:
        """Ctrl Enter: a manager's word is heard first; then it is recorded."""
        state = self.state
        if state.card is None or state.is_saving or not state.needs_manager or state.override_by is not None:
            super().save()
            return
        problems = self.check(state)
        self._show(problems=problems)
        if problems:
            return
        self._show(is_saving=True)

        def heard(staff_id: str) -> None:
            if self.state.card is not None:
                self._show(is_saving=False, override_by=staff_id)
                super(RedeemPresenter, self).save()

        def refused(error: Exception) -> None:
            known = error if isinstance(error, GuideDeskError) else None
            self._show(is_saving=False, pin="", problems=(("pin", known),) if known else ())
            if known is None:
                self._desk.tasks.failed.emit(error)

        self._desk.tasks.ask(
            self._desk.counter.prove_manager, state.number.strip(), state.pin, done=heard, failed=refused
        )

    def assurance(self, state: RedeemState) -> int:
        """As the member proved who she is."""
        return state.assurance

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

    def placed(self, error: Exception) -> str:
        """What the rules refuse is said in the form."""
        return "pin" if isinstance(error, GuideDeskError) else ""
