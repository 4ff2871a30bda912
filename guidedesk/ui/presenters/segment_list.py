"""The members behind an audience's count: asked for when somebody opens the list, and the way on to a card."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from guidedesk.domain.errors import GuideDeskError
from guidedesk.domain.segments import Audience
from guidedesk.services.segments import MemberList
from guidedesk.services.session import Session
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.segments_state import SegmentsState
from guidedesk.ui.presenters.state_presenter import StatePresenter


@dataclass(frozen=True, slots=True)
class SegmentListState:
    """The list of an audience called `name`: asked for, there, or why not."""

    now_ms: int
    name: str = ""
    currency: str = "CNY"
    is_open: bool = False
    data: MemberList | None = None
    problem: GuideDeskError | None = None


class SegmentListPresenter(StatePresenter[SegmentListState]):
    """`state_changed(SegmentListState)`; `opened()` when the list opens; `member_wanted(id)` leads on to a card."""

    opened = Signal()
    member_wanted = Signal(str)

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(SegmentListState(desk.now_ms()), parent)
        self._desk = desk
        desk.session_changed.connect(self._take_session)

    def open(self, page: SegmentsState) -> None:
        """Whom the audience on show means, as it stands in the window."""
        draft, board, session = page.draft, page.board, self._desk.session
        if draft is None or board is None or session is None or not self._desk.may("segment.manage"):
            return
        audience: Audience | None = draft.audience if draft.kind == "dynamic" else None
        segment_id = draft.id if draft.version else None
        if audience is None and segment_id is None:
            return
        asked = SegmentListState(self._desk.now_ms(), draft.name, board.currency, is_open=True)
        self._show_state(asked)
        self.opened.emit()

        def is_wanted() -> bool:
            return self._desk.session is session and self.state.is_open

        def taken(found: MemberList) -> None:
            if is_wanted():
                self._show(data=found, problem=None)

        def failed(error: Exception) -> None:
            if not isinstance(error, GuideDeskError):
                self._desk.tasks.failed.emit(error)
            elif is_wanted():
                self._show(problem=error)

        self._desk.tasks.fetch(
            self._desk.counter.segments.members, segment_id, audience, done=taken, failed=failed, latest="segments.list"
        )

    def open_member(self, member_id: str) -> None:
        """Her card, from a line of the list."""
        if member_id:
            self.leave()
            self.member_wanted.emit(member_id)

    def leave(self) -> None:
        """The list is closed; an answer under way is not waited for."""
        self._desk.tasks.forget("segments.list")
        self._show_state(SegmentListState(self._desk.now_ms()))

    def _take_session(self, session: Session | None) -> None:
        self.leave()
