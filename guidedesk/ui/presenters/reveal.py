"""A member's whole number for half a minute, from head office, for a reason (SECURITY.md A-3, DESIGN-UI.md 10)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from PySide6.QtCore import QObject, QTimer

from guidedesk.domain.errors import GuideDeskError, Refused, TransportError
from guidedesk.domain.reveal import REVEAL_REASONS, SHOWN_SECONDS
from guidedesk.services.member_models import MemberCard
from guidedesk.services.operations import Operation
from guidedesk.services.queries.members import get_member_card
from guidedesk.services.session import Session
from guidedesk.services.store_desk import RevealedPhone
from guidedesk.sync.status import SyncStatus
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.forms import FormPresenter, FormState

TICK_MS: Final = 1_000
WAYS: Final = ("wechat", "sms")  # what can be done without the number, where she agreed to it


@dataclass(frozen=True, slots=True, kw_only=True)
class RevealState(FormState):
    """`phone` is there while it is shown, for `seconds` more; never in a log. `left`: how many more today."""

    reason: str = ""
    phone: str = field(default="", repr=False)
    seconds: int = 0
    left: int | None = None
    is_offline: bool = False

    @property
    def other_ways(self) -> tuple[str, ...]:
        """Channels she agreed to that need no number."""
        consents = self.card.consents if self.card is not None else ()
        return tuple(one.purpose for one in consents if one.purpose in WAYS and one.is_given)


class RevealPresenter(FormPresenter[RevealState]):
    """Nothing is recorded here and no draft is kept: head office writes down who saw it, and why, before it answers."""

    KIND: ClassVar[str] = "reveal"

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(desk, RevealState(), parent)
        self._is_offline = False
        self._until_ms = 0
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self.tick)
        desk.status_changed.connect(self._take_status)

    def choose_reason(self, reason: str) -> None:
        """Why."""
        if reason in REVEAL_REASONS and not self.state.phone:
            self._show(reason=reason, problems=())

    def read(self, connection: Any, subject: str, session: Session, now_ms: int) -> RevealState:
        """Who it is, and what else could be done."""
        card = get_member_card(connection, subject, session.staff.id, now_ms)
        return RevealState(card=card, now_ms=now_ms, is_offline=self._is_offline)

    def operations(self, state: RevealState, card: MemberCard) -> tuple[Operation, ...]:
        """Nothing of it is an operation."""
        return ()

    def save(self) -> None:
        """Ctrl Enter: ask head office; once it is shown, put it away."""
        state = self.state
        if state.card is None or state.is_saving:
            return
        if state.phone:
            self.leave()
            return
        if not state.reason:
            self._show(problems=(("reason", Refused("reveal_reason")),))
            return
        self._show(is_saving=True, problems=())
        turn, session = self._turn, self._desk.session

        def answered(found: RevealedPhone) -> None:
            # Left, locked or another member's card meanwhile: it is on the record, and shown to nobody.
            if turn == self._turn and self._desk.session is session and self.state.card is not None:
                self._begin_showing(found)

        def failed(error: Exception) -> None:
            if turn == self._turn and self.state.card is not None:
                self._say_why_not(error)

        self._desk.tasks.ask(
            self._desk.counter.office.reveal_phone, state.card.member_id, state.reason, done=answered, failed=failed
        )  # fmt: skip

    def tick(self) -> None:
        """A second passed."""
        left_ms = self._until_ms - self._desk.now_ms()
        # Never longer than promised, whatever becomes of the clock.
        seconds = min(self.state.seconds - 1, -(-left_ms // TICK_MS))
        if seconds <= 0:
            self.leave()
        else:
            self._show(seconds=seconds)

    def leave(self) -> None:
        """Esc, a scan, a lock, or the time is over: the number is gone."""
        self._timer.stop()
        super().leave()

    def _begin_showing(self, found: RevealedPhone) -> None:
        self._until_ms = self._desk.now_ms() + SHOWN_SECONDS * TICK_MS
        self._show(phone=found.phone, left=found.left, seconds=SHOWN_SECONDS, is_saving=False)
        self._timer.start()

    def _say_why_not(self, error: Exception) -> None:
        if isinstance(error, TransportError):
            self._show(is_saving=False, is_offline=True)
            return
        if not isinstance(error, GuideDeskError):
            self._show(is_saving=False)
            self._desk.tasks.failed.emit(error)
            return
        if error.params.get("why") == "no_relation":
            error = Refused("reveal_no_relation", days=error.params.get("days"))
        elif error.code == "not_found" and error.params.get("what") == "phone":
            error = Refused("reveal_no_phone")
        self._show(is_saving=False, problems=(("reason", error),))

    def _take_status(self, status: SyncStatus) -> None:
        self._is_offline = status.is_offline
        if self.state.card is not None and not self.state.phone:
            self._show(is_offline=status.is_offline)
