"""What customers of a store take together with an article, or the next time they buy after it.

Counted by customers, never by pieces: somebody who buys bread and milk every week is one customer for it. The
measures are support, confidence and leverage of association rules (Agrawal, Imielinski and Swami 1993; Piatetsky-
Shapiro 1991) as whole numbers; nothing here is a float.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from guidedesk.domain.time import DAY_MS

# Fewer people than this are no group: what they have in common could tell who they are (DESIGN-UI.md 14).
LEAST_CUSTOMERS: Final = 5
MOST_ARTICLES: Final = 2_000
MOST_PARTNERS: Final = 5
# The next purchase counts as "next" within so many days; later it has more to do with the season.
NEXT_MS: Final = 60 * DAY_MS


@dataclass(frozen=True, slots=True)
class Purchase:
    """When one customer bought (UTC ms), and which articles, by number."""

    at_ms: int
    articles: frozenset[int]


@dataclass(frozen=True, slots=True)
class Partner:
    """Of `customers` who bought the article, `takers` took this one (by number) with it or next."""

    article: int
    takers: int
    customers: int

    @property
    def share(self) -> Fraction:
        """How many of those who bought the article took this one, exact."""
        return Fraction(self.takers, self.customers)


class Tally:
    """Counts of one store: every customer is added once, in any order.

    The takers of all articles are counted at once, in whole numbers as wide as there are articles: bit n of
    `_planes[a][k]` is digit k of how many customers took article n with article a. A year of real purchases takes
    seconds this way; a table of pairs would not fit.
    """

    def __init__(self, articles: int) -> None:
        self._bought = [0] * articles
        self._planes: list[list[int]] = [[] for _ in range(articles)]
        self._customers = 0

    def add(self, purchases: Sequence[Purchase]) -> None:
        """One customer's purchases in order of time; articles are numbers below the count given at the start."""
        self._customers += 1
        taken: dict[int, int] = {}
        masks = [_mask(one.articles) for one in purchases]
        for place, one in enumerate(purchases):
            now = masks[place]
            if place + 1 < len(purchases) and purchases[place + 1].at_ms - one.at_ms <= NEXT_MS:
                now |= masks[place + 1]
            for article in one.articles:
                taken[article] = taken.get(article, 0) | now
        for article, mask in taken.items():
            self._bought[article] += 1
            _count(self._planes[article], mask & ~(1 << article))

    def partners(self, article: int, *, least: int = LEAST_CUSTOMERS, most: int = MOST_PARTNERS) -> tuple[Partner, ...]:
        """What goes with an article, the best first; nothing that fewer than `least` customers took, nor anything its
        buyers take no more often than everybody does.

        The best is what most of them take beyond what that many of all customers would: takers x all - buyers of the
        one x buyers of the other. Of equals the one with more takers, then the lower number.
        """
        buyers, every = self._bought[article], self._customers
        found: list[tuple[int, Partner]] = []
        for number, takers in _counts(self._planes[article], least):
            beyond = takers * every - buyers * self._bought[number]
            if beyond > 0:
                found.append((beyond, Partner(number, takers, buyers)))
        found.sort(key=lambda pair: (-pair[0], -pair[1].takers, pair[1].article))
        return tuple(partner for _, partner in found[:most])


def best_articles(customers: Mapping[str, int], most: int = MOST_ARTICLES) -> tuple[str, ...]:
    """The articles that most customers bought, of those that enough did to be somebody's partner at all."""
    known = [(name, count) for name, count in customers.items() if count >= LEAST_CUSTOMERS]
    known.sort(key=lambda pair: (-pair[1], pair[0]))
    return tuple(name for name, _ in known[:most])


def _mask(articles: Iterable[int]) -> int:
    mask = 0
    for article in articles:
        mask |= 1 << article
    return mask


def _count(planes: list[int], mask: int) -> None:
    """Add one to the count of every article in the mask: binary addition of all of them at once."""
    place = 0
    while mask:
        if place == len(planes):
            planes.append(0)
        carry = planes[place] & mask
        planes[place] ^= mask
        mask = carry
        place += 1


def _counts(planes: Sequence[int], least: int) -> Iterator[tuple[int, int]]:
    """(article, count) of every article counted at least `least` times."""
    for number in _bits(_reaching(planes, least)):
        count = 0
        for place, plane in enumerate(planes):
            count |= (plane >> number & 1) << place
        yield number, count


def _reaching(planes: Sequence[int], least: int) -> int:
    """Which articles are counted at least so often: a comparison digit by digit, from the highest."""
    above, equal = 0, -1
    for place in reversed(range(max(len(planes), least.bit_length()))):
        plane = planes[place] if place < len(planes) else 0
        if least >> place & 1:
            equal &= plane
        else:
            above |= equal & plane
            equal &= ~plane
    every = 0
    for plane in planes:
        every |= plane
    return above | (equal & every)


def _bits(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
