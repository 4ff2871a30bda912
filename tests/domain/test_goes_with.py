"""What goes with what: counted by customers, together or next, small groups hidden, the same as counting by hand."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from guidedesk.domain.goes_with import (
    LEAST_CUSTOMERS,
    MOST_PARTNERS,
    NEXT_MS,
    Partner,
    Purchase,
    Tally,
    best_articles,
)
from guidedesk.domain.time import DAY_MS

ARTICLES = 7
CUSTOMER = st.lists(st.tuples(st.integers(0, 90), st.frozensets(st.integers(0, ARTICLES - 1), max_size=4)), max_size=6)


def history(entries: list[tuple[int, frozenset[int]]]) -> list[Purchase]:
    at_ms, found = 0, []
    for days, articles in entries:
        at_ms += days * DAY_MS
        found.append(Purchase(at_ms, articles))
    return found


def by_hand(customers: list[list[Purchase]], article: int, least: int) -> list[Partner]:
    """The same said in sets of customers and exact shares."""
    bought = {n: {who for who, hers in enumerate(customers) if any(n in one.articles for one in hers)}
              for n in range(ARTICLES)}  # fmt: skip
    takers: dict[int, set[int]] = {n: set() for n in range(ARTICLES)}
    for who, hers in enumerate(customers):
        for place, one in enumerate(hers):
            if article in one.articles:
                after = hers[place + 1 : place + 2]
                near = [one, *(next_one for next_one in after if next_one.at_ms <= one.at_ms + NEXT_MS)]
                for n in set().union(*(each.articles for each in near)) - {article}:
                    takers[n].add(who)
    found = []
    for n, theirs in takers.items():
        if len(theirs) >= least and bought[article]:
            beyond = Fraction(len(theirs), len(bought[article])) - Fraction(len(bought[n]), len(customers))
            if beyond > 0:
                found.append((-beyond, -len(theirs), n))
    return [Partner(n, -count, len(bought[article])) for _, count, n in sorted(found)][:MOST_PARTNERS]


@given(st.lists(CUSTOMER, max_size=12), st.integers(1, 6))
def test_it_is_what_counting_by_hand_gives(entries: list[list[tuple[int, frozenset[int]]]], least: int) -> None:
    customers = [history(one) for one in entries]
    tally = Tally(ARTICLES)
    for hers in customers:
        tally.add(hers)
    for article in range(ARTICLES):
        assert list(tally.partners(article, least=least)) == by_hand(customers, article, least)


def test_a_group_of_four_is_hidden_and_one_of_five_is_not() -> None:
    together = [Purchase(0, frozenset({0, 1}))]
    for size, expected in ((LEAST_CUSTOMERS - 1, ()), (LEAST_CUSTOMERS, (Partner(1, 5, 5),))):
        tally = Tally(2)
        for _ in range(size):
            tally.add(together)
        tally.add([Purchase(0, frozenset())])
        assert tally.partners(0) == expected


def test_what_everybody_takes_anyway_goes_with_nothing() -> None:
    tally = Tally(3)
    for number in range(20):
        tally.add([Purchase(0, frozenset({0} if number < 10 else {1}) | {2})])
    assert tally.partners(0) == ()


def test_the_best_articles_are_those_of_most_customers_and_of_enough() -> None:
    assert best_articles({"coat": 9, "belt": 4, "scarf": 9, "knit": 12}, most=2) == ("knit", "coat")
    assert best_articles({"belt": LEAST_CUSTOMERS - 1}) == ()
