"""Codes to show, print and save: one's own, an invitation, another card, the store's (DESIGN-UI.md 5.6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from guidedesk.codes.encoder import short_url
from guidedesk.domain.errors import GuideDeskError, Refused, TransportError
from guidedesk.domain.ids import derived_id
from guidedesk.services.apply_codes import INVITATION_MS
from guidedesk.services.changes import Changes
from guidedesk.services.member_models import MemberCard
from guidedesk.services.operations import IssueCoupon, IssueInvitation, Operation, ReissueCard
from guidedesk.services.queries.codes import get_codes
from guidedesk.services.queries.coupons import list_loaded, list_offers
from guidedesk.services.read_models import CodesInfo, CouponInfo, InvitationInfo, OfferInfo
from guidedesk.services.session import Session
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.file_export import stamped
from guidedesk.ui.presenters.state_presenter import StatePresenter

T = TypeVar("T")
Taking = TypeVar("Taking", bound=Operation)  # takes the code it names
CodeKind = Literal["own", "invitation", "coupon", "reprint", "store"]
KINDS: Final[tuple[CodeKind, ...]] = ("own", "invitation", "coupon", "reprint", "store")
WhyNone = Literal[
    "", "no_own", "no_store", "none_left", "no_member", "ask", "joined", "over", "no_offers", "give",
]  # fmt: skip
CLOCK_MS: Final = 1000
TAKE_DOWN_MS: Final = 2 * 60_000
_WORTH_SHOWING_MS: Final = 60_000  # an invitation with less left than this is not shown again
_REREAD: Final = frozenset({
    "invitation", "code_count", "staff_code", "store_code", "setting", "member_code", "binding", "purchase", "coupon",
    "coupon_campaign",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReissuedCard:
    """The card just made for a member: both numbers, and whose it is."""

    digits: str
    typed: str
    member: MemberCard


@dataclass(frozen=True, slots=True)
class GivenCoupon:
    """The coupon just put on a member's card: what its picture says, and which offer it is."""

    text: str
    offer: OfferInfo
    member: MemberCard


@dataclass(frozen=True, slots=True)
class CouponShelf:
    """What an associate may give, and what the member who is served has on her card already."""

    offers: tuple[OfferInfo, ...]
    loaded: tuple[CouponInfo, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CodesState:
    """What the page shows. `text` is what the picture says, empty with a reason in `why_none`; `eye` what can be read
    out or typed. `asks` is the inline question before a code stops working."""

    now_ms: int = 0
    kind: CodeKind = "own"
    info: CodesInfo | None = None
    text: str = ""
    eye: str = ""
    why_none: WhyNone = ""
    expires_at_ms: int | None = None
    member: MemberCard | None = None
    card: ReissuedCard | None = None
    shelf: CouponShelf | None = None
    offer_no: int | None = None
    given: GivenCoupon | None = None
    asks: bool = False
    is_on_screen: bool = False
    takes_down: bool = True
    problem: GuideDeskError | None = None
    kept_label: bool = False  # the label printer did not answer; the job is kept

    @property
    def offer(self) -> OfferInfo | None:
        """The offer that is chosen."""
        offers = self.shelf.offers if self.shelf else ()
        return next((one for one in offers if one.number == self.offer_no), offers[0] if offers else None)

    @property
    def left_s(self) -> int | None:
        """Seconds an invitation is still good."""
        return None if self.expires_at_ms is None else max(0, -(-(self.expires_at_ms - self.now_ms) // 1000))


class CodesPresenter(StatePresenter[CodesState]):
    """`state_changed(CodesState)`; `opened()` when the page is to be shown."""

    opened = Signal()

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(CodesState(now_ms=desk.now_ms()), parent)
        self._desk = desk
        self._shown_invitation: InvitationInfo | None = None
        self._down_at_ms: int | None = None
        self._is_resting = True
        self._is_taking = False
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.tick)
        desk.session_changed.connect(self._take_session)
        desk.tasks.committed.connect(self._committed)

    def open(self, kind: CodeKind = "own") -> None:
        """F3, or the rail: the page with this kind chosen."""
        self._show(kind=kind)
        self.opened.emit()

    def wake(self) -> None:
        """The page came to the front."""
        self._is_resting = False
        self._timer.start(CLOCK_MS)
        self.reload()

    def rest(self) -> None:
        """Another page is in front; a code on the customer's screen still counts down."""
        self._is_resting = True
        if not self.state.is_on_screen:
            self._timer.stop()

    def reload(self) -> None:
        """Read codes and counts again."""
        session = self._desk.session
        if session is None:
            return
        now_ms = self._desk.now_ms()
        self._desk.read(
            get_codes, session.staff.id, self._desk.counter.store_id, now_ms, done=self._take_info, latest="codes.info"
        )
        member = self.state.member
        if member is not None:
            self._desk.read(
                _read_shelf, self._desk.counter.store_id, session.staff.id, member.member_id, now_ms,
                done=self._take_shelf, latest="codes.shelf",
            )  # fmt: skip

    def tick(self) -> None:
        """A second went by."""
        now_ms = self._desk.now_ms()
        self._show(now_ms=now_ms)
        if self.state.kind == "invitation" and self.state.left_s == 0 and self.state.text:
            self._settle()
        if self._down_at_ms is not None and now_ms >= self._down_at_ms:
            self.take_down()

    def choose(self, kind: CodeKind) -> None:
        """Another kind of code. An invitation is made at once, unless one of hers is still fresh."""
        self._show(kind=kind, asks=False, problem=None, kept_label=False)
        if kind == "invitation" and self._fresh() is None:
            self.invite()
        else:
            self._settle()

    def serve(self, card: MemberCard | None) -> None:
        """Whose card is open beside: a card can be reissued for her. A merely known card number is enough."""
        usable = None if card is None or card.is_erased else card
        if usable is not None and (self.state.card is None or self.state.card.member.member_id != usable.member_id):
            self._show(member=usable, card=None, given=None, shelf=None)
            self._settle()
            if not self._is_resting:
                self.reload()

    def invite(self) -> None:
        """Show somebody new a code of her own; good for ten minutes."""

        def found(digits: str | None) -> IssueInvitation | None:
            if digits is None:
                self._shown_invitation = None
                self._settle()
                return None
            return IssueInvitation(invitation_id=derived_id("invitation", digits), code_digits=digits)

        def issued(operation: IssueInvitation) -> None:
            now_ms = self._desk.now_ms()
            self._shown_invitation = InvitationInfo(operation.code_digits, now_ms, now_ms + INVITATION_MS, None)
            self._settle()
            self.reload()

        self._take(self._desk.counter.codes.take_invitation, found, issued)

    def choose_offer(self, number: int) -> None:
        """Which coupon to give."""
        self._show(offer_no=number, given=None, problem=None)
        self._settle()

    def give(self) -> None:
        """Ctrl Enter: the chosen coupon goes onto the member's card, and its code can be shown or printed."""
        member, offer = self.state.member, self.state.offer
        if member is None or offer is None or self.state.kind != "coupon" or self.state.given is not None:
            return
        says = ""

        def found(leases: tuple[tuple[str, int, str], ...]) -> IssueCoupon | None:
            nonlocal says
            lease = next(((handle, text) for handle, number, text in leases if number == offer.number), None)
            if lease is None:
                self._show(problem=Refused("coupon_no_lease"))
                return None
            handle, says = lease
            return IssueCoupon(member_id=member.member_id, handle=handle, campaign_no=offer.number)

        def issued(_operation: IssueCoupon) -> None:
            self._show(given=GivenCoupon(says, offer, member), problem=None)
            self._settle()
            self.reload()

        self._take(self._desk.counter.codes.coupon_leases, found, issued)

    def ask(self, wanted: bool = True) -> None:
        """Whether a card that works now is to be void: asked once, inline."""
        self._show(asks=wanted, problem=None)

    def renew(self) -> None:
        """Her own code ends and she gets another; only head office can do that."""
        self._show(asks=False, problem=None)

        def renewed(_digits: str) -> None:
            self._desk.sync_wanted.emit()  # the new one comes with the next exchange

        self._desk.tasks.ask(self._desk.counter.codes.renew_badge, done=renewed, failed=self._not_renewed)

    def staff_badge(self, write: Callable[[str], str], done: Callable[[str], None]) -> None:
        """Another signed staff badge of hers, written where `write` puts it; only head office can make one."""
        self._show(problem=None)

        def work() -> str:
            return write(self._desk.counter.codes.staff_badge())

        self._desk.tasks.ask(work, done=done, failed=self._not_renewed)

    def _not_renewed(self, error: Exception) -> None:
        self._failed(Refused("badge_needs_office") if isinstance(error, TransportError) else error)

    def reissue(self) -> None:
        """Another card for the member who is served; the old one is void from now on."""
        member = self.state.member
        if member is None:
            return

        def found(pair: tuple[str, str] | None) -> ReissueCard | None:
            if pair is None:
                self._show(asks=False, problem=Refused("no_blank_code"))
                return None
            return ReissueCard(member_id=member.member_id, code_digits=pair[0], code_typed=pair[1])

        def reissued(operation: ReissueCard) -> None:
            self._show(asks=False, card=ReissuedCard(operation.code_digits, operation.code_typed, member))
            self._settle()

        self._take(self._desk.counter.codes.take_blank, found, reissued)

    def _take(
        self, look: Callable[[], T], found: Callable[[T], Taking | None], taken: Callable[[Taking], None]
    ) -> None:
        """Look for an unused code beside the window and record the operation that takes it; one at a time, so that a
        key pressed twice takes one code."""
        session = self._desk.session
        if session is None or self._is_taking:
            return
        self._is_taking = True

        def ended(error: Exception | None) -> None:
            self._is_taking = False
            if error is not None:
                self._failed(error)

        def looked(code: T) -> None:
            operation = found(code) if self._desk.session is session else None
            if operation is None:
                ended(None)
                return

            def recorded(_changes: Changes) -> None:
                ended(None)
                taken(operation)

            self._desk.record(operation, done=recorded, failed=ended)

        self._desk.tasks.read(look, done=looked, failed=ended)

    def toggle_screen(self) -> None:
        """F12: on the customer's screen, or down from it."""
        if self.state.is_on_screen:
            self.take_down()
        elif self.state.text:
            self._down_at_ms = self._desk.now_ms() + TAKE_DOWN_MS if self.state.takes_down else None
            self._timer.start(CLOCK_MS)
            self._show(is_on_screen=True)

    def take_down(self) -> None:
        """Nothing on the customer's screen."""
        self._down_at_ms = None
        self._show(is_on_screen=False)

    def set_takes_down(self, is_on: bool) -> None:
        """Whether it comes down by itself after two minutes."""
        if self.state.is_on_screen:
            self._down_at_ms = self._desk.now_ms() + TAKE_DOWN_MS if is_on else None
        self._show(takes_down=is_on)

    def write(self, work: Callable[[], str], done: Callable[[str], None]) -> None:
        """Run a print or a save beside the window; `done` is told its name. A failure is shown, nothing is lost."""
        self._show(problem=None)

        def finished(name: str) -> None:
            self._show(kept_label=False)
            done(name)

        self._desk.tasks.read(work, done=finished, failed=self._failed)

    def file_name(self, suffix: str, folder: Path, what: str = "") -> Path:
        """Where a picture is suggested to go: no name and no number of anybody."""
        return stamped(folder, f"code-{what or self.state.kind}", self._desk.now_ms(), suffix)

    def _fresh(self) -> InvitationInfo | None:
        now_ms = self._desk.now_ms()
        mine = self._shown_invitation
        if mine is None or mine.used_at_ms is not None or mine.expires_at_ms - now_ms < _WORTH_SHOWING_MS:
            return None
        return mine

    def _take_info(self, info: CodesInfo) -> None:
        shown = self._shown_invitation
        if shown is not None:
            known = next((one for one in info.invitations if one.digits == shown.digits), None)
            self._shown_invitation = known or shown
        self._show(info=info, now_ms=self._desk.now_ms())
        self._settle()

    def _take_shelf(self, shelf: CouponShelf) -> None:
        self._show(shelf=shelf)
        self._settle()

    def _settle(self) -> None:
        """What the chosen kind has to show now."""
        info, state = self.state.info, self.state
        if info is None:
            return
        digits, eye, why, expires = _shown(state.kind, info, state, self._shown_invitation, self._desk.now_ms())
        text = short_url(info.host, digits) if digits and info.host else digits
        changes: dict[str, Any] = {"text": text, "eye": eye, "why_none": why, "expires_at_ms": expires}
        if not text and state.is_on_screen:
            self._down_at_ms = None
            changes["is_on_screen"] = False
        self._show(**changes)

    def _failed(self, error: Exception) -> None:
        if not isinstance(error, GuideDeskError):
            self._desk.tasks.failed.emit(error)
            return
        self._show(asks=False, problem=error, kept_label=error.code == "printer_silent")

    def _committed(self, changes: object) -> None:
        if isinstance(changes, Changes) and changes.kinds & _REREAD and not self._is_resting:
            self.reload()

    def _take_session(self, session: Session | None) -> None:
        # Locking clears the customer's screen, and nothing of the person before stays (DESIGN-UI.md 10).
        self._shown_invitation = self._down_at_ms = None
        self._timer.stop()
        takes_down = self.state.takes_down if session is not None else True
        self._show_state(CodesState(now_ms=self._desk.now_ms(), takes_down=takes_down))


def _read_shelf(connection: Any, store_id: str, staff_id: str, member_id: str, now_ms: int) -> CouponShelf:
    return CouponShelf(
        list_offers(connection, store_id, staff_id, now_ms), list_loaded(connection, member_id, now_ms)
    )


def _shown(
    kind: CodeKind, info: CodesInfo, state: CodesState, invitation: InvitationInfo | None, now_ms: int
) -> tuple[str, str, WhyNone, int | None]:
    """Digits, what can be read out, why there is nothing to show, and until when it is good."""
    if kind == "own":
        return info.own_digits or "", info.staff.number, "" if info.own_digits else "no_own", None
    if kind == "store":
        return info.store_digits or "", info.store.code, "" if info.store_digits else "no_store", None
    if kind == "reprint":
        if state.card is not None:
            return state.card.digits, state.card.typed, "", None
        return "", "", "no_member" if state.member is None else "ask", None
    if kind == "coupon":
        if state.given is not None:
            return state.given.text, "", "", None
        if state.member is None:
            return "", "", "no_member", None
        return "", "", "no_offers" if state.shelf is not None and not state.shelf.offers else "give", None
    if invitation is None:
        return "", "", "none_left", None
    if invitation.used_at_ms is not None:
        return "", "", "joined", None
    if invitation.expires_at_ms <= now_ms:
        return "", "", "over", None
    return invitation.digits, "", "", invitation.expires_at_ms
