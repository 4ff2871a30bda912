"""Somebody leaves or moves: to whom her members go, by which rule, seen before it is done with the manager's PIN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QObject, Signal

from guidedesk.domain.errors import GuideDeskError
from guidedesk.services.associates import RULES, Associate, HandOver, HandOverRule, StaffAccounts, StoreName
from guidedesk.services.session import Session
from guidedesk.sync.status import SyncStatus
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.state_presenter import StatePresenter

Kind = Literal["leave", "move"]


@dataclass(frozen=True, slots=True)
class HandOverState:
    """What the dialog shows. `preview` is None while head office is asked, or nothing can be asked yet."""

    data: Associate | None = None
    kind: Kind = "leave"
    rule: HandOverRule = "share"
    ticked: tuple[str, ...] = ()
    store_id: str = ""
    stores: tuple[StoreName, ...] = ()
    hand_over_id: str = ""  # made once, so that it happens once
    preview: HandOver | None = None
    is_offline: bool = False
    is_deciding: bool = False
    problem: GuideDeskError | None = None

    @property
    def why_not(self) -> str:
        """The catalogue key that says why nothing can be decided yet, or empty."""
        if self.is_offline:
            return "associate.why.offline"
        missing = self.missing
        if missing:
            return missing
        return "" if self.preview is not None else "associate.why.asking"

    @property
    def missing(self) -> str:
        """What has to be chosen first."""
        if self.kind == "move" and not self.store_id:
            return "hand_over.why.store"
        if self.rule == "one" and len(self.ticked) != 1:
            return "hand_over.why.one"
        return "hand_over.why.share" if self.rule == "share" and not self.ticked else ""


class HandOverPresenter(StatePresenter[HandOverState]):
    """`state_changed(HandOverState)`; `done(catalogue key)` once she has left or moved."""

    done = Signal(str)

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(HandOverState(), parent)
        self._desk = desk
        desk.session_changed.connect(self._take_session)
        desk.status_changed.connect(self._take_status)

    def open(self, data: Associate) -> None:
        """Begin: her members shared among all colleagues who only sell."""
        ticked = tuple(one.id for one in data.colleagues if one.role == "associate")
        self._show_state(
            HandOverState(data, ticked=ticked, hand_over_id=self._desk.counter.new_id(),
                          is_offline=self.state.is_offline)
        )  # fmt: skip
        self._desk.tasks.fetch(
            self._desk.counter.office.accounts, done=self._take_accounts, failed=self._failed, latest="hand_over.stores"
        )
        self._preview()

    def choose_kind(self, kind: str) -> None:
        """Leave or move."""
        self._change(kind="move" if kind == "move" else "leave")

    def choose_rule(self, rule: str) -> None:
        """Shared, to one, or none of it."""
        chosen = next((word for word in RULES if word == rule), self.state.rule)
        colleagues = () if self.state.data is None else self.state.data.colleagues
        ticked = tuple(one.id for one in colleagues if one.role == "associate") if chosen == "share" else ()
        self._change(rule=chosen, ticked=ticked)

    def tick(self, staff_id: str) -> None:
        """A colleague on or off; with one alone the other is off."""
        before = self.state.ticked
        if self.state.rule == "one":
            self._change(ticked=() if before == (staff_id,) else (staff_id,))
        else:
            kept = tuple(one for one in before if one != staff_id)
            self._change(ticked=kept if staff_id in before else (*before, staff_id))

    def choose_store(self, store_id: str) -> None:
        """Where she moves to."""
        self._change(store_id=store_id)

    def prove(self, pin: str) -> None:
        """Carry it out with the manager's PIN."""
        state, session = self.state, self._desk.session
        if session is None or state.data is None or state.why_not or state.is_deciding or not pin:
            return
        self._show(is_deciding=True, problem=None)
        kind = state.kind

        def done(_found: HandOver) -> None:
            if self._desk.session is session:
                self._show(is_deciding=False)
                self.done.emit(f"hand_over.told.{kind}")

        def failed(error: Exception) -> None:
            if self._desk.session is session:
                known = error if isinstance(error, GuideDeskError) else None
                self._show(is_deciding=False, problem=known)
                if known is None:
                    self._desk.tasks.failed.emit(error)

        who = state.data.person.id
        asked = (state.hand_over_id, who, kind, state.rule, self._colleagues(state), self._store(state), pin)
        self._desk.tasks.ask(self._desk.counter.office.hand_over, *asked, done=done, failed=failed)

    def leave(self) -> None:
        """Nothing happened."""
        self._show_state(HandOverState(is_offline=self.state.is_offline))

    def _change(self, **changed: object) -> None:
        self._show(**changed, problem=None, preview=None)
        self._preview()

    def _preview(self) -> None:
        state, session = self.state, self._desk.session
        if state.data is None or state.missing or state.is_offline:
            self._desk.tasks.forget("hand_over.preview")
            return

        def taken(found: HandOver) -> None:
            if self._desk.session is session and self.state.data is not None:
                self._show(preview=found)

        asked = (state.data.person.id, state.kind, state.rule, self._colleagues(state), self._store(state))
        self._desk.tasks.fetch(
            self._desk.counter.office.preview_hand_over, *asked, done=taken, failed=self._failed,
            latest="hand_over.preview",
        )  # fmt: skip

    @staticmethod
    def _colleagues(state: HandOverState) -> tuple[str, ...]:
        return () if state.rule == "pool" else state.ticked

    @staticmethod
    def _store(state: HandOverState) -> str:
        return state.store_id if state.kind == "move" else ""

    def _failed(self, error: Exception) -> None:
        if self.state.data is not None and isinstance(error, GuideDeskError):
            self._show(problem=error)

    def _take_accounts(self, found: StaffAccounts) -> None:
        if self.state.data is not None:
            self._show(stores=found.stores)

    def _take_status(self, status: SyncStatus) -> None:
        self._show(is_offline=status.is_offline)

    def _take_session(self, _session: Session | None) -> None:
        self.leave()
