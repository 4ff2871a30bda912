"""What every form about a member does alike: read, keep a draft, check, record, tell (DESIGN-UI.md 3, pattern E)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from PySide6.QtCore import QObject, Signal

from guidedesk.domain.errors import GuideDeskError
from guidedesk.services.changes import Changes
from guidedesk.services.member_models import MemberCard
from guidedesk.services.operations import Operation
from guidedesk.services.session import Session
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.drafts import Draft, DraftingPresenter
from guidedesk.ui.presenters.undo import Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class FormState:
    """What every form shows. `card` is None while it is closed; `problems` names fields with what is wrong."""

    card: MemberCard | None = None
    now_ms: int = 0
    problems: tuple[tuple[str, GuideDeskError], ...] = ()
    is_saving: bool = False

    def problem(self, field: str) -> GuideDeskError | None:
        """What is wrong with a field."""
        return dict(self.problems).get(field)

    def without(self, field: str) -> tuple[tuple[str, GuideDeskError], ...]:
        """The problems that stay when a field is typed into again."""
        return tuple(problem for problem in self.problems if problem[0] != field)


S = TypeVar("S", bound=FormState)


class FormPresenter(DraftingPresenter[S]):
    """`state_changed(state)`; `opened()` when the dialog should show; `saved(Notice)` and `left()` when it should go.

    A form says how it reads (`read`), what it keeps (`draft`, `with_draft`), what it records (`operations`) and what
    it tells then (`notice`).
    """

    opened = Signal()
    saved = Signal(object)
    left = Signal()
    ASSURANCE: ClassVar[int] = 0

    def __init__(self, desk: Desk, empty: S, parent: QObject | None = None) -> None:
        super().__init__(desk, empty, parent)
        self._empty = empty
        self._turn = 0

    # --- what a form says of itself ---------------------------------------------------------------

    def read(self, connection: Any, subject: str, session: Session, now_ms: int) -> S:
        """The fresh form about `subject`, read beside the window; `card` is not None."""
        raise NotImplementedError

    def draft(self, state: S) -> Draft | None:
        """What is worth keeping, or None."""
        return None

    def with_draft(self, state: S, draft: Draft) -> S:
        """The fresh form with what was typed last time."""
        return state

    def begun(self) -> None:
        """The form is on show, with its draft."""

    def check(self, state: S) -> tuple[tuple[str, GuideDeskError], ...]:
        """What keeps it from being saved, by field."""
        return ()

    def operations(self, state: S, card: MemberCard) -> tuple[Operation, ...]:
        """What saving records; nothing when there is nothing to change."""
        raise NotImplementedError

    def assurance(self, state: S) -> int:
        """How sure it is who the member is (CODES.md Q-7)."""
        return self.ASSURANCE

    def notice(
        self, state: S, card: MemberCard, operations: tuple[Operation, ...], changes: Changes
    ) -> Notice:
        """What the toast says."""
        raise NotImplementedError

    def placed(self, error: Exception) -> str:
        """The field a refusal of the rules belongs to, or empty where the window's sentence is enough."""
        return ""

    # --- the same for all -------------------------------------------------------------------------

    def open(self, subject: str) -> None:
        """Read what is needed and begin."""
        session = self._desk.session
        if session is None or not self._desk.has_room():
            return
        self._turn += 1
        turn = self._turn

        def taken(found: tuple[S, Draft | None]) -> None:
            # Left again, or another member scanned, before it was read: no dialog over her card.
            if self._desk.session is session and turn == self._turn:
                self._begin(found[0], found[1], subject, session)

        self._desk.tasks.read(
            self._read, subject, session, self._desk.now_ms(), done=taken, latest=f"{self.KIND}.form"
        )

    def save(self) -> None:
        """Ctrl Enter."""
        state = self.state
        if state.card is None or state.is_saving:
            return
        problems = self.check(state)
        self._show(problems=problems)
        if problems:
            return
        operations = self.operations(state, state.card)
        if not operations:
            self._close()
            self.left.emit()
            return
        self._show(is_saving=True)
        card = state.card

        def recorded(changes: Changes) -> None:
            notice = self.notice(state, card, operations, changes)
            self._close()
            self.saved.emit(notice)

        self._desk.record(*operations, assurance=self.assurance(state), done=recorded, failed=self._not_recorded)

    def leave(self) -> None:
        self._turn += 1
        if self.state.card is None:
            return
        self._drafts.keep()
        self._reset()
        self.left.emit()

    def _read(self, subject: str, session: Session, now_ms: int) -> tuple[S, Draft | None]:
        with self._desk.counter.read() as connection:
            state = self.read(connection, subject, session, now_ms)
        return state, self._drafts.load(session.staff.id, subject)

    def _begin(self, state: S, draft: Draft | None, subject: str, session: Session) -> None:
        self._drafts.begin(session.staff.id, subject)
        self._show_state(self.with_draft(state, draft) if draft else state)
        self.opened.emit()
        self.begun()

    def _worth_keeping(self) -> Draft | None:
        state = self.state
        return None if state.card is None or state.is_saving else self.draft(state)

    def _not_recorded(self, error: Exception) -> None:
        field = self.placed(error)
        if field and isinstance(error, GuideDeskError):
            self._show(is_saving=False, problems=((field, error),))
        else:
            self._show(is_saving=False)
            self._desk.tasks.failed.emit(error)
        self._drafts.keep()

    def _close(self) -> None:
        self._drafts.forget()
        self._reset()

    def _reset(self) -> None:
        self._show_state(self._empty)
