"""What is news to whoever signed in, since she left this counter: a line a kind, each leading to its list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from PySide6.QtCore import QObject, Signal

from guidedesk.domain.day import NewsAbout, Since
from guidedesk.services.changes import Changes
from guidedesk.services.earnings import EarnedSince
from guidedesk.services.session import Session
from guidedesk.sync.status import SyncStatus
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.state_presenter import StatePresenter

NewsKind = Literal["refused", "members", "sales", "rulings", "claims", "tasks"]
# What the first exchange of a morning brings is news too; later it is told where it shows.
STILL_NEWS_MS: Final = 10 * 60_000


@dataclass(frozen=True, slots=True)
class NewsLine:
    """So many of a kind; `amount_minor` where money belongs to it. `about`: the members it is about, if any."""

    kind: NewsKind
    count: int
    amount_minor: int | None = None
    currency: str = ""
    about: tuple[NewsAbout, ...] = ()


@dataclass(frozen=True, slots=True)
class SinceState:
    """`news` is what this PC knows, `earned` what head office answered; `seen` kinds were opened or put away."""

    now_ms: int
    news: Since | None = None
    earned: EarnedSince | None = None
    seen: frozenset[NewsKind] = frozenset()

    @property
    def lines(self) -> tuple[NewsLine, ...]:
        """What is told now, what needs her first."""
        if self.news is None:
            return ()
        news, earned = self.news, self.earned
        found = [NewsLine("refused", news.refused), _about("members", news.members)]
        if earned is not None:
            found.append(NewsLine("sales", earned.sales.count, earned.sales.amount_minor, earned.currency))
            found.append(NewsLine("rulings", earned.rulings))
        found += [_about("claims", news.claims), NewsLine("tasks", len(news.tasks))]
        return tuple(line for line in found if line.count and line.kind not in self.seen)


def _about(kind: NewsKind, about: tuple[NewsAbout, ...]) -> NewsLine:
    return NewsLine(kind, len(about), about=about)


class SincePresenter(StatePresenter[SinceState]):
    """`state_changed(SinceState)`; `opened(NewsLine)` when she wants the list behind a line."""

    opened = Signal(object)

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(SinceState(desk.now_ms()), parent)
        self._desk = desk
        self._is_asked = False  # head office, successfully or on its way
        self._is_over = True
        desk.session_changed.connect(self._take_session)
        desk.status_changed.connect(self._take_status)
        desk.tasks.committed.connect(self._committed)

    def open(self, kind: str) -> None:
        """Go to the list behind a line; the line is seen."""
        line = next((one for one in self.state.lines if one.kind == kind), None)
        if line is not None:
            self.put_away(kind)
            self.opened.emit(line)

    def put_away(self, kind: str) -> None:
        """A line is seen; what she has seen all of does not come again."""
        gone: frozenset[NewsKind] = frozenset(line.kind for line in self.state.lines if line.kind == kind)
        self._show(seen=self.state.seen | gone)
        if gone and not self.state.lines:
            self._end()

    def _end(self) -> None:
        """Not again, also after a power cut."""
        session = self._desk.session
        self._is_over = True
        self._show_state(SinceState(self._desk.now_ms()))
        if session is not None:
            self._desk.tasks.write(self._desk.counter.day.leave, session.staff.id, failed=self._no_matter)

    def _take_session(self, session: Session | None) -> None:
        # Nobody's news may stay behind the next one's back.
        self._show_state(SinceState(self._desk.now_ms()))
        self._is_asked, self._is_over = False, session is None or not self._desk.may("member.view")
        self._read()

    def _read(self) -> None:
        session = self._desk.session
        if session is None or self._is_over:
            return

        def taken(found: Since | None) -> None:
            if self._desk.session is session and not self._is_over and found is not None:
                self._show(news=found, now_ms=self._desk.now_ms())
                self._ask(session, found.left_ms)

        self._desk.tasks.read(
            self._desk.counter.day.since, session.staff.id, done=taken, failed=self._no_matter, latest="since.news"
        )

    def _ask(self, session: Session, left_ms: int) -> None:
        if self._is_asked or not self._desk.may("commission.own"):
            return
        self._is_asked = True

        def told(found: EarnedSince) -> None:
            if self._desk.session is session and not self._is_over:
                self._show(earned=found)

        def failed(_error: Exception) -> None:
            if self._desk.session is session:
                self._is_asked = False  # asked again once there is contact

        self._desk.tasks.fetch(
            self._desk.counter.commission.since, left_ms, done=told, failed=failed, latest="since.earned"
        )

    def _no_matter(self, _error: Exception) -> None:
        """Her lists have all of it, only without saying what is new."""

    def _take_status(self, status: SyncStatus) -> None:
        session, news = self._desk.session, self.state.news
        if session is not None and news is not None and not self._is_over and not status.is_offline:
            self._ask(session, news.left_ms)

    def _committed(self, changes: object) -> None:
        session = self._desk.session
        if not isinstance(changes, Changes) or changes.op_ids or not changes.has_rows or session is None:
            return  # what she does herself is no news
        if self._desk.now_ms() - session.started_at_ms < STILL_NEWS_MS:
            self._read()
