"""Claim a sale by its receipt number: the receipt is scanned or typed, head office matches it (DESIGN-UI.md 2)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

from PySide6.QtCore import QObject

from guidedesk.domain.errors import GuideDeskError, Refused
from guidedesk.services.changes import Changes
from guidedesk.services.history_models import ReceiptHit
from guidedesk.services.member_models import MemberCard
from guidedesk.services.operations import ClaimSale, Operation
from guidedesk.services.operations_sales import RECEIPT_LIMIT
from guidedesk.services.queries.members import get_member_card
from guidedesk.services.queries.receipt_numbers import find_receipt
from guidedesk.services.session import Session
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.drafts import Draft
from guidedesk.ui.presenters.forms import FormPresenter, FormState
from guidedesk.ui.presenters.undo import Notice

LOOK_UP_FROM: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimState(FormState):
    """The number, and the sale with this number where this PC knows it; `is_looked_up` once it was looked for."""

    receipt_no: str = ""
    hit: ReceiptHit | None = None
    is_looked_up: bool = False

    @property
    def is_hers_already(self) -> bool:
        """The sale is in her history: nothing to claim."""
        return self.hit is not None and self.card is not None and self.hit.member_id == self.card.member_id

    @property
    def is_somebody_elses(self) -> bool:
        """The sale is another member's: head office would say no."""
        return self.hit is not None and self.hit.member_id is not None and not self.is_hers_already


class ClaimPresenter(FormPresenter[ClaimState]):
    """One field. What this PC knows of the number is shown while it is typed."""

    KIND: ClassVar[str] = "claim"

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(desk, ClaimState(), parent)

    def type_receipt(self, text: str) -> None:
        """The number as printed; looked up on this PC."""
        self._show(receipt_no=text[: RECEIPT_LIMIT + 1], hit=None, is_looked_up=False,
                  problems=self.state.without("receipt"))
        self._look_up()

    def read(self, connection: Any, subject: str, session: Session, now_ms: int) -> ClaimState:
        """Whose sale it is to be."""
        return ClaimState(card=get_member_card(connection, subject, session.staff.id, now_ms), now_ms=now_ms)

    def draft(self, state: ClaimState) -> Draft | None:
        """The number typed so far."""
        return {"receipt": state.receipt_no} if state.receipt_no.strip() else None

    def with_draft(self, state: ClaimState, draft: Draft) -> ClaimState:
        """The number of last time."""
        return replace(state, receipt_no=str(draft.get("receipt", ""))[: RECEIPT_LIMIT + 1])

    def begun(self) -> None:
        """What is known of a number kept in a draft may be more by now."""
        self._look_up()

    def check(self, state: ClaimState) -> tuple[tuple[str, GuideDeskError], ...]:
        """A number there must be; a sale that is in her history already needs no claim."""
        number = state.receipt_no.strip()
        if not number:
            return (("receipt", Refused("receipt_missing")),)
        if len(number) > RECEIPT_LIMIT:
            return (("receipt", Refused("receipt_too_long", limit=RECEIPT_LIMIT)),)
        return (("receipt", Refused("receipt_hers_already")),) if state.is_hers_already else ()

    def operations(self, state: ClaimState, card: MemberCard) -> tuple[Operation, ...]:
        """One claim; head office decides whose the sale is."""
        number = state.receipt_no.strip()
        return (ClaimSale(member_id=card.member_id, receipt_no=number),)

    def notice(
        self, state: ClaimState, card: MemberCard, operations: tuple[Operation, ...], changes: Changes
    ) -> Notice:
        """Saved here; whether it is hers is head office's answer."""
        return Notice("claim.saved", state.receipt_no.strip())

    def placed(self, error: Exception) -> str:
        """Somebody claimed it first: said below the number."""
        return "receipt" if isinstance(error, GuideDeskError) and error.code == "stale_precondition" else ""

    def _look_up(self) -> None:
        number = self.state.receipt_no.strip()
        if len(number) < LOOK_UP_FROM:
            return

        def found(hit: ReceiptHit | None) -> None:
            if self.state.card is not None and self.state.receipt_no.strip() == number:
                self._show(hit=hit, is_looked_up=True)

        self._desk.read(find_receipt, self._desk.counter.store_id, number, done=found, latest="claim.receipt")
