"""Turned to the customer: what of a member's card may be read with her (DESIGN-UI.md 10)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from PySide6.QtCore import QObject, Signal

from guidedesk.domain.people import Tier
from guidedesk.services.member_models import ConsentInfo, TimelineEntry
from guidedesk.services.queries.points import PointsInfo
from guidedesk.services.queries.reference import get_settings
from guidedesk.services.queries.wishes import WishInfo
from guidedesk.services.read_models import NOBODY, Bilingual, OfferInfo
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.counter import CounterState
from guidedesk.ui.presenters.member import MemberState
from guidedesk.ui.presenters.member_care import MemberCareState
from guidedesk.ui.presenters.state_presenter import StatePresenter

BOUGHT: Final = ("purchase", "return")
FIRST_ROWS: Final = 20


@dataclass(frozen=True, slots=True)
class TurnedPerson:
    """What is hers to see. Nothing else of her card is in here, so no view can show it by mistake.

    Left out on purpose: tags, notes, suggestions, tasks, talks, bindings, earnings, whose member she is, and what
    bystanders need not read (phone, birthday, card number, dates of her family).
    """

    member_id: str
    name: str
    name_en: str
    tier: Tier
    consents: tuple[ConsentInfo, ...] = ()
    coupons: tuple[OfferInfo, ...] = ()
    bought: tuple[TimelineEntry, ...] = ()  # purchases and returns, newest first, without notes and staff
    bought_total: int = 0
    has_more: bool = False
    hides_amounts: bool = False  # a colleague's protected member: the associate reads along (mockup 07b)
    points: PointsInfo | None = None
    wishes: tuple[WishInfo, ...] = ()  # of articles: words of one's own are a note of the associate


@dataclass(frozen=True, slots=True)
class TurnState:
    """`person` is None when nobody's card was in front, or when her card may not stay on show; `has_news` when
    something came up behind that is for the associate."""

    now_ms: int
    is_on: bool = False
    brand: Bilingual = NOBODY
    person: TurnedPerson | None = None
    has_news: bool = False


class TurnPresenter(StatePresenter[TurnState]):
    """`state_changed(TurnState)`; `more_wanted()` when more of the timeline is needed to show what she bought.

    A scan of somebody else takes the card away and brings nothing: neither of two people reads about the other. Where
    nobody's card was in front, the first who is scanned reads her own.
    """

    more_wanted = Signal()

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(TurnState(desk.now_ms()), parent)
        self._desk = desk
        self._member_id = ""
        self._is_open = False  # nobody is on show, and somebody may still come
        self._member = MemberState(desk.now_ms())
        self._care = MemberCareState()
        desk.session_changed.connect(self._session_changed)

    def turn(self, member_id: str) -> None:
        """Turn the screen; `member_id` is whose card is in front, or an empty text."""
        if self._desk.session is None or self.state.is_on:
            return
        self._member_id, self._is_open = member_id, not member_id
        person = self._person()
        self._show(is_on=True, now_ms=self._desk.now_ms(), person=person, has_news=False)
        self._desk.read(_read_brand, done=self._take_brand, latest="turn.brand")
        self._fill(person)

    def turn_back(self) -> None:
        """The screen is the associate's again; nothing of the member stays in this state."""
        self._member_id, self._is_open = "", False
        self._show(is_on=False, person=None, has_news=False)

    def take_member(self, state: MemberState) -> None:
        """The member card, which goes on behind, has another state."""
        self._member = state
        if not self.state.is_on or not self._member_id:
            return
        if state.card is None or state.card.member_id != self._member_id:
            self._cover()
            return
        person = self._person()
        self._show(person=person, now_ms=state.now_ms)
        self._fill(person)

    def take_care(self, state: MemberCareState) -> None:
        """Points and wishes come a moment after the card."""
        self._care = state
        if self.state.is_on and self.state.person is not None:
            self._show(person=self._person())

    def take_scan(self, scan: CounterState) -> None:
        """A member's code was read."""
        if not self.state.is_on or scan.card is None or scan.card.member_id == self._member_id:
            return
        if not self._is_open:
            self._cover()
            return
        self._member_id, self._is_open = scan.card.member_id, False
        self._show(has_news=False)
        if self._member.card is not None and self._member.card.member_id == self._member_id:
            self.take_member(self._member)

    def tell_news(self) -> None:
        """A page or dialog came up behind."""
        if self.state.is_on:
            self._show(has_news=True)

    def _cover(self) -> None:
        self._member_id, self._is_open = "", False
        self._show(person=None, has_news=True)

    def _person(self) -> TurnedPerson | None:
        person = turned_person(self._member, self._care)
        return person if person is not None and person.member_id == self._member_id else None

    def _fill(self, person: TurnedPerson | None) -> None:
        # Her purchases may lie behind many talks: read on until there is a page of them.
        if person is not None and person.has_more and len(person.bought) < min(person.bought_total, FIRST_ROWS):
            self.more_wanted.emit()

    def _take_brand(self, brand: Bilingual) -> None:
        self._show(brand=brand)

    def _session_changed(self, _session: object) -> None:
        self.turn_back()


def turned_person(state: MemberState, known: MemberCareState) -> TurnedPerson | None:
    """What of a member card is hers to see; None for nobody and for somebody erased."""
    card, care = state.card, known.care
    if card is None or card.is_erased:
        return None
    counts = dict(card.timeline_counts)
    if care is not None and (care.member_id != card.member_id or state.hides_amounts):
        care = None
    bought = (one for one in state.entries if one.kind in BOUGHT)
    wishes = care.wishes if care is not None else ()
    return TurnedPerson(
        member_id=card.member_id, name=card.name, name_en=card.name_en, tier=card.tier, consents=card.consents,
        coupons=card.coupons, hides_amounts=state.hides_amounts,
        bought=tuple(replace(one, note="", is_private=False, staff=NOBODY) for one in bought),
        bought_total=sum(counts.get(kind, 0) for kind in BOUGHT), has_more=not state.is_complete,
        points=care.points if care is not None else None,
        wishes=tuple(replace(one, in_stock=None) for one in wishes if one.state == "open" and _is_article(one)),
    )  # fmt: skip


def _is_article(one: WishInfo) -> bool:
    # An article this PC does not know is called by the associate's own words too.
    return bool(one.wish.sku) and one.name != Bilingual(one.wish.words, one.wish.words)


def _read_brand(connection: Any) -> Bilingual:
    return get_settings(connection).brand
