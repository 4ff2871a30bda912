"""The store's counters for its manager: listed, let in by a typed code, taken off (SECURITY.md D-1, D-12)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, Signal

from guidedesk.domain.enrolment import read_code
from guidedesk.domain.errors import GuideDeskError
from guidedesk.services.store_desk import REASON_LIMIT, StoreCounter, StoreCounters, WaitingCounter
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.office_presenter import OfficePresenter


@dataclass(frozen=True, slots=True)
class CountersState:
    """What the group and its two dialogs show. `waiting` is the counter whose code was typed."""

    data: StoreCounters | None = None
    chosen: str = ""
    code: str = ""
    waiting: WaitingCounter | None = None
    label: str = ""
    mode: str = "drain"
    reason: str = ""
    is_asking: bool = False
    is_offline: bool = False
    is_deciding: bool = False
    problem: GuideDeskError | None = None
    step_problem: GuideDeskError | None = None

    @property
    def counter(self) -> StoreCounter | None:
        """The one the table stands on."""
        found = () if self.data is None else self.data.counters
        return next((one for one in found if one.id == self.chosen), found[0] if found else None)

    @property
    def why_not_off(self) -> str:
        """The catalogue key that says why the chosen counter cannot be taken off, or empty."""
        if self.is_offline:
            return "associate.why.offline"
        if self.counter is None or self.counter.state == "gone":
            return "counters.why.none"
        return "counters.why.own" if self.counter.is_this else ""


class CountersPresenter(OfficePresenter[CountersState]):
    """`state_changed(CountersState)`; `done(catalogue key)` once something was decided."""

    done = Signal(str)

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(desk, CountersState, "device.revoke", parent)

    def reload(self) -> None:
        """Ask for the list."""
        self._read(self._desk.counter.office.counters, take=self._take, latest="settings.counters")

    def choose(self, device_id: str) -> None:
        """The counter the table stands on."""
        self._show(chosen=device_id)

    def begin(self) -> None:
        """A dialog opens: nothing typed yet."""
        self._show(code="", waiting=None, label="", mode="drain", reason="", step_problem=None)

    def type_code(self, text: str) -> None:
        """The code as it stands on the new counter's screen; another one is another counter."""
        self._show(code=text[:20], waiting=None, step_problem=None)

    def type_label(self, text: str) -> None:
        """What the counter is called in the store."""
        self._show(label=text[:40])

    def look(self) -> None:
        """Who shows this code; a code that cannot be one is not asked about: guesses are counted."""
        try:
            code = read_code(self.state.code)
        except GuideDeskError as error:
            self._show(step_problem=error)
            return
        self._decide(self._desk.counter.office.look_at_code, code, take=self._take_waiting)

    def approve(self, pin: str) -> None:
        """Both screens show the same numbers."""
        if self.state.waiting is not None and pin:
            asked = (self.state.code, self.state.label.strip(), pin)
            take = partial(self._decided, "counters.told.approved")
            self._decide(self._desk.counter.office.approve_counter, *asked, take=take)

    def refuse(self) -> None:
        """They differ."""
        if self.state.waiting is not None:
            take = partial(self._decided, "counters.told.refused")
            self._decide(self._desk.counter.office.refuse_counter, self.state.code, take=take)

    def choose_mode(self, mode: str) -> None:
        """drain: it sends what it holds first; now: at once."""
        self._show(mode="now" if mode == "now" else "drain", step_problem=None)

    def type_reason(self, text: str) -> None:
        """Kept on record."""
        self._show(reason=text[:REASON_LIMIT])

    def revoke(self, pin: str) -> None:
        """Take the chosen counter off."""
        state, counter = self.state, self.state.counter
        if counter is not None and not state.why_not_off and state.reason.strip() and pin:
            asked = (counter.id, state.mode, state.reason.strip(), pin)
            take = partial(self._decided, f"counters.told.{state.mode}")
            self._decide(self._desk.counter.office.revoke_counter, *asked, take=take)

    def _decided(self, key: str, found: StoreCounters) -> None:
        self._take(found)
        self.done.emit(key)

    def _take(self, found: StoreCounters) -> None:
        self._show(data=found)

    def _take_waiting(self, found: WaitingCounter) -> None:
        self._show(waiting=found, label=self.state.label or found.label or found.host)
