"""Search as it is typed (DESIGN-UI.md 5.8): this PC's copy at once, head office below. Queries are kept nowhere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

from PySide6.QtCore import QObject, QTimer, Signal

from guidedesk.domain.errors import GuideDeskError, TransportError
from guidedesk.domain.search import NameKey, OpenReason, Query, read_query
from guidedesk.services.member_models import MemberHit, MemberPreview, OfficeHit
from guidedesk.services.queries.preview import get_member_preview
from guidedesk.services.queries.search import LIMIT, search_members
from guidedesk.services.read_models import NOBODY, Bilingual
from guidedesk.services.session import Session
from guidedesk.sync.status import SyncStatus
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.state_presenter import StatePresenter
from guidedesk.ui.tables.search import OFFICE_ROW

# A receipt number has no length of its own: head office is asked when nobody typed for so long.
RECEIPT_PAUSE_MS: Final = 700
_HITS: Final = "search.hits"
OfficeStatus = Literal["", "asking", "found", "none", "offline", "limited", "failed", "opening"]
OfficeQuestion = tuple[str, str]  # kind (phone, card, receipt) and value; a phone as its keyed hash


@dataclass(frozen=True, slots=True)
class SearchState:
    """What the panel shows. `is_answered`: the hits are those of `text`; until then the ones before stay.
    `viewer` is the name of who asks, to mark her own members. `may_ask`: head office could know this text."""

    text: str = ""
    hits: tuple[MemberHit, ...] = ()
    is_answered: bool = False
    chosen_id: str = ""
    preview: MemberPreview | None = None
    viewer: Bilingual = NOBODY
    now_ms: int = 0
    may_ask: bool = False
    is_short: bool = False
    office: OfficeStatus = ""
    office_hit: OfficeHit | None = None
    is_loading: bool = False  # the store's members are still on their way to this PC

    @property
    def is_open(self) -> bool:
        """Whether anything was typed."""
        return bool(self.text.strip())

    @property
    def row_ids(self) -> tuple[str, ...]:
        """The rows in their order: this PC's, then head office's."""
        office = () if self.office_hit is None else (OFFICE_ROW,)
        return (*(hit.member_id for hit in self.hits), *office)


@dataclass(frozen=True, slots=True)
class _Found:
    """An answer of this PC: hits, the row to choose and its preview (`kept` when the one on show still holds)."""

    hits: tuple[MemberHit, ...]
    chosen_id: str
    preview: MemberPreview | None
    kept: bool
    phone_hash: str | None


class SearchPresenter(StatePresenter[SearchState]):
    """`state_changed(SearchState)`; `member_chosen(id)`, `log_requested(id)`, `new_member_requested(text)`."""

    member_chosen = Signal(str)
    log_requested = Signal(str)
    new_member_requested = Signal(str)

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(SearchState(), parent)
        self._desk = desk
        self._nobody = NameKey()  # the beginning of a name that is nobody's here, as far as typed since
        self._phone_hash: str | None = None
        self._is_offline = self._is_loading = False
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(RECEIPT_PAUSE_MS)
        self._pause.timeout.connect(self._ask_quietly)
        desk.session_changed.connect(self._take_session)
        desk.status_changed.connect(self._take_status)
        desk.tasks.committed.connect(self._forget_nobody)

    def prepare(self) -> None:
        """A search is about to begin: put its statements together before the first letter needs them."""
        session = self._desk.session
        if session is not None:
            asked = (read_query("a"), "", None, session.staff.id, self._desk.now_ms(), NameKey())
            self._desk.tasks.read(self._find, *asked, done=self._is_prepared, failed=self._is_prepared)

    def _is_prepared(self, _found: object) -> None:
        """Nothing is shown of it."""

    def type(self, text: str) -> None:
        """Another letter."""
        session = self._desk.session
        if session is None or not text.strip() or not self._desk.may("member.view"):
            self.close()
            return
        query = read_query(text)
        before = self.state
        # Nothing to show yet: the answer is a moment away, and each change shown costs a repaint.
        self.state = replace(
            before, text=text, is_answered=False, viewer=session.staff.name, now_ms=self._desk.now_ms(), office="",
            is_loading=self._is_loading,
            office_hit=None, may_ask=_may_ask(query), is_short=query.is_short,
        )  # fmt: skip
        self._pause.stop()
        self._phone_hash = None
        if query.is_only_name and self._nobody.begins(query.name):
            self._take_found(_Found((), "", None, False, None))
            return

        def answered(found: _Found) -> None:
            if self._desk.session is session and self.state.text == text:
                self._take_found(found)

        seen = before.preview if before.preview and before.preview.asked_id == before.chosen_id else None
        self._desk.tasks.read(
            self._find, query, before.chosen_id, seen, session.staff.id, self.state.now_ms, self._nobody,
            done=answered, latest=_HITS,
        )  # fmt: skip

    def choose(self, member_id: str) -> None:
        """A row became current: read its preview. The one before stays until then."""
        session = self._desk.session
        if session is None or member_id == self.state.chosen_id:
            return
        if member_id in ("", OFFICE_ROW):
            self._show(chosen_id=member_id, preview=None)
            return
        self._show(chosen_id=member_id)
        self._desk.read(
            get_member_preview, member_id, session.staff.id, self._desk.now_ms(), done=self._take_preview,
            failed=self._lose_preview, latest="search.preview",
        )  # fmt: skip

    def open(self, member_id: str = "") -> None:
        """Enter: open the card of a row, or of the chosen one. Head office's waits for a reason."""
        found = member_id or self.state.chosen_id
        if found and found != OFFICE_ROW and self.state.is_answered:
            self.close()
            self.member_chosen.emit(found)

    def log(self) -> None:
        """Ctrl Enter: log an interaction with the chosen one."""
        found = self.state.chosen_id
        if found and found != OFFICE_ROW and self.state.is_answered:
            self.close()
            self.log_requested.emit(found)

    def add(self) -> None:
        """Ctrl N: nobody found, or not the right one."""
        text = self.state.text.strip()
        self.close()
        self.new_member_requested.emit(text)

    def close(self) -> None:
        """Esc, a scan or a choice: forget what was typed."""
        self._pause.stop()
        self._desk.tasks.forget(_HITS)
        self._nobody, self._phone_hash = NameKey(), None
        self._show_state(SearchState())

    # --- head office --------------------------------------------------------------------------------

    def ask(self) -> None:
        """Ctrl R: ask head office for exactly this phone, card or receipt number."""
        question = self._question() if self.state.is_answered else None
        session = self._desk.session
        is_under_way = self.state.office in ("asking", "found", "opening")
        if question is None or session is None or not self.state.may_ask or is_under_way:
            return
        text = self.state.text
        self._pause.stop()
        self._show(office="asking")

        def answered(hit: OfficeHit | None) -> None:
            if self._is_still(session, text):
                self._take_office(hit)

        def failed(error: Exception) -> None:
            if self._is_still(session, text):
                self._show(office=_failure(error))

        self._desk.tasks.ask(self._desk.counter.codes.ask_head_office, *question, done=answered, failed=failed)

    def open_office(self, reason: OpenReason) -> None:
        """Alt 1-3: open the card head office found, for a reason that it keeps; the store sees her from then on."""
        question, session, text = self._question(), self._desk.session, self.state.text
        if question is None or session is None or self.state.office != "found":
            return
        self._show(office="opening")

        def opened(member_id: str | None) -> None:
            if not self._is_still(session, text):
                return
            if member_id is None:
                self._show(office="none", office_hit=None)
                return
            self.close()
            self.member_chosen.emit(member_id)

        def failed(error: Exception) -> None:
            if self._is_still(session, text):
                self._show(office=_failure(error))

        self._desk.tasks.ask(
            self._desk.counter.codes.open_from_head_office, *question, reason, done=opened, failed=failed
        )

    def _question(self) -> OfficeQuestion | None:
        query = read_query(self.state.text)
        if self._phone_hash is not None:
            return "phone", self._phone_hash
        if query.is_card:
            return "card", query.digits
        return ("receipt", query.receipt) if query.may_be_receipt else None

    def _take_office(self, hit: OfficeHit | None) -> None:
        if hit is None:
            self._show(office="none")
            return
        # Below everything that is shown; chosen only where there was nothing to choose.
        chosen = self.state.chosen_id or OFFICE_ROW
        self._show(office="found", office_hit=hit, chosen_id=chosen)

    def _ask_quietly(self) -> None:
        """What is exactly a number of ours and nobody's here is asked without being told, while the line is up."""
        if not self._is_offline and self.state.is_answered and not self.state.hits:
            self.ask()

    def _is_still(self, session: Session, text: str) -> bool:
        return self._desk.session is session and self.state.text == text

    # --- this PC ------------------------------------------------------------------------------------

    def _find(
        self, query: Query, chosen_id: str, seen: MemberPreview | None, viewer_id: str, now_ms: int, nobody: NameKey
    ) -> _Found:
        phone_hash = self._hash_of(query)
        with self._desk.counter.read() as connection:
            hits = search_members(connection, query.text, limit=LIMIT, phone_hash=phone_hash, nobody=nobody)
            known = {hit.member_id for hit in hits}
            chosen = chosen_id if chosen_id in known else hits[0].member_id if hits else ""
            kept = seen is not None and seen.asked_id == chosen
            preview = seen if kept or not chosen else get_member_preview(connection, chosen, viewer_id, now_ms)
        return _Found(hits, chosen, preview if chosen else None, kept, phone_hash)

    def _hash_of(self, query: Query) -> str | None:
        if not query.may_be_phone:
            return None
        try:
            return self._desk.counter.phone_hash(query.text)
        except GuideDeskError:
            return None

    def _take_found(self, found: _Found) -> None:
        query = read_query(self.state.text)
        self._phone_hash = found.phone_hash
        may_ask = (_may_ask(query) or found.phone_hash is not None) and not _is_here(query, found.hits)
        if not found.hits and query.is_only_name and not self._nobody.begins(query.name):
            self._nobody = query.name
        self._show_state(
            replace(
                self.state, hits=found.hits, is_answered=True, chosen_id=found.chosen_id, preview=found.preview,
                may_ask=may_ask,
            )
        )  # fmt: skip
        if found.hits:
            return
        if found.phone_hash is not None or query.is_card:
            self._ask_quietly()
        elif query.may_be_receipt:
            self._pause.start()

    def _take_preview(self, preview: MemberPreview) -> None:
        if self.state.chosen_id in (preview.member_id, preview.asked_id):
            self._show(preview=preview)

    def _lose_preview(self, _error: Exception) -> None:
        self._show(preview=None)

    def _take_session(self, _session: Session | None) -> None:
        self.close()

    def _take_status(self, status: SyncStatus) -> None:
        self._is_offline, self._is_loading = status.is_offline, status.is_first_load
        if self.state.is_open:
            self._show(is_loading=self._is_loading)

    def _forget_nobody(self, _changes: object) -> None:
        self._nobody = NameKey()


def _may_ask(query: Query) -> bool:
    return query.is_card or query.may_be_receipt


def _is_here(query: Query, hits: tuple[MemberHit, ...]) -> bool:
    """Whether whom the whole number means is among the hits already, so that head office could only repeat it."""
    receipts = (query.receipt, query.receipt.upper())
    return any(
        hit.match == "phone" or (hit.match == "card" and query.is_card)
        or (hit.match == "receipt" and hit.matched in receipts)
        for hit in hits
    )  # fmt: skip


def _failure(error: Exception) -> OfficeStatus:
    if isinstance(error, TransportError):
        return "offline"
    if isinstance(error, GuideDeskError) and error.code == "rate_limited":
        return "limited"
    return "failed"
