"""Log what was talked about, in ten seconds and by keys alone (DESIGN-UI.md 5.5)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from PySide6.QtCore import QObject, Signal

from guidedesk.domain.errors import GuideDeskError
from guidedesk.domain.follow_ups.slots import SLOTS, Slot, slot_date, slot_of, suggest_follow_up
from guidedesk.domain.people import clean_tag
from guidedesk.domain.scripts import Script
from guidedesk.domain.time import local_date
from guidedesk.services import follow_up_steps as steps
from guidedesk.services.changes import Changes
from guidedesk.services.member_models import FollowUpInfo, MemberCard
from guidedesk.services.operations import (
    INTERACTION_KINDS,
    NOTE_LIMIT,
    OUTCOMES,
    CompleteFollowUp,
    LogInteraction,
    Operation,
    ScheduleFollowUp,
    SetTag,
)
from guidedesk.services.queries.follow_ups import contacts_this_week
from guidedesk.services.queries.members import get_member_card
from guidedesk.services.queries.reference import get_scripts, get_settings, get_store
from guidedesk.services.read_models import NOBODY, Bilingual
from guidedesk.services.session import Session
from guidedesk.services.undo import take_all_back
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.drafts import Draft, DraftingPresenter
from guidedesk.ui.presenters.undo import Notice

VISIT_FRESH_MS: Final = 10 * 60_000
CONTACTS: Final = ("wechat", "sms", "phone")
FOLLOW_UP_TEXT_LIMIT: Final = 200
_TIME: Final = re.compile(r"([01]?[0-9]|2[0-3]):?([0-5][0-9])?")
_TAG: Final = re.compile(r"(?<![^\s，。；、,.;])[#＃]([^\s#＃，。；、,.;]+)")


@dataclass(frozen=True, slots=True)
class LogData:
    """What the dialog is told of a member."""

    card: MemberCard
    contacts: int  # messages and calls in the last seven days
    cap: int
    zone: str
    scripts: tuple[Script, ...] = ()  # the chain's own
    store: Bilingual = NOBODY
    brand: Bilingual = NOBODY


@dataclass(frozen=True, slots=True)
class LogState:
    """What is being logged. `slot` is None for a day typed by hand; `problem` is the code of what is missing."""

    data: LogData | None = None
    today: date | None = None
    kind: str = ""
    outcome: str = ""
    note: str = ""
    slot: Slot | None = "none"
    due: date | None = None
    due_time: str = ""
    follow_up_text: str = ""
    is_suggested: bool = True
    problem: str = ""
    is_saving: bool = False
    task: FollowUpInfo | None = None  # what is done with once this is saved
    speaker: Bilingual = NOBODY

    @property
    def tags(self) -> tuple[str, ...]:
        """Tags typed into the note."""
        return tags_in(self.note)

    @property
    def is_worth_keeping(self) -> bool:
        """Whether leaving would lose something a person typed or chose."""
        return bool(self.note.strip() or self.outcome or self.follow_up_text.strip())

    def refusal(self, kind: str) -> str:
        """Why a channel cannot be used: `no_consent`, `capped` or empty."""
        if self.data is None or kind not in CONTACTS:
            return ""
        given = {consent.purpose: consent.is_given for consent in self.data.card.consents}
        if not given.get(kind):
            return "no_consent"
        return "capped" if self.data.contacts >= self.data.cap else ""


def tags_in(note: str) -> tuple[str, ...]:
    """`#` words of a note as tags, each once; what cannot be a tag stays plain text."""
    found: dict[str, None] = {}
    for word in _TAG.findall(note):
        try:
            found[clean_tag(word)] = None
        except GuideDeskError:
            continue
    return tuple(found)


def read_log_data(connection: Any, member_id: str, viewer_id: str, store_id: str, now_ms: int) -> LogData:
    """Card, contacts of this week and the cap, and what scripts are filled with."""
    settings = get_settings(connection)
    card = get_member_card(connection, member_id, viewer_id, now_ms)
    contacts = contacts_this_week(connection, card.member_id, now_ms)
    return LogData(
        card, contacts, settings.contact_cap_week, settings.zone, get_scripts(connection),
        get_store(connection, store_id).name, settings.brand,
    )  # fmt: skip


class LogPresenter(DraftingPresenter[LogState]):
    """`state_changed(LogState)`; `opened()` when the dialog should show; `saved(Notice)` and `left()` when it should
    go. A draft is kept per associate and member."""

    KIND = "log"
    opened = Signal()
    saved = Signal(object)
    left = Signal()

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(desk, LogState(), parent)
        self._turn = 0

    def open_task(self, item: FollowUpInfo) -> None:
        """Begin with the result of a task: saving ends it too."""
        self.open(item.member_id, item)

    def open(self, member_id: str, task: FollowUpInfo | None = None) -> None:
        """Read what is needed and begin."""
        session = self._desk.session
        if session is None or not self._desk.has_room():
            return

        self._turn += 1
        turn = self._turn

        def taken(read: tuple[LogData, Draft | None]) -> None:
            # Left again, or another member scanned, before it was read: no dialog over her card.
            if self._desk.session is session and turn == self._turn:
                self._begin(read[0], read[1], session, task)

        self._desk.tasks.read(
            self._read, member_id, session.staff.id, self._desk.now_ms(), done=taken, latest="log.data"
        )

    def choose_kind(self, kind: str) -> None:
        """Visit, WeChat, SMS, mini-program or phone."""
        if kind in INTERACTION_KINDS and not self.state.refusal(kind):
            self._show(kind=kind, problem="")

    def choose_outcome(self, outcome: str) -> None:
        """How it ended; the follow-up is suggested anew unless a person chose one."""
        if outcome not in OUTCOMES or self.state.today is None:
            return
        self._show(outcome=outcome, problem="")
        if self.state.is_suggested:
            suggestion = suggest_follow_up(outcome, self.state.today)
            self._show(slot=suggestion.slot, due=suggestion.due, is_suggested=True)

    def write(self, note: str) -> None:
        """The note changed."""
        self._show(note=note[:NOTE_LIMIT])

    def choose_slot(self, slot: str) -> None:
        """Tomorrow, in three days, next Wednesday, next Saturday, none."""
        chosen = next((name for name in SLOTS if name == slot), None)
        if chosen is not None and self.state.today is not None:
            self._show(slot=chosen, due=slot_date(chosen, self.state.today), is_suggested=False, problem="")

    def choose_date(self, due: date) -> None:
        """A day picked by hand; a day gone by is refused."""
        today = self.state.today
        if today is None or due == self.state.due:
            return
        if due < today:
            self._show(problem="past")
        else:
            self._show(slot=slot_of(due, today), due=due, is_suggested=False, problem="")

    def choose_time(self, time: str) -> None:
        """`19:00`, `1900`, `19`, or empty for any time; anything else is refused when saving."""
        found = _TIME.fullmatch(time.strip())
        self._show(due_time=f"{int(found[1]):02d}:{found[2] or '00'}" if found else time.strip(), problem="")

    def write_follow_up(self, text: str) -> None:
        """What to say next time."""
        self._show(follow_up_text=text[:FOLLOW_UP_TEXT_LIMIT])

    def save(self) -> None:
        """Record conversation, tags and follow-up together, so that none exists without the others."""
        state = self.state
        if state.data is None or state.is_saving:
            return
        is_time = not state.due_time or _TIME.fullmatch(state.due_time)
        problem = "kind" if not state.kind else "outcome" if not state.outcome else "" if is_time else "time"
        if problem:
            self._show(problem=problem)
            return
        self._show(is_saving=True, problem="")
        operations = self._operations(state, state.data.card)

        def recorded(changes: Changes) -> None:
            self._recorded(_undo(operations, changes.op_ids))

        self._desk.record(*operations, done=recorded, failed=self._not_recorded)

    def leave(self) -> None:
        self._turn += 1
        self._drafts.keep()
        if self.state.data is not None:
            self._show_state(LogState())
            self.left.emit()

    def _read(self, member_id: str, staff_id: str, now_ms: int) -> tuple[LogData, Draft | None]:
        with self._desk.counter.read() as connection:
            data = read_log_data(connection, member_id, staff_id, self._desk.counter.store_id, now_ms)
        return data, self._drafts.load(staff_id, data.card.member_id)

    def _begin(
        self, data: LogData, draft: Draft | None, session: Session, task: FollowUpInfo | None
    ) -> None:
        now_ms = self._desk.now_ms()
        visited = data.card.last_visit_ms
        is_here = visited is not None and now_ms - visited < VISIT_FRESH_MS
        fresh = LogState(data, local_date(now_ms, data.zone), kind="visit" if is_here else "", task=task,
                         speaker=session.staff.name)
        if task is not None and not is_here and task.channel and not fresh.refusal(task.channel):
            fresh = replace(fresh, kind=task.channel)
        self._drafts.begin(session.staff.id, data.card.member_id)
        self._show_state(_with_draft(fresh, draft) if draft else fresh)
        self.opened.emit()

    def _operations(self, state: LogState, card: MemberCard) -> tuple[Operation, ...]:
        counter, member_id = self._desk.counter, card.member_id
        talk = LogInteraction(
            interaction_id=counter.new_id(), member_id=member_id, kind=state.kind, outcome=state.outcome,
            note=state.note.strip(),
        )  # fmt: skip
        operations: list[Operation] = [talk]
        operations += [
            SetTag(member_id=member_id, is_on=True, tag=tag) for tag in state.tags if tag not in card.tags
        ]
        if state.task is not None:
            operations += steps.complete(state.task, state.outcome)
        if state.due is not None:
            operations.append(
                ScheduleFollowUp(
                    follow_up_id=counter.new_id(), member_id=member_id, due_date=state.due.isoformat(),
                    due_time=state.due_time or None, reason="promised", channel=self._channel(state),
                    interaction_id=talk.interaction_id, text=state.follow_up_text.strip(),
                )
            )  # fmt: skip
        return tuple(operations)

    def _channel(self, state: LogState) -> str | None:
        return state.kind if state.kind in CONTACTS else None

    def _recorded(self, undo: tuple[Operation, ...]) -> None:
        state = self.state
        if state.data is None:
            return
        card = state.data.card
        self._drafts.forget()
        self._show_state(LogState())
        key = "log.saved_plain" if state.due is None else "log.saved"
        self.saved.emit(Notice(key, card.name, state.due, undo))

    def _not_recorded(self, error: Exception) -> None:
        self._show(is_saving=False)
        self._drafts.keep()
        self._desk.tasks.failed.emit(error)

    def _worth_keeping(self) -> Draft | None:
        state = self.state
        if state.data is None or state.is_saving or not state.is_worth_keeping:
            return None
        return {
            "kind": state.kind, "outcome": state.outcome, "note": state.note, "due_time": state.due_time,
            "due": state.due.isoformat() if state.due else "", "text": state.follow_up_text,
            "is_suggested": state.is_suggested,
        }  # fmt: skip


def _undo(operations: tuple[Operation, ...], op_ids: tuple[str, ...]) -> tuple[Operation, ...]:
    """What takes all of it back, last first; that an occasion became a follow-up stays, or it would be gone."""
    pairs = list(zip(operations, op_ids, strict=True)) if len(operations) == len(op_ids) else []
    ended = {one.follow_up_id for one, _ in pairs if isinstance(one, CompleteFollowUp)}
    kept = [
        (one, op_id) for one, op_id in pairs if not (isinstance(one, ScheduleFollowUp) and one.follow_up_id in ended)
    ]
    return take_all_back(tuple(one for one, _ in kept), tuple(op_id for _, op_id in kept))


def _with_draft(fresh: LogState, draft: Draft) -> LogState:
    today = fresh.today
    due = _day(draft.get("due"))
    if today is None or (due is not None and due < today):
        due = None
    kind = str(draft.get("kind", ""))
    return replace(
        fresh, kind=kind if kind in INTERACTION_KINDS and not fresh.refusal(kind) else fresh.kind,
        outcome=str(draft.get("outcome", "")), note=str(draft.get("note", ""))[:NOTE_LIMIT], due=due,
        slot=slot_of(due, today) if today is not None else None, due_time=str(draft.get("due_time", "")),
        follow_up_text=str(draft.get("text", "")), is_suggested=bool(draft.get("is_suggested")),
    )  # fmt: skip


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None
