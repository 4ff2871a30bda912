"""What presenters are given: the counter behind it, who is signed in, and the way to background work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, TypeVar

from PySide6.QtCore import QObject, Signal

from guidedesk.codes.forms import TrustList
from guidedesk.domain.access import Permission, may
from guidedesk.domain.day import DayEnd, Since
from guidedesk.domain.errors import Refused
from guidedesk.domain.outbox import MOST_UNSENT
from guidedesk.services.changes import Changes
from guidedesk.services.double_uses import DoubleUseDecision, DoubleUses
from guidedesk.services.earnings import CloseMonth, EarnedSince, Earnings, WhyNotAnswer
from guidedesk.services.member_models import OfficeHit
from guidedesk.services.operations import Operation
from guidedesk.services.printers import PrinterSettings
from guidedesk.services.queries.care import CareMember
from guidedesk.services.session import Session, SignInTile
from guidedesk.services.team import ListKind, TeamBoard, TeamList
from guidedesk.sync.status import OperationInfo, SyncStatus
from guidedesk.ui.people_port import PeoplePort
from guidedesk.ui.segment_port import SegmentPort
from guidedesk.ui.tasks import Failed, Tasks

T = TypeVar("T")


class CommissionPort(Protocol):
    """What head office says about commission (`guidedesk.sync.commission_desk`). All but `last_earnings` ask it:
    `TransportError` without contact, `Refused` or `SyncRefused` where it says no."""

    def last_earnings(self, period: str) -> Earnings | None:
        """The last answer about a month of whoever is signed in, kept here; empty is the newest month."""
        ...

    def earnings(self, period: str) -> Earnings:
        """A month of whoever is signed in; empty is the one in progress."""
        ...

    def since(self, left_ms: int) -> EarnedSince:
        """What head office heard of since a moment (UTC ms), about whoever is signed in."""
        ...

    def why_not(self, order_no: str) -> WhyNotAnswer:
        """Why an order of a member she served is not hers, or that it is."""
        ...

    def open_dispute(self, dispute_id: str, line_id: str, reason: str, text: str) -> Earnings:
        """Say that a line is not right; the month as it stands then."""
        ...

    def acknowledge(self, change_ids: Sequence[str]) -> int:
        """She has seen these changes; how many are left."""
        ...

    def close_month(self, period: str) -> CloseMonth:
        """A month of this store before it is closed, or after; empty is the one that comes next."""
        ...

    def resolve_dispute(
        self, dispute_id: str, decision: str, amount_minor: int | None, target: str | None, text: str, pin: str
    ) -> CloseMonth:
        """A manager's ruling, with her PIN."""
        ...

    def adjust(self, proposal_id: str, associate: str, amount_minor: int, text: str, pin: str) -> CloseMonth:
        """A manual line for an associate, with the manager's PIN; it may wait for a second person."""
        ...

    def decide_adjustment(self, proposal_id: str, *, is_approved: bool, pin: str) -> CloseMonth:
        """The second person's word on an adjustment, with her PIN."""
        ...

    def review_flag(self, review_id: str, target: str, decision: str, text: str, pin: str) -> CloseMonth:
        """A manager's word on what a flag is about, `accept` or `void`, with her PIN."""
        ...

    def confirm_month(self, period: str, pin: str) -> CloseMonth:
        """The store is content with the month."""
        ...

    def close_the_month(self, period: str, pin: str, forced_reason: str | None) -> CloseMonth:
        """Seal the month; with a reason even while something blocks it."""
        ...


class DayPort(Protocol):
    """An associate's days at this counter (`guidedesk.sync.day_desk`), from its own files."""

    def today(self, staff_id: str, care: Sequence[CareMember] = ()) -> DayEnd:
        """Her working day here as it stands now; `care` are the members she looks after."""
        ...

    def leave(self, staff_id: str) -> None:
        """She leaves the counter now, and has seen what reached it until now."""
        ...

    def since(self, staff_id: str) -> Since | None:
        """What reached this counter since she left it; None where she never did."""
        ...


class TeamPort(Protocol):
    """What head office says about a team (`guidedesk.sync.team_desk`). All but `last_board` ask it."""

    def last_board(self, store_id: str | None) -> TeamBoard | None:
        """The last board of a store, or (None) of her area, kept here for whoever is signed in."""
        ...

    def board(self, store_id: str | None) -> TeamBoard:
        """The board of a store, or (None) of all stores she answers for."""
        ...

    def list_behind(
        self, store_id: str | None, kind: ListKind, first: str, last: str, who: str | None, slot: int | None,
        tier: str | None,
    ) -> TeamList:  # fmt: skip
        """The list behind a figure of a board."""
        ...


class CodePort(Protocol):
    """Codes at this counter (`guidedesk.sync.code_desk`). What needs head office raises `TransportError` without
    contact."""

    def trust(self) -> TrustList | None:
        """What signed codes are held against now, from this PC's copy; None while head office sent nothing."""
        ...

    def member_of_handle(self, handle_hex: str, generation: int = 0) -> str | None:
        """The member a signed code's handle means here, or None."""
        ...

    def is_handle_revoked(self, handle_hex: str, generation: int) -> bool:
        """Whether this PC knows the card of a signed code as cancelled."""
        ...

    def resolve(self, digits: str) -> str | None:
        """The member of a code this PC does not know, asked of the server."""
        ...

    def renew_badge(self) -> str:
        """A new code for whoever is signed in."""
        ...

    def staff_badge(self) -> str:
        """A new signed staff badge for whoever is signed in."""
        ...

    def ask_head_office(self, kind: str, value: str) -> OfficeHit | None:
        """Whom exactly this phone (as its keyed hash), card or receipt number means, anywhere in the chain.

        None for nobody. `rate_limited`.
        """
        ...

    def open_from_head_office(self, kind: str, value: str, reason: str) -> str | None:
        """The member that `ask_head_office` found, from now on seen in this store; head office keeps the reason."""
        ...

    def take_blank(self) -> tuple[str, str] | None:
        """(22 digits, 12 digits) of a card code nobody has yet, or None when the pool is empty."""
        ...

    def take_invitation(self) -> str | None:
        """The 22 digits of an invitation nobody was shown yet, or None when the pool is empty."""
        ...

    def coupon_leases(self) -> tuple[tuple[str, int, str], ...]:
        """(handle, campaign, what the picture says) of coupons that can be given here, online or not."""
        ...

    def double_uses(self) -> DoubleUses:
        """What a manager has to decide in this store, from head office."""
        ...

    def rule_double_use(self, op_id: str, decision: DoubleUseDecision, reason: str, pin: str) -> DoubleUses:
        """Her word on one of them; what there is then."""
        ...


class RecordPort(Protocol):
    """What was recorded at this counter and what became of it (`guidedesk.sync.record_desk`), from its own files."""

    def latest(self, limit: int) -> tuple[OperationInfo, ...]:
        """What was recorded here, newest first, with its state and reason."""
        ...

    def for_sync_centre(self, limit: int) -> tuple[OperationInfo, ...]:
        """What this PC lost, then newest first up to `limit` each of what waits, needs a person, is settled."""
        ...

    def mark_seen(self, op_id: str) -> None:
        """A person read why an operation was refused."""
        ...

    def retry_parked(self) -> None:
        """Put what was parked on this PC into the queue again."""
        ...


class CounterPort(Protocol):
    """The part of `guidedesk.sync.counter.Counter` that screens use."""

    @property
    def store_id(self) -> str:
        """Scope of this counter's store."""
        ...

    @property
    def label(self) -> str:
        """The name of this counter in the store."""
        ...

    @property
    def commission(self) -> CommissionPort:
        """Earnings and closing."""
        ...

    @property
    def records(self) -> RecordPort:
        """What was recorded here, for screens that list it."""
        ...

    @property
    def day(self) -> DayPort:
        """What somebody did here today, and what is news to her."""
        ...

    @property
    def segments(self) -> SegmentPort:
        """Audiences and outreach."""
        ...

    @property
    def team(self) -> TeamPort:
        """The Team board."""
        ...

    @property
    def codes(self) -> CodePort:
        """What codes mean, and which may be given out."""
        ...

    @property
    def office(self) -> PeoplePort:
        """People, counters and the log of the store."""
        ...

    def read(self) -> AbstractContextManager[Any]:
        """A connection to the cache, for functions of `services.queries`."""
        ...

    def now_ms(self) -> int:
        """Trusted time."""
        ...

    def new_id(self) -> str:
        """A fresh id, made once, before anything is written."""
        ...

    def record(self, operations: list[Operation], session: Session, assurance: int) -> Changes:
        """Commit operations to the journal together, then lay their effect over the cache."""
        ...

    def status(self) -> SyncStatus:
        """Contact, queue, refusals."""
        ...

    def diagnostics(self) -> dict[str, Any]:
        """What support may ask for, without names, numbers of people, notes, keys and addresses."""
        ...

    def export_unsent(self, path: Path) -> object:
        """What was not sent, into a new sealed file; `nothing_unsent`, or why it could not be written."""
        ...

    def sign_in_tiles(self) -> tuple[SignInTile, ...]:
        """People of this store who signed in on this device."""
        ...

    def sign_in(self, number: str, pin: str) -> Session:
        """Check a PIN online, or by the stored verifier offline; `Refused` says why not."""
        ...

    def sign_out(self, session: Session) -> None:
        """End a session; nothing unsent is lost."""
        ...

    @property
    def device_id(self) -> str:
        """Which counter this is."""
        ...

    def prove_manager(self, number: str, pin: str) -> str:
        """The id of a manager of this store, by her PIN; `Refused` as signing in, `not_a_manager`."""
        ...

    def printers(self) -> PrinterSettings:
        """Which printers this counter uses."""
        ...

    def save_printers(self, settings: PrinterSettings) -> None:
        """Use these from now on."""
        ...

    def phone_fields(self, phone: str) -> dict[str, str]:
        """phone_masked, phone_tail, phone_hash and phone_sealed of a typed number; `Refused("phone_invalid")`."""
        ...

    def phone_hash(self, phone: str) -> str:
        """The keyed hash by which a whole typed number is looked up; `Refused("phone_invalid")`."""
        ...

    def save_draft(self, staff_id: str, kind: str, subject: str, data: dict[str, Any] | None) -> None:
        """Keep (or, with None, forget) what somebody was typing; durable at once."""
        ...

    def load_draft(self, staff_id: str, kind: str, subject: str) -> dict[str, Any] | None:
        """What she was typing, or None."""
        ...


class Desk(QObject):
    """One counter, one window: session, background work and broadcast of changes."""

    session_ending = Signal(object)  # the Session, while it can still be asked in its name
    session_changed = Signal(object)  # Session | None
    status_changed = Signal(object)  # SyncStatus
    sync_wanted = Signal()  # nudge the sync loop

    def __init__(self, counter: CounterPort, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.counter = counter
        self.tasks = tasks
        self._session: Session | None = None
        self._is_full = False
        self.status_changed.connect(self._note_status)

    @property
    def session(self) -> Session | None:
        """Who is signed in, or None on the sign-in screen."""
        return self._session

    @property
    def who(self) -> Session:
        """Who is signed in; only screens behind the sign-in ask."""
        if self._session is None:
            raise RuntimeError("nobody is signed in")
        return self._session

    def set_session(self, session: Session | None) -> None:
        """Begin or end a session and tell the screens."""
        if session is None and self._session is not None:
            self.session_ending.emit(self._session)
        self._session = session
        self.session_changed.emit(session)

    def may(self, permission: Permission) -> bool:
        """Whether whoever is signed in may do this in this store (SECURITY.md 2); nobody may nothing."""
        return self._session is not None and may(self._session.actor, permission, self._session.store_id)

    def has_room(self) -> bool:
        """Whether this PC takes new records. Where not, the window says so: asked before a form is opened, so that
        nobody types what cannot be kept."""
        if self._is_full:
            self.tasks.failed.emit(Refused("journal_full", limit=MOST_UNSENT))
        return not self._is_full

    def _note_status(self, status: SyncStatus) -> None:
        self._is_full = status.fullness == "full"

    def now_ms(self) -> int:
        """Trusted time."""
        return self.counter.now_ms()

    def read(
        self,
        query: Callable[..., T],
        *args: object,
        done: Callable[[T], None],
        failed: Failed | None = None,
        latest: str = "",
    ) -> None:
        """Run `query(connection, *args)` beside the window; `done` gets the result in the window's thread."""
        self.tasks.read(self._with_connection, query, args, done=done, failed=failed, latest=latest)

    def _with_connection(self, query: Callable[..., T], args: tuple[object, ...]) -> T:
        with self.counter.read() as connection:
            return query(connection, *args)

    def record(
        self,
        *operations: Operation,
        assurance: int = 0,
        done: Callable[[Changes], None] | None = None,
        failed: Failed | None = None,
    ) -> None:
        """Make operations true together, under the name of whoever is signed in now, and send them soon."""
        session = self.who

        def committed(changes: Changes) -> None:
            self.sync_wanted.emit()
            if done is not None:
                done(changes)

        self.tasks.write(self.counter.record, list(operations), session, assurance, done=committed, failed=failed)
