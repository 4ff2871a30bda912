"""The four-hop scan: code, member, owner, card, in one reading of this PC's copy (CODES.md Q-16, DESIGN-UI.md 8)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from PySide6.QtCore import QObject, Signal

from guidedesk.codes.decoder import decode
from guidedesk.codes.forms import CodeOk, CodeRefused, CodeType, Reason, SignedRecord, TrustList
from guidedesk.codes.trust import serial_of
from guidedesk.domain.errors import TransportError
from guidedesk.services.member_models import MemberCard
from guidedesk.services.operations import MeetCard, RecordVisit
from guidedesk.services.queries.article_card import ArticleCard, find_article
from guidedesk.services.queries.members import find_member_by_code, find_revoked_code, get_member_card
from guidedesk.services.queries.reference import get_settings
from guidedesk.services.read_models import NOBODY, Bilingual, StaffInfo
from guidedesk.services.scan_gate import ScanGate, ScanVerdict
from guidedesk.services.session import Session
from guidedesk.sync.status import SyncStatus
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.badges import read_badge
from guidedesk.ui.presenters.scan_results import (
    AFTER_SIGNATURE,
    POOR_READS,
    ResultKind,
    ScanResult,
    digits_at_end,
    host_of,
    times_of,
)
from guidedesk.ui.presenters.state_presenter import StatePresenter
from guidedesk.ui.scan_source import Scan, ScanOrigin

__all__ = ["ArticleScan", "AssociateScan", "CounterPresenter", "CounterState", "CouponScan", "ScanResult"]

ASSURANCE_SCANNED: Final = 1
TAIL: Final = 4


@dataclass(frozen=True, slots=True)
class AssociateScan:
    """An associate's own code (CODES.md, type 4) was scanned."""

    digits: str
    at_ms: int
    channel: ScanOrigin = "wedge"


@dataclass(frozen=True, slots=True)
class CouponScan:
    """A coupon whose signature, time and key were found right here."""

    digits: str
    record: SignedRecord
    at_ms: int
    channel: ScanOrigin = "wedge"


@dataclass(frozen=True, slots=True)
class ArticleScan:
    """The label of an article this PC knows was scanned."""

    digits: str
    card: ArticleCard
    at_ms: int


@dataclass(frozen=True, slots=True)
class _Seen:
    """When a code came in, and how."""

    at_ms: int
    channel: ScanOrigin


@dataclass(frozen=True, slots=True)
class CounterState:
    """What the last scan led to: a card, a result, or nothing yet. `is_new_visit`: the scan counts as a visit."""

    card: MemberCard | None = None
    result: ScanResult | None = None
    scanned_at_ms: int | None = None
    is_new_visit: bool = False


@dataclass(frozen=True, slots=True)
class CodeLookup:
    """What this PC knows of a member code."""

    card: MemberCard | None
    is_revoked: bool
    brand: Bilingual
    our_host: str = ""


def read_code(connection: Any, digits: str, viewer_id: str, now_ms: int) -> CodeLookup:
    """Code, member, owner and card in one reading."""
    member_id = find_member_by_code(connection, digits)
    if member_id is None:
        is_revoked, settings = find_revoked_code(connection, digits), get_settings(connection)
        return CodeLookup(None, is_revoked, settings.brand, settings.code_host.partition(":")[0].lower())
    # Whose brand this is, only a sentence about an unknown code says.
    return CodeLookup(get_member_card(connection, member_id, viewer_id, now_ms), False, NOBODY)


def read_member(connection: Any, member_id: str, viewer_id: str, now_ms: int) -> CodeLookup:
    """The card of a member a signed code named."""
    return CodeLookup(get_member_card(connection, member_id, viewer_id, now_ms), False, NOBODY)


def monotonic_ms() -> int:
    """Milliseconds that a corrected wall clock does not move."""
    return time.monotonic_ns() // 1_000_000


class CounterPresenter(StatePresenter[CounterState]):
    """Takes every scan. `state_changed(CounterState)`; `member_scanned(CounterState)` when a card is to be shown;
    `scan_failed(ScanResult)` when a sentence is to be shown instead; `associate_scanned(AssociateScan)` for an
    associate's code, which means something only beside a member's card; `coupon_scanned(CouponScan)`;
    `badge_scanned(StaffInfo)` for a staff badge, which picks who signs in and never signs in itself;
    `article_scanned(ArticleScan)` for a product's label: looked up, never kept."""

    member_scanned = Signal(object)
    scan_failed = Signal(object)
    associate_scanned = Signal(object)
    coupon_scanned = Signal(object)
    badge_scanned = Signal(object)
    article_scanned = Signal(object)

    def __init__(
        self, desk: Desk, parent: QObject | None = None, *, mono_ms: Callable[[], int] = monotonic_ms
    ) -> None:
        super().__init__(CounterState(), parent)
        self._desk, self._mono_ms = desk, mono_ms
        self._gate = ScanGate()
        self._status: SyncStatus | None = None
        self._poor_reads = 0
        self._host = ""  # in the URL of the last code; never opened, never kept
        self.takes_coupons = False  # set by whoever listens to `coupon_scanned`
        desk.session_changed.connect(self._take_session)
        desk.status_changed.connect(self._take_status)

    def on_scanned(self, scan: Scan) -> None:
        """Act on one scan; whatever it was, the screen says so (Q-16: never lost silently)."""
        if scan.garbled:
            self._fail(ScanResult("garbled", scan.at_ms))
            return
        found = decode(scan.text)
        self._host = host_of(scan.text)
        if isinstance(found, CodeOk):
            self._take(found, _Seen(scan.at_ms, scan.source))
        elif found.record is not None:
            self._judge(scan)
        elif found.reason is Reason.PRODUCT and self._desk.session is not None:
            self._look_up_article(found, scan)
        else:
            self._refuse(found, scan)

    def no_card_for(self, scan: AssociateScan) -> None:
        """No card was open for the associate's code: say what it is."""
        self._fail(ScanResult("other_kind", scan.at_ms, code_type=CodeType.ASSOCIATE))

    def tell(self, result: ScanResult) -> None:
        """Another part of the window found out what a scan was: a coupon that is used, say."""
        self._fail(result)

    def _take(self, found: CodeOk, seen: _Seen, trust: TrustList | None = None) -> None:
        self._poor_reads = 0
        if found.type is CodeType.STAFF_BADGE and found.record is not None:
            self._take_badge(found.digits, seen)
        elif self._desk.session is None:
            self._fail(ScanResult("sign_in_first", seen.at_ms))
        elif found.type is CodeType.ASSOCIATE:
            self.associate_scanned.emit(AssociateScan(found.digits, seen.at_ms, seen.channel))
        elif found.type is CodeType.COUPON and found.record is not None and self.takes_coupons:
            self.coupon_scanned.emit(CouponScan(found.digits, found.record, seen.at_ms, seen.channel))
        elif found.type is CodeType.MEMBER and found.record is None:
            self._open(found.digits, seen)
        elif found.type in (CodeType.MEMBER, CodeType.MEMBER_DYNAMIC) and found.record is not None:
            proven = ASSURANCE_SCANNED if trust is None else trust.assurance
            self._open_signed(found.digits, found.record, seen, proven)
        else:
            self._fail(ScanResult("other_kind", seen.at_ms, code_type=found.type))

    # --- signed codes -----------------------------------------------------------------------------

    def _judge(self, scan: Scan) -> None:
        """A signed code is held against what head office sent; reading that is not the window's work."""

        def judge() -> tuple[CodeOk | CodeRefused, TrustList | None]:
            trust = self._desk.counter.codes.trust()
            return decode(scan.text, trust=trust), trust

        def judged(answer: tuple[CodeOk | CodeRefused, TrustList | None]) -> None:
            found, trust = answer
            if isinstance(found, CodeOk):
                self._take(found, _Seen(scan.at_ms, scan.source), trust)
            elif found.reason is Reason.REPLAYED and found.record is not None and self._desk.session is not None:
                self._open_again(found, found.record, scan, trust)
            else:
                self._refuse(found, scan, trust)

        self._desk.tasks.read(judge, done=judged, latest="counter.scan")

    def _open_signed(self, digits: str, record: SignedRecord, seen: _Seen, proven: int) -> None:
        """`proven`: what a dynamic code scanned now is worth by this PC's clock and list (CODES.md Q-6, Q-7)."""
        is_dynamic = record.type is CodeType.MEMBER_DYNAMIC
        assurance = proven if is_dynamic else ASSURANCE_SCANNED
        shown = (record.handle.hex(), serial_of(record)) if is_dynamic else None
        session = self._desk.who

        def known(member_id: str | None) -> None:
            if self._desk.session is not session:
                return
            if member_id is None:
                self._fail(self._unknown(CodeLookup(None, False, NOBODY), digits, seen, False))
                return
            # One customer, however many codes her phone shows her: the gate knows her, not the code.
            verdict = self._gate.judge(member_id, self._mono_ms())
            if verdict is not ScanVerdict.IGNORE:
                self._desk.read(
                    read_member, member_id, session.staff.id, self._desk.now_ms(),
                    done=lambda found: self._finish(
                        found, member_id, verdict, seen, assurance=assurance, shown=shown
                    ),
                    latest="counter.scan",
                )  # fmt: skip

        def looked_up(answer: tuple[str | None, bool]) -> None:
            member_id, is_revoked = answer
            if self._desk.session is not session:
                return
            if is_revoked:
                self._fail(self._unknown(CodeLookup(None, True, NOBODY), digits, seen, False))
            elif member_id is not None:
                known(member_id)
            else:
                self._desk.tasks.ask(
                    self._desk.counter.codes.resolve, digits, done=known, failed=no_answer, latest="counter.scan"
                )

        def no_answer(error: Exception) -> None:
            if self._desk.session is session:
                is_out_of_reach = isinstance(error, TransportError)
                self._fail(self._unknown(CodeLookup(None, False, NOBODY), digits, seen, is_out_of_reach))

        self._desk.tasks.read(self._of_handle, record, done=looked_up, latest="counter.scan")

    def _of_handle(self, record: SignedRecord) -> tuple[str | None, bool]:
        counter, handle = self._desk.counter, record.handle.hex()
        member_id = counter.codes.member_of_handle(handle, record.generation)
        return member_id, member_id is None and counter.codes.is_handle_revoked(handle, record.generation)

    def _open_again(self, found: CodeRefused, record: SignedRecord, scan: Scan, trust: TrustList | None) -> None:
        """A dynamic code this PC took already: for ten minutes it is the same customer still (Q-16)."""
        session, seen = self._desk.who, _Seen(scan.at_ms, scan.source)

        def known(answer: tuple[str | None, bool]) -> None:
            member_id = answer[0]
            if self._desk.session is not session:
                return
            verdict = ScanVerdict.VISIT if member_id is None else self._gate.judge(member_id, self._mono_ms())
            if member_id is None or verdict is ScanVerdict.VISIT:
                if member_id is not None:
                    self._gate.take_back(member_id)
                self._refuse(found, scan, trust)
            elif verdict is ScanVerdict.REOPEN:
                self._desk.read(
                    read_member, member_id, session.staff.id, self._desk.now_ms(),
                    done=lambda card: self._finish(card, member_id, ScanVerdict.REOPEN, seen),
                    latest="counter.scan",
                )  # fmt: skip

        self._desk.tasks.read(self._of_handle, record, done=known, latest="counter.scan")

    def _take_badge(self, digits: str, seen: _Seen) -> None:
        def known(staff: StaffInfo | None) -> None:
            session = self._desk.session
            if staff is None or (session is not None and session.staff.id == staff.id):
                self._fail(ScanResult("other_kind", seen.at_ms, code_type=CodeType.STAFF_BADGE))
            else:
                self.badge_scanned.emit(staff)

        self._desk.tasks.read(read_badge, self._desk.counter, digits, done=known, latest="counter.scan")

    def _look_up_article(self, found: CodeRefused, scan: Scan) -> None:
        """A label: the article where this PC knows it, else that it is no member's code."""
        session, digits = self._desk.who, digits_at_end(scan.text)

        def looked_up(card: ArticleCard | None) -> None:
            if self._desk.session is not session:
                return
            if card is None:
                self._refuse(found, scan)
            else:
                self._show(result=None, scanned_at_ms=scan.at_ms, is_new_visit=False)
                self.article_scanned.emit(ArticleScan(digits, card, scan.at_ms))

        self._desk.read(find_article, digits, self._desk.counter.store_id, done=looked_up, latest="counter.scan")

    def _refuse(self, found: CodeRefused, scan: Scan, trust: TrustList | None = None) -> None:
        self._poor_reads = self._poor_reads + 1 if found.reason in POOR_READS else 0
        result = _refused(found, scan, trust, self._poor_reads)
        if result.kind == "clock":
            result = replace(result, clock_off_min=abs(self._desk.now_ms() - scan.at_ms) // 60_000)

        def told(brand: Bilingual) -> None:
            self._fail(replace(result, brand=brand))

        self._desk.read(_read_brand, done=told, latest="counter.scan")

    # --- a member's card --------------------------------------------------------------------------

    def _open(self, digits: str, seen: _Seen) -> None:
        verdict = self._gate.judge(digits, self._mono_ms())
        if verdict is ScanVerdict.IGNORE:
            return
        session = self._desk.who

        def looked_up(found: CodeLookup) -> None:
            if self._desk.session is session:
                self._take_lookup(found, digits, verdict, seen)

        def not_read(_error: Exception) -> None:
            self._gate.take_back(digits)
            self._fail(ScanResult("failed", seen.at_ms, tail=digits[-TAIL:]))

        self._desk.read(
            read_code, digits, session.staff.id, self._desk.now_ms(),
            done=looked_up, failed=not_read, latest="counter.scan",
        )  # fmt: skip

    def _take_lookup(self, found: CodeLookup, digits: str, verdict: ScanVerdict, seen: _Seen) -> None:
        if found.card is None and not found.is_revoked:
            self._ask(found, digits, verdict, seen)
            return
        self._finish(found, digits, verdict, seen)

    def _ask(self, found: CodeLookup, digits: str, verdict: ScanVerdict, seen: _Seen) -> None:
        """The code is right but not known here: head office may know it (SYNC.md 2)."""
        session = self._desk.who

        def answered(member_id: str | None) -> None:
            if self._desk.session is not session:
                return
            if member_id is None:
                self._finish(found, digits, verdict, seen)
                return
            self._desk.read(
                read_code, digits, session.staff.id, self._desk.now_ms(),
                done=now_known, failed=no_answer, latest="counter.scan",
            )  # fmt: skip

        def now_known(again: CodeLookup) -> None:
            if self._desk.session is session:
                self._finish(again, digits, verdict, seen)

        def no_answer(error: Exception) -> None:
            if self._desk.session is session:
                self._finish(found, digits, verdict, seen, is_out_of_reach=isinstance(error, TransportError))

        self._desk.tasks.ask(
            self._desk.counter.codes.resolve, digits, done=answered, failed=no_answer, latest="counter.scan"
        )

    def _finish(
        self, found: CodeLookup, digits: str, verdict: ScanVerdict, seen: _Seen, *, is_out_of_reach: bool = False,
        assurance: int = ASSURANCE_SCANNED, shown: tuple[str, int | None] | None = None,
    ) -> None:
        if found.card is None:
            self._gate.take_back(digits)
            result = self._unknown(found, digits, seen, is_out_of_reach)
            if result.kind == "unknown_offline" and self._desk.may("member.visit"):
                self._meet(digits, result, seen.channel)
            else:
                self._fail(result)
            return
        is_visit = verdict is ScanVerdict.VISIT and not found.card.is_erased
        self._show_state(CounterState(found.card, None, seen.at_ms, is_visit))
        self.member_scanned.emit(self.state)
        if is_visit:
            # After the picture, never before it: the card is what the customer waits for.
            handle, serial = shown or (None, None)
            visit = RecordVisit(
                visit_id=self._desk.counter.new_id(), member_id=found.card.member_id, code_handle=handle,
                code_serial=serial, channel=seen.channel,
            )  # fmt: skip
            self._desk.record(visit, assurance=assurance, failed=self._take_back(digits))

    def _meet(self, digits: str, result: ScanResult, channel: ScanOrigin) -> None:
        """Nobody can say who she is now; she is served all the same, and all of it goes to whoever holds the card."""
        new_id = self._desk.counter.new_id
        stand_in = MeetCard(member_id=new_id(), code_digits=digits)
        visit = RecordVisit(visit_id=new_id(), member_id=stand_in.member_id, channel=channel)
        self._desk.record(
            stand_in, visit, assurance=ASSURANCE_SCANNED,
            done=lambda _changes: self._fail(replace(result, member_id=stand_in.member_id)),
            failed=lambda _error: self._fail(result),
        )  # fmt: skip

    def _take_back(self, digits: str) -> Callable[[Exception], None]:
        def not_recorded(error: Exception) -> None:
            self._gate.take_back(digits)
            self._desk.tasks.failed.emit(error)

        return not_recorded

    def _unknown(self, found: CodeLookup, digits: str, seen: _Seen, is_out_of_reach: bool) -> ScanResult:
        status = self._status
        contact = status.last_contact_ms if status else None
        is_offline = is_out_of_reach or (status is not None and status.is_offline)
        kind: ResultKind = "revoked" if found.is_revoked else "unknown_offline" if is_offline else "unknown"
        if kind == "unknown" and self._host and found.our_host and self._host != found.our_host:
            # Head office gave this number to nobody, and the address in the code is another company's.
            return ScanResult("other_brand", seen.at_ms, host=self._host, brand=found.brand)
        return ScanResult(kind, seen.at_ms, tail=digits[-TAIL:], last_contact_ms=contact, brand=found.brand)

    def _fail(self, result: ScanResult) -> None:
        self._show(result=result, scanned_at_ms=result.at_ms, is_new_visit=False)
        self.scan_failed.emit(result)

    def _take_status(self, status: SyncStatus) -> None:
        self._status = status

    def _take_session(self, _session: Session | None) -> None:
        # Another associate's first scan is her own visit, and nothing of the one before stays on the screen.
        self._gate.forget()
        self._show_state(CounterState())


def _refused(found: CodeRefused, scan: Scan, trust: TrustList | None, tries: int) -> ScanResult:
    """What a refusal is to the person at the counter."""
    made_ms, ends_ms = times_of(found.record if found.reason in AFTER_SIGNATURE else None)
    kind: ResultKind = "refused"
    if found.reason is Reason.UNKNOWN_KEY and trust is not None:
        kind = "other_brand"  # head office told us every key of ours
    elif found.reason in (Reason.EXPIRED, Reason.NOT_YET_VALID) and not getattr(trust, "is_clock_trusted", True):
        kind = "clock"
    code_type = None if found.record is None else found.record.type
    return ScanResult(
        kind, scan.at_ms, reason=None if kind in ("other_brand", "clock") else found.reason, code_type=code_type,
        made_ms=made_ms, ends_ms=ends_ms, tries=tries, host=host_of(scan.text) if kind == "other_brand" else "",
    )  # fmt: skip


def _read_brand(connection: Any) -> Bilingual:
    return get_settings(connection).brand
