"""Scripts: found while they are typed, said only when everything in them is known, refused when a chain's are wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidedesk.domain.errors import Refused
from guidedesk.domain.scripts import (
    FIELDS,
    MODES,
    OCCASIONS,
    Script,
    can_be_said,
    fitting,
    matching,
    parse_scripts,
    slots_of,
    wanted_script,
    without_wanted,
)
from guidedesk.ui.scripts import built_in

ONE: dict[str, Any] = {
    "occasion": "birthday", "mode": "partner", "title_zh": "生日", "title_en": "Birthday",
    "text_zh": "{name}，生日快乐", "text_en": "Happy birthday, {name}",
}  # fmt: skip


def test_a_chain_writes_its_own_and_they_stand_before_ours() -> None:
    (own,) = parse_scripts(json.dumps([ONE]))
    found = fitting((own, *built_in()), "birthday", "partner", {"name": "沈知微", "store": "湖滨店"}, "zh_CN")
    assert found[0] is own
    assert [one.mode for one in found[1:]] == ["partner"]  # the others need what is not known here


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"occasion": "easter"}, "1.occasion"), ({"mode": "shouting"}, "1.mode"), ({"text_zh": ""}, "1.text_zh"),
        ({"text_zh": "{phone}"}, "1.text_zh"), ({"text_en": "no name"}, "1.text_en"),
        ({"text_zh": "x" * 301}, "1.text_zh"), ({"title_en": "x" * 25}, "1.title_en"), ({"extra": "1"}, "1"),
        ({"text_en": 7}, "1.text_en"), ({"text_zh": "{name}\u202e"}, "1.text_zh"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_chains_scripts_is_named(wrong: dict[str, Any], place: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_scripts(json.dumps([ONE | wrong]))
    assert refused.value.params["place"] == place


@pytest.mark.parametrize("document", ["{", "7", '{"a": 1}', "[[1]]"])
def test_what_is_no_list_of_scripts_is_refused(document: str) -> None:
    with pytest.raises(Refused, match="scripts_invalid"):
        parse_scripts(document)


def test_no_scripts_are_none() -> None:
    assert parse_scripts("") == parse_scripts("[]") == ()


def test_every_occasion_has_a_script_that_needs_no_more_than_names() -> None:
    known = {"name": "沈知微", "associate": "林晓夏", "store": "湖滨店", "brand": "松屿"}
    for occasion in OCCASIONS:
        if occasion in ("reorder", "after_sale", "arrival", "gathering"):
            continue  # always about something, which is then known
        for lang in ("zh_CN", "en"):
            assert fitting(built_in(), occasion, "assistant", known, lang), occasion
    assert {one.mode for one in built_in()} == set(MODES)
    assert all(slots_of(one.text_zh) <= set(FIELDS) for one in built_in())


@pytest.mark.parametrize(
    ("typed", "words"),
    [("/", ""), ("您好 /生日", "生日"), ("看了。/搭配", "搭配"), ("3/8", None), ("/生日 ", None), ("他说/她说", None),
     ("", None), ("http://x", None)],
)  # fmt: skip
def test_a_slash_looks_for_scripts_only_where_a_word_begins(typed: str, words: str | None) -> None:
    assert wanted_script(typed) == words
    assert without_wanted(typed) == (typed if words is None else typed[: len(typed) - len(words) - 1])


def test_a_script_is_found_by_name_words_or_occasion_the_name_first() -> None:
    a = Script("a", "birthday", "assistant", "问候", "Hello", "{name}您好", "Hello {name}")
    b = Script("b", "lapsed", "assistant", "您好", "Hi", "好久不见", "Long time")
    names = {"birthday": "生日", "lapsed": "久未到店"}
    assert matching((a, b), "您好", names, "zh_CN") == [b, a]
    assert matching((a, b), "生日", names, "zh_CN") == [a]
    assert matching((a, b), "", names, "zh_CN") == [a, b]
    assert matching((a, b), "long", names, "en") == [b]


_KNOWN = st.dictionaries(st.sampled_from(FIELDS), st.text(max_size=5))


@given(_KNOWN, st.sampled_from(OCCASIONS), st.sampled_from(MODES))
def test_nothing_is_said_with_a_gap(known: dict[str, str], occasion: str, mode: str) -> None:
    for lang in ("zh_CN", "en"):
        for one in fitting(built_in(), occasion, mode, known, lang):
            assert can_be_said(one.text(lang), known)
            assert all(known[name] for name in slots_of(one.text(lang)))
