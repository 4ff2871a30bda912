"""The counter home: ready to scan, people to contact today, this shift, what waits to be sent (DESIGN-UI.md 5.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from PySide6.QtCore import QObject, QTimer, Signal

from guidedesk.services import follow_up_steps as steps
from guidedesk.services.changes import Changes
from guidedesk.services.member_models import Agenda, FollowUpInfo
from guidedesk.services.queries.care import CareMember
from guidedesk.services.queries.follow_ups import get_agenda
from guidedesk.services.queries.home import find_last_scan, get_shift
from guidedesk.services.queries.reference import get_settings
from guidedesk.services.read_models import LastScan, ShiftCounts
from guidedesk.services.session import Session
from guidedesk.sync.status import OperationInfo, SyncStatus
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.care_feed import CareFeed, CareState
from guidedesk.ui.presenters.follow_up import FollowUpRef
from guidedesk.ui.presenters.state_presenter import StatePresenter
from guidedesk.ui.presenters.undo import Notice

WAITING_STATES: Final = frozenset({"queued", "inflight"})
RECENT_SHOWN: Final = 8
OPERATIONS_READ: Final = 200
CLOCK_MS: Final = 1000
SHOWN_KINDS: Final = frozenset({"follow_up", "visit", "member", "interaction", "consent", "setting", "store"})


# A tab for each reason would not fit beside the title: all but these stand with what was promised.
TABS: Final = frozenset({"birthday", "reorder", "visit"})


def tab_of(reason: str) -> str:
    """Under which tab of the agenda an entry stands."""
    if reason == "family":
        return "birthday"  # as in the tasks: a day somebody celebrates
    return reason if reason in TABS else "promised"


@dataclass(frozen=True, slots=True)
class HomeData:
    """What one reading of this PC's copy gave."""

    agenda: Agenda
    last_scan: LastScan | None
    shift: ShiftCounts


@dataclass(frozen=True, slots=True)
class HomeState:
    """What the home shows; `data` is None until the first reading came. `reason` filters the agenda, empty = all."""

    now_ms: int
    data: HomeData | None = None
    reason: str = ""
    status: SyncStatus | None = None
    recent: tuple[OperationInfo, ...] = ()  # what waits to be sent; when nothing does, what was recorded last
    has_banner: bool = False

    @property
    def items(self) -> tuple[FollowUpInfo, ...]:
        """The agenda rows under the filter."""
        rows = self.data.agenda.items if self.data else ()
        return tuple(item for item in rows if not self.reason or tab_of(item.reason) == self.reason)

    @property
    def is_offline(self) -> bool:
        """No contact with the server for ten seconds."""
        return self.status is not None and self.status.is_offline

    @property
    def outage_ms(self) -> int:
        """Milliseconds since the first failed exchange of this outage."""
        if self.status is None or self.status.offline_since_ms is None:
            return 0
        return max(0, self.status.now_ms - self.status.offline_since_ms)


def read_home(
    connection: Any, associate_id: str, store_id: str, now_ms: int, care: Sequence[CareMember] = ()
) -> HomeData:
    """Agenda, last scan and shift of one associate, in the chain's time zone."""
    zone = get_settings(connection).zone
    return HomeData(
        get_agenda(connection, associate_id, now_ms, zone, care),
        find_last_scan(connection, store_id),
        get_shift(connection, associate_id, store_id, now_ms, zone),
    )


class HomePresenter(StatePresenter[HomeState]):
    """`state_changed(HomeState)`; `member_opened(id)` to show a member; `noticed(Notice)` for the toast;
    `item_change_wanted(FollowUpRef)` to hand a promise over or cancel it."""

    member_opened = Signal(str)
    noticed = Signal(object)
    item_change_wanted = Signal(object)

    def __init__(self, desk: Desk, parent: QObject | None = None, *, care: CareFeed | None = None) -> None:
        super().__init__(HomeState(now_ms=desk.now_ms()), parent)
        self._desk, self._care = desk, care
        if care is not None:
            care.state_changed.connect(self._take_care)
        self._closed_outage_ms: int | None = None
        self._is_resting = False
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.tick)
        desk.status_changed.connect(self._take_status)
        desk.session_changed.connect(self._take_session)
        desk.tasks.committed.connect(self._committed)

    def open(self) -> None:
        """The page came to the front."""
        self._is_resting = False
        self._timer.start(CLOCK_MS)
        self.reload()

    def rest(self) -> None:
        """Another page is in front: read nothing until `open`."""
        self._is_resting = True
        self._timer.stop()

    def reload(self) -> None:
        """Read everything of whoever is signed in."""
        if self._desk.session is None:
            return
        now_ms, who = self._desk.now_ms(), self._desk.session
        self._desk.read(
            read_home, who.staff.id, self._desk.counter.store_id, now_ms,
            self._care.state.people if self._care is not None else (), done=self._take_data, latest="home.data",
        )  # fmt: skip
        self._read_queue()

    def tick(self) -> None:
        """The clock moves; a new day brings a new agenda."""
        now_ms = self._desk.now_ms()
        if self.state.status is not None and self.state.status.offline_since_ms is not None:
            self._take_status(replace(self.state.status, now_ms=now_ms))
        if now_ms // 60_000 != self.state.now_ms // 60_000:
            self._show(now_ms=now_ms)
            self.reload()

    def filter(self, reason: str) -> None:
        """Show the people of one reason, or all."""
        self._show(reason=reason)

    def open_item(self, follow_up_id: str) -> None:
        """Enter on a row."""
        item = self._find(follow_up_id)
        if item is not None:
            self.member_opened.emit(item.member_id)

    def complete(self, follow_up_id: str) -> None:
        """Space on a row: the contact happened."""
        item = self._find(follow_up_id)
        if item is None or item.is_done:
            return
        name = item.member_name
        operations = steps.complete(item)

        def told(changes: Changes) -> None:
            undo = steps.undo_of(operations, changes.op_ids)
            self.noticed.emit(Notice("member.follow_up_done", name, undo=undo))

        self._desk.record(*operations, done=told)

    def change_item(self, follow_up_id: str) -> None:
        """Delete on a row: hand it over or cancel it."""
        item = self._find(follow_up_id)
        if item is not None and not item.is_done:
            self.item_change_wanted.emit(FollowUpRef(item.member_id, item.id))

    def close_banner(self) -> None:
        """Not again in this outage."""
        if self.state.status is not None:
            self._closed_outage_ms = self.state.status.offline_since_ms
        self._show(has_banner=False)

    def _find(self, follow_up_id: str) -> FollowUpInfo | None:
        return next((item for item in self.state.items if item.id == follow_up_id), None)

    def _read_queue(self) -> None:
        self._desk.tasks.read(self._desk.counter.status, done=self._take_status, latest="home.status")
        self._desk.tasks.read(
            self._desk.counter.records.latest, OPERATIONS_READ, done=self._take_operations, latest="home.operations"
        )

    def _take_data(self, data: HomeData) -> None:
        reasons = {tab_of(item.reason) for item in data.agenda.items}
        self._show(data=data, reason=self.state.reason if self.state.reason in reasons else "")

    def _take_care(self, _state: CareState) -> None:
        if not self._is_resting:
            self.reload()

    def _take_status(self, status: SyncStatus) -> None:
        is_new = status.is_offline and status.offline_since_ms != self._closed_outage_ms
        moved = self.state.status is None or (status.waiting, status.sending) != (
            self.state.status.waiting, self.state.status.sending
        )
        self._show(status=status, has_banner=is_new)
        if moved and self._desk.session is not None and not self._is_resting:
            self._desk.tasks.read(
                self._desk.counter.records.latest, OPERATIONS_READ, done=self._take_operations, latest="home.operations"
            )

    def _take_operations(self, operations: tuple[OperationInfo, ...]) -> None:
        waiting = tuple(op for op in operations if op.state in WAITING_STATES)
        self._show(recent=(waiting or operations)[:RECENT_SHOWN])

    def _take_session(self, session: Session | None) -> None:
        # Nothing of the person before may stay behind the next one's back.
        status, has_banner = self.state.status, self.state.has_banner
        self._show_state(HomeState(now_ms=self._desk.now_ms(), status=status, has_banner=has_banner))
        if session is None:
            self._timer.stop()
        elif not self._is_resting:
            self.reload()

    def _committed(self, changes: object) -> None:
        if self._is_resting:
            return
        if isinstance(changes, Changes) and (not changes.kinds or changes.kinds & SHOWN_KINDS):
            self.reload()
        else:
            self._read_queue()
