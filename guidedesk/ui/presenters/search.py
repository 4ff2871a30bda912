"""Search as it is typed, on this PC's copy (DESIGN-UI.md 5.8). Queries are kept nowhere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from PySide6.QtCore import QObject, Signal

from guidedesk.domain.errors import GuideDeskError
from guidedesk.services.queries.members import get_member_card
from guidedesk.services.queries.search import search_members
from guidedesk.services.read_models import NOBODY, Bilingual, MemberCard, MemberHit
from guidedesk.services.session import Session
from guidedesk.ui.desk import Desk

LIMIT: Final = 20
PHONE_DIGITS: Final = 11


@dataclass(frozen=True, slots=True)
class SearchState:
    """What the panel shows. `is_answered`: the hits are those of `text`; until then the ones before stay.
    `viewer` is the name of who asks, to mark her own members."""

    text: str = ""
    hits: tuple[MemberHit, ...] = ()
    is_answered: bool = False
    chosen_id: str = ""
    preview: MemberCard | None = None
    viewer: Bilingual = NOBODY
    now_ms: int = 0

    @property
    def is_open(self) -> bool:
        """Whether anything was typed."""
        return bool(self.text.strip())


class SearchPresenter(QObject):
    """`state_changed(SearchState)`; `member_chosen(id)`, `log_requested(id)`, `new_member_requested(text)`."""

    state_changed = Signal(object)
    member_chosen = Signal(str)
    log_requested = Signal(str)
    new_member_requested = Signal(str)

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.state = SearchState()
        desk.session_changed.connect(self._take_session)

    def type(self, text: str) -> None:
        """Another letter."""
        session = self._desk.session
        if session is None or not text.strip():
            self.close()
            return
        self._show(text=text, is_answered=False, viewer=session.staff.name, now_ms=self._desk.now_ms())

        def answered(hits: tuple[MemberHit, ...]) -> None:
            if self._desk.session is session and self.state.text == text:
                self._take_hits(hits)

        self._desk.tasks.read(self._find, text, done=answered, latest="search.hits")

    def choose(self, member_id: str) -> None:
        """A row became current: read its preview."""
        session = self._desk.session
        if session is None or member_id == self.state.chosen_id:
            return
        self._show(chosen_id=member_id, preview=None)
        if member_id:
            self._desk.read(
                get_member_card, member_id, session.staff.id, self._desk.now_ms(), done=self._take_preview,
                latest="search.preview",
            )  # fmt: skip

    def open(self, member_id: str = "") -> None:
        """Enter: open the card of a row, or of the chosen one."""
        found = member_id or self.state.chosen_id
        if found and self.state.is_answered:
            self.close()
            self.member_chosen.emit(found)

    def log(self) -> None:
        """Ctrl Enter: log an interaction with the chosen one."""
        found = self.state.chosen_id
        if found and self.state.is_answered:
            self.close()
            self.log_requested.emit(found)

    def add(self) -> None:
        """Ctrl N: nobody found, or not the right one."""
        text = self.state.text.strip()
        self.close()
        self.new_member_requested.emit(text)

    def close(self) -> None:
        """Esc, a scan or a choice: forget what was typed."""
        self._show_state(SearchState())

    def _find(self, text: str) -> tuple[MemberHit, ...]:
        phone_hash = self._phone_hash(text)
        with self._desk.counter.read() as connection:
            return search_members(connection, text, limit=LIMIT, phone_hash=phone_hash)

    def _phone_hash(self, text: str) -> str | None:
        if sum(char.isdigit() for char in text) < PHONE_DIGITS:
            return None
        try:
            return self._desk.counter.phone_fields(text)["phone_hash"]
        except GuideDeskError:
            return None

    def _take_hits(self, hits: tuple[MemberHit, ...]) -> None:
        known = {hit.member_id for hit in hits}
        self._show(hits=hits, is_answered=True)
        if self.state.chosen_id not in known:
            self.choose(hits[0].member_id if hits else "")

    def _take_preview(self, card: MemberCard) -> None:
        if self.state.chosen_id in (card.member_id, card.asked_id):
            self._show(preview=card)

    def _take_session(self, _session: Session | None) -> None:
        self.close()

    def _show(self, **changed: Any) -> None:
        self._show_state(replace(self.state, **changed))

    def _show_state(self, state: SearchState) -> None:
        if state != self.state:
            self.state = state
            self.state_changed.emit(state)
