"""A new member at the counter, typed by an associate (DESIGN-UI.md 5, mockup 21)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

from PySide6.QtCore import QObject, Signal

from guidedesk.domain.errors import GuideDeskError
from guidedesk.domain.people import NAME_LIMIT, clean_birthday, clean_name, typed_birthday
from guidedesk.domain.time import local_date
from guidedesk.services.changes import Changes
from guidedesk.services.member_models import MemberHit
from guidedesk.services.operations import RegisterMember
from guidedesk.services.queries.reference import get_settings
from guidedesk.services.queries.search import find_by_phone_hash
from guidedesk.services.read_models import StaffInfo
from guidedesk.services.session import Session
from guidedesk.sync.status import SyncStatus
from guidedesk.ui import i18n
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.drafts import Draft, DraftingPresenter

ASKED: Final = ("service", "wechat", "sms", "personalised")
MAINLAND_DIGITS: Final = 11
Code = tuple[str, str]


@dataclass(frozen=True, slots=True)
class NewMemberState:
    """What is being typed. `problems` names fields with the code of what is wrong; `duplicate` is the member on this
    PC with the same number; `is_different`: another person, to be saved without the phone."""

    me: StaffInfo | None = None
    window_days: int = 0
    cap_week: int = 0
    until: date | None = None
    phone: str = ""
    name: str = ""
    birthday: str = ""
    consents: tuple[tuple[str, bool], ...] = ()  # only what was answered
    card_no: str = ""
    is_pool_empty: bool = False
    duplicate: MemberHit | None = None
    is_different: bool = False
    problems: tuple[tuple[str, GuideDeskError], ...] = ()
    is_offline: bool = False
    is_saving: bool = False
    now_ms: int = 0

    @property
    def must_decide(self) -> bool:
        """A member with this number exists and nobody said what that means."""
        return self.duplicate is not None and not self.is_different

    @property
    def blocked(self) -> str:
        """What keeps the member from being created: `decide`, `terms`, `name`, `pool` or empty."""
        if self.must_decide:
            return "decide"
        if not self.name.strip():
            return "name"
        return "" if dict(self.consents).get("service") else "terms"

    def problem(self, field: str) -> GuideDeskError | None:
        """What is wrong with a field."""
        return dict(self.problems).get(field)


@dataclass(frozen=True, slots=True)
class _Start:
    window_days: int
    cap_week: int
    zone: str
    code: Code | None
    draft: Draft | None


class NewMemberPresenter(DraftingPresenter[NewMemberState]):
    """`state_changed(NewMemberState)`; `opened()` when the page should show; `created(id)` and
    `existing_chosen(id)` lead to a card; `left()` back."""

    KIND = "register"
    opened = Signal()
    created = Signal(str)
    existing_chosen = Signal(str)
    left = Signal()

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(desk, NewMemberState(), parent)
        self._code: Code | None = None  # taken once, used by the next member created
        self._is_offline = False
        desk.status_changed.connect(self._take_status)

    def open(self, typed: str = "") -> None:
        """Begin, with what was searched for as the name or the number, or with the draft of last time."""
        session = self._desk.session
        if session is None or not self._desk.has_room():
            return

        def started(start: _Start) -> None:
            if self._desk.session is session:
                self._begin(start, typed, session)

        self._desk.tasks.read(self._start, session.staff.id, done=started, latest="register.start")

    def type_phone(self, text: str) -> None:
        """The number is checked against this PC as it is typed."""
        self._show(phone=text, duplicate=None, is_different=False, problems=self._without("phone"))
        if sum(char.isdigit() for char in text) < MAINLAND_DIGITS:
            return

        def checked(hit: MemberHit | None) -> None:
            if self.state.phone == text:
                self._show(duplicate=hit)

        self._desk.tasks.read(self._find_same, text, done=checked, latest="register.phone")

    def type_name(self, text: str) -> None:
        """The name, or how to address the person."""
        self._show(name=text[: NAME_LIMIT + 1], problems=self._without("name"))

    def type_birthday(self, text: str) -> None:
        """Month and day, `03-08`; a year is not kept."""
        self._show(birthday=text, problems=self._without("birthday"))

    def answer(self, purpose: str, given: bool) -> None:
        """One purpose was answered; what was never answered counts as no."""
        if purpose in ASKED:
            answers = dict(self.state.consents) | {purpose: given}
            self._show(consents=tuple((name, answers[name]) for name in ASKED if name in answers))

    def choose_existing(self) -> None:
        """The same person: open the card that exists, make none."""
        duplicate = self.state.duplicate
        if duplicate is not None:
            self._drafts.forget()
            self._show_state(NewMemberState())
            self.existing_chosen.emit(duplicate.member_id)

    def choose_different(self) -> None:
        """A different person: saved without the phone."""
        self._show(is_different=True)

    def create(self) -> None:
        """Ctrl Enter."""
        state = self.state
        if state.me is None or state.is_saving or state.blocked:
            return
        checked = self._check(state)
        if checked is None:
            return
        self._show(is_saving=True)
        name, birthday = checked

        def recorded(_changes: Changes) -> None:
            self._recorded(operation.member_id)

        operation = self._operation(state, name, birthday)
        self._desk.record(operation, done=recorded, failed=self._not_recorded)

    def leave(self) -> None:
        if self.state.me is None:
            return
        self._drafts.keep()
        self._show_state(NewMemberState())
        self.left.emit()

    def _start(self, staff_id: str) -> _Start:
        counter = self._desk.counter
        code = self._code or counter.codes.take_blank()
        with counter.read() as connection:
            settings = get_settings(connection)
        draft = self._drafts.load(staff_id, "")
        return _Start(settings.window_days, settings.contact_cap_week, settings.zone, code, draft)

    def _begin(self, start: _Start, typed: str, session: Session) -> None:
        self._code = start.code
        self._drafts.begin(session.staff.id, "")
        now_ms = self._desk.now_ms()
        until = local_date(now_ms, start.zone) + timedelta(days=start.window_days)
        state = NewMemberState(
            session.staff, start.window_days, start.cap_week, until, card_no=start.code[1] if start.code else "",
            is_pool_empty=start.code is None, is_offline=self._is_offline, now_ms=now_ms,
        )  # fmt: skip
        draft = {} if typed else start.draft or {}
        self._show_state(replace(state, name=str(draft.get("name", "")), birthday=str(draft.get("birthday", ""))))
        digits = sum(char.isdigit() for char in typed)
        if digits >= MAINLAND_DIGITS or draft.get("phone"):
            self.type_phone(typed or str(draft["phone"]))
        elif typed and not digits:
            self.type_name(typed)
        self.opened.emit()

    def _find_same(self, phone: str) -> MemberHit | None:
        try:
            phone_hash = self._desk.counter.phone_fields(phone)["phone_hash"]
        except GuideDeskError:
            return None
        with self._desk.counter.read() as connection:
            return find_by_phone_hash(connection, phone_hash)

    def _check(self, state: NewMemberState) -> tuple[str, str | None] | None:
        problems: list[tuple[str, GuideDeskError]] = []
        name, birthday = state.name, state.birthday.strip()
        try:
            name = clean_name(name)
        except GuideDeskError as error:
            problems.append(("name", error))
        try:
            birthday = clean_birthday(typed_birthday(birthday)) if birthday else ""
        except GuideDeskError as error:
            problems.append(("birthday", error))
        if state.phone.strip() and not state.is_different:
            try:
                self._desk.counter.phone_fields(state.phone)
            except GuideDeskError as error:
                problems.append(("phone", error))
        if problems:
            self._show(problems=tuple(problems))
            return None
        return name, birthday or None

    def _operation(self, state: NewMemberState, name: str, birthday: str | None) -> RegisterMember:
        keeps_phone = bool(state.phone.strip()) and not state.is_different
        phone: dict[str, Any] = dict(self._desk.counter.phone_fields(state.phone)) if keeps_phone else {}
        digits, typed = self._code or (None, None)
        return RegisterMember(
            member_id=self._desk.counter.new_id(), code_digits=digits, code_typed=typed, consents=state.consents,
            consent_lang=i18n.language(), name=name, birthday=birthday, **phone,
        )  # fmt: skip

    def _recorded(self, member_id: str) -> None:
        self._code = None
        self._drafts.forget()
        self._show_state(NewMemberState())
        self.created.emit(member_id)

    def _not_recorded(self, error: Exception) -> None:
        self._show(is_saving=False)
        self._desk.tasks.failed.emit(error)

    def _without(self, field: str) -> tuple[tuple[str, GuideDeskError], ...]:
        return tuple(problem for problem in self.state.problems if problem[0] != field)

    def _worth_keeping(self) -> Draft | None:
        state = self.state
        if state.me is None or state.is_saving or not (state.name.strip() or state.phone.strip()):
            return None
        # No answers: consent is asked again from whoever stands there then.
        return {"phone": state.phone, "name": state.name, "birthday": state.birthday}

    def _take_status(self, status: SyncStatus) -> None:
        self._is_offline = status.is_offline
        if self.state.me is not None:
            self._show(is_offline=status.is_offline)
