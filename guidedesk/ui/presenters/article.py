"""An article whose label was scanned: what it costs, what is here, what goes with it, who of hers may like it."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from guidedesk.services.changes import Changes
from guidedesk.services.queries.article_card import ArticleCard, MayLike, find_article, list_may_like
from guidedesk.services.session import Session
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.state_presenter import StatePresenter

_KINDS = frozenset({"product", "stock", "often_next"})


@dataclass(frozen=True, slots=True)
class ArticleState:
    """`card` is None while nothing was scanned; `likely` None until it was read who may like it."""

    now_ms: int
    digits: str = ""
    card: ArticleCard | None = None
    likely: tuple[MayLike, ...] | None = None


class ArticlePresenter(StatePresenter[ArticleState]):
    """`state_changed(ArticleState)`; `opened()` when the page should show. Nothing of a scan is kept: what was looked
    at is gone with the session."""

    opened = Signal()

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(ArticleState(desk.now_ms()), parent)
        self._desk = desk
        desk.session_changed.connect(self._take_session)
        desk.tasks.committed.connect(self._committed)

    def show_scanned(self, digits: str, card: ArticleCard) -> None:
        """A label was scanned; the card is there already, who may like it comes after."""
        self._show_state(ArticleState(self._desk.now_ms(), digits, card))
        self.opened.emit()
        self._read_likely(card)
        self._reload()  # stock that arrived while the label was looked up

    def _read_likely(self, card: ArticleCard) -> None:
        session = self._desk.session
        if session is None:
            return

        def taken(found: tuple[MayLike, ...]) -> None:
            if self._desk.session is session and self.state.card == card:
                self._show(likely=found)

        self._desk.read(
            list_may_like, card, session.staff.id, self._desk.now_ms(), done=taken, latest="article.likely"
        )  # fmt: skip

    def _committed(self, changes: object) -> None:
        if not isinstance(changes, Changes) or self.state.card is None:
            return
        if not changes.kinds or changes.kinds & _KINDS:
            self._reload()

    def _reload(self) -> None:
        digits = self.state.digits

        def taken(card: ArticleCard | None) -> None:
            if self.state.digits == digits and card is not None and card != self.state.card:
                self._show(card=card, now_ms=self._desk.now_ms())
                self._read_likely(card)

        self._desk.read(find_article, digits, self._desk.counter.store_id, done=taken, latest="article.card")

    def _take_session(self, _session: Session | None) -> None:
        self._show_state(ArticleState(self._desk.now_ms()))
