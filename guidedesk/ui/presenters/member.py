"""The member card: serve this person (DESIGN-UI.md 5.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from PySide6.QtCore import QObject, Signal

from guidedesk.domain.errors import GuideDeskError
from guidedesk.domain.people import clean_tag
from guidedesk.services.changes import Changes
from guidedesk.services.member_models import MemberCard, TimelineEntry
from guidedesk.services.operations import CompleteFollowUp, ServedNoPurchase, SetOwnTag, SetTag
from guidedesk.services.queries.members import TIMELINE_PAGE, get_member_card, list_timeline_of
from guidedesk.services.session import Session
from guidedesk.services.undo import take_all_back
from guidedesk.sync.status import SyncStatus
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.state_presenter import StatePresenter
from guidedesk.ui.presenters.undo import Notice

How = Literal["scanned", "searched"]
PAGE: Final = TIMELINE_PAGE
ALL: Final = "all"


@dataclass(frozen=True, slots=True)
class MemberState:
    """What the card shows. `filter` is `all`, `purchase`, `return`, `visit` or a channel; `entries` what has been
    read of the timeline so far; `tag_error` is a refused tag."""

    now_ms: int
    viewer_id: str = ""
    card: MemberCard | None = None
    how: How = "searched"
    filter: str = ALL
    entries: tuple[TimelineEntry, ...] = ()
    is_complete: bool = False
    tag_error: GuideDeskError | None = None
    as_of_ms: int | None = None  # last contact, while there is none
    is_loading: bool = False  # the store's members are still on their way to this PC

    @property
    def shown(self) -> tuple[TimelineEntry, ...]:
        """The entries under the filter."""
        if self.filter == ALL:
            # What points were earned for stands there itself.
            return tuple(entry for entry in self.entries if entry.kind != "points" or entry.outcome == "redeem")
        return tuple(entry for entry in self.entries if self.filter in (entry.kind, entry.interaction_kind))

    @property
    def total(self) -> int:
        """How many there are under the filter, read or not."""
        return dict(self.card.timeline_counts).get(self.filter, 0) if self.card else 0

    @property
    def hides_amounts(self) -> bool:
        """A colleague's protected member: serve, but no sums and no phone (mockup 07b)."""
        return self.card is not None and self.card.owner.hides_amounts


class MemberPresenter(StatePresenter[MemberState]):
    """`state_changed(MemberState)`; `opened(id)` when a card is on show; `noticed(Notice)` for the toast;
    `log_requested(id)`, `history_requested(id)` lead on."""

    opened = Signal(str)
    noticed = Signal(object)
    log_requested = Signal(str)
    history_requested = Signal(str)

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(MemberState(desk.now_ms()), parent)
        self._desk = desk
        self._turn = 0
        self._is_reading = False
        self._is_overtaken = False  # rows changed while a card was being read: what was read may be older
        desk.session_changed.connect(self._take_session)
        desk.status_changed.connect(self._take_status)
        desk.tasks.committed.connect(self._committed)

    def open(self, member_id: str) -> None:
        """Show a member found by search, list or agenda."""
        self._read(member_id, "searched")

    def show_scanned(self, card: MemberCard) -> None:
        """Show the card a scan brought; nothing is read again."""
        self._turn += 1
        self._is_reading = False
        self._take_card(card, "scanned", keep=False)

    def reload(self) -> None:
        """Read the same member again."""
        if self.state.card is not None:
            self._read(self.state.card.asked_id, self.state.how, keep=True)

    def filter(self, name: str) -> None:
        """Show only one kind or channel of the timeline."""
        self._show(filter=name)
        self._fill()

    def read_more(self) -> None:
        """The list was scrolled to its end."""
        state = self.state
        if state.card is None or state.is_complete or not state.entries:
            return
        card = state.card

        def taken(more: tuple[TimelineEntry, ...]) -> None:
            if self.state.card is not None and self.state.card.member_id == card.member_id:
                self._take_more(more)

        # One later than the last, so that entries of the same millisecond cannot fall between two pages.
        self._desk.read(
            _read_timeline, card, state.entries[-1].at_ms + 1, done=taken, latest="member.timeline"
        )  # fmt: skip

    def add_tag(self, text: str) -> None:
        """Put a tag on; one that is on already changes nothing."""
        self._add_tag(text, is_own=False)

    def add_own_tag(self, text: str) -> None:
        """Put a tag on that only she who is signed in reads."""
        self._add_tag(text, is_own=True)

    def remove_tag(self, tag: str) -> None:
        """Take a tag off."""
        card = self._workable()
        if card is not None and tag in card.tags:
            self._set_tag(card, tag, is_on=False, is_own=False)

    def remove_own_tag(self, tag: str) -> None:
        """Take one of her own tags off."""
        card = self._workable()
        if card is not None and tag in card.own_tags:
            self._set_tag(card, tag, is_on=False, is_own=True)

    def _add_tag(self, text: str, *, is_own: bool) -> None:
        card = self._workable()
        if card is None or not text.strip().lstrip("#＃"):
            return
        try:
            tag = clean_tag(text)
        except GuideDeskError as error:
            self._show(tag_error=error)
            return
        self._show(tag_error=None)
        if tag not in (card.own_tags if is_own else card.tags):
            self._set_tag(card, tag, is_on=True, is_own=is_own)

    def _set_tag(self, card: MemberCard, tag: str, *, is_on: bool, is_own: bool) -> None:
        member_id, who = card.member_id, self._desk.who.staff.id
        operation: SetTag | SetOwnTag
        if is_own:
            operation = SetOwnTag(member_id=member_id, owner_id=who, is_on=is_on, tag=tag)
        else:
            operation = SetTag(member_id=member_id, is_on=is_on, tag=tag)

        def told(changes: Changes) -> None:
            key = "member.tag_added" if is_on else "member.tag_removed"
            self.noticed.emit(Notice(key, tag, undo=take_all_back((operation,), changes.op_ids)))

        self._desk.record(operation, done=told)

    def served(self) -> None:
        """Ctrl B: served, left without buying."""
        card = self._workable()
        if card is None:
            return
        operation = ServedNoPurchase(
            interaction_id=self._desk.counter.new_id(), member_id=card.member_id, visit_id=_newest_visit(card)
        )

        def told(changes: Changes) -> None:
            undo = take_all_back((operation,), changes.op_ids)
            self.noticed.emit(Notice("member.served_saved", card.name, undo=undo))

        # Asked of the rule itself: right after a scan the card on show does not know of its own visit yet.
        self._desk.record(operation, done=told, failed=self._not_served)

    def _not_served(self, error: Exception) -> None:
        if isinstance(error, GuideDeskError) and error.params.get("why") == "no_visit":
            self.noticed.emit(Notice("member.served_needs_scan"))
        else:
            self._desk.tasks.failed.emit(error)

    def complete(self, follow_up_id: str) -> None:
        """The promised contact happened."""
        card = self._workable()
        if card is None or all(item.id != follow_up_id for item in card.follow_ups):
            return

        operation = CompleteFollowUp(follow_up_id=follow_up_id, member_id=card.member_id)

        def told(changes: Changes) -> None:
            undo = take_all_back((operation,), changes.op_ids)
            self.noticed.emit(Notice("member.follow_up_done", card.name, undo=undo))

        self._desk.record(operation, done=told)

    def log(self) -> None:
        """F4."""
        card = self._workable()
        if card is not None:
            self.log_requested.emit(card.member_id)

    @property
    def workable_id(self) -> str:
        """Whose card is open and may be worked on, or an empty text."""
        card = self._workable()
        return card.member_id if card is not None else ""

    def history(self) -> None:
        """Ctrl H."""
        card = self._workable()
        if card is not None:
            self.history_requested.emit(card.member_id)

    def _workable(self) -> MemberCard | None:
        card = self.state.card
        return None if card is None or card.is_erased else card

    def _read(self, member_id: str, how: How, *, keep: bool = False) -> None:
        session = self._desk.session
        if session is None:
            return

        self._turn += 1
        turn = self._turn
        self._is_reading, self._is_overtaken = True, False

        def taken(card: MemberCard) -> None:
            # A scan may have brought somebody else while this was being read: her card stays.
            if self._desk.session is session and turn == self._turn:
                self._is_reading = False
                self._take_card(card, how, keep=keep)
                if self._is_overtaken:
                    self.reload()

        def not_read(error: Exception) -> None:
            self._is_reading = self._is_reading and turn != self._turn
            self._desk.tasks.failed.emit(error)

        self._desk.read(
            get_member_card, member_id, session.staff.id, self._desk.now_ms(), done=taken, failed=not_read,
            latest="member.card",
        )  # fmt: skip

    def _take_card(self, card: MemberCard, how: How, *, keep: bool) -> None:
        same = keep and self.state.card is not None and self.state.card.member_id == card.member_id
        entries = card.timeline
        self._show(
            card=card, how=how, now_ms=self._desk.now_ms(), viewer_id=self._desk.who.staff.id,
            filter=self.state.filter if same else ALL, entries=entries, is_complete=len(entries) < PAGE,
            tag_error=self.state.tag_error if same else None,
        )  # fmt: skip
        if not same:
            self.opened.emit(card.member_id)
        self._fill()

    def _take_more(self, more: tuple[TimelineEntry, ...]) -> None:
        known = {(entry.kind, entry.id) for entry in self.state.entries}
        fresh = tuple(entry for entry in more if (entry.kind, entry.id) not in known)
        self._show(entries=self.state.entries + fresh, is_complete=not fresh)
        self._fill()

    def _fill(self) -> None:
        # A filter may match nothing of what was read yet although the count says there is some.
        if len(self.state.shown) < min(PAGE, self.state.total) and not self.state.is_complete:
            self.read_more()

    def _committed(self, changes: object) -> None:
        if not isinstance(changes, Changes) or not changes.has_rows:
            return
        if self._is_reading:
            # Reading the card on show again would take the place of whoever is about to be shown, and her reading
            # may have begun before these rows were there.
            self._is_overtaken = True
        elif self.state.card is not None and changes.concerns(self.state.card.member_id):
            self.reload()

    def _take_status(self, status: SyncStatus) -> None:
        self._show(
            as_of_ms=status.last_contact_ms if status.is_offline else None, is_loading=status.is_first_load
        )

    def _take_session(self, _session: Session | None) -> None:
        self._turn += 1
        self._is_reading = False
        as_of_ms, is_loading = self.state.as_of_ms, self.state.is_loading
        self._show_state(MemberState(self._desk.now_ms(), as_of_ms=as_of_ms, is_loading=is_loading))


def _read_timeline(connection: Any, card: MemberCard, before_ms: int) -> tuple[TimelineEntry, ...]:
    return list_timeline_of(card, connection, before_ms)


def _newest_visit(card: MemberCard) -> str | None:
    return next((entry.id for entry in card.timeline if entry.kind == "visit"), None)
