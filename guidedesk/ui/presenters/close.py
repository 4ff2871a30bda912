"""Closing a month: five gates, disputes with their evidence, rulings, second persons, a PIN (DESIGN-UI.md 5.11b)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from PySide6.QtCore import QObject, Signal

from guidedesk.domain.errors import GuideDeskError, Refused
from guidedesk.domain.money import read_amount
from guidedesk.services.earnings import Adjustment, CloseMonth, Dispute, Gate, ReviewFlag
from guidedesk.services.session import Session
from guidedesk.sync.status import SyncStatus
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.state_presenter import StatePresenter

Step = Literal["", "rule", "approve", "refuse", "accept", "void", "propose", "confirm", "close", "force"]
Tab = Literal["open", "resolved", "second", "flags"]
TEXT_LIMIT: Final = 200
VOID: Final = "void:"
_MINUS: Final = ("-", "−", "－")
_SIGNS: Final = "+-−－ "
_ANY_MONTH: Final[frozenset[Step]] = frozenset({"approve", "refuse", "accept", "void", "propose"})


@dataclass(frozen=True, slots=True)
class CloseState:
    """What the page shows. `decision` is keep, adjust or `void:` with an event's id; `step` is what a PIN is for."""

    now_ms: int
    me: str = ""
    data: CloseMonth | None = None
    period: str = ""
    is_asking: bool = False
    is_offline: bool = False
    problem: GuideDeskError | None = None
    tab: Tab = "open"
    chosen: str = ""
    decision: str = ""
    amount: str = ""
    sentence: str = ""
    person: str = ""  # of the trial balance
    proposal_id: str = ""  # made once, so that an adjustment sent twice is one
    step: Step = ""
    step_problem: GuideDeskError | None = None
    is_deciding: bool = False

    @property
    def disputes(self) -> tuple[Dispute, ...]:
        """Those of the tab."""
        every = () if self.data is None else self.data.disputes
        return tuple(dispute for dispute in every if dispute.state == self.tab)

    @property
    def dispute(self) -> Dispute | None:
        """The chosen one, else the first of the tab."""
        shown = self.disputes
        return next((dispute for dispute in shown if dispute.id == self.chosen), shown[0] if shown else None)

    @property
    def adjustments(self) -> tuple[Adjustment, ...]:
        """Those that take two people, on their tab."""
        return () if self.data is None or self.tab != "second" else self.data.adjustments

    @property
    def adjustment(self) -> Adjustment | None:
        """The chosen one, else the first."""
        shown = self.adjustments
        return next((each for each in shown if each.id == self.chosen), shown[0] if shown else None)

    @property
    def whom(self) -> str:
        """Who of the trial balance a line by hand would be for: the one chosen, else the first."""
        people = () if self.data is None else self.data.associates
        return self.person if any(each.id == self.person for each in people) else people[0].id if people else ""

    @property
    def why_not_second(self) -> str:
        """The catalogue key that says why she may not decide about the chosen adjustment, or empty."""
        if self.adjustment is None or self.adjustment.state != "open":
            return "close.second_none"
        if self.is_offline:
            return "close.offline"
        return f"close.second_{self.adjustment.why_not}" if self.adjustment.why_not else ""

    @property
    def flags(self) -> tuple[ReviewFlag, ...]:
        """What wants to be looked at, on its tab."""
        return () if self.data is None or self.tab != "flags" else self.data.flags

    @property
    def flag(self) -> ReviewFlag | None:
        """The chosen one, else the first."""
        shown = self.flags
        return next((each for each in shown if each.id == self.chosen), shown[0] if shown else None)

    @property
    def why_not_reviewed(self) -> str:
        """The catalogue key that says why no verdict can be given on the chosen flag yet, or empty."""
        if self.flag is None:
            return "close.flag_none"
        if self.is_offline:
            return "close.offline"
        if self.flag.why_not:
            return f"close.flag_{self.flag.why_not}"
        return "" if self.sentence.strip() else "close.rule_sentence"

    @property
    def waiting(self) -> bool:
        """Whether an adjustment for the chosen dispute waits for a second person."""
        every, dispute = () if self.data is None else self.data.adjustments, self.dispute
        return dispute is not None and any(each.dispute_id == dispute.id and each.state == "open" for each in every)

    @property
    def blocked_by(self) -> Gate | None:
        """The first gate before the last that is shut."""
        gates = () if self.data is None else self.data.gates[:-1]
        return next((gate for gate in gates if not gate.is_done), None)

    @property
    def is_forbidden(self) -> bool:
        """Head office says that this person closes nothing here."""
        return self.problem is not None and self.problem.code == "forbidden"

    @property
    def why_not_ruled(self) -> str:
        """The catalogue key that says why the ruling cannot be given yet, or empty."""
        if self.dispute is None or self.dispute.state != "open":
            return "close.rule_none"
        if self.is_offline:
            return "close.offline"
        if self.dispute.opened_by == self.me:
            return "close.rule_own"
        if self.waiting:
            return "close.rule_waits"
        if not self.decision:
            return "close.rule_choose"
        if self.decision == "adjust" and self.amount_minor is None:
            return "close.rule_amount"
        return "" if self.sentence.strip() else "close.rule_sentence"

    @property
    def amount_minor(self) -> int | None:
        """The amount of an adjustment as typed, or None while it is none; not 0."""
        told = self.data if self.step == "propose" else self.dispute
        if told is None:
            return None
        text = self.amount.strip()
        try:
            found = read_amount(text.lstrip(_SIGNS), told.currency)
        except GuideDeskError:
            return None
        return -found if text[:1] in _MINUS else found

    def month(self, by: int) -> str | None:
        """The month before or after the one on show."""
        if self.data is None:
            return None
        months = sorted({*self.data.periods, self.data.period})
        at = months.index(self.data.period) + by
        return months[at] if 0 <= at < len(months) else None


class ClosePresenter(StatePresenter[CloseState]):
    """`state_changed(CloseState)`; `pin_wanted(step)` before anything is decided; `told(catalogue key)` once it is."""

    pin_wanted = Signal(str)
    told = Signal(str)

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(CloseState(desk.now_ms()), parent)
        self._desk = desk
        desk.session_changed.connect(self._take_session)
        desk.status_changed.connect(self._take_status)

    def open(self) -> None:
        """The page came to the front."""
        self._show(now_ms=self._desk.now_ms())
        self.reload()

    def reload(self) -> None:
        """Ask head office for the month on show."""
        session = self._desk.session
        if session is None or not self._desk.may("commission.others"):
            return
        self._show(is_asking=True)
        self._desk.tasks.fetch(
            self._desk.counter.commission.close_month, self.state.period, done=self._taker(session),
            failed=self._failer(session), latest="close.month",
        )  # fmt: skip

    def step(self, by: int) -> None:
        """Another month."""
        wanted = self.state.month(by)
        if wanted is not None:
            self._show(period=wanted, chosen="", decision="", amount="", sentence="")
            self.reload()

    def show_tab(self, tab: str) -> None:
        """Disputes that wait, those that were decided, or adjustments that take a second person, or flags."""
        known: tuple[Tab, ...] = ("open", "resolved", "second", "flags")
        self._show(tab=next((name for name in known if name == tab), "open"), chosen="", decision="", sentence="")

    def choose(self, dispute_id: str) -> None:
        """The dispute at the side; another one begins with a fresh ruling."""
        shown = (self.state.dispute, self.state.adjustment, self.state.flag)
        same = any(each is not None and each.id == dispute_id for each in shown)
        self._show(chosen=dispute_id, **({} if same else {"decision": "", "amount": "", "sentence": ""}))

    def decide(self, decision: str) -> None:
        """Keep, adjust, or void an event of the story."""
        self._show(decision=decision)

    def type_amount(self, text: str) -> None:
        """How much an adjustment posts, with its sign."""
        self._show(amount=text[:20])

    def type_sentence(self, text: str) -> None:
        """What both sides read."""
        self._show(sentence=text[:TEXT_LIMIT])

    def rule(self) -> None:
        """Ctrl Enter on a dispute: ask for the PIN."""
        if not self.state.why_not_ruled:
            self._begin("rule")

    def decide_second(self, verdict: str) -> None:
        """`approve` or `refuse` the adjustment at the side: ask for the PIN."""
        if not self.state.why_not_second:
            self._begin("approve" if verdict == "approve" else "refuse")

    def review(self, verdict: str) -> None:
        """`accept` or `void` what the flag at the side is about: ask for the PIN."""
        if not self.state.why_not_reviewed:
            self._begin("accept" if verdict == "accept" else "void")

    def choose_person(self, associate: str) -> None:
        """Whom the trial balance stands on."""
        self._show(person=associate)

    def propose(self) -> None:
        """A line by hand for the person chosen: ask for its amount, why, and the PIN."""
        if self.state.whom:
            self._show(person=self.state.whom, amount="", proposal_id=self._desk.counter.new_id())
            self._begin("propose")

    def confirm(self) -> None:
        """The store's month is right."""
        self._begin("confirm")

    def close_it(self) -> None:
        """Seal the month; only while nothing blocks it."""
        if self.state.data is not None and self.state.data.can_close:
            self._begin("close")

    def force(self) -> None:
        """Seal it although something blocks it, for a reason that is kept."""
        self._begin("force")

    def leave(self) -> None:
        """No PIN was given: nothing happened."""
        self._show(step="", step_problem=None, is_deciding=False)

    def prove(self, pin: str, reason: str = "") -> None:
        """The PIN for what was begun."""
        state, session = self.state, self._desk.session
        if session is None or state.data is None or state.is_deciding or not state.step:
            return
        if state.step == "propose" and state.amount_minor is None:
            self._show(step_problem=Refused("close_no_amount"))
            return
        if state.step in ("force", "propose") and not reason.strip():
            self._show(step_problem=Refused("close_no_reason" if state.step == "force" else "close_no_why"))
            return
        self._show(is_deciding=True, step_problem=None)
        port, period = self._desk.counter.commission, state.data.period
        step = state.step

        def done(found: CloseMonth) -> None:
            if self._desk.session is session:
                self._take(found)
                waits = any(each.id == state.proposal_id and each.state == "open" for each in found.adjustments)
                self._show(step="", is_deciding=False, decision="", amount="", sentence="", chosen="", proposal_id="")
                self.told.emit("close.told.waits" if waits else f"close.told.{step}")

        def failed(error: Exception) -> None:
            if self._desk.session is session:
                known = error if isinstance(error, GuideDeskError) else None
                self._show(is_deciding=False, step_problem=known)
                if known is None:
                    self._desk.tasks.failed.emit(error)

        asks: dict[str, Callable[[], CloseMonth]] = {
            "confirm": lambda: port.confirm_month(period, pin),
            "close": lambda: port.close_the_month(period, pin, None),
            "propose": lambda: port.adjust(
                state.proposal_id, state.person, state.amount_minor or 0, reason.strip()[:TEXT_LIMIT], pin
            ),
            "force": lambda: port.close_the_month(period, pin, reason.strip()[:TEXT_LIMIT]),
        }
        ways = {"rule": self._ruling, "approve": self._second, "refuse": self._second}
        ask = asks.get(step) or ways.get(step, self._verdict)(state, pin)
        if ask is not None:
            self._desk.tasks.ask(ask, done=done, failed=failed)

    def _ruling(self, state: CloseState, pin: str) -> Callable[[], CloseMonth] | None:
        dispute = state.dispute
        if dispute is None:
            return None
        is_void = state.decision.startswith(VOID)
        decision, target = ("void", state.decision[len(VOID):]) if is_void else (state.decision, None)
        amount = state.amount_minor if decision == "adjust" else None
        port = self._desk.counter.commission
        return lambda: port.resolve_dispute(dispute.id, decision, amount, target, state.sentence.strip(), pin)

    def _second(self, state: CloseState, pin: str) -> Callable[[], CloseMonth] | None:
        adjustment, is_approved = state.adjustment, state.step == "approve"
        if adjustment is None:
            return None
        port = self._desk.counter.commission
        return lambda: port.decide_adjustment(adjustment.id, is_approved=is_approved, pin=pin)

    def _verdict(self, state: CloseState, pin: str) -> Callable[[], CloseMonth] | None:
        flag, verdict, sentence = state.flag, state.step, state.sentence.strip()
        if flag is None or not flag.target:
            return None
        port, review_id = self._desk.counter.commission, self._desk.counter.new_id()
        return lambda: port.review_flag(review_id, flag.target, verdict, sentence, pin)

    def _begin(self, step: Step) -> None:
        # What two people decide is posted in the open month, whichever is on show.
        is_right = self.state.data is not None and (step in _ANY_MONTH or self.state.data.state == "open")
        if is_right and not self.state.is_offline:
            self._show(step=step, step_problem=None)
            self.pin_wanted.emit(step)

    def _taker(self, session: Session) -> Callable[[CloseMonth], None]:
        def taken(found: CloseMonth) -> None:
            if self._desk.session is session:
                self._take(found)

        return taken

    def _failer(self, session: Session) -> Callable[[Exception], None]:
        def failed(error: Exception) -> None:
            if self._desk.session is session and isinstance(error, GuideDeskError):
                self._show(is_asking=False, problem=error)

        return failed

    def _take(self, found: CloseMonth) -> None:
        self._show(data=found, is_asking=False, problem=None, now_ms=self._desk.now_ms())

    def _take_status(self, status: SyncStatus) -> None:
        self._show(is_offline=status.is_offline)

    def _take_session(self, session: Session | None) -> None:
        offline = self.state.is_offline
        me = "" if session is None else session.staff.id
        self._show_state(CloseState(self._desk.now_ms(), me, is_offline=offline))
