"""The four-hop scan: code, member, owner, card, in one reading of this PC's copy (CODES.md Q-16, DESIGN-UI.md 8)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from PySide6.QtCore import QObject, Signal

from guidedesk.codes.decoder import decode
from guidedesk.codes.forms import CodeOk, CodeType, Reason
from guidedesk.domain.errors import TransportError
from guidedesk.services.operations import RecordVisit
from guidedesk.services.queries.members import find_member_by_code, find_revoked_code, get_member_card
from guidedesk.services.queries.reference import get_settings
from guidedesk.services.read_models import NOBODY, Bilingual, MemberCard
from guidedesk.services.scan_gate import ScanGate, ScanVerdict
from guidedesk.services.session import Session
from guidedesk.sync.status import SyncStatus
from guidedesk.ui.desk import Desk
from guidedesk.ui.scan_source import Scan

ResultKind = Literal[
    "unknown_offline", "unknown", "revoked", "refused", "garbled", "other_kind", "sign_in_first", "failed"
]
ASSURANCE_SCANNED: Final = 1
TAIL: Final = 4


@dataclass(frozen=True, slots=True)
class ScanResult:
    """A scan that opened no card. `reason` is why the text was refused, `code_type` what it was instead;
    `tail` the last four digits of a code of ours, never more of it; times in UTC ms."""

    kind: ResultKind
    at_ms: int
    reason: Reason | None = None
    code_type: CodeType | None = None
    tail: str = ""
    last_contact_ms: int | None = None
    brand: Bilingual = NOBODY


@dataclass(frozen=True, slots=True)
class AssociateScan:
    """An associate's own code (CODES.md, type 4) was scanned."""

    digits: str
    at_ms: int


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


def read_code(connection: Any, digits: str, viewer_id: str, now_ms: int) -> CodeLookup:
    """Code, member, owner and card in one reading."""
    member_id = find_member_by_code(connection, digits)
    brand = get_settings(connection).brand
    if member_id is None:
        return CodeLookup(None, find_revoked_code(connection, digits), brand)
    return CodeLookup(get_member_card(connection, member_id, viewer_id, now_ms), False, brand)


def monotonic_ms() -> int:
    """Milliseconds that a corrected wall clock does not move."""
    return time.monotonic_ns() // 1_000_000


class CounterPresenter(QObject):
    """Takes every scan. `state_changed(CounterState)`; `member_scanned(CounterState)` when a card is to be shown;
    `scan_failed(ScanResult)` when a sentence is to be shown instead; `associate_scanned(AssociateScan)` for an
    associate's code, which means something only beside a member's card."""

    state_changed = Signal(object)
    member_scanned = Signal(object)
    scan_failed = Signal(object)
    associate_scanned = Signal(object)

    def __init__(
        self, desk: Desk, parent: QObject | None = None, *, mono_ms: Callable[[], int] = monotonic_ms
    ) -> None:
        super().__init__(parent)
        self._desk, self._mono_ms = desk, mono_ms
        self._gate = ScanGate()
        self._status: SyncStatus | None = None
        self.state = CounterState()
        desk.session_changed.connect(self._take_session)
        desk.status_changed.connect(self._take_status)

    def on_scanned(self, scan: Scan) -> None:
        """Act on one scan; whatever it was, the screen says so (Q-16: never lost silently)."""
        if scan.garbled:
            self._fail(ScanResult("garbled", scan.at_ms))
            return
        found = decode(scan.text)
        if not isinstance(found, CodeOk):
            self._refuse(found.reason, scan.at_ms)
            return
        if self._desk.session is None:
            self._fail(ScanResult("sign_in_first", scan.at_ms))
        elif found.type is CodeType.ASSOCIATE:
            self.associate_scanned.emit(AssociateScan(found.digits, scan.at_ms))
        elif found.type is not CodeType.MEMBER:
            self._fail(ScanResult("other_kind", scan.at_ms, code_type=found.type))
        else:
            self._open(found.digits, scan.at_ms)

    def no_card_for(self, scan: AssociateScan) -> None:
        """No card was open for the associate's code: say what it is."""
        self._fail(ScanResult("other_kind", scan.at_ms, code_type=CodeType.ASSOCIATE))

    def _refuse(self, reason: Reason, at_ms: int) -> None:
        def told(brand: Bilingual) -> None:
            self._fail(ScanResult("refused", at_ms, reason=reason, brand=brand))

        self._desk.read(_read_brand, done=told, latest="counter.scan")

    def _open(self, digits: str, at_ms: int) -> None:
        verdict = self._gate.judge(digits, self._mono_ms())
        if verdict is ScanVerdict.IGNORE:
            return
        session = self._desk.who

        def looked_up(found: CodeLookup) -> None:
            if self._desk.session is session:
                self._take_lookup(found, digits, verdict, at_ms)

        def not_read(_error: Exception) -> None:
            self._gate.take_back(digits)
            self._fail(ScanResult("failed", at_ms, tail=digits[-TAIL:]))

        self._desk.read(
            read_code, digits, session.staff.id, self._desk.now_ms(),
            done=looked_up, failed=not_read, latest="counter.scan",
        )  # fmt: skip

    def _take_lookup(self, found: CodeLookup, digits: str, verdict: ScanVerdict, at_ms: int) -> None:
        if found.card is None and not found.is_revoked:
            self._ask(found, digits, verdict, at_ms)
            return
        self._finish(found, digits, verdict, at_ms)

    def _ask(self, found: CodeLookup, digits: str, verdict: ScanVerdict, at_ms: int) -> None:
        """The code is right but not known here: head office may know it (SYNC.md 2)."""
        session = self._desk.who

        def answered(member_id: str | None) -> None:
            if self._desk.session is not session:
                return
            if member_id is None:
                self._finish(found, digits, verdict, at_ms)
                return
            self._desk.read(
                read_code, digits, session.staff.id, self._desk.now_ms(),
                done=now_known, failed=no_answer, latest="counter.scan",
            )  # fmt: skip

        def now_known(again: CodeLookup) -> None:
            if self._desk.session is session:
                self._finish(again, digits, verdict, at_ms)

        def no_answer(error: Exception) -> None:
            if self._desk.session is session:
                self._finish(found, digits, verdict, at_ms, is_out_of_reach=isinstance(error, TransportError))

        self._desk.tasks.ask(
            self._desk.counter.resolve_code, digits, done=answered, failed=no_answer, latest="counter.scan"
        )

    def _finish(
        self, found: CodeLookup, digits: str, verdict: ScanVerdict, at_ms: int, *, is_out_of_reach: bool = False
    ) -> None:
        if found.card is None:
            self._gate.take_back(digits)
            self._fail(self._unknown(found, digits, at_ms, is_out_of_reach))
            return
        is_visit = verdict is ScanVerdict.VISIT and not found.card.is_erased
        self._show(CounterState(found.card, None, at_ms, is_visit))
        self.member_scanned.emit(self.state)
        if is_visit:
            # After the picture, never before it: the card is what the customer waits for.
            visit = RecordVisit(visit_id=self._desk.counter.new_id(), member_id=found.card.member_id)
            self._desk.record(visit, assurance=ASSURANCE_SCANNED, failed=self._take_back(digits))

    def _take_back(self, digits: str) -> Callable[[Exception], None]:
        def not_recorded(error: Exception) -> None:
            self._gate.take_back(digits)
            self._desk.tasks.failed.emit(error)

        return not_recorded

    def _unknown(self, found: CodeLookup, digits: str, at_ms: int, is_out_of_reach: bool) -> ScanResult:
        status = self._status
        contact = status.last_contact_ms if status else None
        is_offline = is_out_of_reach or (status is not None and status.is_offline)
        kind: ResultKind = "revoked" if found.is_revoked else "unknown_offline" if is_offline else "unknown"
        return ScanResult(kind, at_ms, tail=digits[-TAIL:], last_contact_ms=contact, brand=found.brand)

    def _fail(self, result: ScanResult) -> None:
        self._show(replace(self.state, result=result, scanned_at_ms=result.at_ms, is_new_visit=False))
        self.scan_failed.emit(result)

    def _show(self, state: CounterState) -> None:
        self.state = state
        self.state_changed.emit(state)

    def _take_status(self, status: SyncStatus) -> None:
        self._status = status

    def _take_session(self, _session: Session | None) -> None:
        # Another associate's first scan is her own visit, and nothing of the one before stays on the screen.
        self._gate.forget()
        self._show(CounterState())


def _read_brand(connection: Any) -> Bilingual:
    return get_settings(connection).brand
