"""Occasions that a member's own data tells, and whom to contact on a day."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidedesk.domain.contact_limits import CONTACT_CHANNELS, ContactFacts, ContactPolicy, why_not_contact
from guidedesk.domain.follow_ups.occasions import CareFacts, CategoryDays, Named, suggestions
from guidedesk.domain.follow_ups.plan import (
    MOST_A_DAY,
    CarePerson,
    beginning_on,
    kept,
    next_best,
    plan_day,
    plan_member,
)
from guidedesk.domain.ids import derived_id
from guidedesk.domain.insight import has_gone_quiet, quiet_from

TODAY = date(2026, 11, 21)
POLICY = ContactPolicy()
WECHAT = ContactFacts(consents=frozenset({"wechat"}))
SHEN = derived_id("member", "shen")
KNIT = Named("针织", "knitwear")


def ago(*days: int) -> tuple[date, ...]:
    return tuple(TODAY - timedelta(days=one) for one in days)


def facts(**values: object) -> CareFacts:
    return CareFacts(member_id=SHEN, **values)  # type: ignore[arg-type]


def live(found: CareFacts, day: date = TODAY) -> list[str]:
    return [one.occasion for one in suggestions(found, day) if one.is_live(day)]


@pytest.mark.parametrize(
    ("birthday", "occasions"), [("11-21", ["birthday"]), ("11-24", ["birthday"]), ("11-25", []), ("11-20", [])]
)
def test_a_birthday_is_told_three_days_ahead_and_not_after_it(birthday: str, occasions: list[str]) -> None:
    assert live(facts(birthday=birthday)) == occasions


def test_a_leap_day_is_kept_on_the_last_of_february() -> None:
    (one,) = suggestions(facts(birthday="02-29"), date(2027, 2, 20))
    assert one.due == date(2027, 2, 28)


def test_a_birthday_after_new_year_is_seen_before_it() -> None:
    (one,) = suggestions(facts(birthday="01-01"), date(2026, 12, 30))
    assert (one.due, one.is_live(date(2026, 12, 30))) == (date(2027, 1, 1), True)


def test_what_she_buys_every_two_months_is_due_about_then_and_no_longer_once_she_bought() -> None:
    every = CategoryDays(KNIT, ago(240, 180, 120, 55))
    (one,) = [s for s in suggestions(facts(categories=(every,)), TODAY) if s.occasion == "reorder"]
    assert (one.subject, one.pace_days, one.since) == (KNIT, 62, TODAY - timedelta(days=55))
    assert one.is_live(TODAY)
    assert not one.is_live(TODAY - timedelta(days=30))
    again = CategoryDays(KNIT, (*every.days, TODAY))
    assert one.id not in {s.id for s in suggestions(facts(categories=(again,)), TODAY)}


def test_who_comes_every_week_is_not_reminded() -> None:
    weekly = ago(28, 21, 14, 7)
    found = facts(categories=(CategoryDays(KNIT, weekly),), bought_on=weekly, last_order_id=SHEN)
    assert {one.occasion for one in suggestions(found, TODAY)} == {"lapsed"}  # one day, if she stays away


def test_a_week_after_a_purchase_somebody_asks_whether_it_is_right() -> None:
    bought = facts(bought_on=ago(7), last_order_id=derived_id("order", 1), last_item=Named("大衣", "coat"))
    (one,) = suggestions(bought, TODAY)
    assert (one.occasion, one.subject.zh, one.first, one.last) == (
        "after_sale", "大衣", TODAY, TODAY + timedelta(days=7)
    )  # fmt: skip


def test_served_without_buying_counts_in_the_last_days_of_the_window() -> None:
    tried = {"unsold_id": derived_id("talk", 1), "unsold_on": TODAY - timedelta(days=10)}
    assert live(facts(**tried, window_until=TODAY + timedelta(days=2))) == ["window"]
    assert live(facts(**tried, window_until=TODAY + timedelta(days=3))) == []
    assert live(facts(**tried, window_until=TODAY - timedelta(days=1))) == []
    assert live(facts(**tried)) == []


def test_somebody_silent_for_longer_than_her_kind_ever_is_has_lapsed() -> None:
    days = ago(400, 370, 340, 310)
    first = quiet_from(days)
    assert first is not None
    assert has_gone_quiet(days, first)
    assert not has_gone_quiet(days, first - timedelta(days=1))
    assert live(facts(bought_on=days), first) == ["lapsed"]
    assert live(facts(bought_on=days), first - timedelta(days=1)) == []


def test_two_counters_with_the_same_data_name_an_occasion_alike_on_different_days() -> None:
    every = facts(categories=(CategoryDays(KNIT, ago(240, 180, 120, 55)),), birthday="11-24")
    here = {one.id for one in suggestions(every, TODAY)}
    there = {one.id for one in suggestions(every, TODAY + timedelta(days=1))}
    assert here == there


def person(found: CareFacts, **values: object) -> CarePerson:
    values = {"contact": WECHAT} | values
    return CarePerson(member_id=found.member_id, suggestions=suggestions(found, TODAY), **values)  # type: ignore[arg-type]


def test_several_occasions_of_a_member_are_one_entry() -> None:
    both = facts(birthday="11-22", bought_on=ago(8), last_order_id=derived_id("order", 1))
    (entry,) = plan_day([person(both)], TODAY, POLICY)
    assert (entry.main.occasion, [one.occasion for one in entry.also]) == ("birthday", ["after_sale"])


def test_without_consent_a_birthday_is_only_wished_in_person() -> None:
    both = facts(birthday="11-22", bought_on=ago(8), last_order_id=derived_id("order", 1))
    (entry,) = plan_day([person(both, contact=ContactFacts())], TODAY, POLICY)
    assert (entry.main.occasion, entry.channel, entry.also) == ("birthday", None, ())


def test_a_promise_goes_before_what_writes_itself_and_what_was_done_is_gone() -> None:
    birthday = facts(birthday="11-22")
    assert plan_day([person(birthday, is_promised=True)], TODAY, POLICY) == ()
    settled = frozenset(one.id for one in suggestions(birthday, TODAY))
    assert plan_day([person(birthday, settled=settled)], TODAY, POLICY) == ()


def test_a_list_can_be_emptied() -> None:
    many = [
        CarePerson(member_id=one.member_id, contact=WECHAT, suggestions=suggestions(one, TODAY))
        for one in (CareFacts(member_id=derived_id("member", n), birthday="11-21") for n in range(50))
    ]
    assert len(plan_day(many, TODAY, POLICY)) == MOST_A_DAY
    assert len(plan_day(many, TODAY, POLICY, done=MOST_A_DAY - 1)) == 1
    assert plan_day(many, TODAY, POLICY, done=MOST_A_DAY) == ()


def test_tomorrow_shows_what_begins_tomorrow() -> None:
    soon = person(facts(birthday="11-25"))
    (entry,) = beginning_on([soon], TODAY + timedelta(days=1), POLICY)
    assert entry.main.occasion == "birthday"
    assert beginning_on([soon], TODAY + timedelta(days=2), POLICY) == ()


def test_who_stands_here_hears_of_next_week_too_but_first_of_today() -> None:
    here = person(facts(birthday="12-02", bought_on=ago(8), last_order_id=derived_id("order", 1)))
    assert [one.occasion for one in next_best(here, TODAY)] == ["after_sale", "birthday"]
    assert next_best(person(facts(birthday="12-20")), TODAY) == ()


def test_a_complaint_silences_every_suggestion() -> None:
    muted = person(facts(birthday="11-21"), contact=ContactFacts(consents=frozenset({"wechat"}), is_muted=True))
    assert plan_day([muted], TODAY, POLICY) == ()
    assert next_best(muted, TODAY) == ()


@pytest.mark.parametrize(
    ("done", "said"),
    [(0, "on_time"), (-1, "on_time"), (1, "late"), (None, "missed")],
)
def test_a_promise_is_kept_on_its_day_or_not(done: int | None, said: str) -> None:
    due = TODAY - timedelta(days=2)
    assert kept(due, None if done is None else due + timedelta(days=done), TODAY) == said
    assert kept(TODAY, None, TODAY) == "open"


_DAYS = st.lists(st.integers(1, 700), max_size=8, unique=True).map(lambda found: ago(*sorted(found, reverse=True)))
_FACTS = st.builds(
    lambda n, birthday, bought, category, unsold, until: CareFacts(
        member_id=derived_id("member", n), birthday=birthday, bought_on=bought,
        last_order_id=derived_id("order", n) if bought else None,
        categories=(CategoryDays(KNIT, category),) if category else (),
        unsold_id=derived_id("talk", n), unsold_on=TODAY - timedelta(days=unsold),
        window_until=TODAY + timedelta(days=until),
    ),
    st.integers(0, 10_000), st.sampled_from([None, "11-20", "11-21", "11-23", "02-29", "12-31"]), _DAYS, _DAYS,
    st.integers(1, 20), st.integers(-3, 10),
)  # fmt: skip
_CONTACT = st.builds(
    lambda consents, contacts, planned, muted: ContactFacts(
        consents=frozenset(consents), contacts=contacts, planned=planned, is_muted=muted
    ),
    st.sets(st.sampled_from([*CONTACT_CHANNELS, "service"])), st.integers(0, 3), st.integers(0, 2), st.booleans(),
)  # fmt: skip
_PEOPLE = st.lists(
    st.builds(
        lambda found, contact, tier, promised: CarePerson(
            member_id=found.member_id, tier=tier, contact=contact, suggestions=suggestions(found, TODAY),
            is_promised=promised,
        ),
        _FACTS, _CONTACT, st.sampled_from(["casual", "ordinary", "super"]), st.booleans(),
    ),
    max_size=12, unique_by=lambda one: one.member_id,
)  # fmt: skip


@given(_PEOPLE, st.randoms(use_true_random=False))
def test_the_plan_is_the_same_in_whatever_order_people_come(people: list[CarePerson], dice: Random) -> None:
    mixed = list(people)
    dice.shuffle(mixed)
    assert plan_day(people, TODAY, POLICY) == plan_day(mixed, TODAY, POLICY)


@given(_PEOPLE, st.builds(ContactPolicy, cap_week=st.integers(0, 3)))
def test_nobody_is_planned_against_consent_over_the_cap_or_after_a_complaint(
    people: list[CarePerson], policy: ContactPolicy
) -> None:
    by_id = {one.member_id: one for one in people}
    for entry in plan_day(people, TODAY, policy):
        who = by_id[entry.main.member_id]
        assert not who.contact.is_muted
        assert entry.main.is_live(TODAY)
        if entry.channel is None:
            assert entry.main.occasion == "birthday"
            assert all(why_not_contact(channel, who.contact, policy) for channel in CONTACT_CHANNELS)
        else:
            assert why_not_contact(entry.channel, who.contact, policy) is None


@given(_PEOPLE)
def test_nobody_is_planned_twice(people: list[CarePerson]) -> None:
    entries = plan_day(people, TODAY, POLICY)
    assert len({entry.main.member_id for entry in entries}) == len(entries)
    assert len({one.id for entry in entries for one in (entry.main, *entry.also)}) == sum(
        1 + len(entry.also) for entry in entries
    )


@given(_FACTS, st.integers(0, 40))
def test_an_occasion_keeps_its_id_and_days_while_time_goes_by(found: CareFacts, later: int) -> None:
    now = {one.id: one for one in suggestions(found, TODAY)}
    then = {one.id: one for one in suggestions(found, TODAY + timedelta(days=later))}
    assert all(now[same] == then[same] for same in now.keys() & then.keys())
    assert all(one.first <= one.due <= one.last for one in now.values())


@given(_PEOPLE)
def test_a_plan_for_one_is_her_part_of_the_plan_for_all(people: list[CarePerson]) -> None:
    together = {entry.main.id for entry in plan_day(people, TODAY, POLICY)}
    alone = {entry.main.id for one in people if (entry := plan_member(one, TODAY, POLICY)) is not None}
    assert together == alone  # never more than MOST_A_DAY here
