"""What was used twice, for a manager: head office's list, and her word with its reason (CODES.md Q-6, Q-8)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from PySide6.QtCore import QObject, Signal

from guidedesk.domain.errors import GuideDeskError
from guidedesk.services.double_uses import REASON_LIMIT, DoubleUse, DoubleUses
from guidedesk.services.session import Session
from guidedesk.sync.status import SyncStatus
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.state_presenter import StatePresenter

PIN_LIMIT: Final = 12


@dataclass(frozen=True, slots=True)
class DoubleUsesState:
    """What the dialog shows; `data` is None before head office answered."""

    now_ms: int
    data: DoubleUses | None = None
    is_asking: bool = False
    is_offline: bool = False
    is_deciding: bool = False
    problem: GuideDeskError | None = None
    chosen: str = ""
    decision: str = ""
    reason: str = ""
    pin: str = field(default="", repr=False)

    @property
    def item(self) -> DoubleUse | None:
        """The chosen one, else the first."""
        items = () if self.data is None else self.data.items
        return next((item for item in items if item.id == self.chosen), items[0] if items else None)

    @property
    def why_not(self) -> str:
        """The catalogue key that says why nothing can be decided yet, or empty."""
        if self.item is None or self.item.state != "open":
            return "twice.why.none"
        if self.is_offline:
            return "twice.why.offline"
        if self.item.is_own:
            return "twice.why.own"
        if not self.decision:
            return "twice.why.choose"
        if not self.reason.strip():
            return "twice.why.reason"
        return "" if self.pin else "twice.why.pin"


class DoubleUsesPresenter(StatePresenter[DoubleUsesState]):
    """`state_changed(DoubleUsesState)`; `told(catalogue key)` once something is decided."""

    told = Signal(str)

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(DoubleUsesState(desk.now_ms()), parent)
        self._desk = desk
        desk.session_changed.connect(self._take_session)
        desk.status_changed.connect(self._take_status)

    def reload(self) -> None:
        """Ask head office, in the name of a manager only."""
        session = self._desk.session
        if session is None or not self._desk.may("double_use.rule"):
            return
        self._show(is_asking=True, now_ms=self._desk.now_ms())

        def taken(found: DoubleUses) -> None:
            if self._desk.session is session:
                self._show(data=found, is_asking=False, problem=None, now_ms=self._desk.now_ms())

        def failed(error: Exception) -> None:
            if self._desk.session is session and isinstance(error, GuideDeskError):
                self._show(is_asking=False, problem=error)

        self._desk.tasks.fetch(
            self._desk.counter.codes.double_uses, done=taken, failed=failed, latest="double_uses"
        )

    def choose(self, op_id: str) -> None:
        """The one at the side; another one begins with nothing decided."""
        before = self.state.item
        same = before is not None and before.id == op_id
        self._show(chosen=op_id, problem=None, **({} if same else {"decision": "", "reason": "", "pin": ""}))

    def decide(self, decision: str) -> None:
        """Keep or refuse."""
        self._show(decision=decision)

    def type_reason(self, text: str) -> None:
        """What stands beside the decision from now on."""
        self._show(reason=text[:REASON_LIMIT])

    def type_pin(self, text: str) -> None:
        """Her PIN: it stays in this dialog and goes with it."""
        self._show(pin=text[:PIN_LIMIT])

    def rule(self) -> None:
        """Ctrl Enter: send the word; what was typed stays until head office has it, the PIN does not."""
        state, session, item = self.state, self._desk.session, self.state.item
        if session is None or item is None or state.why_not or state.is_deciding:
            return
        self._show(is_deciding=True, problem=None, pin="")
        op_id, decision, reason, pin = item.id, state.decision, state.reason.strip(), state.pin

        def done(found: DoubleUses) -> None:
            if self._desk.session is session:
                self._show(data=found, is_deciding=False, chosen="", decision="", reason="")
                self.told.emit(f"twice.told.{decision}")

        def failed(error: Exception) -> None:
            if self._desk.session is session:
                known = error if isinstance(error, GuideDeskError) else None
                self._show(is_deciding=False, problem=known)
                if known is None:
                    self._desk.tasks.failed.emit(error)

        codes = self._desk.counter.codes
        self._desk.tasks.ask(codes.rule_double_use, op_id, decision, reason, pin, done=done, failed=failed)

    def _take_status(self, status: SyncStatus) -> None:
        self._show(is_offline=status.is_offline)

    def _take_session(self, _session: Session | None) -> None:
        self._show_state(DoubleUsesState(self._desk.now_ms(), is_offline=self.state.is_offline))
