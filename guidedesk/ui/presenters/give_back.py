"""A return at the counter: which lines of a receipt came back, how many, and what the customer got (mockup 04)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

from PySide6.QtCore import QObject

from guidedesk.domain.errors import GuideDeskError, Refused
from guidedesk.domain.money import read_amount, split_major
from guidedesk.services.changes import Changes
from guidedesk.services.history_models import Receipt, ReceiptLine
from guidedesk.services.member_models import MemberCard
from guidedesk.services.operations import Operation, RecordReturn
from guidedesk.services.queries.history import Ref
from guidedesk.services.queries.members import get_member_card
from guidedesk.services.queries.receipts import get_receipt
from guidedesk.services.sale_lines import ReturnLine
from guidedesk.services.session import Session
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.drafts import Draft
from guidedesk.ui.presenters.forms import FormPresenter, FormState
from guidedesk.ui.presenters.undo import Notice

REASON_LIMIT: Final = 200
TYPED_LIMIT: Final = 40


@dataclass(frozen=True, slots=True)
class BackLine:
    """One line of the receipt: how many come back now, and the amount paid back for them, as typed."""

    line: ReceiptLine
    qty: int = 0
    amount: str = ""

    @property
    def left_minor(self) -> int:
        """What of the line has not been paid back yet."""
        return max(0, self.line.amount_minor - self.line.returned_minor)


@dataclass(frozen=True, slots=True)
class BackEdit:
    """The amount of the line `line_no`, typed anew."""

    line_no: int
    text: str


@dataclass(frozen=True, slots=True)
class BackStep:
    """One more (`by` 1) or one fewer (-1) of the line `line_no`."""

    line_no: int
    by: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnState(FormState):
    """The receipt and what comes back."""

    receipt: Receipt | None = None
    lines: tuple[BackLine, ...] = ()
    reason: str = ""

    @property
    def currency(self) -> str:
        """Of the receipt."""
        return self.receipt.row.currency if self.receipt else "CNY"

    @property
    def total_minor(self) -> int | None:
        """What the customer gets back, None while an amount is missing or wrong."""
        try:
            return sum(read_amount(line.amount, self.currency) for line in self.lines if line.qty)
        except GuideDeskError:
            return None


class ReturnPresenter(FormPresenter[ReturnState]):
    """The amount of a whole line stands on the receipt; that of a part is typed: a counter computes no money."""

    KIND: ClassVar[str] = "return"

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(desk, ReturnState(), parent)

    def open_receipt(self, member_id: str, ref: Ref) -> None:
        """Start a return of one purchase of a member."""
        self.open("/".join((member_id, *ref)))

    def step(self, step: BackStep) -> None:
        """One more or one fewer comes back."""
        lines = tuple(
            _with_qty(one, one.qty + step.by, self.state.currency) if one.line.line_no == step.line_no else one
            for one in self.state.lines
        )
        self._show(lines=lines, problems=())

    def type_amount(self, edit: BackEdit) -> None:
        """What the customer got for a line."""
        lines = tuple(
            replace(one, amount=edit.text[:TYPED_LIMIT]) if one.line.line_no == edit.line_no else one
            for one in self.state.lines
        )
        self._show(lines=lines, problems=self.state.without(f"line{edit.line_no}"))

    def write_reason(self, text: str) -> None:
        """Why it came back; may stay empty."""
        self._show(reason=text[:REASON_LIMIT])

    def read(self, connection: Any, subject: str, session: Session, now_ms: int) -> ReturnState:
        """The receipt as it is now; refused when nothing of it is left."""
        member_id, scope_id, purchase_id = subject.split("/")
        card = get_member_card(connection, member_id, session.staff.id, now_ms)
        receipt = get_receipt(connection, (scope_id, purchase_id))
        lines = tuple(BackLine(line) for line in receipt.lines)
        if not any(line.line.left_qty for line in lines):
            raise Refused("nothing_to_return" if lines else "no_lines_to_return")
        if sum(line.line.left_qty for line in lines) == 1:
            # Only one thing can be meant.
            lines = tuple(_with_qty(line, line.line.left_qty, receipt.row.currency) for line in lines)
        return ReturnState(card=card, now_ms=now_ms, receipt=receipt, lines=lines)

    def draft(self, state: ReturnState) -> Draft | None:
        """What was chosen and typed."""
        if not state.reason.strip() and not any(line.qty for line in state.lines):
            return None
        return {"reason": state.reason, "lines": [[one.line.line_no, one.qty, one.amount] for one in state.lines]}

    def with_draft(self, state: ReturnState, draft: Draft) -> ReturnState:
        """As it was left; no more of a line than is still there."""
        typed = {row[0]: (int(row[1]), str(row[2])) for row in draft.get("lines", ()) if len(row) == 3}
        lines = tuple(
            replace(one, qty=min(typed[one.line.line_no][0], one.line.left_qty), amount=typed[one.line.line_no][1])
            if one.line.line_no in typed else one
            for one in state.lines
        )  # fmt: skip
        return replace(state, lines=lines, reason=str(draft.get("reason", "")))

    def check(self, state: ReturnState) -> tuple[tuple[str, GuideDeskError], ...]:
        """Something must come back, each with an amount, none more than was paid for it."""
        if not any(line.qty for line in state.lines):
            return (("lines", Refused("return_nothing_chosen")),)
        problems: list[tuple[str, GuideDeskError]] = []
        for line in state.lines:
            if not line.qty:
                continue
            try:
                if read_amount(line.amount, state.currency) > line.left_minor:
                    raise Refused("return_too_much", left_minor=line.left_minor, currency=state.currency)
            except GuideDeskError as error:
                problems.append((f"line{line.line.line_no}", error))
        return tuple(problems)

    def operations(self, state: ReturnState, card: MemberCard) -> tuple[Operation, ...]:
        """One return."""
        if state.receipt is None:
            return ()
        lines = tuple(
            ReturnLine(line_no=one.line.line_no, qty=one.qty, amount_minor=read_amount(one.amount, state.currency))
            for one in state.lines if one.qty
        )  # fmt: skip
        return (
            RecordReturn(
                return_id=self._desk.counter.new_id(), member_id=card.member_id,
                purchase_id=state.receipt.row.id, currency=state.currency, lines=lines,
                reason=state.reason.strip() or None,
            ),
        )  # fmt: skip

    def notice(
        self, state: ReturnState, card: MemberCard, operations: tuple[Operation, ...], changes: Changes
    ) -> Notice:
        """Goods cannot be un-returned by a key: a mistake goes to the manager."""
        return Notice("give_back.saved", state.receipt.row.order_no if state.receipt else "")


def _with_qty(line: BackLine, qty: int, currency: str) -> BackLine:
    """Another quantity; the amount of all that is left stands on the receipt, any other is asked for."""
    kept = max(0, min(qty, line.line.left_qty))
    if kept == line.qty:
        return line
    is_all = kept == line.line.left_qty and kept > 0
    return replace(line, qty=kept, amount=_plain(line.left_minor, currency) if is_all else "")


def _plain(minor: int, currency: str) -> str:
    _, whole, part = split_major(minor, currency)
    return f"{whole}.{part}" if part else whole
