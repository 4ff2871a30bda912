"""An associate for her manager: results beside activity, her members, and giving some to a colleague (DESIGN-UI.md 11).

Nothing is reckoned here: every effect comes from head office before anything is done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from guidedesk.domain.errors import GuideDeskError
from guidedesk.services.associates import (
    REASONS,
    Associate,
    Batch,
    Colleague,
    MembersPage,
    Preview,
    ReassignReason,
    TeamMember,
)
from guidedesk.services.session import Session
from guidedesk.sync.status import SyncStatus
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.state_presenter import StatePresenter

T = TypeVar("T")
_LATEST = "associate"


@dataclass(frozen=True, slots=True)
class AssociateState:
    """What the page shows; `data` is None before head office answered. `ticked` are ids, in the order of ticking."""

    now_ms: int
    associate_id: str = ""
    data: Associate | None = None
    members: tuple[TeamMember, ...] = ()
    matching: int = 0
    next: str = ""
    only_open: bool = True
    tier: str = ""
    only_due: bool = False
    ticked: tuple[str, ...] = ()
    to_id: str = ""
    reason: ReassignReason = "leaves"
    preview: Preview | None = None
    previewed: tuple[str, ...] = ()  # what the preview is about
    batch_id: str = ""  # made once for what is ticked, so that a step sent twice is one
    is_asking: bool = False
    is_reading: bool = False
    is_deciding: bool = False
    is_offline: bool = False
    problem: GuideDeskError | None = None
    step_problem: GuideDeskError | None = None

    @property
    def taker(self) -> Colleague | None:
        """To whom."""
        people = () if self.data is None else self.data.colleagues
        return next((one for one in people if one.id == self.to_id), None)

    @property
    def why_not(self) -> str:
        """The catalogue key that says why nothing can be given away yet, or empty."""
        if not self.ticked:
            return "associate.why.none"
        if self.is_offline:
            return "associate.why.offline"
        if self.taker is None:
            return "associate.why.whom"
        if self.preview is None or self.previewed != self.ticked:
            return "associate.why.asking"
        return "" if self.preview.members else "associate.why.gone"


class AssociatePresenter(StatePresenter[AssociateState]):
    """`state_changed(AssociateState)`; `opened()` once somebody is to be shown; `done(Batch)` after a step, `undone(
    Batch)` after it was taken back."""

    opened = Signal()
    done = Signal(object)
    undone = Signal(object)

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(AssociateState(desk.now_ms()), parent)
        self._desk = desk
        self._is_previewing = False
        desk.session_changed.connect(self._take_session)
        desk.status_changed.connect(self._take_status)

    def open(self, associate_id: str) -> None:
        """Show somebody of the store; only a manager has the way here."""
        if not self._desk.may("member.reassign"):
            return
        self._show_state(
            AssociateState(self._desk.now_ms(), associate_id, is_offline=self.state.is_offline, is_asking=True)
        )
        self.opened.emit()
        self.reload()

    def reload(self) -> None:
        """Ask for the page and the first rows again; what is ticked stays ticked."""
        if self.state.associate_id:
            self._show(is_asking=True)
            self._fetch(self._desk.counter.office.associate, self.state.associate_id, take=self._take_associate)
            self._read_members()

    # --- the list ---

    def filter(self, name: str, value: str) -> None:
        """`open` and `due` are switched by "1" and "", `tier` names one; what is ticked is ticked no more."""
        changed: dict[str, object] = {"open": {"only_open": bool(value)}, "due": {"only_due": bool(value)},
                                      "tier": {"tier": value}}[name]  # type: ignore[assignment]  # fmt: skip
        self._show(**changed, ticked=(), preview=None, previewed=(), batch_id="", next="")
        self._read_members()

    def read_more(self) -> None:
        """The list was scrolled to its end."""
        if self.state.next and not self.state.is_reading:
            self._read_members(self.state.next)

    def tick(self, member_id: str) -> None:
        """On or off."""
        ticked = self.state.ticked
        kept = tuple(one for one in ticked if one != member_id)
        self._tick(kept if member_id in ticked else (*ticked, member_id))

    def tick_range(self, member_ids: tuple[str, ...]) -> None:
        """These too (Shift and an arrow)."""
        self._tick(tuple(dict.fromkeys((*self.state.ticked, *member_ids))))

    def tick_all(self) -> None:
        """Everybody that matches, also those not read yet; once more: nobody."""
        state = self.state
        if state.ticked and len(state.ticked) >= state.matching:
            self._tick(())
            return
        wanted = (state.associate_id, state.only_open, state.tier, state.only_due)
        self._fetch(self._desk.counter.office.all_members, *wanted, take=self._tick, latest="associate.all")

    def untick(self) -> None:
        """Nobody."""
        self._tick(())

    # --- giving away ---

    def choose_taker(self, staff_id: str) -> None:
        """To whom."""
        self._show(to_id=staff_id, step_problem=None, batch_id="")

    def choose_reason(self, reason: str) -> None:
        """Why."""
        self._show(reason=next((word for word in REASONS if word == reason), self.state.reason), batch_id="")

    def reassign(self) -> None:
        """Ctrl Enter: carry it out; what is ticked stays until head office has it."""
        state = self.state
        if state.why_not or state.is_deciding:
            return
        batch_id = state.batch_id or self._desk.counter.new_id()
        self._show(is_deciding=True, step_problem=None, batch_id=batch_id)
        asked = (batch_id, state.associate_id, state.to_id, state.ticked, state.reason)
        self._ask(self._desk.counter.office.reassign, *asked, take=self._given)

    def undo(self, batch_id: str) -> None:
        """Take exactly this step back."""
        if not self.state.is_deciding and not self.state.is_offline:
            self._show(is_deciding=True, step_problem=None)
            self._ask(self._desk.counter.office.undo_reassign, batch_id, take=self._taken_back)

    def _given(self, batch: Batch) -> None:
        self._show(is_deciding=False, ticked=(), preview=None, previewed=(), batch_id="")
        self._desk.sync_wanted.emit()
        self.done.emit(batch)
        self.reload()

    def _taken_back(self, batch: Batch) -> None:
        self._show(is_deciding=False)
        self._desk.sync_wanted.emit()
        self.undone.emit(batch)
        self.reload()

    # --- answers ---

    def _tick(self, ticked: tuple[str, ...]) -> None:
        self._show(ticked=ticked, step_problem=None, batch_id="")
        if not ticked:
            self._show(preview=None, previewed=())
        self._preview()

    def _preview(self) -> None:
        """Ask what it would do; while one question is on its way the next waits for its answer."""
        ticked = self.state.ticked
        if not ticked or self._is_previewing or self.state.previewed == ticked or self.state.is_offline:
            return
        self._is_previewing = True

        def taken(found: Preview) -> None:
            self._is_previewing = False
            if self.state.ticked:
                self._show(preview=found, previewed=ticked)
            self._preview()

        def failed(error: Exception) -> None:
            self._is_previewing = False
            self._show(step_problem=error if isinstance(error, GuideDeskError) else None)

        who = self.state.associate_id
        self._guarded(who, self._desk.counter.office.preview_reassign, who, ticked, taken=taken, failed=failed)

    def _read_members(self, after: str = "") -> None:
        state = self.state
        self._show(is_reading=True)

        def taken(found: MembersPage) -> None:
            rows = (*self.state.members, *found.members) if after else found.members
            self._show(members=rows, matching=found.matching, next=found.next, is_reading=False, problem=None)

        wanted = (state.associate_id, state.only_open, state.tier, state.only_due, after)
        self._fetch(self._desk.counter.office.members, *wanted, take=taken, latest="associate.members")

    def _take_associate(self, found: Associate) -> None:
        state = self.state
        to_id = state.to_id if any(one.id == state.to_id for one in found.colleagues) else ""
        reason = state.reason if state.data is not None or found.is_active else "leaves"
        self._show(
            data=found, is_asking=False, problem=None, now_ms=self._desk.now_ms(), to_id=to_id, reason=reason
        )

    def _fetch(self, work: Callable[..., T], *asked: object, take: Callable[[T], None], latest: str = _LATEST) -> None:
        def failed(error: Exception) -> None:
            if isinstance(error, GuideDeskError):
                self._show(is_asking=False, is_reading=False, problem=error)

        self._guarded(self.state.associate_id, work, *asked, taken=take, failed=failed, latest=latest)

    def _guarded(
        self, who: str, work: Callable[..., T], *asked: object, taken: Callable[[T], None],
        failed: Callable[[Exception], None], latest: str = "",
    ) -> None:  # fmt: skip
        """Ask beside the window; an answer for somebody else's session or another associate is dropped."""
        session = self._desk.session

        def mine() -> bool:
            return self._desk.session is session and self.state.associate_id == who

        def take(found: T) -> None:
            if mine():
                taken(found)

        def fail(error: Exception) -> None:
            if mine():
                failed(error)

        self._desk.tasks.fetch(work, *asked, done=take, failed=fail, latest=latest)

    def _ask(self, work: Callable[..., Batch], *asked: object, take: Callable[[Batch], None]) -> None:
        session = self._desk.session

        def taken(found: Batch) -> None:
            if self._desk.session is session:
                take(found)

        def failed(error: Exception) -> None:
            if self._desk.session is session:
                known = error if isinstance(error, GuideDeskError) else None
                self._show(is_deciding=False, step_problem=known)
                if known is None:
                    self._desk.tasks.failed.emit(error)

        self._desk.tasks.ask(work, *asked, done=taken, failed=failed)

    def _take_status(self, status: SyncStatus) -> None:
        came_back = self.state.is_offline and not status.is_offline
        self._show(is_offline=status.is_offline)
        if came_back and self.state.associate_id:
            self.reload()

    def _take_session(self, _session: Session | None) -> None:
        # Nobody's figures and members stay behind the next one's back.
        self._is_previewing = False
        self._show_state(AssociateState(self._desk.now_ms(), is_offline=self.state.is_offline))
