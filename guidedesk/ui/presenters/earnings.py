"""My earnings: what counts, why, until when it may still change, and what to do about it (DESIGN-UI.md 5.9)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final, Literal

from PySide6.QtCore import QObject, Signal

from guidedesk.domain.errors import GuideDeskError
from guidedesk.services.earnings import DISPUTE_REASONS, Earnings, EarningsLine, WhyNotAnswer
from guidedesk.services.session import Session
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.earnings_feed import EarningsFeed, FeedState
from guidedesk.ui.presenters.state_presenter import StatePresenter

Panel = Literal["line", "changes", "expiring", "why_not"]
FILTERS: Final = ("", "provisional", "confirmed", "clawed_back", "disputed")
TEXT_LIMIT: Final = 200


@dataclass(frozen=True, slots=True)
class WhyNotState:
    """The question why an order is not hers. `problem` is why there is no answer."""

    order_no: str = ""
    is_asking: bool = False
    answer: WhyNotAnswer | None = None
    problem: GuideDeskError | None = None


@dataclass(frozen=True, slots=True)
class EarningsState:
    """What the page shows. `period` is empty for the month in progress; `panel` is what stands at the side."""

    now_ms: int
    me: str = ""
    feed: FeedState = field(default_factory=FeedState)
    period: str = ""
    past: FeedState = field(default_factory=FeedState)  # a month that is not the one in progress
    filter: str = ""
    text: str = ""
    chosen: str = ""
    panel: Panel = "line"
    why_not: WhyNotState = field(default_factory=WhyNotState)
    is_acknowledging: bool = False

    @property
    def source(self) -> FeedState:
        """The answer the page is about."""
        return self.past if self.period else self.feed

    @property
    def data(self) -> Earnings | None:
        """The month on show."""
        return self.source.data

    @property
    def lines(self) -> tuple[EarningsLine, ...]:
        """The lines under filter and search, newest first as head office orders them."""
        data = self.data
        if data is None:
            return ()
        words = self.text.strip().casefold()
        return tuple(line for line in data.lines if passes(line, self.filter) and mentions(line, words))

    @property
    def line(self) -> EarningsLine | None:
        """The line on show at the side: the chosen one while the filter shows it, else the first."""
        lines = self.lines
        return next((line for line in lines if line.id == self.chosen), lines[0] if lines else None)

    @property
    def why_no_dispute(self) -> str:
        """The catalogue key that says why the line cannot be disputed now, or empty."""
        if self.line is None:
            return "earn.dispute_none"
        if self.line.state == "disputed":
            return "earn.dispute_is_open"
        return "earn.dispute_offline" if self.source.is_old or self.feed.is_offline else ""

    def step(self, by: int) -> str | None:
        """The month before (-1) or after (1) the one on show, or None where she has none."""
        data = self.data
        if data is None:
            return None
        months = sorted({*data.periods, data.period})
        at = months.index(data.period) + by
        return months[at] if 0 <= at < len(months) else None


def passes(line: EarningsLine, wanted: str) -> bool:
    """Whether a line belongs under a filter; what was clawed back is a figure beside the state."""
    if wanted == "clawed_back":
        return line.amount_minor < 0 or line.clawed_back_minor < 0
    return not wanted or line.state == wanted


def mentions(line: EarningsLine, words: str) -> bool:
    """Whether member or order number hold what was typed."""
    sale = line.sale
    return not words or (sale is not None and words in f"{sale.member_name}\n{sale.order_no}".casefold())


class EarningsPresenter(StatePresenter[EarningsState]):
    """`state_changed(EarningsState)`; `order_wanted(member id)` to see the purchases behind a line; `disputed()` once
    head office has a dispute; `acknowledged()`; `opened()` when the page should come to the front."""

    order_wanted = Signal(str)
    disputed = Signal()
    dispute_failed = Signal(object)
    acknowledged = Signal()
    opened = Signal()

    def __init__(self, desk: Desk, feed: EarningsFeed, parent: QObject | None = None) -> None:
        super().__init__(EarningsState(desk.now_ms()), parent)
        self._desk, self._feed = desk, feed
        feed.state_changed.connect(self._take_feed)
        desk.session_changed.connect(self._take_session)

    def open(self) -> None:
        """The page came to the front: show what is known and ask for newer figures."""
        self._show(now_ms=self._desk.now_ms())
        self._feed.ask()

    def reload(self) -> None:
        """Ask again, for the month on show."""
        if self.state.period:
            self._ask_month(self.state.period)
        self._feed.ask()

    def step(self, by: int) -> None:
        """Another month."""
        wanted = self.state.step(by)
        if wanted is not None:
            self.show_month(wanted)

    def show_month(self, period: str) -> None:
        """A month by name; the one in progress comes from the feed."""
        newest = self._feed.state.data
        if newest is not None and newest.period == period:
            self._show(period="", past=FeedState(), chosen="", panel="line")
            return
        self._show(period=period, past=FeedState(is_asking=True), chosen="", panel="line")
        session = self._desk.session

        def last(found: Earnings | None) -> None:
            if self._is_still(session, period) and self.state.past.data is None and found is not None:
                self._show(past=replace(self.state.past, data=found, is_old=True))

        self._desk.tasks.read(
            self._desk.counter.commission.last_earnings, period, done=last, latest="earnings.month_last"
        )
        self._ask_month(period)

    def filter(self, name: str) -> None:
        """Only lines of one state."""
        self._show(filter=name if name in FILTERS else "", panel="line")

    def search(self, text: str) -> None:
        """Only lines of a member or an order."""
        self._show(text=text[:TEXT_LIMIT])

    def loosen(self) -> None:
        """Show all lines again."""
        self._show(filter="", text="")

    def choose(self, line_id: str) -> None:
        """The line at the side."""
        self._show(chosen=line_id, panel="line")

    def show_panel(self, panel: Panel) -> None:
        """What stands at the side."""
        self._show(panel=panel)

    def show_order(self) -> None:
        """The purchases of the member behind the line."""
        line = self.state.line
        if line is not None and line.sale is not None and line.sale.member_id:
            self.order_wanted.emit(line.sale.member_id)

    def ask_why_not(self, order_no: str) -> None:
        """Why an order of a member she served is not hers."""
        number, session = order_no.strip()[:TEXT_LIMIT], self._desk.session
        if not number or session is None:
            return
        self._show(panel="why_not", why_not=WhyNotState(number, is_asking=True))

        def is_wanted() -> bool:
            return self._desk.session is session and self.state.why_not.order_no == number

        def taken(answer: WhyNotAnswer) -> None:
            if is_wanted():
                self._show(why_not=WhyNotState(number, answer=answer))

        def failed(error: Exception) -> None:
            if is_wanted() and isinstance(error, GuideDeskError):
                self._show(why_not=WhyNotState(number, problem=error))

        self._desk.tasks.ask(
            self._desk.counter.commission.why_not, number, done=taken, failed=failed, latest="earnings.why_not"
        )

    def open_why_not(self, order_no: str = "") -> None:
        """Bring the question to the front, asked already where the order is known."""
        self._show(panel="why_not", why_not=WhyNotState(order_no))
        self.opened.emit()
        if order_no:
            self.ask_why_not(order_no)

    def dispute(self, reason: str, text: str) -> None:
        """She does not agree with the line at the side."""
        line, session = self.state.line, self._desk.session
        if line is None or session is None or reason not in DISPUTE_REASONS or self.state.why_no_dispute:
            return

        def taken(found: Earnings) -> None:
            if self._desk.session is session:
                self._take_month(found)
                self._show(chosen=line.id, panel="line")
                self.disputed.emit()

        def failed(error: Exception) -> None:
            if self._desk.session is session:
                self.dispute_failed.emit(error)

        self._desk.tasks.ask(
            self._desk.counter.commission.open_dispute, self._desk.counter.new_id(), line.id, reason,
            text.strip()[:TEXT_LIMIT], done=taken, failed=failed,
        )  # fmt: skip

    def acknowledge(self) -> None:
        """She has seen what changed and why."""
        data, session = self.state.feed.data, self._desk.session
        if data is None or session is None or not data.changes or self.state.is_acknowledging:
            return
        self._show(is_acknowledging=True)
        seen = tuple(change.id for change in data.changes)

        def done(_left: int) -> None:
            if self._desk.session is session:
                newest = self._feed.state.data
                if newest is not None:
                    left = tuple(change for change in newest.changes if change.id not in seen)
                    self._feed.put(replace(newest, changes=left))
                self._show(is_acknowledging=False, panel="line")
                self.acknowledged.emit()

        def failed(error: Exception) -> None:
            self._show(is_acknowledging=False)
            self._desk.tasks.failed.emit(error)

        self._desk.tasks.read(self._desk.counter.commission.acknowledge, seen, done=done, failed=failed)

    def _ask_month(self, period: str) -> None:
        session = self._desk.session

        def taken(found: Earnings) -> None:
            if self._is_still(session, period):
                self._show(past=FeedState(found))

        def failed(error: Exception) -> None:
            if self._is_still(session, period) and isinstance(error, GuideDeskError):
                past = self.state.past
                self._show(past=replace(past, is_asking=False, is_old=past.data is not None, problem=error))

        self._desk.tasks.fetch(
            self._desk.counter.commission.earnings, period, done=taken, failed=failed, latest="earnings.month"
        )

    def _is_still(self, session: Session | None, period: str) -> bool:
        return self._desk.session is session and self.state.period == period

    def _take_month(self, found: Earnings) -> None:
        if self.state.period:
            self._show(past=FeedState(found))
            self._feed.ask()
        else:
            self._feed.put(found)

    def _take_feed(self, feed: FeedState) -> None:
        self._show(feed=feed, now_ms=self._desk.now_ms())

    def _take_session(self, session: Session | None) -> None:
        me = "" if session is None else session.staff.id
        self._show_state(EarningsState(self._desk.now_ms(), me, self._feed.state))
