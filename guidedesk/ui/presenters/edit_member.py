"""Edit a member's fields; each field goes by itself, and the newest edit of a field wins (SYNC.md 6)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from PySide6.QtCore import QObject

from guidedesk.domain.errors import GuideDeskError
from guidedesk.domain.people import CONFIRMED, NAME_LIMIT, clean_birthday, clean_name, typed_birthday
from guidedesk.services.changes import Changes
from guidedesk.services.member_models import MemberCard
from guidedesk.services.operations import EDITABLE, EditMember, Operation
from guidedesk.services.queries.coupons import proof_of
from guidedesk.services.queries.members import get_member_card
from guidedesk.services.session import Session
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.drafts import Draft
from guidedesk.ui.presenters.forms import FormPresenter, FormState
from guidedesk.ui.presenters.undo import Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class EditState(FormState):
    """What is being edited, as typed. `phone` is typed where there is none yet, and where `proof`, that of her last
    scans, is head office's word that it is she."""

    name: str = ""
    birthday: str = ""
    phone: str = ""
    proof: int = 0

    @property
    def has_phone(self) -> bool:
        """Whether there is a number."""
        return self.card is not None and self.card.phone_masked is not None

    @property
    def takes_phone(self) -> bool:
        """A number that is there is changed only while its owner stands here (CODES.md Q-7)."""
        return not self.has_phone or self.proof >= CONFIRMED

    @property
    def changed(self) -> tuple[str, ...]:
        """The fields that differ from the card."""
        if self.card is None:
            return ()
        now = {"name": self.name.strip(), "birthday": self.birthday.strip(), "phone": self.phone.strip()}
        then = {"name": self.card.name, "birthday": self.card.birthday or "", "phone": ""}
        return tuple(field for field in EDITABLE if now[field] != then[field])


class EditMemberPresenter(FormPresenter[EditState]):
    """Name, birthday, and a phone where none is known or its owner was proved (CODES.md Q-7)."""

    KIND: ClassVar[str] = "edit_member"

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(desk, EditState(), parent)

    def type_name(self, text: str) -> None:
        """The name, or how to address the person."""
        self._show(name=text[: NAME_LIMIT + 1], problems=self.state.without("name"))

    def type_birthday(self, text: str) -> None:
        """Month and day, `03-08`; a year is not kept."""
        self._show(birthday=text, problems=self.state.without("birthday"))

    def type_phone(self, text: str) -> None:
        """A number for somebody who has none yet, or another one of hers."""
        self._show(phone=text, problems=self.state.without("phone"))

    def read(self, connection: Any, subject: str, session: Session, now_ms: int) -> EditState:
        """The fields as they are."""
        card = get_member_card(connection, subject, session.staff.id, now_ms)
        proof = proof_of(connection, self._desk.counter.store_id, card.member_id, now_ms)
        return EditState(card=card, now_ms=now_ms, name=card.name, birthday=card.birthday or "", proof=proof)

    def draft(self, state: EditState) -> Draft | None:
        """What was typed, if anything was."""
        return {"name": state.name, "birthday": state.birthday, "phone": state.phone} if state.changed else None

    def with_draft(self, state: EditState, draft: Draft) -> EditState:
        """What was typed last time."""
        name, birthday = str(draft.get("name", state.name)), str(draft.get("birthday", state.birthday))
        phone = "" if not state.takes_phone else str(draft.get("phone", ""))
        return replace(state, name=name[: NAME_LIMIT + 1], birthday=birthday, phone=phone)

    def assurance(self, state: EditState) -> int:
        """How sure it is that she herself asks for it: it is on record with a number."""
        return state.proof if "phone" in state.changed else 0

    def check(self, state: EditState) -> tuple[tuple[str, GuideDeskError], ...]:
        """A name there must be; a birthday is a day of some month, or none."""
        problems: list[tuple[str, GuideDeskError]] = []
        for field in state.changed:
            try:
                self._clean(field, state)
            except GuideDeskError as error:
                problems.append((field, error))
        return tuple(problems)

    def placed(self, error: Exception) -> str:
        """The ten minutes in which she counts as standing here can end while the form is open."""
        return "phone" if isinstance(error, GuideDeskError) and error.code == "phone_proof" else ""

    def operations(self, state: EditState, card: MemberCard) -> tuple[Operation, ...]:
        """One edit of the fields that changed; what became empty is taken off."""
        values: dict[str, Any] = {}
        for field in state.changed:
            values |= self._clean(field, state)
        if not state.changed:
            return ()
        return (EditMember(member_id=card.member_id, fields=state.changed, **values),)

    def notice(
        self, state: EditState, card: MemberCard, operations: tuple[Operation, ...], changes: Changes
    ) -> Notice:
        """What was there before can be put back, a phone cannot."""
        undo: tuple[Operation, ...] = ()
        if "phone" not in state.changed:
            before = {"name": card.name, "birthday": card.birthday}
            fields = state.changed
            back = EditMember(member_id=card.member_id, fields=fields, **{field: before[field] for field in fields})
            undo = (back,)
        return Notice("edit.saved", state.name.strip(), undo=undo)

    def _clean(self, field: str, state: EditState) -> dict[str, Any]:
        if field == "name":
            return {"name": clean_name(state.name)}
        if field == "birthday":
            typed = typed_birthday(state.birthday)
            return {"birthday": clean_birthday(typed) if typed else None}
        return dict(self._desk.counter.phone_fields(state.phone))
