"""Occasions to speak to a member that her own data tells: her birthday, what she buys regularly, what she tried on.

Each has days on which it is worth doing and an id made of what it is about. So two counters that know the same give
the same answer, and what one of them did about an occasion is known to the other by that id (docs/follow-ups.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Final, Literal

from guidedesk.domain.family import FamilyDate
from guidedesk.domain.ids import derived_id
from guidedesk.domain.insight import LEAST_DAYS, next_buy, quiet_from

Occasion = Literal[
    "window", "birthday", "family", "arrival", "after_sale", "reorder", "lapsed", "goes_with", "gathering"
]
# The most pressing first: a window ends, a birthday passes, the rest can wait a day. What goes with her last purchase
# is not among them: it is worth saying to who stands here, and no reason to write to anybody.
OCCASIONS: Final[tuple[Occasion, ...]] = (
    "window", "birthday", "gathering", "family", "arrival", "after_sale", "reorder", "lapsed"
)  # fmt: skip
BIRTHDAY_AHEAD: Final = 3  # days: time to write a card
AFTER_SALE_DAYS: Final = 7  # worn once or twice, and the return period is not over
AFTER_SALE_FOR: Final = 7
REORDER_AHEAD: Final = 3
REORDER_FOR: Final = 14  # days after her average gap
# Who comes by anyway needs no reminder, and would be tired of them.
FREQUENT_DAYS: Final = 21
WINDOW_AHEAD: Final = 2
LAPSED_FOR: Final = 30
FAMILY_AHEAD: Final = 7  # days: time to choose and wrap something
ARRIVAL_FOR: Final = 14
GATHERING_AHEAD: Final = 2  # days: late enough to be remembered, early enough to give the seat to somebody else
GOES_WITH_FOR: Final = 60  # days: as long as a purchase counts as the next one (goes_with.NEXT_MS)
MOST_PAIRINGS: Final = 3


@dataclass(frozen=True, slots=True)
class Named:
    """A word in both languages: a category, an article."""

    zh: str
    en: str


NAMELESS: Final = Named("", "")


@dataclass(frozen=True, slots=True)
class CategoryDays:
    """The local days she bought from a category, in order and without repeats."""

    category: Named
    days: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class Arrived:
    """What she wished for lies in the shop: since when it was counted there, and until when she wants it."""

    wish_id: str
    item: Named
    on: date
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Coming:
    """A gathering in which she has a seat, and its local day."""

    gathering_id: str
    what: Named
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CareFacts:
    """What the occasions of one member are told by. Days are local; `bought_on` is in order and without repeats, and
    does not have what all came back. `window_until`: the last day on which whoever asks earns from her.

    Dates have no year (SECURITY.md P-6), so nobody's age is known. `family` has only what may be told (domain.family);
    `arrived` what met an open wish.
    """

    member_id: str
    birthday: str | None = None  # MM-DD
    bought_on: tuple[date, ...] = ()
    categories: tuple[CategoryDays, ...] = ()
    last_order_id: str | None = None
    last_item: Named = NAMELESS
    unsold_id: str | None = None  # her last visit that ended without buying, if nothing was bought since
    unsold_on: date | None = None
    window_until: date | None = None
    family: tuple[FamilyDate, ...] = ()
    arrived: tuple[Arrived, ...] = ()
    coming: tuple[Coming, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """What goes with something she bought: of `customers` of her store who bought `article`, `takers` took `partner`
    with it or next."""

    order_id: str
    bought_on: date
    article: Named
    partner: Named
    takers: int
    customers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """One occasion: worth doing from `first` to `last`, best on `due`. `since`: the day it looks back to; `subject`:
    what it is about; `pace_days`: how often she bought so far; `family`: whose date it is; `because`: what it goes
    with, which `in_hundred` of a hundred buyers of that took."""

    id: str
    member_id: str
    occasion: Occasion
    first: date
    due: date
    last: date
    since: date | None = None
    subject: Named = NAMELESS
    pace_days: int = 0
    family: FamilyDate | None = None
    because: Named = NAMELESS
    in_hundred: int = 0

    def is_live(self, day: date) -> bool:
        """Whether it is worth doing on this day."""
        return self.first <= day <= self.last


def suggestions(facts: CareFacts, today: date) -> tuple[Suggestion, ...]:
    """Every occasion that is not over, the most pressing first; the same whatever the order of the facts' parts.

    `today` only chooses which birthday is meant and leaves out what is over: an occasion's id and days do not move.
    """
    found = [
        *_birthday(facts, today), *_family(facts, today), *_arrivals(facts), *_after_sale(facts), *_window(facts),
        *_reorders(facts), *_lapsed(facts), *_gatherings(facts),
    ]  # fmt: skip
    return tuple(sorted((one for one in found if one.last >= today), key=pressing))


def goes_with(member_id: str, pairings: Sequence[Pairing]) -> tuple[Suggestion, ...]:
    """What to show who stands here, the likeliest first and nothing twice; for as long as it can be her next purchase.

    Of two that equally many took, the one more people are known about, then the name, so that every counter says the
    same.
    """
    ranked = sorted(pairings, key=lambda one: (-Fraction(one.takers, one.customers), -one.takers, one.partner.zh))
    best: dict[str, Pairing] = {}
    for one in ranked:
        best.setdefault(one.partner.zh, one)
    return tuple(
        Suggestion(
            id=suggestion_id(member_id, "goes_with", one.order_id, one.partner.zh), member_id=member_id,
            occasion="goes_with", first=one.bought_on, due=one.bought_on,
            last=one.bought_on + timedelta(days=GOES_WITH_FOR), since=one.bought_on, subject=one.partner,
            because=one.article, in_hundred=(200 * one.takers + one.customers) // (2 * one.customers),
        )
        for one in list(best.values())[:MOST_PAIRINGS]
    )  # fmt: skip


def pressing(one: Suggestion) -> tuple[int, date, date, str]:
    """Sort key: the most pressing occasion first, ties by their days and id."""
    return OCCASIONS.index(one.occasion), one.last, one.due, one.id


def suggestion_id(member_id: str, occasion: Occasion, *about: str) -> str:
    """The id of an occasion, and of the follow-up that it becomes when somebody acts on it."""
    return derived_id("suggestion", member_id, occasion, *about)


def _birthday(facts: CareFacts, today: date) -> Iterator[Suggestion]:
    if facts.birthday is None:
        return
    on = _next_day(facts.birthday, today)
    yield Suggestion(
        id=suggestion_id(facts.member_id, "birthday", str(on.year)), member_id=facts.member_id,
        occasion="birthday", first=on - timedelta(days=BIRTHDAY_AHEAD), due=on, last=on,
    )  # fmt: skip


def _family(facts: CareFacts, today: date) -> Iterator[Suggestion]:
    """A date of her family: told to her, while there is time to choose something."""
    for one in facts.family:
        on = _next_day(one.month_day, today)
        about = (one.relation, one.event, one.month_day, str(on.year))
        yield Suggestion(
            id=suggestion_id(facts.member_id, "family", *about), member_id=facts.member_id, occasion="family",
            first=on - timedelta(days=FAMILY_AHEAD), due=on, last=on, family=one,
        )  # fmt: skip


def _arrivals(facts: CareFacts) -> Iterator[Suggestion]:
    for one in facts.arrived:
        last = one.on + timedelta(days=ARRIVAL_FOR)
        yield Suggestion(
            id=suggestion_id(facts.member_id, "arrival", one.wish_id), member_id=facts.member_id,
            occasion="arrival", first=one.on, due=one.on, last=last if one.until is None else min(last, one.until),
            since=one.on, subject=one.item,
        )  # fmt: skip


def _gatherings(facts: CareFacts) -> Iterator[Suggestion]:
    for one in facts.coming:
        yield Suggestion(
            id=suggestion_id(facts.member_id, "gathering", one.gathering_id), member_id=facts.member_id,
            occasion="gathering", first=one.on - timedelta(days=GATHERING_AHEAD), due=one.on - timedelta(days=1),
            last=one.on, subject=one.what,
        )  # fmt: skip


def _next_day(month_day: str, today: date) -> date:
    """The next local day of MM-DD, today included."""
    month, day = (int(part) for part in month_day.split("-"))
    on = _in_year(today.year, month, day)
    return on if on >= today else _in_year(today.year + 1, month, day)


def _in_year(year: int, month: int, day: int) -> date:
    """Born on 29 February: 28 February in other years."""
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return date(year, month, 28 if (month, day) == (2, 29) and not is_leap else day)


def _after_sale(facts: CareFacts) -> Iterator[Suggestion]:
    if facts.last_order_id is None or not facts.bought_on or _comes_anyway(facts.bought_on):
        return
    due = facts.bought_on[-1] + timedelta(days=AFTER_SALE_DAYS)
    yield Suggestion(
        id=suggestion_id(facts.member_id, "after_sale", facts.last_order_id), member_id=facts.member_id,
        occasion="after_sale", first=due, due=due, last=due + timedelta(days=AFTER_SALE_FOR),
        since=facts.bought_on[-1], subject=facts.last_item,
    )  # fmt: skip


def _comes_anyway(days: Sequence[date]) -> bool:
    return len(days) >= LEAST_DAYS and (days[-1] - days[0]).days < FREQUENT_DAYS * (len(days) - 1)


def _window(facts: CareFacts) -> Iterator[Suggestion]:
    """Served and left without buying, and the time in which her next purchase counts is about to end."""
    if facts.unsold_id is None or facts.unsold_on is None or facts.window_until is None:
        return
    first = max(facts.window_until - timedelta(days=WINDOW_AHEAD), facts.unsold_on + timedelta(days=1))
    if first <= facts.window_until:
        yield Suggestion(
            id=suggestion_id(facts.member_id, "window", facts.unsold_id), member_id=facts.member_id,
            occasion="window", first=first, due=facts.window_until, last=facts.window_until, since=facts.unsold_on,
        )  # fmt: skip


def _reorders(facts: CareFacts) -> Iterator[Suggestion]:
    """From shortly before the likely day to a while after her average gap. Reckoned on the day of the last purchase, so
    that nothing moves while she waits."""
    for one in facts.categories:
        if len(one.days) < LEAST_DAYS or _comes_anyway(one.days):
            continue
        last = one.days[-1]
        likely, quiet = next_buy(one.days, last), quiet_from(one.days)
        if likely is None or quiet is None:
            continue
        first = max(last + timedelta(days=1), likely.due - timedelta(days=REORDER_AHEAD))
        end = min(last + timedelta(days=likely.pace_days + REORDER_FOR), quiet - timedelta(days=1))
        if first <= end:
            yield Suggestion(
                id=suggestion_id(facts.member_id, "reorder", one.category.zh, last.isoformat()),
                member_id=facts.member_id, occasion="reorder", first=first, due=max(first, likely.due), last=end,
                since=last, subject=one.category, pace_days=likely.pace_days,
            )  # fmt: skip


def _lapsed(facts: CareFacts) -> Iterator[Suggestion]:
    """Bought regularly, and has been silent for longer than people like her ever are."""
    first = quiet_from(facts.bought_on)
    if first is not None:
        days = facts.bought_on
        yield Suggestion(
            id=suggestion_id(facts.member_id, "lapsed", days[-1].isoformat()), member_id=facts.member_id,
            occasion="lapsed", first=first, due=first, last=first + timedelta(days=LAPSED_FOR), since=days[-1],
            pace_days=max(1, (days[-1] - days[0]).days // (len(days) - 1)),
        )  # fmt: skip
