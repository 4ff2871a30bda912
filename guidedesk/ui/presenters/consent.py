"""Answers to what a member may be asked: given or withdrawn, each by itself; withdrawal always wins (SYNC.md 6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from PySide6.QtCore import QObject

from guidedesk.services.changes import Changes
from guidedesk.services.member_models import MemberCard
from guidedesk.services.operations import Operation, SetConsent
from guidedesk.services.queries.consents import ConsentAnswer, list_consent_answers
from guidedesk.services.queries.members import get_member_card
from guidedesk.services.queries.reference import get_settings
from guidedesk.services.session import Session
from guidedesk.ui import i18n
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.forms import FormPresenter, FormState
from guidedesk.ui.presenters.undo import Notice

PURPOSES: Final = ("wechat", "sms", "phone", "personalised", "family")
HISTORY_SHOWN: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentState(FormState):
    """What was answered now, every answer before, the newest first, and the cap of contacts a week that is read aloud.
    Nothing is answered beforehand."""

    answers: tuple[tuple[str, bool], ...] = ()
    cap_week: int = 0
    history: tuple[ConsentAnswer, ...] = ()

    def given(self, purpose: str) -> bool | None:
        """The answer on the card, None where never asked."""
        consents = self.card.consents if self.card is not None else ()
        return next((consent.is_given for consent in consents if consent.purpose == purpose), None)

    def shown(self, purpose: str) -> bool | None:
        """The answer as it would stand after saving."""
        return dict(self.answers).get(purpose, self.given(purpose))

    @property
    def changes(self) -> tuple[tuple[str, bool], ...]:
        """What saving would change."""
        return tuple((purpose, given) for purpose, given in self.answers if self.given(purpose) != given)


class ConsentPresenter(FormPresenter[ConsentState]):
    """No draft is kept: consent is asked again from whoever stands there then."""

    KIND: ClassVar[str] = "consent"

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(desk, ConsentState(), parent)

    def answer(self, purpose: str, given: bool) -> None:
        """The customer answered one purpose."""
        if purpose in PURPOSES:
            answers = dict(self.state.answers) | {purpose: given}
            self._show(answers=tuple((name, answers[name]) for name in PURPOSES if name in answers))

    def read(self, connection: Any, subject: str, session: Session, now_ms: int) -> ConsentState:
        """The answers so far."""
        card = get_member_card(connection, subject, session.staff.id, now_ms)
        return ConsentState(
            card=card, now_ms=now_ms, cap_week=get_settings(connection).contact_cap_week,
            history=list_consent_answers(connection, card.member_id, HISTORY_SHOWN),
        )  # fmt: skip

    def operations(self, state: ConsentState, card: MemberCard) -> tuple[Operation, ...]:
        """One operation a purpose that changed."""
        return tuple(
            SetConsent(member_id=card.member_id, purpose=purpose, is_given=given, lang=i18n.language())
            for purpose, given in state.changes
        )

    def notice(
        self, state: ConsentState, card: MemberCard, operations: tuple[Operation, ...], changes: Changes
    ) -> Notice:
        """A withdrawal is told by name: it counts at once."""
        is_withdrawn = any(not given for _, given in state.changes)
        return Notice("consents.saved_withdrawn" if is_withdrawn else "consents.saved", card.name)
