"""The Team board: figures of a store or an area, a period of them, and the list behind a mark (DESIGN-UI.md 5.10)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from PySide6.QtCore import QObject, Signal

from guidedesk.domain.errors import GuideDeskError
from guidedesk.domain.people import Tier
from guidedesk.domain.team_figures import PERIODS, REPEAT_DAYS, PeriodName
from guidedesk.services.session import Session
from guidedesk.services.team import KpiName, ListKind, TeamBoard, TeamList, TeamPeriod
from guidedesk.sync.status import SyncStatus
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.state_presenter import StatePresenter

EVERY_MS: Final = 60_000
_LISTS: Final[dict[KpiName, ListKind]] = {
    "sales": "sales", "share": "sales", "new_members": "members", "repeat": "repeat", "on_time": "follow_ups",
    "basket": "sales", "interactions": "interactions", "scans": "scans", "served": "served",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mark:
    """What was pointed at: a figure, a day, somebody, a tier, an hour of a weekday (`slot`: weekday x 24 + hour)."""

    kind: ListKind
    first: str
    last: str
    kpi: KpiName | None = None
    who: str | None = None
    slot: int | None = None
    tier: Tier | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """The list behind a mark: asked for, there, or why not."""

    mark: Mark
    data: TeamList | None = None
    problem: GuideDeskError | None = None


@dataclass(frozen=True, slots=True)
class TeamState:
    """What the page shows. `is_old`: the figures are not of this moment."""

    now_ms: int
    board: TeamBoard | None = None
    period: PeriodName = "month"
    is_area: bool = False
    can_area: bool = False
    as_tables: bool = False
    is_old: bool = False
    is_asking: bool = False
    is_offline: bool = False
    problem: GuideDeskError | None = None
    listing: Listing | None = None

    @property
    def shown(self) -> TeamPeriod | None:
        """The figures of the period."""
        return None if self.board is None else self.board.period(self.period)

    @property
    def is_forbidden(self) -> bool:
        """Head office knows of no such board for her."""
        return self.problem is not None and self.problem.code in ("not_found", "forbidden")

    @property
    def is_empty(self) -> bool:
        """Nothing was ever sold, scanned or begun here in any period."""
        board = self.board
        return board is not None and not any(
            kpi.part or kpi.whole or kpi.before for period in board.periods for kpi in period.kpis
        )


class TeamPresenter(StatePresenter[TeamState]):
    """`state_changed(TeamState)`; `list_wanted()` when a list opens; `member_wanted(id)` leads on to a card."""

    list_wanted = Signal()
    member_wanted = Signal(str)

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(TeamState(desk.now_ms()), parent)
        self._desk = desk
        self._asked_at_ms = 0
        self._is_front = False
        desk.session_changed.connect(self._take_session)
        desk.status_changed.connect(self._take_status)

    def open(self) -> None:
        """The page came to the front: what was kept at once, then what head office says."""
        session = self._desk.session
        if session is None or not self._desk.may("team.view"):
            return
        self._is_front = True
        self._show(now_ms=self._desk.now_ms(), can_area=session.staff.role == "area_manager")
        self.reload()

    def rest(self) -> None:
        """Another page came to the front."""
        self._is_front = False

    def reload(self) -> None:
        """Ask head office."""
        session = self._desk.session
        if session is None or not self._desk.may("team.view"):
            return
        if self.state.board is None:
            self._read_last(session)
        self._asked_at_ms = self._desk.now_ms()
        place = self._place()
        self._show(is_asking=True)

        def taken(found: TeamBoard) -> None:
            if self._is_still(session, place):
                self._show(board=found, is_old=False, is_asking=False, problem=None, now_ms=self._desk.now_ms())

        def failed(error: Exception) -> None:
            if not isinstance(error, GuideDeskError):
                self._show(is_asking=False)
                self._desk.tasks.failed.emit(error)
            elif self._is_still(session, place):
                is_gone = error.code in ("not_found", "forbidden")
                board = None if is_gone else self.state.board
                self._show(is_asking=False, is_old=board is not None, problem=error, board=board)

        self._desk.tasks.fetch(
            self._desk.counter.team.board, place, done=taken, failed=failed, latest="team.board"
        )

    def choose_period(self, name: str) -> None:
        """Another period: it is there already."""
        self._show(period=next((period for period in PERIODS if period == name), "month"))

    def choose_area(self, *, is_area: bool) -> None:
        """All her stores together, or her own."""
        if is_area != self.state.is_area and (self.state.can_area or not is_area):
            self._show(is_area=is_area, board=None, is_old=False, problem=None)
            self.reload()

    def switch_tables(self) -> None:
        """Alt T: every chart as a table, and back."""
        self._show(as_tables=not self.state.as_tables)

    # --- the list behind a mark ------------------------------------------------------------------------------------

    def open_kpi(self, name: KpiName) -> None:
        """What a figure of the period rests on."""
        shown = self.state.shown
        if shown is None:
            return
        first = shown.first
        if name == "repeat":
            first = (date.fromisoformat(shown.last) - timedelta(REPEAT_DAYS - 1)).isoformat()
        self._ask_list(Mark(_LISTS[name], first, shown.last, kpi=name))

    def open_day(self, number: int) -> None:
        """The sales of a day of the line chart."""
        shown = self.state.shown
        if shown is not None and 0 <= number < len(shown.days):
            day = shown.days[number].day
            self._ask_list(Mark("sales", day, day))

    def open_person(self, person_id: str, kind: ListKind = "sales") -> None:
        """What somebody had part in, or her follow-ups."""
        shown = self.state.shown
        if shown is not None:
            self._ask_list(Mark(kind, shown.first, shown.last, who=person_id))

    def open_tier(self, tier: Tier) -> None:
        """Who moved from a tier."""
        shown = self.state.shown
        if shown is not None:
            self._ask_list(Mark("tier", shown.first, shown.last, tier=tier))

    def open_hour(self, weekday: int, hour: int) -> None:
        """Who bought in an hour of a weekday."""
        shown = self.state.shown
        if shown is not None:
            self._ask_list(Mark("hour", shown.first, shown.last, slot=weekday * 24 + hour))

    def open_member(self, member_id: str) -> None:
        """Her card, from a line of the list."""
        if member_id:
            self.leave_list()
            self.member_wanted.emit(member_id)

    def leave_list(self) -> None:
        """The list is closed; an answer under way is not waited for."""
        self._desk.tasks.forget("team.list")
        self._show(listing=None)

    def _ask_list(self, mark: Mark) -> None:
        session, place = self._desk.session, self._place()
        if session is None:
            return
        self._show(listing=Listing(mark))
        self.list_wanted.emit()

        def is_wanted() -> bool:
            listing = self.state.listing
            return self._is_still(session, place) and listing is not None and listing.mark == mark

        def taken(found: TeamList) -> None:
            if is_wanted():
                self._show(listing=Listing(mark, found))

        def failed(error: Exception) -> None:
            if not isinstance(error, GuideDeskError):
                self._desk.tasks.failed.emit(error)
            elif is_wanted():
                self._show(listing=Listing(mark, None, error))

        self._desk.tasks.fetch(
            self._desk.counter.team.list_behind, place, mark.kind, mark.first, mark.last, mark.who, mark.slot,
            mark.tier, done=taken, failed=failed, latest="team.list",
        )  # fmt: skip

    # --- inside ----------------------------------------------------------------------------------------------------

    def _place(self) -> str | None:
        return None if self.state.is_area else self._desk.counter.store_id

    def _is_still(self, session: Session, place: str | None) -> bool:
        return self._desk.session is session and self._place() == place

    def _read_last(self, session: Session) -> None:
        place = self._place()

        def taken(found: TeamBoard | None) -> None:
            if self._is_still(session, place) and self.state.board is None and found is not None:
                self._show(board=found, is_old=True)

        self._desk.tasks.read(
            self._desk.counter.team.last_board, place, done=taken, failed=self._no_matter, latest="team.last"
        )

    def _no_matter(self, _error: Exception) -> None:
        """Without the copy there is only what head office answers."""

    def _take_session(self, _session: Session | None) -> None:
        # Nobody's figures may stay behind the next one's back.
        self._is_front = False
        self._desk.tasks.forget("team.list")
        self._show_state(TeamState(self._desk.now_ms(), is_offline=self.state.is_offline))

    def _take_status(self, status: SyncStatus) -> None:
        came_back = self.state.is_offline and not status.is_offline
        is_old = self.state.board is not None and (status.is_offline or self.state.is_old)
        self._show(is_offline=status.is_offline, is_old=is_old)
        is_due = came_back or self._desk.now_ms() - self._asked_at_ms >= EVERY_MS
        if self._is_front and is_due and not status.is_offline and not self.state.is_asking:
            self.reload()
