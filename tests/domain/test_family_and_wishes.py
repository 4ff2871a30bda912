"""Dates of a member's family by consent and age, and what meets a wish."""

from __future__ import annotations

from datetime import date

import pytest

from guidedesk.domain.errors import Refused
from guidedesk.domain.family import RELATIONS, FamilyDate, check_family_date, shown
from guidedesk.domain.follow_ups.occasions import Arrived, CareFacts, Named, suggestions
from guidedesk.domain.follow_ups.plan import CarePerson, next_best
from guidedesk.domain.wishes import Ware, Wish, is_met, wish_state

TODAY = date(2026, 11, 21)
COAT = Ware(sku="C-1", names=("羊绒大衣", "Cashmere coat"), size="M", colours=("燕麦", "oat"))


def test_nothing_is_kept_about_a_child_nobody_says_is_fourteen_unless_the_chain_wants_it() -> None:
    child = FamilyDate("child", "birthday", "12-03", is_of_age=False)
    with pytest.raises(Refused, match="family_under_age"):
        check_family_date(child, has_consent=True, keeps_children=False)
    assert check_family_date(child, has_consent=True, keeps_children=True) == child
    older = FamilyDate("child", "birthday", "12-03", is_of_age=True)
    assert check_family_date(older, has_consent=True, keeps_children=False) == older
    # What was kept while the chain wanted it is shown no more once it does not.
    assert shown([child, older], has_consent=True, keeps_children=False) == (older,)


@pytest.mark.parametrize("relation", RELATIONS)
def test_without_consent_no_date_is_kept_or_shown(relation: str) -> None:
    one = FamilyDate(relation, "birthday", "12-03", is_of_age=True)
    with pytest.raises(Refused, match="family_consent"):
        check_family_date(one, has_consent=False, keeps_children=True)
    assert shown([one], has_consent=False, keeps_children=True) == ()


def test_a_date_of_her_family_is_told_a_week_ahead_once_a_year() -> None:
    partner = FamilyDate("partner", "birthday", "11-28", is_of_age=True)
    facts = CareFacts(member_id="m", family=(partner,))
    (one,) = suggestions(facts, TODAY)
    assert (one.occasion, one.due, one.is_live(TODAY), one.family) == ("family", date(2026, 11, 28), True, partner)
    assert not one.is_live(date(2026, 11, 20))
    (again,) = suggestions(facts, date(2026, 11, 29))
    assert again.due == date(2027, 11, 28)
    assert again.id != one.id


@pytest.mark.parametrize(
    ("wish", "met"),
    [
        (Wish(id="w", sku="C-1"), True), (Wish(id="w", sku="C-2", words="大衣"), False),
        (Wish(id="w", words="大衣"), True), (Wish(id="w", words="cashmere  COAT"), True),
        (Wish(id="w", words="围巾"), False), (Wish(id="w", words="大衣", size="m"), True),
        (Wish(id="w", words="大衣", size="L"), False), (Wish(id="w", words="大衣", colour="燕麦"), True),
        (Wish(id="w", words="大衣", colour="黑"), False), (Wish(id="w", sku="C-1", size="L"), False),
        (Wish(id="w", words=" "), False),
    ],
)  # fmt: skip
def test_what_meets_a_wish(wish: Wish, met: bool) -> None:
    assert is_met(wish, COAT) is met


def test_a_wish_closes_itself_when_bought_and_is_over_after_its_day() -> None:
    wish = Wish(id="w", words="大衣", until=date(2026, 11, 30))
    assert wish_state(wish, (), TODAY) == "open"
    assert wish_state(wish, (COAT,), TODAY) == "bought"
    assert wish_state(wish, (), date(2026, 11, 30)) == "open"
    assert wish_state(wish, (), date(2026, 12, 1)) == "over"
    assert wish_state(Wish(id="w", words="大衣", ended="gone"), (COAT,), TODAY) == "gone"


def test_what_arrived_is_told_for_two_weeks_but_not_past_the_day_she_wants_it() -> None:
    item = Named("羊绒大衣", "Cashmere coat")
    (one,) = suggestions(CareFacts(member_id="m", arrived=(Arrived("w", item, TODAY),)), TODAY)
    assert (one.subject, one.last) == (item, date(2026, 12, 5))
    until = Arrived("w", item, TODAY, date(2026, 11, 22))
    (short,) = suggestions(CareFacts(member_id="m", arrived=(until,)), TODAY)
    assert (short.last, short.id) == (date(2026, 11, 22), one.id)
    person = CarePerson(member_id="m", suggestions=(one,))
    assert next_best(person, TODAY) == (one,)
