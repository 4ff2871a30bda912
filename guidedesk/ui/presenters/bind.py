"""Whose member somebody becomes: by the associate's code scanned here, or registered here (COMMISSION.md 2)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final, Literal

from PySide6.QtCore import QObject, Signal

from guidedesk.domain.errors import GuideDeskError, Refused
from guidedesk.services.changes import Changes
from guidedesk.services.member_models import MemberCard
from guidedesk.services.operations import BindMember, Operation
from guidedesk.services.queries.members import get_member_card
from guidedesk.services.queries.reference import find_associate_by_code, get_staff
from guidedesk.services.queries.registrations import was_registered_by
from guidedesk.services.read_models import StaffInfo
from guidedesk.services.session import Session
from guidedesk.sync.status import OperationInfo
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.forms import FormPresenter, FormState
from guidedesk.ui.presenters.undo import Notice
from guidedesk.ui.scan_source import ScanOrigin

ASSURANCE_SCANNED: Final = 1
OPERATIONS_READ: Final = 50
Outcome = Literal["pending", "bound", "merged", "rejected", "held"]
_OUTCOMES: Final[dict[str, Outcome]] = {
    "accepted": "bound", "merged": "merged", "rejected": "rejected", "parked": "held", "quarantined": "held",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BindState(FormState):
    """Who asks, and whether she registered this member here herself."""

    me: StaffInfo | None = None
    can_register: bool = False


@dataclass(frozen=True, slots=True)
class BindResult:
    """What became of a bind: `pending` until head office answered. `reason` says why it was `merged` (`protected`,
    `earlier_bind`, `associate_inactive`) or `rejected`; `owner` is whose member it is then. `is_again`: the associate
    was the owner before, so only the window starts anew."""

    op_id: str
    member_id: str
    associate: StaffInfo
    outcome: Outcome = "pending"
    reason: str = ""
    owner: StaffInfo | None = None
    is_again: bool = False


@dataclass(frozen=True, slots=True)
class _Scanned:
    card: MemberCard
    associate: StaffInfo


class BindPresenter(FormPresenter[BindState]):
    """`result_changed(BindResult | None)`: pending at once, then what head office decided and why."""

    KIND: ClassVar[str] = "bind"
    result_changed = Signal(object)

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(desk, BindState(), parent)
        self.result: BindResult | None = None
        desk.tasks.committed.connect(self._committed)
        desk.status_changed.connect(self._look_again)

    def scan(self, member_id: str, digits: str, channel: ScanOrigin) -> None:
        """With this member's card open, an associate's code was scanned at this counter."""
        session = self._desk.session
        if session is None:
            return
        now_ms = self._desk.now_ms()

        def found(scanned: _Scanned) -> None:
            if self._desk.session is session:
                self._record_scan(scanned, digits, channel)

        self._desk.read(_read_scanned, member_id, digits, session.staff.id, now_ms, done=found, latest="bind.scan")

    def close_result(self) -> None:
        """The sentence was read."""
        self._set_result(None)

    def read(self, connection: Any, subject: str, session: Session, now_ms: int) -> BindState:
        """The member, and whether she was registered here by whoever asks."""
        card = get_member_card(connection, subject, session.staff.id, now_ms)
        mine = was_registered_by(connection, card.member_id, session.staff.id, session.store_id, now_ms)
        return BindState(card=card, now_ms=now_ms, me=session.staff, can_register=mine)

    def check(self, state: BindState) -> tuple[tuple[str, GuideDeskError], ...]:
        """Without a scan, only somebody registered here counts: a word proves nobody was here."""
        return () if state.can_register else (("code", Refused("bind_scan_first")),)

    def operations(self, state: BindState, card: MemberCard) -> tuple[Operation, ...]:
        """Registered here by this associate."""
        if state.me is None:
            return ()
        return (
            BindMember(
                binding_id=self._desk.counter.new_id(), member_id=card.member_id, associate_id=state.me.id,
                source="registered",
            ),
        )  # fmt: skip

    def notice(
        self, state: BindState, card: MemberCard, operations: tuple[Operation, ...], changes: Changes
    ) -> Notice:
        """The result stands on the card; what a manager alone can undo offers no undo here."""
        if state.me is not None and changes.op_ids:
            self._set_result(BindResult(changes.op_ids[-1], card.member_id, state.me))
        return Notice("bind.saved", card.name)

    def _record_scan(self, scanned: _Scanned, digits: str, channel: ScanOrigin) -> None:
        operation = BindMember(
            binding_id=self._desk.counter.new_id(), member_id=scanned.card.member_id,
            associate_id=scanned.associate.id, source="scanned", code_digits=digits, channel=channel,
        )  # fmt: skip

        def recorded(changes: Changes) -> None:
            self.leave()  # where the dialog asked for this scan
            if changes.op_ids:
                owner, associate = scanned.card.owner.staff, scanned.associate
                is_again = owner is not None and owner.id == associate.id
                self._set_result(
                    BindResult(changes.op_ids[-1], scanned.card.member_id, associate, is_again=is_again)
                )

        self._desk.record(operation, assurance=ASSURANCE_SCANNED, done=recorded)

    def _committed(self, _changes: object) -> None:
        self._look_again()

    def _look_again(self, _status: object = None) -> None:
        if self.result is not None and self.result.outcome in ("pending", "held"):
            self._desk.tasks.read(
                self._read_answer, self.result.op_id, done=self._take_answer, latest="bind.answer"
            )

    def _read_answer(self, op_id: str) -> tuple[OperationInfo | None, StaffInfo | None]:
        found = next((op for op in self._desk.counter.records.latest(OPERATIONS_READ) if op.op_id == op_id), None)
        owner_id = found.params.get("staff_id") if found is not None else None
        if not isinstance(owner_id, str):
            return found, None
        with self._desk.counter.read() as connection:
            try:
                return found, get_staff(connection, owner_id)
            except GuideDeskError:
                return found, None  # somebody of another store

    def _take_answer(self, answer: tuple[OperationInfo | None, StaffInfo | None]) -> None:
        found, owner = answer
        if found is None or self.result is None or found.op_id != self.result.op_id:
            return
        outcome = _OUTCOMES.get(found.state, "pending")
        reason = str(found.params.get("why") or found.reason or "") if outcome != "bound" else ""
        self._set_result(replace(self.result, outcome=outcome, reason=reason, owner=owner))

    def _set_result(self, result: BindResult | None) -> None:
        if result != self.result:
            self.result = result
            self.result_changed.emit(result)

    def _take_session(self, session: Session | None) -> None:
        super()._take_session(session)
        self._set_result(None)


def _read_scanned(connection: Any, member_id: str, digits: str, viewer_id: str, now_ms: int) -> _Scanned:
    staff_id = find_associate_by_code(connection, digits, now_ms)
    if staff_id is None:
        raise Refused("associate_unknown")
    return _Scanned(get_member_card(connection, member_id, viewer_id, now_ms), get_staff(connection, staff_id))
