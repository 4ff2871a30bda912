"""The language of audiences and of outreach: what it takes, what it refuses, and its corners."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guidedesk.domain.errors import Refused
from guidedesk.domain.outreach import TEXT_LIMIT, check_due, check_template, fill, pieces
from guidedesk.domain.segments import (
    Asking,
    Audience,
    Condition,
    MemberFacts,
    birthdays,
    hours_of,
    matches,
    meets,
    read_audience,
    usual_hour,
)

TODAY = date(2026, 11, 21).toordinal()


@pytest.mark.parametrize(
    ("condition", "field"),
    [
        ({"kind": "shoe_size"}, "kind"), ({"kind": "category", "words": ["羊绒"]}, "days"),
        ({"kind": "category", "words": [], "days": 3}, "words"), ({"kind": "tag", "words": ["x"], "days": 3}, "days"),
        ({"kind": "orders", "days": 30}, "least"), ({"kind": "birthday", "days": 91}, "days"),
        ({"kind": "tier", "words": ["gold"]}, "words"), ({"kind": "hour", "least": 9}, "least"),
        ({"kind": "orders", "days": 9, "least": True}, "least"), ({"kind": "hour", "least": 9, "most": 9}, "most"),
        ({"kind": "orders", "days": 9, "least": 4, "most": 2}, "most"), ({"kind": "tag", "words": ["x", "x"]}, "words"),
        ({"kind": "tag", "words": ["x"], "is_not": 1}, "is_not"), ({"kind": "tag", "words": ["x"], "sql": "1"}, "sql"),
        ({"kind": "tag", "words": ["x" * 81]}, "words"), ({"kind": "tag", "words": [7]}, "words"), ("羊绒", "kind"),
        (None, "kind"), ({"kind": "last_bought", "days": 731}, "days"), ({"kind": "last_bought", "days": 0}, "days"),
        ({"kind": "last_bought", "days": 1.5}, "days"),
    ],
)  # fmt: skip
def test_what_the_language_lacks_is_refused(condition: Any, field: str) -> None:
    with pytest.raises(Refused) as refused:
        read_audience({"mode": "all", "conditions": [{"kind": "tag", "words": ["x"]}, condition]})
    assert (refused.value.code, refused.value.params["field"], refused.value.params["at"]) == (
        "segment_invalid", field, 1,
    )  # fmt: skip


@pytest.mark.parametrize(
    "value",
    [
        None, [], {"mode": "all"}, {"mode": "none", "conditions": []}, {"mode": "all", "conditions": {}},
        {"mode": "all", "conditions": [{"kind": "tag", "words": ["x"]}] * 13},
        {"mode": "all", "conditions": [], "limit": 3},
    ],
)  # fmt: skip
def test_what_is_no_audience_is_refused(value: Any) -> None:
    with pytest.raises(Refused, match="segment_invalid"):
        read_audience(value)


NAMES = st.sampled_from(["mode", "conditions", "kind", "words", "days", "least", "most", "is_not"]) | st.text()
SCALARS = st.none() | st.booleans() | st.integers() | st.text()


@settings(max_examples=60)
@given(st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner), max_leaves=12))
def test_anything_is_either_read_or_refused(value: Any) -> None:
    with suppress(Refused):
        assert isinstance(read_audience(value), Audience)


def test_nobody_is_meant_by_a_condition_that_is_not_met() -> None:
    someone, asking = MemberFacts(tags={"VIP": 1}), Asking(TODAY)
    vip = Condition(kind="tag", words=("VIP",))
    other = Condition(kind="tag", words=("other",))
    assert matches(Audience("all", (vip,)), someone, asking)
    assert not matches(Audience("all", (vip, other)), someone, asking)
    assert matches(Audience("any", (vip, other)), someone, asking)
    assert not matches(Audience("any", (vip, Condition(kind="tag", words=("VIP",), is_not=True))), someone, asking)
    assert matches(Audience("any", (Condition(kind="tag", words=("other",), is_not=True),)), someone, asking)


def test_a_day_counts_from_its_first_to_its_last() -> None:
    away = Condition(kind="not_in_store", days=45)
    for days_ago, expected in ((45, False), (46, True)):
        assert meets(away, MemberFacts(in_store_on=TODAY - days_ago), Asking(TODAY)) is expected
    assert meets(away, MemberFacts(), Asking(TODAY))
    bought = Condition(kind="category", words=("羊绒",), days=365)
    for days_ago, expected in ((365, True), (366, False)):
        facts = MemberFacts(bought={("category", "羊绒"): TODAY - days_ago})
        assert meets(bought, facts, Asking(TODAY)) is expected
    ends = Condition(kind="window_ends", days=3)
    for touched, expected in ((12, True), (15, True), (16, False), (11, False)):
        facts = MemberFacts(owner_id="a", touched_on=TODAY - touched)
        assert meets(ends, facts, Asking(TODAY, window_days=15)) is expected


def test_a_birthday_on_the_leap_day_is_kept_on_the_day_before() -> None:
    assert birthdays(date(2026, 2, 27).toordinal(), 1) == {227, 228, 229}
    assert birthdays(date(2028, 2, 28).toordinal(), 0) == {228}
    assert birthdays(date(2028, 2, 28).toordinal(), 1) == {228, 229}
    assert birthdays(date(2026, 12, 31).toordinal(), 1) == {1231, 101}


def test_hours_go_past_midnight() -> None:
    assert hours_of(Condition(kind="hour", least=18, most=21)) == {18, 19, 20}
    assert hours_of(Condition(kind="hour", least=22, most=2)) == {22, 23, 0, 1}
    assert (usual_hour([]), usual_hour([9, 18, 18]), usual_hour([18, 9])) == (None, 18, 9)


@pytest.mark.parametrize("text", ["  ", "{phone} 您好", "您好 {", "}", "{}", "{name", "好" * 181])
def test_a_template_has_known_fields_only(text: str) -> None:
    with pytest.raises(Refused, match="outreach_template"):
        check_template(text)


def test_a_template_is_filled_without_gaps() -> None:
    template = check_template("  {name} 您好，上次的 {item}\n穿着还好吗？ ")
    assert template == "{name} 您好，上次的 {item} 穿着还好吗？"
    assert fill(template, {"name": "沈知微", "item": "开衫"}) == "沈知微 您好，上次的 开衫 穿着还好吗？"
    assert fill(template, {"name": "沈知微"}) == "沈知微 您好，上次的 穿着还好吗？"
    assert fill(template, {"name": "{item}", "item": "x"}) == "{item} 您好，上次的 x 穿着还好吗？"
    assert fill("{item}：{name}", {"name": "：x"}) == "：x"  # what somebody is called is nobody's to mend
    assert list(pieces("a{name}")) == [("a", ""), ("", "name")]


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("Dear {name}, your {store}", "Dear, your Lakeside"),
        ("Dear {name} , hello", "Dear, hello"),
        ("{name}, hello", "hello"),
        ("{name}! Hello {item}.", "Hello."),
        ("New ({item}) at {store}", "New at Lakeside"),
        ("Hi, {name}!", "Hi!"),
        ("It came. {item}, see you", "It came. see you"),
        ("{store}: {item}, {hours}", "Lakeside"),
        ("{name}，您好", "您好"),
        ("您好，{name}，上次的「{item}」，{hours} 我都在。", "您好，上次的，我都在。"),
        ("Wait... {name}... and see: {store}", "Wait... and see: Lakeside"),
        ("{name}{item}", ""),
    ],
)
def test_an_empty_field_leaves_no_mark_behind(template: str, said: str) -> None:
    assert fill(template, {"store": "Lakeside", "hours": " "}) == said


@given(st.dictionaries(st.sampled_from(["name", "item", "hours"]), st.text(max_size=300)))
def test_a_task_never_grows_longer_than_a_task_may_be(values: dict[str, str]) -> None:
    assert len(fill("{name} {item} {hours}", values)) <= TEXT_LIMIT


@pytest.mark.parametrize("due", ["", "soon", "2026-11-20", "2026-12-22", "2026-11-31"])
def test_a_due_day_is_soon(due: str) -> None:
    with pytest.raises(Refused, match="outreach_due"):
        check_due(due, date(2026, 11, 21))
    assert check_due("2026-12-21", date(2026, 11, 21)) == date(2026, 12, 21)
