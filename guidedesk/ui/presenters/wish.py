"""What a member wishes for: an article this PC knows, or words; in a size, a colour, until a day (DESIGN-UI.md 2)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

from PySide6.QtCore import QObject

from guidedesk.domain.errors import GuideDeskError
from guidedesk.domain.wishes import WISH_WORDS, clean_wish
from guidedesk.services.changes import Changes
from guidedesk.services.member_models import MemberCard
from guidedesk.services.operations import AddWish, Operation
from guidedesk.services.queries.articles import Article, find_articles
from guidedesk.services.queries.members import get_member_card
from guidedesk.services.session import Session
from guidedesk.services.undo import take_all_back
from guidedesk.ui import formats
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.drafts import Draft
from guidedesk.ui.presenters.forms import FormPresenter, FormState
from guidedesk.ui.presenters.plan import next_day
from guidedesk.ui.presenters.undo import Notice

SHORT: Final = 20  # characters of a size or colour
ARTICLES_SHOWN: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class WishFormState(FormState):
    """What is typed. `articles` are those the words may mean; `sku` is the one that was chosen."""

    words: str = ""
    size: str = ""
    colour: str = ""
    until: str = ""
    articles: tuple[Article, ...] = ()
    sku: str = ""


class WishPresenter(FormPresenter[WishFormState]):
    """Take a wish down; the article is looked for on this PC while it is typed."""

    KIND: ClassVar[str] = "wish"

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(desk, WishFormState(), parent)

    def type_words(self, text: str) -> None:
        """What it is: the article is chosen anew."""
        words = text[: WISH_WORDS + 1]
        self._show(words=words, sku="", problems=self.state.without("words"))

        def taken(articles: tuple[Article, ...]) -> None:
            if self.state.card is not None and self.state.words == words:
                self._show(articles=articles)

        self._desk.read(find_articles, words, ARTICLES_SHOWN, done=taken, latest="wish.articles")

    def choose_article(self, sku: str) -> None:
        """It is this article; chosen again, it is not."""
        self._show(sku="" if sku == self.state.sku else sku)

    def type_size(self, text: str) -> None:
        """In which size."""
        self._show(size=text[:SHORT], problems=self.state.without("size"))

    def type_colour(self, text: str) -> None:
        """In which colour."""
        self._show(colour=text[:SHORT], problems=self.state.without("colour"))

    def type_until(self, text: str) -> None:
        """Until when: month and day."""
        self._show(until=text, problems=self.state.without("until"))

    def read(self, connection: Any, subject: str, session: Session, now_ms: int) -> WishFormState:
        """Empty, in the size she buys most."""
        card = get_member_card(connection, subject, session.staff.id, now_ms)
        sizes = card.preferences.sizes
        return WishFormState(card=card, now_ms=now_ms, size=sizes[0][0][:SHORT] if sizes else "")

    def draft(self, state: WishFormState) -> Draft | None:
        """What was typed, if anything was."""
        if not (state.words.strip() or state.colour.strip() or state.until.strip()):
            return None
        return {"words": state.words, "size": state.size, "colour": state.colour, "until": state.until}

    def with_draft(self, state: WishFormState, draft: Draft) -> WishFormState:
        """What was typed last time."""
        typed: dict[str, Any] = {name: str(draft.get(name, "")) for name in ("words", "size", "colour", "until")}
        return replace(state, **typed)

    def check(self, state: WishFormState) -> tuple[tuple[str, GuideDeskError], ...]:
        """Something must be wished for; the day is one to come."""
        problems: list[tuple[str, GuideDeskError]] = []
        try:
            clean_wish(state.words, state.size, state.colour)
        except GuideDeskError as error:
            problems.append(("words", error))
        try:
            next_day(state.until, formats.local_day(state.now_ms))
        except GuideDeskError as error:
            problems.append(("until", error))
        return tuple(problems)

    def operations(self, state: WishFormState, card: MemberCard) -> tuple[Operation, ...]:
        """One wish."""
        words, size, colour = clean_wish(state.words, state.size, state.colour)
        until = next_day(state.until, formats.local_day(state.now_ms))
        return (
            AddWish(
                wish_id=self._desk.counter.new_id(), member_id=card.member_id, sku=state.sku or None, words=words,
                size=size, colour=colour, until_date=until.isoformat() if until else None,
            ),
        )  # fmt: skip

    def notice(
        self, state: WishFormState, card: MemberCard, operations: tuple[Operation, ...], changes: Changes
    ) -> Notice:
        """It is on her card."""
        return Notice("wish.saved", card.name, undo=take_all_back(operations, changes.op_ids))

